#include "crypto/digests.h"

#include <limits>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace intentgate::crypto {
namespace {

const EVP_MD* Algorithm(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5: return EVP_md5();
    case DigestKind::kSha1: return EVP_sha1();
    case DigestKind::kSha224: return EVP_sha224();
    case DigestKind::kSha256: return EVP_sha256();
    case DigestKind::kSha384: return EVP_sha384();
    case DigestKind::kSha512: return EVP_sha512();
    case DigestKind::kSha512_224: return EVP_sha512_224();
    case DigestKind::kSha512_256: return EVP_sha512_256();
  }
  return nullptr;
}

Error Refused() { return {ErrorCode::kUnavailable, "OpenSSL refuses this hash; its configuration may forbid it"}; }

}  // namespace

Result<std::vector<std::uint8_t>> DigestOf(DigestKind kind, std::span<const std::uint8_t> data) {
  std::vector<std::uint8_t> out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, Algorithm(kind), nullptr) != 1) return Refused();
  out.resize(size);
  return out;
}

Result<std::vector<std::uint8_t>> HmacOf(DigestKind kind, std::span<const std::uint8_t> key,
                                         std::span<const std::uint8_t> data) {
  if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::kLimitExceeded, "an HMAC key may have at most 2 GiB"};
  }
  std::vector<std::uint8_t> out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  // OpenSSL takes a null key as "the key of before"; an empty key needs an address.
  static constexpr std::uint8_t kNothing = 0;
  const std::uint8_t* key_data = key.empty() ? &kNothing : key.data();
  if (HMAC(Algorithm(kind), key_data, static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size) == nullptr) {
    return Refused();
  }
  out.resize(size);
  return out;
}

}  // namespace intentgate::crypto
