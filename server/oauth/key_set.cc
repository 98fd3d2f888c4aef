#include "oauth/key_set.h"

#include <string>
#include <utility>

#include <intentgate/json.h>

#include "oauth/jwt.h"

namespace intentgate::oauth {
namespace {

bool IsForSignatures(const json::Value& jwk) {
  const json::Value* use = jwk.Find("use");
  return jwk.is_object() && (use == nullptr || *use == json::Value("sig"));
}

}  // namespace

Result<KeySet> KeySet::Read(std::string_view text) {
  const Result<json::Value> document = json::Parse(text, {.max_bytes = kMaxKeySetBytes, .max_depth = kMaxJwtDepth});
  if (!document.ok()) return document.error();
  const json::Value* keys = document->Find("keys");
  if (keys == nullptr || !keys->is_array()) return Error{ErrorCode::kMalformed, "the key set has no list \"keys\""};
  if (keys->array().size() > kMaxKeysOfSet) return Error{ErrorCode::kLimitExceeded, "the key set has over " + std::to_string(kMaxKeysOfSet) + " keys"};
  KeySet out;
  for (const json::Value& jwk : keys->array()) {
    if (!IsForSignatures(jwk)) continue;
    Result<std::vector<crypto::JwsKey>> read = crypto::ParseJwks(json::Write(jwk));
    if (!read.ok() || read->size() != 1 || read->front().is_private || read->front().kind == crypto::KeyKind::kOctets) continue;
    out.keys_.push_back(std::move(read->front()));
  }
  if (out.keys_.empty()) return Error{ErrorCode::kMalformed, "the key set has no public key for signatures"};
  return out;
}

const crypto::JwsKey* KeySet::Find(std::string_view kid, std::string_view alg) const {
  const crypto::JwsKey* found = nullptr;
  for (const crypto::JwsKey& key : keys_) {
    if (!Fits(key, alg) || (!kid.empty() && key.kid != kid)) continue;
    // Two that fit: nobody says which one it is.
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace intentgate::oauth
