// HMAC by hand over OpenSSL's SHA256_CTX: H((k ^ opad) || H((k ^ ipad) || m)). The primitive stays
// OpenSSL's; only the two pads are ours, because its own HMAC objects cost several times as much to
// re-key. Short messages get SHA-256's own padding from us, too, and go to OpenSSL as whole blocks: what
// SHA256_Final does beside hashing costs a quarter of such a MAC.
// Tested by tests/unit/crypto/hash_test.cc against RFC 4231 and against EVP_MAC.

// The low-level contexts are marked deprecated in OpenSSL 3 in favour of EVP, which is what is slow.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/sha.h>

#include <bit>
#include <cstring>

namespace intentgate::crypto {
namespace {

constexpr std::size_t kBlock = 64;

static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= 8);

void Start(SHA256_CTX& context) { SHA256_Init(&context); }
void Feed(SHA256_CTX& context, std::span<const std::uint8_t> data) {
  SHA256_Update(&context, data.data(), data.size());
}
Digest End(SHA256_CTX& context) {
  Digest out;
  SHA256_Final(out.data(), &context);
  return out;
}

// The states after the two padded keys.
void Pad(std::span<const std::uint8_t> key, SHA256_CTX& inner, SHA256_CTX& outer) {
  std::array<std::uint8_t, kBlock> block{};
  if (key.size() > kBlock) {
    const Digest hashed = Sha256(key);
    std::memcpy(block.data(), hashed.data(), hashed.size());
  } else {
    std::memcpy(block.data(), key.data(), key.size());
  }
  for (auto& b : block) b ^= 0x36;
  Start(inner);
  Feed(inner, block);
  for (auto& b : block) b ^= 0x36 ^ 0x5c;
  Start(outer);
  Feed(outer, block);
  OPENSSL_cleanse(block.data(), block.size());
}

constexpr bool kLittle = std::endian::native == std::endian::little;
std::uint64_t BigEndian(std::uint64_t n) { return kLittle ? __builtin_bswap64(n) : n; }
std::uint32_t BigEndian(std::uint32_t n) { return kLittle ? __builtin_bswap32(n) : n; }

// The last blocks of a hash, padded here.
class LastBlocks {
 public:
  static constexpr std::size_t kMost = 5 * kBlock - 1 - sizeof(std::uint64_t);

  // `hashed` bytes, whole blocks, are in the context already.
  explicit LastBlocks(std::size_t hashed) : hashed_(hashed) {}

