// Randomness that says the same in every run: counts up from a seed. Only for tests.
#pragma once

#include <cstdint>
#include <span>

#include <intentgate/clock.h>

namespace intentgate::test {

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t first) : next_(first) {}
  Status Fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
    return {};
  }

 private:
  std::uint8_t next_;
};

}  // namespace intentgate::test
