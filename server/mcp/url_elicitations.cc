// Tested by tests/unit/mcp/url_elicitations_test.cc and tests/integration/server/url_elicitation_test.cc.
#include "mcp/url_elicitations.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "http/sse.h"
#include "mcp/call_states.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kFirstWithUrls = "2025-11-25";

std::string DigestOf(const ToolCall& call) { return base::HexEncode(crypto::Sha256(base::AsBytes(DigestsOf(call)))); }

std::string CompleteEvent(const std::string& elicitation_id) {
  const json::Value params = json::MakeObject({{"elicitationId", elicitation_id}});
  std::string event;
  http::AppendSseEvent({}, {}, json::Write(json::MakeObject({{"jsonrpc", "2.0"}, {"method", "notifications/elicitation/complete"}, {"params", params}})), event);
  return event;
}

}  // namespace

bool TakesUrls(const json::Value* params, std::string_view protocol) {
  if (protocol < kFirstWithUrls) return false;
  const json::Value* url = params == nullptr ? nullptr : params->AtPointer("/capabilities/elicitation/url");
  return url != nullptr && url->is_object();
}

std::string UrlElicitations::KeyOf(std::string_view session, std::string_view call) { return std::string(session) + "\n" + std::string(call); }

std::string UrlElicitations::ApprovalOf(std::string_view session, const ToolCall& call) const {
  {
    const std::lock_guard lock(mutex_);
    if (order_.empty()) return {};
  }
  const std::string key = KeyOf(session, DigestOf(call));
  const std::lock_guard lock(mutex_);
  const auto found = by_call_.find(key);
  return found == by_call_.end() ? std::string() : found->second->approval_id;
}

void UrlElicitations::Told(const std::string& session, const ToolCall& call, const std::string& tenant, const std::string& approval_id) {
  const std::string digest = DigestOf(call);
  const std::string key = KeyOf(session, digest);
  std::uint64_t replaced = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_call_.find(key); known != by_call_.end()) {
      if (known->second->approval_id == approval_id) return;
      replaced = Erase(known->second);
    } else if (order_.size() >= most_) {
      replaced = Erase(order_.begin());
    }
    by_call_[key] = order_.insert(order_.end(), {session, digest, approval_id});
  }
  GiveUp(replaced);
  // Who waits may be told inside the call, so no lock is held. Without a wait the client is not told, and comes by itself.
  const std::uint64_t wait = gate_->WaitApproval(tenant, approval_id, [weak = weak_from_this(), session, approval_id](const Result<Approval>& result) {
    const auto self = weak.lock();
    if (self != nullptr && result.ok()) self->Answered(session, approval_id);
  });
  {
    const std::lock_guard lock(mutex_);
    const auto known = by_call_.find(key);
    if (known != by_call_.end() && known->second->approval_id == approval_id) {
      if (!known->second->answered) known->second->wait = wait;
      return;
    }
  }
  GiveUp(wait);  // it was settled meanwhile
}

void UrlElicitations::Settled(std::string_view session, const ToolCall& call) {
  const std::string key = KeyOf(session, DigestOf(call));
  std::uint64_t wait = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto known = by_call_.find(key);
    if (known == by_call_.end()) return;
    wait = Erase(known->second);
  }
  GiveUp(wait);
}

std::uint64_t UrlElicitations::Listen(const std::string& session, Tell tell) {
  std::vector<std::string> missed;
  std::uint64_t listener = 0;
  {
    const std::lock_guard lock(mutex_);
    listener = ++last_listener_;
    listeners_[session].emplace(listener, tell);
    for (Entry& entry : order_) {
      if (entry.session == session && entry.answered && !std::exchange(entry.told, true)) missed.push_back(entry.approval_id);
    }
  }
  for (const std::string& approval_id : missed) tell(CompleteEvent(approval_id));
  return listener;
}

void UrlElicitations::Leave(const std::string& session, std::uint64_t listener) {
  const std::lock_guard lock(mutex_);
  const auto found = listeners_.find(session);
  if (found == listeners_.end()) return;
  found->second.erase(listener);
  if (found->second.empty()) listeners_.erase(found);
}

void UrlElicitations::End(const std::string& session) {
  std::vector<std::uint64_t> waits;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = order_.begin(); at != order_.end();) {
      const auto entry = at++;
      if (entry->session == session) waits.push_back(Erase(entry));
    }
  }
  for (const std::uint64_t wait : waits) GiveUp(wait);
}

void UrlElicitations::Answered(const std::string& session, const std::string& approval_id) {
  Tell tell;
  {
    const std::lock_guard lock(mutex_);
    const auto listeners = listeners_.find(session);
    bool untold = false;
    for (Entry& entry : order_) {
      if (entry.session != session || entry.approval_id != approval_id) continue;
      entry.answered = true;
      entry.wait = 0;
      untold = untold || !entry.told;
      if (listeners != listeners_.end()) entry.told = true;
    }
    if (!untold || listeners == listeners_.end()) return;
    tell = listeners->second.rbegin()->second;
  }
  tell(CompleteEvent(approval_id));
}

std::uint64_t UrlElicitations::Erase(Order::iterator entry) {
  const std::uint64_t wait = entry->wait;
  by_call_.erase(KeyOf(entry->session, entry->call));
  order_.erase(entry);
  return wait;
}

void UrlElicitations::GiveUp(std::uint64_t wait) {
  if (wait != 0) gate_->CancelApprovalWait(wait);
}

}  // namespace intentgate::mcp
