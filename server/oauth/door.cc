#include "oauth/door.h"

#include <array>
#include <utility>

#include "base/encoding.h"

namespace intentgate::oauth {
namespace {

constexpr std::size_t kNonceKeyBytes = 32;

Result<std::shared_ptr<const Nonces>> MakeNonces(const config::DpopSettings& settings, const DoorParts& parts) {
  if (!settings.nonce_required) return std::shared_ptr<const Nonces>();
  if (!settings.nonce_key.empty()) return std::shared_ptr<const Nonces>(std::make_shared<Nonces>(settings.nonce_key, settings.nonce_seconds, parts.clock));
  std::array<std::uint8_t, kNonceKeyBytes> bytes{};
  if (const Status filled = parts.random->Fill(bytes); !filled.ok()) return filled.error();
  const crypto::SecretBytes key(bytes);
  crypto::Wipe(bytes);
  return std::shared_ptr<const Nonces>(std::make_shared<Nonces>(key, settings.nonce_seconds, parts.clock));
}

}  // namespace

Result<std::shared_ptr<Door>> Door::Create(DoorParts parts) {
  Result<std::shared_ptr<const Nonces>> nonces = MakeNonces(parts.settings->oauth.dpop, parts);
  if (!nonces.ok()) return nonces.error();
  return std::shared_ptr<Door>(new Door(parts, *std::move(nonces)));
}

Door::Door(const DoorParts& parts, std::shared_ptr<const Nonces> nonces)
    : url_(ComparableUrl(parts.settings->public_url)), nonces_(nonces), proofs_(parts.settings->oauth.dpop, nonces, parts.clock) {
  std::vector<AccessTokens::Issuer> issuers;
  for (const config::OAuthIssuer& issuer : parts.settings->oauth.issuers) {
    auto keys = std::make_shared<IssuerKeys>(issuer, parts.fetcher, parts.clock);
    issuers.push_back({issuer.audiences.empty() ? std::vector<std::string>{parts.settings->public_url} : issuer.audiences, keys});
    watches_.push_back(std::make_unique<KeyWatch>(std::move(keys), parts.log));
  }
  tokens_ = std::make_shared<AccessTokens>(std::move(issuers), parts.clock);
  parts.gate->AcceptForeignTokens(tokens_);
}

Door::~Door() = default;

bool Door::AwaitKeys(std::string_view token, std::function<void()> done) {
  const int issuer = tokens_->Lacking(token);
  return issuer >= 0 && watches_[static_cast<std::size_t>(issuer)]->Ask(std::move(done));
}

std::variant<Proven, ProofRefusal> Door::CheckProof(const http::RequestHead& head, std::string_view token) const {
  if (url_.empty()) return ProofRefusal{ProofRefusal::Kind::kInvalid, "proofs of possession need mcp.public_url to be set on this gateway"};
  if (head.headers.Count("DPoP") != 1) return ProofRefusal{ProofRefusal::Kind::kInvalid, "the request needs exactly one DPoP field with a proof of possession"};
  return proofs_.Check(*head.headers.Get("DPoP"), {.method = head.method, .url = url_, .token = token});
}

}  // namespace intentgate::oauth
