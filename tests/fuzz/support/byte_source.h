// A fuzzer's bytes as a row of choices. Where they end, every choice is the first: generators put there what ends soonest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace intentgate::fuzz {

class ByteSource {
 public:
  explicit ByteSource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint8_t Byte() {
    if (at_ == bytes_.size()) return 0;
    return bytes_[at_++];
  }
  // In [0, count). REQUIRES: 0 < count <= 65536.
  std::size_t Below(std::size_t count) {
    std::size_t n = Byte();
    if (count > 256) n = n * 256 + Byte();
    return n % count;
  }
  bool OneIn(std::size_t count) { return Below(count) == count - 1; }
  template <typename Choices>
  const auto& Pick(const Choices& choices) {
    return choices[Below(std::size(choices))];
  }
  bool done() const { return at_ == bytes_.size(); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace intentgate::fuzz
