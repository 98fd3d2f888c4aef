#include "crypto/private_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <optional>

#include "crypto/openssl_guard.h"
#include "crypto/pem.h"

namespace intentgate::crypto {
namespace {

KeyKind KindOf(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return KeyKind::kRsa;
    case EVP_PKEY_EC: return KeyKind::kEc;
    case EVP_PKEY_ED25519: return KeyKind::kEd25519;
    default: return KeyKind::kOther;
  }
}

}  // namespace

Result<JwsKey> KeyOfPrivatePem(std::string_view pem) {
  const ErrorQueueGuard guard;
  while (std::optional<PemBlock> block = NextPemBlock(pem)) {
    // OpenSSL's tools put the curve in front of an EC key.
    if (block->type == "EC PARAMETERS") continue;
    if (block->type == "ENCRYPTED PRIVATE KEY") return Error{ErrorCode::kMalformed, "the private key has a password; give one without"};
    if (!block->type.ends_with("PRIVATE KEY")) break;
    const unsigned char* at = block->bytes.data();
    EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block->bytes.size()));
    OPENSSL_cleanse(block->bytes.data(), block->bytes.size());
    if (key == nullptr) return Error{ErrorCode::kMalformed, "the private key cannot be read"};
    JwsKey out;
    out.key = std::shared_ptr<EVP_PKEY>(key, &EVP_PKEY_free);
    out.kind = KindOf(key);
    out.is_private = true;
    return out;
  }
  return Error{ErrorCode::kMalformed, "the text is no private key in PEM (PRIVATE KEY)"};
}

}  // namespace intentgate::crypto
