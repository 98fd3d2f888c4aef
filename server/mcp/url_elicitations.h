// Calls of legacy sessions (2025-11-25) whose clients were told a URL for their approval, by error -32042. The client brings nothing back that
// would name the approval: it makes an equal call again. So the approval is remembered by session and call, and the
// session's stream is told when a person has answered (notifications/elicitation/complete). docs/approvals.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <intentgate/gate.h>

#include "mcp/message.h"

namespace intentgate::mcp {

// Of the process; the oldest makes room, and its client is told the URL once more.
inline constexpr std::size_t kMaxUrlElicitations = 4'096;

// Whether the client whose initialize has these params can be told a URL, in a session of this revision.
bool TakesUrls(const json::Value* params, std::string_view protocol);

// Thread-safe. Held by shared_ptr, so that a wait of the gate may outlive it.
class UrlElicitations : public std::enable_shared_from_this<UrlElicitations> {
 public:
  // Gets an event for a session's stream; on any thread, and must not block.
  using Tell = std::function<void(std::string event)>;

  explicit UrlElicitations(std::shared_ptr<Gate> gate, std::size_t most = kMaxUrlElicitations) : gate_(std::move(gate)), most_(most) {}

  // What an equal call of the session waits for; "" when it was told no URL.
  std::string ApprovalOf(std::string_view session, const ToolCall& call) const;
  // The call was told a URL.
  void Told(const std::string& session, const ToolCall& call, const std::string& tenant, const std::string& approval_id);
  // The call was made, or its approval is worth nothing any more.
  void Settled(std::string_view session, const ToolCall& call);
  // A stream of the session is open: it is told what was answered meanwhile, at once, and what will be. Each answer goes to one
  // stream alone.
  std::uint64_t Listen(const std::string& session, Tell tell);
  void Leave(const std::string& session, std::uint64_t listener);
  // The session is over.
  void End(const std::string& session);

 private:
  struct Entry {
    std::string session, call, approval_id;
    std::uint64_t wait = 0;  // of the gate
    bool answered = false;
    bool told = false;       // the session's stream
  };
  using Order = std::list<Entry>;  // oldest first

  static std::string KeyOf(std::string_view session, std::string_view call);
  void Answered(const std::string& session, const std::string& approval_id);
  // Takes it out; the wait that is to be given up, or 0.
  std::uint64_t Erase(Order::iterator entry);
  void GiveUp(std::uint64_t wait);

  const std::shared_ptr<Gate> gate_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> by_call_;
  std::unordered_map<std::string, std::map<std::uint64_t, Tell>> listeners_;  // by session
  std::uint64_t last_listener_ = 0;
};

}  // namespace intentgate::mcp
