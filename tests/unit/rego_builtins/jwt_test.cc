// io.jwt.*: what a verifier must refuse. That OPA's own cases pass is tested by tests/conformance.
#include <doctest/doctest.h>

#include <string>

#include "unit/rego_builtins/call.h"

namespace intentgate::rego {
namespace {

// The keys of RFC 7515 A.3 and RFC 8037 A.1.
const std::string kEcPublic =
    R"("kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
const std::string kEcPrivate = kEcPublic + R"(,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")";
const std::string kEdPublic = R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
const std::string kEdPrivate = kEdPublic + R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")";
// "secret"
const std::string kOctets = R"("kty":"oct","k":"c2VjcmV0")";

std::string Quoted(const std::string& text) { return json::Write(json::Value(text)); }

// A token as JSON text, quotes included.
std::string Sign(const std::string& header, const std::string& payload, const std::string& key) {
  const Outcome signed_token = Caller().Call("io.jwt.encode_sign", "[{" + header + "}, {" + payload + "}, {" + key + "}]");
  REQUIRE(signed_token.error == "");
  return signed_token.text;
}

std::string Verify(const std::string& token, const std::string& constraints) {
  const Outcome out = Caller().Call("io.jwt.decode_verify", "[" + token + ", {" + constraints + "}]");
  return out.error.empty() ? out.text.substr(0, out.text.find(',')) : out.error;
}

std::string CertOf(const std::string& key) { return "\"cert\": " + Quoted("{" + key + "}"); }

}  // namespace

TEST_CASE("what is signed with each kind of key verifies with its public half and no other") {
  const std::string ec = Sign(R"("alg":"ES256")", R"("sub":"a")", kEcPrivate);
  const std::string ed = Sign(R"("alg":"EdDSA")", R"("sub":"a")", kEdPrivate);
  const std::string hs = Sign(R"("alg":"HS256")", R"("sub":"a")", kOctets);
  CHECK(Verify(ec, CertOf(kEcPublic)) == "[true");
  CHECK(Verify(ed, CertOf(kEdPublic)) == "[true");
  CHECK(Verify(hs, R"("secret": "secret")") == "[true");
  CHECK(Verify(ec, CertOf(kEdPublic)) == "[false");
  CHECK(Verify(ed, CertOf(kEcPublic)) == "[false");
  CHECK(Verify(hs, R"("secret": "other")") == "[false");
  CHECK(Verify(hs, R"("secret": "secret", "alg": "HS512")") == "[false");
}

TEST_CASE("a public key is no secret for an HMAC") {
  const std::string text = "{" + kEcPublic + "}";
  const std::string forged_key = R"("kty":"oct","k":")" + [&] {
    const Outcome encoded = Caller().Call("base64url.encode_no_pad", "[" + Quoted(text) + "]");
    return encoded.text.substr(1, encoded.text.size() - 2);
  }() + "\"";
  const std::string forged = Sign(R"("alg":"HS256")", R"("sub":"root")", forged_key);
  CHECK(Verify(forged, "\"secret\": " + Quoted(text)) == "[true");
  CHECK(Verify(forged, CertOf(kEcPublic)) == "[false");
}

TEST_CASE("a token without a signature does not verify") {
  // {"alg":"none"}.{}.
  CHECK(Verify(R"("eyJhbGciOiJub25lIn0.e30.")", CertOf(kEcPublic)) == "[false");
  CHECK(Verify(R"("eyJhbGciOiJub25lIn0.e30.")", R"("secret": "x")") == "[false");
  // {}: no algorithm at all
  CHECK(Verify(R"("e30.e30.")", CertOf(kEcPublic)) == "[false");
}

TEST_CASE("a header that must be understood and is not ends the verification") {
  const std::string token = Sign(R"("alg":"HS256","crit":["exp2"],"exp2":1)", "", kOctets);
  CHECK(Verify(token, R"("secret": "secret")") == "[false");
}

