// One question to several upstreams, and their answers together. An upstream that is down, or slower than
// mcp.merge_wait_ms, is left out: it must not take the others with it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "mcp/ask.h"
#include "mcp/lane.h"

namespace intentgate::mcp {

// Loop-bound. Held by the callbacks of the questions.
class Gather : public std::enable_shared_from_this<Gather> {
 public:
  // Unset: no answer in time. In the order of the settings.
  using Answers = std::vector<std::optional<Asked>>;
  using Done = std::function<void(Answers)>;

  Gather(Lane& lane, Done done)
      : answers_(lane.backends.size()), done_(std::move(done)), timer_(lane.loop, [this] { End(); }),
        wait_(lane.context.settings->merge_wait_ms) {}

  // Asks through `ask(upstream, tell)`, which calls `tell` once, at each upstream that `wanted` names.
  template <typename F>
  void Run(const std::vector<std::size_t>& wanted, F ask) {
    left_ = wanted.size();
    timer_.Set(wait_);
    const auto self = shared_from_this();
    for (const std::size_t upstream : wanted) {
      ask(upstream, [self, upstream](Asked asked) { self->Told(upstream, std::move(asked)); });
    }
    if (wanted.empty()) End();
  }

 private:
  void Told(std::size_t upstream, Asked asked) {
    if (done_ == nullptr) return;
    answers_[upstream] = std::move(asked);
    if (--left_ == 0) End();
  }

  void End() {
    const auto self = shared_from_this();
    timer_.Clear();
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(answers_));
  }

  Answers answers_;
  Done done_;
  net::Timer timer_;
  const net::Millis wait_;
  std::size_t left_ = 0;
};

inline std::vector<std::size_t> AllUpstreams(const Lane& lane) {
  std::vector<std::size_t> all(lane.backends.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

// The failure to tell when no upstream gave a result: the first that there is.
inline Failure FirstFailure(const Gather::Answers& answers) {
  for (const auto& one : answers) {
    if (one && one->failure) return *one->failure;
  }
  return Failure::FromTransport({ErrorCode::kTimeout, "no upstream answered within mcp.merge_wait_ms"});
}

}  // namespace intentgate::mcp
