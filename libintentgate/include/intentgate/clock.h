// Time and randomness as the library sees them: two interfaces, so that replay, golden and fault
// tests decide what they say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate {

// Thread-safe. Wall time may step backwards; monotonic time never does.
class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since 1970-01-01T00:00:00Z.
  virtual std::int64_t UnixMicros() const = 0;
  // Nanoseconds since an arbitrary start.
  virtual std::int64_t MonotonicNanos() const = 0;

  std::int64_t UnixSeconds() const {
    const std::int64_t us = UnixMicros();
    return us >= 0 ? us / 1'000'000 : -((-us + 999'999) / 1'000'000);
  }
};

// The machine's clock.
std::shared_ptr<const Clock> SystemClock();

// RFC 3339 in UTC to the microsecond: "2026-01-01T00:00:00.5Z". Reading accepts any offset.
std::string FormatTime(std::int64_t unix_micros);
Result<std::int64_t> ParseTime(std::string_view text);

// A clock that stands still until told otherwise. For tests and replays. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t unix_micros = 0);
  ~ManualClock() override;
  std::int64_t UnixMicros() const override;
  std::int64_t MonotonicNanos() const override;
  void SetUnixMicros(std::int64_t unix_micros);
  void AdvanceMicros(std::int64_t micros);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Cryptographic randomness. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  // Fills `out` or fails; never fills a part of it.
  virtual Status Fill(std::span<std::uint8_t> out) = 0;
};

// The operating system's generator, through OpenSSL.
std::shared_ptr<Random> SystemRandom();

}  // namespace intentgate
