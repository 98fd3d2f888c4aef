// How an upstream is doing, as all loops see it: how many requests it has in progress, and whether calls to it rest
// because it keeps failing. A call that could only wait for a time-out is better told at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/clock.h>

#include "config/server_settings.h"
#include "mcp/upstream.h"

namespace intentgate::mcp {

// Thread-safe.
class UpstreamHealth {
 public:
  enum class Turned : std::uint8_t { kResting, kFull };
  enum class Verdict : std::uint8_t { kNone, kGood, kFailed };  // kNone: it was called off

  // `turned` is told of each request that is not admitted.
  UpstreamHealth(const config::UpstreamSettings& settings, std::shared_ptr<const Clock> clock, std::function<void(Turned)> turned = {})
      : name(settings.name), max_concurrent_(settings.max_concurrent), failures_allowed_(settings.breaker_failures),
        rest_nanos_(settings.breaker_open_ms * 1'000'000), clock_(std::move(clock)), turned_(std::move(turned)) {}

  const std::string name;

  // nullopt, or why the request is not sent. Who was admitted calls Done once.
  std::optional<Turned> Admit();
  void Done(Verdict verdict);

  std::int64_t in_progress() const;
  bool resting() const;

 private:
  enum class State : std::uint8_t { kClosed, kOpen, kTrying };

  const std::int64_t max_concurrent_, failures_allowed_, rest_nanos_;
  const std::shared_ptr<const Clock> clock_;
  const std::function<void(Turned)> turned_;
  mutable std::mutex mutex_;
  State state_ = State::kClosed;
  std::int64_t in_progress_ = 0;
  std::int64_t failures_ = 0;      // in a row
  std::int64_t open_since_ = 0;
};

// `inner` behind `health`: a request that is not admitted ends with kCancelled. Failures are no connection, no answer in
// time, and the statuses 502 to 504. What the gateway answers in the server's place says nothing.
std::unique_ptr<Upstream> MakeGuardedUpstream(std::unique_ptr<Upstream> inner, std::shared_ptr<UpstreamHealth> health);

}  // namespace intentgate::mcp
