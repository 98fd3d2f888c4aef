// The gateway's own upstream sessions, for clients that post a tools/call without a handshake, as the
// public SDKs do. Each principal has a session of its own, because a tool server may keep state in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "mcp/failure.h"
#include "mcp/upstream.h"

namespace intentgate::mcp {

inline constexpr std::size_t kMaxOwnSessions = 512;  // on each loop; the one unused for longest is ended

// Loop-bound.
class OwnSessions {
 public:
  // `upstream` must outlive it.
  OwnSessions(Upstream& upstream, std::string version, std::size_t max_answer_bytes)
      : upstream_(upstream), version_(std::move(version)), max_answer_bytes_(max_answer_bytes) {}

  using Ready = std::function<void(std::variant<UpstreamSession, Failure>)>;
  // Opens a session when there is none. `ready` is called once, inside the call when a session is open.
  // An upstream without sessions, or without a handshake, gives one with an empty id.
  void With(const std::string& principal, const oauth::OnBehalfPtr& caller, Ready ready);
  // The upstream does not know this session any more; the next With opens another.
  void Forget(const std::string& principal, const UpstreamSession& session);

 private:
  struct Entry {
    std::optional<UpstreamSession> session;  // unset: being opened
    std::vector<Ready> waiting;
    oauth::OnBehalfPtr caller;             // who used it last
    std::uint64_t used = 0;
  };

  void Open(const std::string& principal, const oauth::OnBehalfPtr& caller);
  void Opened(const std::string& principal, std::variant<UpstreamSession, Failure> result);
  void MakeRoom();

  Upstream& upstream_;
  const std::string version_;
  const std::size_t max_answer_bytes_;
  std::unordered_map<std::string, Entry> entries_;
  std::optional<UpstreamSession> shared_;  // set while the upstream gives no session ids
  std::uint64_t uses_ = 0;
};

}  // namespace intentgate::mcp
