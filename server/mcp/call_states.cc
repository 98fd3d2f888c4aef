// A state is "<payload>.<mac>", both base64url; the payload is {"e": expiry, "n": nonce, "s": upstream's state or null}.
// What it is bound to stands in the MAC only. Tested by tests/unit/mcp/call_states_test.cc.
#include "mcp/call_states.h"

#include <array>

#include <intentgate/json.h>

#include "base/encoding.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kNonceBytes = 16;

}  // namespace

CallStates::CallStates(const crypto::SecretBytes& key, std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random)
    : key_(key.Expose(crypto::SecretAccess())), clock_(std::move(clock)), random_(std::move(random)) {}

crypto::Digest CallStates::MacOf(std::string_view payload, std::string_view principal, const ToolCall& call) const {
  // Each part by its digest, so that no two lists of parts have one text.
  std::string text;
  const std::string arguments = call.arguments == nullptr ? std::string("-") : json::WriteSortedExact(*call.arguments);
  for (const std::string_view part : {payload, principal, call.method, call.name, std::string_view(arguments)}) {
    text += base::AsText(crypto::Sha256(base::AsBytes(part)));
  }
  return key_.Mac(base::AsBytes(text));
}

Result<std::string> CallStates::Seal(std::string_view principal, const ToolCall& call, const std::optional<std::string>& upstream) {
  std::array<std::uint8_t, kNonceBytes> nonce{};
  if (Status filled = random_->Fill(nonce); !filled.ok()) return filled.error();
  json::Value payload = json::MakeObject({{"e", clock_->UnixSeconds() + kCallStateSeconds}, {"n", base::HexEncode(nonce)}});
  payload.Set("s", upstream ? json::Value(*upstream) : json::Value());
  const std::string text = json::Write(payload);
  return base::Base64UrlEncode(base::AsBytes(text)) + "." + base::Base64UrlEncode(MacOf(text, principal, call));
}

std::optional<CallStates::Opened> CallStates::Open(std::string_view state, std::string_view principal, const ToolCall& call) {
  const std::size_t dot = state.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const Result<std::string> payload = base::Base64UrlDecodeText(state.substr(0, dot));
  const Result<base::Bytes> mac = base::Base64UrlDecode(state.substr(dot + 1));
  if (!payload.ok() || !mac.ok() || !crypto::ConstantTimeEqual(*mac, MacOf(*payload, principal, call))) return std::nullopt;
  const Result<json::Value> read = json::Parse(*payload);
  if (!read.ok()) return std::nullopt;
  const std::optional<std::int64_t> expires = read->Find("e")->AsInt64();
  if (!expires || *expires < clock_->UnixSeconds()) return std::nullopt;
  Opened opened;
  if (const json::Value* upstream = read->Find("s"); upstream->is_string()) opened.upstream = upstream->string_value();
  opened.first = FirstUse(read->Find("n")->string_value(), *expires);
  return opened;
}

bool CallStates::FirstUse(const std::string& nonce, std::int64_t expires) {
  const std::lock_guard lock(mutex_);
  while (!order_.empty() && order_.front().first < clock_->UnixSeconds()) {
    used_.erase(order_.front().second);
    order_.pop_front();
  }
  // Without room to remember it, it counts as used: then the round is charged like a call.
  if (used_.size() >= kMaxUsedStates || !used_.insert(nonce).second) return false;
  order_.emplace_back(expires, nonce);
  return true;
}

}  // namespace intentgate::mcp
