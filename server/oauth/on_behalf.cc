#include "oauth/on_behalf.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace intentgate::oauth {
namespace {

// Each part by its digest, so that no two lists of parts have one text.
template <typename... Parts>
std::string KeyOf(const Parts&... parts) {
  std::string text;
  ((text += base::AsText(crypto::Sha256(base::AsBytes(std::string_view(parts))))), ...);
  return base::Base64UrlEncode(crypto::Sha256(base::AsBytes(text)));
}

}  // namespace

OnBehalfPtr OnBehalfOfGateway() { return std::make_shared<const OnBehalf>(); }

OnBehalfPtr OnBehalfOfToken(std::string_view principal, std::string_view token) {
  auto caller = std::make_shared<OnBehalf>();
  caller->kind = OnBehalf::Kind::kAccessToken;
  caller->token = crypto::SecretBytes(base::AsBytes(token));
  caller->key = KeyOf("token", principal, token);
  return caller;
}

OnBehalfPtr OnBehalfOfAgent(std::string_view principal, std::string tenant, std::string agent) {
  auto caller = std::make_shared<OnBehalf>();
  caller->kind = OnBehalf::Kind::kCapability;
  caller->key = KeyOf("agent", principal, tenant, agent);
  caller->tenant = std::move(tenant);
  caller->agent = std::move(agent);
  return caller;
}

}  // namespace intentgate::oauth