TEST_CASE("the key that the header names decides alone") {
  const std::string token = Sign(R"("alg":"ES256","kid":"two")", "", kEcPrivate);
  const auto set = [](const std::string& first, const std::string& second) {
    return "\"cert\": " + Quoted(R"({"keys":[{"kid":"one",)" + first + R"(},{"kid":"two",)" + second + "}]}");
  };
  CHECK(Verify(token, set(kEdPublic, kEcPublic)) == "[true");
  CHECK(Verify(token, set(kEcPublic, kEdPublic)) == "[false");
}

TEST_CASE("claims are checked to the nanosecond") {
  const std::string token = Sign(R"("alg":"HS256")", R"("exp":1000,"nbf":500,"iss":"i","aud":["a","b"])", kOctets);
  const std::string base = R"("secret": "secret", "aud": "b", )";
  CHECK(Verify(token, base + R"("time": 999999999999)") == "[true");
  CHECK(Verify(token, base + R"("time": 1000000000000)") == "[false");
  CHECK(Verify(token, base + R"("time": 500000000000)") == "[true");
  CHECK(Verify(token, base + R"("time": 499999999999)") == "[false");
  CHECK(Verify(token, R"("secret": "secret", "time": 999999999999)") == "[false");
  CHECK(Verify(token, base + R"("time": 999999999999, "iss": "other")") == "[false");
  CHECK(Verify(token, base + R"("time": -1)") == "token time constraint: must not be negative");
}

TEST_CASE("constraints that name no key, two kinds of key or something unknown are errors") {
  const std::string token = Sign(R"("alg":"HS256")", "", kOctets);
  CHECK(Verify(token, "") == "no key constraint");
  CHECK(Verify(token, R"("secret": "")") == "no key constraint");
  CHECK(Verify(token, R"("secret": "s", )" + CertOf(kEcPublic)) == "duplicate key constraints");
  CHECK(Verify(token, R"("secret": "s", "subject": "x")") == "unknown token validation constraint: subject");
}

TEST_CASE("a token that names a claim twice is refused") {
  // {"alg":"HS256"}.{"sub":"a","sub":"root"} signed with "secret"
  const std::string payload = R"({"sub":"a","sub":"root"})";
  const Outcome raw = Caller().Call("io.jwt.encode_sign_raw", "[" + Quoted(R"({"alg":"HS256","typ":"text"})") + ", " + Quoted(payload) + ", " +
                                                                  Quoted("{" + kOctets + "}") + "]");
  REQUIRE(raw.error == "");
  CHECK(Verify(raw.text, R"("secret": "secret")").find("invalid JSON") != std::string::npos);
  CHECK(Caller().Call("io.jwt.decode", "[" + raw.text + "]").text == "eval_builtin_error");
}

TEST_CASE("tokens inside tokens end at a limit") {
  std::string token = Sign(R"("alg":"HS256")", "", kOctets);
  for (int i = 0; i < 17; ++i) {
    const std::string inner = token.substr(1, token.size() - 2);
    token = Caller().Call("io.jwt.encode_sign_raw", "[" + Quoted(R"({"alg":"HS256","typ":"text","cty":"JWT"})") + ", " + Quoted(inner) + ", " +
                                                        Quoted("{" + kOctets + "}") + "]").text;
  }
  CHECK(Verify(token, R"("secret": "secret")").find("more tokens inside one another") != std::string::npos);
  CHECK(Caller().Call("io.jwt.decode", "[" + token + "]").error.find("more tokens inside one another") != std::string::npos);
}

TEST_CASE("signatures count as work") {
  Caller caller(2'000);
  const std::string token = Sign(R"("alg":"ES256")", "", kEcPrivate);
  std::string keys;
  for (int i = 0; i < 20; ++i) keys += (i > 0 ? ",{" : "{") + kEcPublic + R"(,"alg":"ES256"})";
  const std::string forged = token.substr(0, token.size() - 5) + "AAAA\"";
  const std::string args = "[" + forged + ", {\"cert\": " + Quoted("{\"keys\":[" + keys + "]}") + "}]";
  CHECK(caller.Call("io.jwt.decode_verify", args).text == "limit: eval_limit_error");
}

}  // namespace intentgate::rego
