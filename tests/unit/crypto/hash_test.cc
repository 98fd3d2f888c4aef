#include "crypto/hash.h"

#include <doctest/doctest.h>
#include <openssl/hmac.h>

#include <string>

#include "base/encoding.h"

namespace intentgate::crypto {
namespace {
std::string Hex(const Digest& d) { return base::HexEncode(d); }
}  // namespace

TEST_CASE("HMAC-SHA256 gives the answers of RFC 4231") {
  const struct {
    std::string key, data, mac;
  } cases[] = {
      {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};
  for (const auto& c : cases) {
    CHECK(Hex(HmacSha256(base::AsBytes(c.key), base::AsBytes(c.data))) == c.mac);
    const HmacKey key(base::AsBytes(c.key));
    CHECK(Hex(key.Mac(base::AsBytes(c.data))) == c.mac);
    CHECK(Hex(key.Mac(base::AsBytes(c.data).first(3), base::AsBytes(c.data).subspan(3))) == c.mac);
  }
}

TEST_CASE("an HMAC of every length is OpenSSL's, however it is split") {
  const std::string text = [] {
    std::string bytes;
    for (int i = 0; i < 600; ++i) bytes += static_cast<char>(i * 7);
    return bytes;
  }();
  for (const std::size_t key_size : {0u, 1u, 32u, 63u, 64u, 65u, 200u}) {
    const auto key = base::AsBytes(text).subspan(1, key_size);
    const HmacKey kept(key);
    for (std::size_t size = 0; size <= text.size(); ++size) {
      const auto message = base::AsBytes(text).first(size);
      Digest theirs{};
      unsigned length = 0;
      REQUIRE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), theirs.data(), &length) != nullptr);
      const std::size_t split = size / 3;
      REQUIRE(HmacSha256(key, message) == theirs);
      REQUIRE(HmacSha256(key, message.first(split), message.subspan(split)) == theirs);
      REQUIRE(kept.Mac(message) == theirs);
      REQUIRE(kept.Mac(message.first(split), message.subspan(split)) == theirs);
    }
  }
}

TEST_CASE("SHA-256 in pieces equals SHA-256 in one") {
  const std::string text(300, 'x');
  Sha256Stream stream;
  for (std::size_t i = 0; i < text.size(); i += 7) stream.Update(base::AsBytes(text).subspan(i, std::min<std::size_t>(7, text.size() - i)));
  CHECK(stream.Finish() == Sha256(base::AsBytes(text)));
  CHECK(Hex(Sha256(base::AsBytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("HKDF gives the answer of RFC 5869 A.1, cut to 32 bytes") {
  const SecretBytes key(base::AsBytes(std::string(22, '\x0b')));
  const std::string salt = std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 13);
  const std::string info = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9";
  const Result<SecretBytes> out = HkdfSha256(key, salt, info);
  CHECK(base::HexEncode(out->Expose(SecretAccess{})) == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

TEST_CASE("secrets are compared by content") {
  const SecretBytes a(base::AsBytes("same")), b(base::AsBytes("same")), c(base::AsBytes("else"));
  CHECK(a == b);
  CHECK_FALSE(a == c);
  CHECK(a.Clone() == a);
}

}  // namespace intentgate::crypto
