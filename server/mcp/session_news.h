// What the gateway itself has to tell a session of the legacy era on its event stream: answers to approvals whose URL it was told, and what
// became of its tasks of the gateway's own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mcp/lane.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

// Loop-bound. Stop is called before it goes.
class SessionNews {
 public:
  // Gets an event; on the loop, also after Stop.
  using Tell = std::function<void(std::string event)>;

  SessionNews(Lane& lane, BoundSession bound, std::weak_ptr<http::Exchange> exchange)
      : lane_(lane), bound_(std::move(bound)), exchange_(std::move(exchange)) {}

  // Whether a stream is of use to the session though its upstream gives none.
  bool Expected() const;
  // Of a task, only while the token of the exchange covers the tool.
  void Start(Tell tell);
  void Stop();

 private:
  Lane& lane_;
  const BoundSession bound_;
  const std::weak_ptr<http::Exchange> exchange_;
  std::uint64_t urls_ = 0, tasks_ = 0;
};

}  // namespace intentgate::mcp
