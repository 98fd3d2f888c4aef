#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "crypto/openssl_guard.h"

namespace intentgate::crypto {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
static_assert(kNonceBytes + kTagBytes == kAeadOverhead);

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

bool FitsInt(std::size_t size) { return size <= static_cast<std::size_t>(std::numeric_limits<int>::max()); }

}  // namespace

Result<base::Bytes> Seal(const SecretBytes& key, std::span<const std::uint8_t> text, std::span<const std::uint8_t> about, Random& random) {
  const ErrorQueueGuard guard;
  if (key.size() != kAeadKeyBytes) return Error{ErrorCode::kInvalidArgument, "the key must have 32 bytes"};
  if (!FitsInt(text.size()) || !FitsInt(about.size())) return Error{ErrorCode::kLimitExceeded, "the text is too long to be sealed"};
  base::Bytes out(text.size() + kAeadOverhead);
  if (Status filled = random.Fill(std::span(out).first(kNonceBytes)); !filled.ok()) return filled.error();
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool good =
      context != nullptr &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.Expose(SecretAccess()).data(), out.data()) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, about.data(), static_cast<int>(about.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), out.data() + kNonceBytes, &written, text.data(), static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), out.data() + kNonceBytes + text.size(), &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out.data() + kNonceBytes + text.size()) == 1;
  if (!good) return Error{ErrorCode::kUnavailable, "OpenSSL could not seal"};
  return out;
}

std::optional<base::Bytes> Open(const SecretBytes& key, std::span<const std::uint8_t> sealed, std::span<const std::uint8_t> about) {
  const ErrorQueueGuard guard;
  if (key.size() != kAeadKeyBytes || sealed.size() < kAeadOverhead || !FitsInt(sealed.size()) || !FitsInt(about.size())) return std::nullopt;
  const std::size_t size = sealed.size() - kAeadOverhead;
  std::array<std::uint8_t, kTagBytes> tag{};
  std::copy(sealed.end() - kTagBytes, sealed.end(), tag.begin());
  base::Bytes out(size);
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool good =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.Expose(SecretAccess()).data(), sealed.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, about.data(), static_cast<int>(about.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), out.data(), &written, sealed.data() + kNonceBytes, static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), out.data() + size, &written) == 1;
  if (!good) return std::nullopt;
  return out;
}

}  // namespace intentgate::crypto
