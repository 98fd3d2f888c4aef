#include "mcp/own_sessions.h"

#include <algorithm>
#include <utility>

#include "mcp/ask.h"
#include "mcp/open_session.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kHandshakeId = "intentgate-initialize";

std::string HandshakeBody(std::string_view version) {
  return json::Write(json::MakeObject(
      {{"jsonrpc", "2.0"},
       {"id", kHandshakeId},
       {"method", "initialize"},
       {"params", json::MakeObject({{"protocolVersion", kNewestProtocol},
                                    {"capabilities", json::MakeObject({})},
                                    {"clientInfo", json::MakeObject({{"name", "intentgate"}, {"version", version}})}})}}));
}

}  // namespace

void OwnSessions::With(const std::string& principal, const oauth::OnBehalfPtr& caller, Ready ready) {
  if (shared_) return ready(*shared_);
  const auto found = entries_.find(principal);
  if (found == entries_.end()) {
    MakeRoom();
    Entry& entry = entries_[principal];
    entry.caller = caller;
    entry.waiting.push_back(std::move(ready));
    return Open(principal, caller);
  }
  found->second.caller = caller;
  found->second.used = ++uses_;
  if (found->second.session) return ready(*found->second.session);
  found->second.waiting.push_back(std::move(ready));
}

void OwnSessions::Forget(const std::string& principal, const UpstreamSession& session) {
  if (shared_ && session.id.empty()) shared_.reset();
  const auto found = entries_.find(principal);
  if (found != entries_.end() && found->second.session && found->second.session->id == session.id) entries_.erase(found);
}

void OwnSessions::MakeRoom() {
  if (entries_.size() < kMaxOwnSessions) return;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.session && (oldest == entries_.end() || it->second.used < oldest->second.used)) oldest = it;
  }
  if (oldest == entries_.end()) return;
  TellEnd(upstream_, *oldest->second.session, oldest->second.caller);
  entries_.erase(oldest);
}

void OwnSessions::Open(const std::string& principal, const oauth::OnBehalfPtr& caller) {
  OpenSession(upstream_, HandshakeBody(version_), kHandshakeId, max_answer_bytes_, caller,
              [this, principal](std::variant<OpenedSession, Failure> opened) {
                if (auto* failure = std::get_if<Failure>(&opened)) return Opened(principal, std::move(*failure));
                Opened(principal, std::get<OpenedSession>(std::move(opened)).session);
              });
}

void OwnSessions::Opened(const std::string& principal, std::variant<UpstreamSession, Failure> result) {
  const auto found = entries_.find(principal);
  if (found == entries_.end()) return;
  std::vector<Ready> waiting = std::move(found->second.waiting);
  const auto* session = std::get_if<UpstreamSession>(&result);
  if (session != nullptr && !session->id.empty()) {
    found->second.waiting.clear();
    found->second.session = *session;
    found->second.used = ++uses_;
  } else {
    entries_.erase(found);
    if (session != nullptr) shared_ = *session;
  }
  for (Ready& ready : waiting) ready(result);
}

}  // namespace intentgate::mcp
