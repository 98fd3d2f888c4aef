// A state is "<payload>.<mac>", both base64url; the payload is {"e": expiry, "n": nonce, "r": who gave it out,
// "s": upstream's state or null}.
// What it is bound to stands in the MAC only. Tested by tests/unit/mcp/call_states_test.cc.
#include "mcp/call_states.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <intentgate/json.h>

#include "base/encoding.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kSalt = "intentgate";
constexpr std::string_view kInfo = "intentgate mcp call states 1";

// Each part by its digest, so that no two lists of parts have one text.
std::string PartDigests(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += base::AsText(crypto::Sha256(base::AsBytes(part)));
  return text;
}

crypto::Digest MacOf(const crypto::HmacKey& key, std::string_view payload, std::string_view principal, const ToolCall& call) {
  return key.Mac(base::AsBytes(PartDigests({payload, principal}) + DigestsOf(call)));
}

}  // namespace

std::string DigestsOf(const ToolCall& call) {
  const std::string arguments = call.arguments == nullptr ? std::string("-") : json::WriteSortedExact(*call.arguments);
  return PartDigests({call.method, call.name, std::string_view(arguments)});
}

Result<std::shared_ptr<CallStates>> CallStates::Create(const std::vector<crypto::SecretBytes>& secrets, std::shared_ptr<const Clock> clock,
                                                       std::shared_ptr<Random> random) {
  std::array<std::uint8_t, kNonceBytes> here{};
  if (Status filled = random->Fill(here); !filled.ok()) return filled.error();
  std::vector<crypto::HmacKey> keys;
  for (const crypto::SecretBytes& secret : secrets) {
    const Result<crypto::SecretBytes> key = crypto::HkdfSha256(secret, kSalt, kInfo);
    if (!key.ok()) return key.error();
    keys.emplace_back(key->Expose(crypto::SecretAccess()));
  }
  if (keys.empty()) {
    std::array<std::uint8_t, kKeyBytes> own{};
    if (Status filled = random->Fill(own); !filled.ok()) return filled.error();
    keys.emplace_back(own);
    crypto::Wipe(own);
  }
  return std::shared_ptr<CallStates>(new CallStates(std::move(keys), base::HexEncode(here), std::move(clock), std::move(random)));
}

Result<std::string> CallStates::Seal(std::string_view principal, const ToolCall& call, const std::optional<std::string>& upstream) {
  std::array<std::uint8_t, kNonceBytes> nonce{};
  if (Status filled = random_->Fill(nonce); !filled.ok()) return filled.error();
  json::Value payload = json::MakeObject({{"e", clock_->UnixSeconds() + kCallStateSeconds}, {"n", base::HexEncode(nonce)}, {"r", here_}});
  payload.Set("s", upstream ? json::Value(*upstream) : json::Value());
  const std::string text = json::Write(payload);
  return base::Base64UrlEncode(base::AsBytes(text)) + "." + base::Base64UrlEncode(MacOf(keys_.front(), text, principal, call));
}

std::optional<CallStates::Opened> CallStates::Open(std::string_view state, std::string_view principal, const ToolCall& call) {
  const std::size_t dot = state.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const Result<std::string> payload = base::Base64UrlDecodeText(state.substr(0, dot));
  const Result<base::Bytes> mac = base::Base64UrlDecode(state.substr(dot + 1));
  if (!payload.ok() || !mac.ok()) return std::nullopt;
  const auto made = [&](const crypto::HmacKey& key) { return crypto::ConstantTimeEqual(*mac, MacOf(key, *payload, principal, call)); };
  if (std::none_of(keys_.begin(), keys_.end(), made)) return std::nullopt;
  const Result<json::Value> read = json::Parse(*payload);
  if (!read.ok()) return std::nullopt;
  const std::optional<std::int64_t> expires = read->Find("e")->AsInt64();
  if (!expires || *expires < clock_->UnixSeconds()) return std::nullopt;
  Opened opened;
  if (const json::Value* upstream = read->Find("s"); upstream->is_string()) opened.upstream = upstream->string_value();
  opened.first = *read->Find("r") == json::Value(here_) && FirstUse(read->Find("n")->string_value(), *expires);
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
