#include "admin/access.h"

#include "base/encoding.h"
#include "crypto/secret_bytes.h"
#include "http/bearer.h"

namespace intentgate::admin {

std::optional<Operator> Access::Authenticate(const http::HeaderList& headers) const {
  const std::string_view token = http::BearerToken(headers);
  if (token.empty()) return std::nullopt;
  const crypto::Digest digest = crypto::Sha256(base::AsBytes(token));
  const config::AdminKey* match = nullptr;
  for (const config::AdminKey& key : keys_) {
    if (crypto::ConstantTimeEqual(key.digest, digest) && match == nullptr) match = &key;
  }
  if (match == nullptr) return std::nullopt;
  return Operator{match->tenant};
}

bool Access::HasAdmin(std::string_view tenant) const {
  for (const config::AdminKey& key : keys_) {
    if (!tenant.empty() && key.tenant == tenant) return true;
  }
  return false;
}

std::vector<std::string> Access::Tenants() const {
  std::vector<std::string> out;
  for (const config::AdminKey& key : keys_) {
    if (!key.tenant.empty()) out.push_back(key.tenant);
  }
  return out;
}

}  // namespace intentgate::admin
