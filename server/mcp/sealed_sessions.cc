// Tested by tests/unit/mcp/sealed_sessions_test.cc, and over two gateways by tests/e2e/test_replicas.py.
#include "mcp/sealed_sessions.h"

#include <algorithm>
#include <utility>

#include <intentgate/json.h>

namespace intentgate::mcp {
namespace {

constexpr std::string_view kLabel = "intentgate mcp sessions 1";

}  // namespace

Result<std::shared_ptr<SealedSessions>> SealedSessions::Create(const std::vector<crypto::SecretBytes>& secrets,
                                                               std::vector<std::string> upstreams, std::int64_t lifetime_seconds,
                                                               std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) {
  Result<Sealer> sealer = Sealer::Create(secrets, std::string(kLabel), lifetime_seconds, std::move(clock), std::move(random));
  if (!sealer.ok()) return sealer.error();
  return std::shared_ptr<SealedSessions>(new SealedSessions(std::move(*sealer), std::move(upstreams)));
}

Result<std::string> SealedSessions::Seal(const BoundSession& session, std::string_view principal) {
  json::Value payload = json::MakeObject({{"i", session.id}, {"v", session.protocol}});
  if (session.takes_urls) payload.Set("u", true);
  if (session.parts == nullptr) return sealer_.Seal(std::move(payload), principal);
  json::Value whole = payload;
  json::Array parts;
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    if (const auto part = session.parts->At(i)) {
      parts.push_back(json::Value(json::Array{json::Value(upstreams_[i]), json::Value(part->id), json::Value(part->protocol)}));
    }
  }
  whole.Set("s", json::Value(std::move(parts)));
  whole.Set("h", session.parts->hello);
  whole.Set("n", session.parts->hello_id);
  Result<std::string> id = sealer_.Seal(std::move(whole), principal);
  if (!id.ok() || id->size() <= kMaxSealedIdBytes) return id;
  payload.Set("l", true);
  return sealer_.Seal(std::move(payload), principal);
}

// Null without parts; nullopt when they are none.
std::optional<std::shared_ptr<SessionParts>> SealedSessions::PartsIn(const json::Value& payload) const {
  const json::Value* list = payload.Find("s");
  if (list == nullptr) return std::shared_ptr<SessionParts>();
  const std::string* hello = SealedText(payload, "h");
  const json::Value* hello_id = payload.Find("n");
  if (!list->is_array() || hello == nullptr || hello_id == nullptr) return std::nullopt;
  const auto parts = std::make_shared<SessionParts>(upstreams_.size(), *hello, *hello_id);
  for (const json::Value& one : list->array()) {
    if (!one.is_array() || one.array().size() != 3) return std::nullopt;
    const json::Array& part = one.array();
    if (!part[0].is_string() || !part[1].is_string() || !part[2].is_string()) return std::nullopt;
    const auto at = std::find(upstreams_.begin(), upstreams_.end(), part[0].string_value());
    // A replica that does not have the upstream has no use for its session.
    if (at == upstreams_.end()) continue;
    const auto upstream = static_cast<std::size_t>(at - upstreams_.begin());
    if (!parts->Set(upstream, {part[1].string_value(), part[2].string_value()})) return std::nullopt;
  }
  return parts;
}

std::optional<SealedSessions::Opened> SealedSessions::Open(std::string_view id, std::string_view principal) {
  const auto payload = sealer_.Open(id, principal);
  if (!payload) return std::nullopt;
  const std::string* own = SealedText(*payload, "i");
  const std::string* protocol = SealedText(*payload, "v");
  if (own == nullptr || protocol == nullptr) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (ended_.contains(*own)) return std::nullopt;
  }
  auto parts = PartsIn(*payload);
  if (!parts) return std::nullopt;
  return Opened{{*own, *protocol, std::move(*parts), payload->Find("u") != nullptr}, payload->Find("l") != nullptr};
}

std::string SealedSessions::NameOf(std::string_view id) const {
  const auto payload = sealer_.Read(id);
  const std::string* own = payload ? SealedText(*payload, "i") : nullptr;
  return own == nullptr ? std::string() : *own;
}

void SealedSessions::End(const std::string& session_id) {
  const std::lock_guard lock(mutex_);
  if (!ended_.insert(session_id).second) return;
  ended_order_.push_back(session_id);
  if (ended_order_.size() <= kMaxEndedSessions) return;
  ended_.erase(ended_order_.front());
  ended_order_.pop_front();
}

}  // namespace intentgate::mcp
