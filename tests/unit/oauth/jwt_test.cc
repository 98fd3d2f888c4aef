// Reading JSON Web Tokens strictly, and which keys fit.
#include <doctest/doctest.h>

#include <string>

#include "oauth/jwt.h"
#include "oauth/key_set.h"
#include "support/signer.h"

namespace intentgate::oauth {

using test::Signer;

TEST_CASE("only three parts between dots look like a JWT") {
  CHECK(LooksLikeJwt("eyJhbGciOiJFUzI1NiJ9.e30.AAAA"));
  for (const char* text : {"", "ig5.AHA.pgFi.GRQl", "eyJ2IjozfQ", "eyJ.e30", "e.e.e.e", "x.y.z"}) CHECK_FALSE(LooksLikeJwt(text));
}

TEST_CASE("what two readers could take for two tokens is not read") {
  const auto part = [](std::string_view json) { return base::Base64UrlEncode(base::AsBytes(json)); };
  const std::string header = part(R"({"alg":"ES256"})");
  CHECK(ReadJwt(header + "." + part("{}") + ".AAAA").ok());
  CHECK_FALSE(ReadJwt(header + "=." + part("{}") + ".AAAA").ok());
  CHECK_FALSE(ReadJwt(header + "." + part("[]") + ".AAAA").ok());
  CHECK_FALSE(ReadJwt(header + "." + part("{}") + ".AA+A").ok());
  CHECK_FALSE(ReadJwt(part(R"({"alg":"ES256","alg":"none"})") + "." + part("{}") + ".AAAA").ok());
  CHECK_FALSE(ReadJwt(part(R"({"alg":"ES256","kid":7})") + "." + part("{}") + ".AAAA").ok());
  CHECK_FALSE(ReadJwt(part(R"({"alg":"ES256","b64":false})") + "." + part("{}") + ".AAAA").ok());
  CHECK_FALSE(ReadJwt(part(R"({"typ":"at+jwt"})") + "." + part("{}") + ".AAAA").ok());
}

TEST_CASE("a key serves its own algorithm alone, and a short one none") {
  const Signer rsa("RS256"), small("RS256", "k1", 1024), p256("ES256"), p384("ES384");
  CHECK(Fits(rsa.key(), "RS256"));
  CHECK(Fits(rsa.key(), "PS512"));
  CHECK_FALSE(Fits(rsa.key(), "ES256"));
  CHECK_FALSE(Fits(rsa.key(), "HS256"));
  CHECK_FALSE(Fits(rsa.key(), "none"));
  CHECK_FALSE(Fits(small.key(), "RS256"));
  CHECK(Fits(p256.key(), "ES256"));
  CHECK_FALSE(Fits(p384.key(), "ES256"));
  crypto::JwsKey named = rsa.key();
  named.alg = "PS256";
  CHECK_FALSE(Fits(named, "RS256"));
}

TEST_CASE("the thumbprint is RFC 7638's") {
  const Result<json::Value> jwk = json::Parse(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst)"
      R"(n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS)"
      R"(D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})");
  REQUIRE(jwk.ok());
  CHECK(*JwkThumbprint(*jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  CHECK_FALSE(JwkThumbprint(json::MakeObject({{"kty", "EC"}, {"crv", "P-256"}, {"x", "AA"}})).ok());
  CHECK_FALSE(JwkThumbprint(json::MakeObject({{"kty", "oct"}, {"k", "AA"}})).ok());
}

TEST_CASE("a key set gives only public keys for signatures, and none that could be two") {
  const Signer one("ES256", "a"), two("ES256", "b"), rsa("RS256", "c");
  json::Value encrypting = two.Jwk(), secret = json::MakeObject({{"kty", "oct"}, {"k", "AAAAAAAAAAAAAAAAAAAAAA"}, {"kid", "d"}});
  encrypting.Set("use", "enc");
  const auto read = [](json::Array keys) { return KeySet::Read(json::Write(json::MakeObject({{"keys", json::Value(std::move(keys))}}))); };
  const Result<KeySet> set = read({one.Jwk(), encrypting, secret, rsa.Jwk(), json::MakeObject({{"kty", "new"}})});
  REQUIRE(set.ok());
  CHECK(set->size() == 2);
  CHECK(set->Find("a", "ES256") != nullptr);
  CHECK(set->Find("a", "RS256") == nullptr);
  CHECK(set->Find("b", "ES256") == nullptr);
  CHECK(set->Find("", "ES256") != nullptr);
  CHECK(read({one.Jwk(), two.Jwk()})->Find("", "ES256") == nullptr);
  CHECK_FALSE(read({secret}).ok());
  CHECK_FALSE(KeySet::Read(R"({"keys":{}})").ok());
  CHECK_FALSE(KeySet::Read("<html>").ok());
}

}  // namespace intentgate::oauth
