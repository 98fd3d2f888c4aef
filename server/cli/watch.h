// Ends evaluations when their time is over or somebody presses Ctrl-C.
//
//   EvalWatch watch(options.timeout);
//   eval.cancel = watch.token();
//   ... evaluate ...
//   if (watch.cause() != EvalWatch::Cause::kNone) Say(watch.Explain());
//
// While one lives, Ctrl-C cancels and does not end the process; a second one ends it. Lives on the main thread, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <intentgate/result.h>
#include <intentgate/rego.h>

namespace intentgate::cli {

class EvalWatch {
 public:
  enum class Cause : std::uint8_t { kNone, kTimeout, kInterrupt };

  // `timeout_nanos` from now on; 0: no limit.
  explicit EvalWatch(std::int64_t timeout_nanos);
  ~EvalWatch();
  EvalWatch(const EvalWatch&) = delete;  // owns a thread
  EvalWatch& operator=(const EvalWatch&) = delete;

  const rego::CancelToken* token() const;
  // Why the token was cancelled.
  Cause cause() const;
  // "after 200ms (--timeout)", "by Ctrl-C"; empty if it was not.
  std::string Explain() const;
  // Starts the time again, for the next evaluation. An interrupt stays.
  void Restart();

 private:
  class Watcher;
  std::unique_ptr<Watcher> watcher_;
};

// Go's durations: "500ms", "1m30s", "0". kInvalidArgument for anything else, and for more than a day.
Result<std::int64_t> ParseTimeout(const std::string& text);

}  // namespace intentgate::cli
