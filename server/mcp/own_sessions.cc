#include "mcp/own_sessions.h"

#include <algorithm>
#include <utility>

#include "mcp/ask.h"

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

// A tool server that knows tools/call and nothing else answers a handshake with one of these.
bool HasNoHandshake(const Asked& asked) {
  if (asked.answer) return asked.answer->rpc_error;
  return asked.status == 400 || asked.status == 404 || asked.status == 405 || asked.status == 501;
}

}  // namespace

void OwnSessions::With(const std::string& principal, Ready ready) {
  if (shared_) return ready(*shared_);
  const auto found = entries_.find(principal);
  if (found == entries_.end()) {
    MakeRoom();
    entries_[principal].waiting.push_back(std::move(ready));
    return Open(principal);
  }
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
  upstream_.Delete(*oldest->second.session, {});
  entries_.erase(oldest);
}

void OwnSessions::Open(const std::string& principal) {
  Ask(upstream_, {HandshakeBody(version_), kHandshakeId, {}, max_answer_bytes_}, [this, principal](Asked asked) {
    if (HasNoHandshake(asked)) return Opened(principal, UpstreamSession{});
    if (asked.failure) return Opened(principal, std::move(*asked.failure));
    const json::Value* chosen = asked.answer->body.AtPointer("/result/protocolVersion");
    UpstreamSession session{asked.session_id, chosen != nullptr && chosen->is_string() ? chosen->string_value() : ""};
    if (!IsServedProtocol(session.protocol)) {
      return Opened(principal, Failure::FromRubbish(200, {ErrorCode::kMalformed, "the protocol revision is not served"}));
    }
    Tell(upstream_, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session,
         [this, principal, session](int) { Opened(principal, session); });
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
