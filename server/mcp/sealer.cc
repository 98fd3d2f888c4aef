// Tested by tests/unit/mcp/sealed_sessions_test.cc and sealed_tasks_test.cc.
#include "mcp/sealer.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kSalt = "intentgate";

std::string DigestOf(std::string_view principal) { return base::Base64UrlEncode(crypto::Sha256(base::AsBytes(principal))); }

}  // namespace

Result<Sealer> Sealer::Create(const std::vector<crypto::SecretBytes>& secrets, std::string label, std::int64_t lifetime_seconds,
                              std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random) {
  std::vector<crypto::SecretBytes> keys;
  for (const crypto::SecretBytes& secret : secrets) {
    Result<crypto::SecretBytes> key = crypto::HkdfSha256(secret, kSalt, label);
    if (!key.ok()) return key.error();
    keys.push_back(std::move(*key));
  }
  return Sealer(std::move(keys), std::move(label), lifetime_seconds, std::move(clock), std::move(random));
}

Result<std::string> Sealer::Seal(json::Value payload, std::string_view principal) const {
  payload.Set("p", DigestOf(principal));
  payload.Set("e", clock_->UnixSeconds() + lifetime_seconds_);
  const std::string text = json::Write(payload);
  Result<base::Bytes> bytes = crypto::Seal(keys_.front(), base::AsBytes(text), base::AsBytes(label_), *random_);
  if (!bytes.ok()) return bytes.error();
  return base::Base64UrlEncode(*bytes);
}

std::optional<json::Value> Sealer::Read(std::string_view sealed) const {
  if (sealed.size() > kMaxSealedIdBytes) return std::nullopt;
  const Result<base::Bytes> bytes = base::Base64UrlDecode(sealed);
  if (!bytes.ok()) return std::nullopt;
  for (const crypto::SecretBytes& key : keys_) {
    const auto text = crypto::Open(key, *bytes, base::AsBytes(label_));
    if (!text) continue;
    Result<json::Value> payload = json::Parse(base::AsText(*text));
    if (!payload.ok() || !payload->is_object()) return std::nullopt;
    return std::move(*payload);
  }
  return std::nullopt;
}

std::optional<json::Value> Sealer::Open(std::string_view sealed, std::string_view principal) const {
  auto payload = Read(sealed);
  if (!payload) return std::nullopt;
  const std::string* owner = SealedText(*payload, "p");
  const json::Value* expiry = payload->Find("e");
  const auto expires = expiry == nullptr ? std::nullopt : expiry->AsInt64();
  if (owner == nullptr || !expires || *owner != DigestOf(principal) || *expires < clock_->UnixSeconds()) return std::nullopt;
  return payload;
}

const std::string* SealedText(const json::Value& payload, std::string_view member) {
  const json::Value* at = payload.Find(member);
  return at != nullptr && at->is_string() ? &at->string_value() : nullptr;
}

}  // namespace intentgate::mcp
