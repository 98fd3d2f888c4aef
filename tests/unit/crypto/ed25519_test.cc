#include "crypto/ed25519.h"

#include <doctest/doctest.h>

#include <string>

#include "base/encoding.h"

namespace intentgate::crypto {
namespace {
SecretBytes Seed(std::string_view hex) { return SecretBytes(*base::HexDecode(hex)); }
}  // namespace

TEST_CASE("Ed25519 gives the answers of RFC 8032 7.1") {
  const struct {
    std::string seed, key, message, signature;
  } cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
       "55141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
       "00d291612bb0c00"}};
  for (const auto& c : cases) {
    const SecretBytes seed = Seed(c.seed);
    const base::Bytes message = *base::HexDecode(c.message);
    const Result<Ed25519PublicKey> key = Ed25519PublicOf(seed);
    REQUIRE(key.ok());
    CHECK(base::HexEncode(*key) == c.key);
    const Result<Ed25519Signature> signature = Ed25519Sign(seed, message);
    REQUIRE(signature.ok());
    CHECK(base::HexEncode(*signature) == c.signature);
    CHECK(Ed25519Verify(*key, message, *signature));
  }
}

TEST_CASE("a changed message, signature or key does not verify") {
  const SecretBytes seed = Seed(std::string(64, '7'));
  const Ed25519PublicKey key = *Ed25519PublicOf(seed);
  const auto message = base::AsBytes("what was signed");
  const Ed25519Signature signature = *Ed25519Sign(seed, message);
  CHECK_FALSE(Ed25519Verify(key, base::AsBytes("what was signeD"), signature));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Ed25519Signature wrong = signature;
    wrong[i] ^= 1;
    CHECK_FALSE(Ed25519Verify(key, message, wrong));
  }
  CHECK_FALSE(Ed25519Verify(key, message, std::span(signature).first(63)));
  CHECK_FALSE(Ed25519Verify(key, message, {}));
  CHECK_FALSE(Ed25519Verify(*Ed25519PublicOf(Seed(std::string(64, '8'))), message, signature));
}

TEST_CASE("a seed of another size is refused") {
  const SecretBytes seed(base::AsBytes("short"));
  CHECK(Ed25519PublicOf(seed).error().code == ErrorCode::kInvalidArgument);
  CHECK(Ed25519Sign(seed, {}).error().code == ErrorCode::kInvalidArgument);
}

}  // namespace intentgate::crypto
