// What becomes of the gateway's own tasks, for a stream of notifications that asked for them (subscriptions/listen, 2026-07-28).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/json.h>

#include "mcp/lane.h"

namespace intentgate::mcp {

// Loop-bound. Stop is called before it goes.
class OwnTaskNews {
 public:
  // Gets an event; on the loop, also after Stop.
  using Tell = std::function<void(std::string event)>;

  // `ids` are tasks of the principal's that its token covers, `subscription` is the request's id.
  OwnTaskNews(Lane& lane, std::vector<std::string> ids, std::string principal, json::Value subscription)
      : lane_(lane), ids_(std::move(ids)), principal_(std::move(principal)), subscription_(std::move(subscription)) {}

  const std::vector<std::string>& ids() const { return ids_; }
  // Each change of state, and at once the state of tasks that have left the first one before.
  void Start(Tell tell);
  void Stop();

 private:
  Lane& lane_;
  const std::vector<std::string> ids_;
  const std::string principal_;
  const json::Value subscription_;
  std::vector<std::pair<std::string, std::uint64_t>> followed_;
};

}  // namespace intentgate::mcp