  // REQUIRES: at most kMost bytes in all.
  void Append(std::span<const std::uint8_t> bytes) {
    if (!bytes.empty()) std::memcpy(bytes_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  // A block that is `key` with `pad` over it. REQUIRES: nothing appended yet; at most one block.
  void AppendPadded(std::span<const std::uint8_t> key, std::uint8_t pad) {
    std::memset(bytes_.data(), pad, kBlock);
    for (std::size_t i = 0; i < key.size(); ++i) bytes_[i] = key[i] ^ pad;
    size_ = kBlock;
  }
  Digest Hash(SHA256_CTX& context) {
    const std::size_t blocks = (size_ + 1 + sizeof(std::uint64_t) + kBlock - 1) / kBlock;
    const std::size_t length_at = blocks * kBlock - sizeof(std::uint64_t);
    bytes_[size_] = 0x80;
    std::memset(bytes_.data() + size_ + 1, 0, length_at - size_ - 1);
    const std::uint64_t bits = BigEndian(std::uint64_t{(hashed_ + size_) * 8});
    std::memcpy(bytes_.data() + length_at, &bits, sizeof bits);
    SHA256_Update(&context, bytes_.data(), blocks * kBlock);
    std::array<std::uint32_t, 8> words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = BigEndian(std::uint32_t{context.h[i]});
    return std::bit_cast<Digest>(words);
  }
  void WipeFirst() { OPENSSL_cleanse(bytes_.data(), kBlock); }

 private:
  const std::size_t hashed_;
  std::size_t size_ = 0;
  std::array<std::uint8_t, 5 * kBlock> bytes_;
};

bool IsShort(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  constexpr std::size_t kMost = LastBlocks::kMost - kBlock;
  return a.size() <= kMost && b.size() <= kMost - a.size();
}

// REQUIRES: IsShort(a, b); the padded keys are in the contexts.
Digest CombineShort(SHA256_CTX& inner, SHA256_CTX& outer, std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  LastBlocks message(kBlock), hashed(kBlock);
  message.Append(a);
  message.Append(b);
  hashed.Append(message.Hash(inner));
  return hashed.Hash(outer);
}

// REQUIRES: IsShort(a, b); a key of at most a block.
Digest HmacShort(std::span<const std::uint8_t> key, std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  SHA256_CTX context;
  LastBlocks message(0), hashed(0);
  message.AppendPadded(key, 0x36);
  message.Append(a);
  message.Append(b);
  Start(context);
  hashed.AppendPadded(key, 0x5c);
  hashed.Append(message.Hash(context));
  message.WipeFirst();
  Start(context);
  const Digest out = hashed.Hash(context);
  hashed.WipeFirst();
  return out;
}

Digest Combine(SHA256_CTX& inner, SHA256_CTX& outer, std::span<const std::uint8_t> a,
               std::span<const std::uint8_t> b) {
  if (IsShort(a, b)) return CombineShort(inner, outer, a, b);
  Feed(inner, a);
  Feed(inner, b);
  Feed(outer, End(inner));
  return End(outer);
}

SHA256_CTX Load(const std::array<std::uint8_t, 112>& state) {
  SHA256_CTX context;
  std::memcpy(&context, state.data(), sizeof context);
  return context;
}

}  // namespace

Digest Sha256(std::span<const std::uint8_t> data) { return Sha256(data, {}); }

Digest Sha256(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  SHA256_CTX context;
  Start(context);
  Feed(context, a);
  Feed(context, b);
  return End(context);
}

Sha256Stream::Sha256Stream() {
  SHA256_CTX context;
  Start(context);
  std::memcpy(state_.data(), &context, sizeof context);
}

void Sha256Stream::Update(std::span<const std::uint8_t> data) {
  SHA256_CTX context = Load(state_);
  Feed(context, data);
  std::memcpy(state_.data(), &context, sizeof context);
}

Digest Sha256Stream::Finish() {
  SHA256_CTX context = Load(state_);
  return End(context);
}

HmacKey::HmacKey(std::span<const std::uint8_t> key) {
  SHA256_CTX inner, outer;
  Pad(key, inner, outer);
  std::memcpy(inner_.data(), &inner, sizeof inner);
  std::memcpy(outer_.data(), &outer, sizeof outer);
}

HmacKey::~HmacKey() {
  OPENSSL_cleanse(inner_.data(), inner_.size());
  OPENSSL_cleanse(outer_.data(), outer_.size());
}

Digest HmacKey::Mac(std::span<const std::uint8_t> message) const { return Mac(message, {}); }

Digest HmacKey::Mac(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) const {
  SHA256_CTX inner = Load(inner_);
  SHA256_CTX outer = Load(outer_);
  return Combine(inner, outer, a, b);
}

Digest HmacSha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> message) {
  return HmacSha256(key, message, {});
}

Digest HmacSha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> a,
                  std::span<const std::uint8_t> b) {
  if (key.size() <= kBlock && IsShort(a, b)) return HmacShort(key, a, b);
  SHA256_CTX inner, outer;
  Pad(key, inner, outer);
  return Combine(inner, outer, a, b);
}

Result<SecretBytes> HkdfSha256(const SecretBytes& key, std::string_view salt, std::string_view info) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
  const auto bytes = key.Expose(SecretAccess{});
  const auto* salt_bytes = reinterpret_cast<const unsigned char*>(salt.data());
  const auto* info_bytes = reinterpret_cast<const unsigned char*>(info.data());
  Digest out{};
  std::size_t length = out.size();
  if (!context || EVP_PKEY_derive_init(context.get()) <= 0 ||
      EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) <= 0 ||
      EVP_PKEY_CTX_set1_hkdf_salt(context.get(), salt_bytes, static_cast<int>(salt.size())) <= 0 ||
      EVP_PKEY_CTX_set1_hkdf_key(context.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0 ||
      EVP_PKEY_CTX_add1_hkdf_info(context.get(), info_bytes, static_cast<int>(info.size())) <= 0 ||
      EVP_PKEY_derive(context.get(), out.data(), &length) <= 0) {
    return Error{ErrorCode::kInternal, "HKDF failed in OpenSSL"};
  }
  SecretBytes derived(out);
  OPENSSL_cleanse(out.data(), out.size());
  return derived;
}

}  // namespace intentgate::crypto
