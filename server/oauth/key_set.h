// The public keys of an issuer (RFC 7517). Immutable, thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include <intentgate/result.h>

#include "crypto/jws.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxKeySetBytes = 256 * 1024;
inline constexpr std::size_t kMaxKeysOfSet = 100;

class KeySet {
 public:
  // Keys that are of another kind, for another use, private or unreadable are left out, as RFC 7517 section 5 says.
  // kMalformed: no set, or none of its keys can be used; kLimitExceeded.
  static Result<KeySet> Read(std::string_view text);

  // The key for a token: of that id, or, when the token names none, the only one that fits. Null: there is none.
  const crypto::JwsKey* Find(std::string_view kid, std::string_view alg) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<crypto::JwsKey> keys_;
};

}  // namespace intentgate::oauth
