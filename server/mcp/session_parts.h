// A client's session when there are several upstreams: the client knows one id, and behind it stands a session at each
// upstream. A part that an upstream forgot is opened anew with what the client said when it began.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/message.h"
#include "mcp/upstream.h"

namespace intentgate::mcp {

// Thread-safe.
class SessionParts {
 public:
  // `hello` is the client's initialize, as it goes to each upstream.
  SessionParts(std::size_t upstreams, std::string text, json::Value id)
      : hello(std::move(text)), hello_id(std::move(id)), parts_(upstreams) {}

  const std::string hello;
  const json::Value hello_id;

  std::optional<UpstreamSession> At(std::size_t upstream) const {
    const std::lock_guard lock(mutex_);
    return parts_[upstream];
  }
  // False when there is one already, which stays.
  [[nodiscard]] bool Set(std::size_t upstream, UpstreamSession session) {
    const std::lock_guard lock(mutex_);
    if (parts_[upstream]) return false;
    parts_[upstream] = std::move(session);
    return true;
  }
  // Does nothing when the part is another session by now.
  void Forget(std::size_t upstream, const UpstreamSession& session) {
    const std::lock_guard lock(mutex_);
    if (parts_[upstream] && parts_[upstream]->id == session.id) parts_[upstream].reset();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::optional<UpstreamSession>> parts_;
};

// A session as its client has it.
struct BoundSession {
  std::string id;
  std::string protocol;
  std::shared_ptr<SessionParts> parts;  // null with one upstream: `id` is the upstream's own
  bool takes_urls = false;              // the client declared elicitation.url, in a revision that has it
};

}  // namespace intentgate::mcp
