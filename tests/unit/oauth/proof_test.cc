// Proofs of possession: what passes, and each reason why one does not.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "oauth/proof.h"
#include "support/signer.h"

namespace intentgate::oauth {
namespace {

using test::MakeProof;
using test::ProofOf;
using test::Signer;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kUrl = "https://gw.example.com/v1/mcp";

struct World {
  config::DpopSettings settings;
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kNow * 1'000'000);
  std::shared_ptr<Nonces> nonces;
  std::unique_ptr<ProofCheck> check;
  Signer signer{"ES256"};
  ProofOf proof{.method = "POST", .url = kUrl, .token = "token", .id = "p1", .nonce = {}, .at = kNow};

  void RequireNonce() {
    const std::vector<std::uint8_t> key(32, 7);
    nonces = std::make_shared<Nonces>(crypto::SecretBytes(key), 300, clock);
  }
  std::variant<Proven, ProofRefusal> Ask(const std::string& text) {
    if (check == nullptr) check = std::make_unique<ProofCheck>(settings, nonces, clock);
    auto checked = check->Check(text, {.method = "POST", .url = ComparableUrl(kUrl), .token = "token"});
    const auto* proven = std::get_if<Proven>(&checked);
    if (proven == nullptr) return checked;
    if (auto no = check->Take(*proven)) return *std::move(no);
    return checked;
  }
  // "" for a proof that passes.
  std::string Why(const std::string& text) {
    const auto got = Ask(text);
    const auto* no = std::get_if<ProofRefusal>(&got);
    return no == nullptr ? "" : no->why.substr(std::string("the proof of possession ").size());
  }
  std::string Why(const ProofOf& what) { return Why(MakeProof(signer, what)); }
};

}  // namespace

TEST_CASE("a good proof passes once and names its key") {
  for (const char* alg : {"ES256", "ES384", "EdDSA", "RS256", "PS256"}) {
    CAPTURE(alg);
    World w;
    w.signer = Signer(alg);
    const auto got = w.Ask(MakeProof(w.signer, w.proof));
    REQUIRE(std::holds_alternative<Proven>(got));
    CHECK(std::get<Proven>(got).thumbprint == w.signer.Thumbprint());
    CHECK(w.Why(w.proof) == "was used before");
    w.proof.id = "p2";
    CHECK(w.Why(w.proof).empty());
  }
}

TEST_CASE("a proof for something else does not pass") {
  World w;
  const auto with = [&w](auto change) {
    ProofOf other = w.proof;
    change(other);
    return w.Why(other);
  };
  CHECK(with([](ProofOf& p) { p.method = "GET"; }) == "is for another method");
  CHECK(with([](ProofOf& p) { p.method = "post"; }) == "is for another method");
  CHECK(with([](ProofOf& p) { p.url = "https://other.example.com/v1/mcp"; }) == "is for another URL");
  CHECK(with([](ProofOf& p) { p.url = "http://gw.example.com/v1/mcp"; }) == "is for another URL");
  CHECK(with([](ProofOf& p) { p.url = "https://gw.example.com/v1/other"; }) == "is for another URL");
  CHECK(with([](ProofOf& p) { p.url = "/v1/mcp"; }) == "is for another URL");
  CHECK(with([](ProofOf& p) { p.token = "another"; }) == "is for another token (ath)");
  CHECK(with([](ProofOf& p) { p.at = kNow - 61; }) == "is too old");
  CHECK(with([](ProofOf& p) { p.at = kNow + 16; }) == "is from the future; set the clock");
  CHECK(with([](ProofOf& p) { p.id = ""; }) == "has no id (jti) of 1 to 256 bytes");
  CHECK(with([](ProofOf& p) { p.id = std::string(257, 'x'); }) == "has no id (jti) of 1 to 256 bytes");
  CHECK(with([](ProofOf&) {}).empty());
}

TEST_CASE("a proof that is none does not pass") {
  World w;
  const Signer other("ES256");
  const json::Value claims = test::ProofClaims(w.proof);
  const auto signed_with = [&](json::Value header) { return w.Why(w.signer.Sign(std::move(header), claims)); };
  CHECK(w.Why("rubbish").starts_with("cannot be read"));
  CHECK(w.Why(std::string(kMaxProofBytes + 1, 'e')) == "is over 8192 bytes");
  CHECK(signed_with(json::MakeObject({{"typ", "JWT"}, {"jwk", w.signer.Bare()}})) == "has not the typ dpop+jwt");
  CHECK(signed_with(json::MakeObject({{"typ", "dpop+jwt"}})) == "names no key (jwk)");
  CHECK(signed_with(json::MakeObject({{"typ", "dpop+jwt"}, {"jwk", other.Bare()}})) == "is not signed with its key");
  json::Value with_private = w.signer.Bare();
  with_private.Set("d", "AAAA");
  CHECK(signed_with(json::MakeObject({{"typ", "dpop+jwt"}, {"jwk", with_private}})).starts_with("holds a private key"));
  const json::Value octets = json::MakeObject({{"kty", "oct"}, {"k", "AAAA"}});
  const auto hmac = crypto::OctetsKey(base::AsBytes("x"));
  CHECK(w.Why(*WriteJwt(json::MakeObject({{"typ", "dpop+jwt"}, {"jwk", octets}}), claims, "HS256", hmac)) == "is signed with an algorithm that is not accepted");
  CHECK(w.Why(base::Base64UrlEncode(base::AsBytes(R"({"alg":"none","typ":"dpop+jwt","jwk":{}})")) + ".e30.") == "is signed with an algorithm that is not accepted");
  const Signer small("RS256", "k", 1024);
  CHECK(w.Why(MakeProof(small, w.proof)) == "is not signed with its key");
}

TEST_CASE("none of these used up the proof") {
  World w;
  CHECK_FALSE(w.Why(MakeProof(Signer("ES256"), {.method = "GET", .url = kUrl, .token = "token", .id = "p1", .nonce = {}, .at = kNow})).empty());
  CHECK(w.Why(w.proof).empty());
}

TEST_CASE("a proof is used up when it is taken, and not by checks") {
  World w;
  w.settings.max_proofs = 1;
  CHECK(w.Why("rubbish") != "");
  const ProofTarget target{.method = "POST", .url = kUrl, .token = "token"};
  for (const char* id : {"p1", "p2", "p1", "p3"}) {
    w.proof.id = id;
    CHECK(std::holds_alternative<Proven>(w.check->Check(MakeProof(w.signer, w.proof), target)));
  }
  const auto p3 = w.check->Check(MakeProof(w.signer, w.proof), target);
  CHECK_FALSE(w.check->Take(std::get<Proven>(p3)).has_value());
  CHECK(w.check->Take(std::get<Proven>(p3))->kind == ProofRefusal::Kind::kInvalid);
}

TEST_CASE("used proofs are remembered as long as they would be good, and a full memory takes no new ones") {
  World w;
  w.settings.max_proofs = 2;
  CHECK(w.Why(w.proof).empty());
  w.proof.id = "p2";
  CHECK(w.Why(w.proof).empty());
  w.proof.id = "p3";
  const auto full = w.Ask(MakeProof(w.signer, w.proof));
  REQUIRE(std::holds_alternative<ProofRefusal>(full));
  CHECK(std::get<ProofRefusal>(full).kind == ProofRefusal::Kind::kFull);
  w.clock->AdvanceMicros(76 * 1'000'000);
  w.proof.at = kNow + 76;
  CHECK(w.Why(w.proof).empty());
}

TEST_CASE("a proof has an id of its key and jti, and an end behind which no gateway takes it") {
  World w;
  const auto first = std::get<Proven>(w.Ask(MakeProof(w.signer, w.proof)));
  CHECK(first.id.size() == 32);
  // At another gateway, and with other claims, it is the same proof.
  World other;
  ProofOf later = w.proof;
  later.at = kNow - 30;
  CHECK(std::get<Proven>(other.Ask(MakeProof(w.signer, later))).id == first.id);
  CHECK(std::get<Proven>(World().Ask(MakeProof(Signer("ES256"), w.proof))).id != first.id);
  CHECK(first.ends_at == kNow + 60 + kProofFutureSeconds);
  // The newest proof that passes now is too old then.
  later.at = kNow + kProofFutureSeconds;
  other.check.reset();
  other.clock->AdvanceMicros((first.ends_at - kNow + 1) * 1'000'000);
  CHECK(other.Why(MakeProof(w.signer, later)) == "is too old");
}

TEST_CASE("only a proof that was told to be new serves") {
  CHECK_FALSE(RefusalOf(ProofUse::kFirst).has_value());
  CHECK(RefusalOf(ProofUse::kAgain)->kind == ProofRefusal::Kind::kInvalid);
  CHECK(RefusalOf(ProofUse::kAgain)->why == "the proof of possession was used before");
  CHECK(RefusalOf(Error{ErrorCode::kUnavailable, "the store is down"})->kind == ProofRefusal::Kind::kUntold);
}

TEST_CASE("a nonce is the gateway's own, and changes") {
  World w;
  w.RequireNonce();
  const auto kind = [&w](const ProofOf& proof) {
    const auto got = w.Ask(MakeProof(w.signer, proof));
    return std::holds_alternative<ProofRefusal>(got) ? std::get<ProofRefusal>(got).kind : ProofRefusal::Kind::kFull;
  };
  CHECK(kind(w.proof) == ProofRefusal::Kind::kNonce);
  w.proof.nonce = "made-up";
  CHECK(kind(w.proof) == ProofRefusal::Kind::kNonce);
  w.proof.nonce = w.nonces->Current();
  CHECK(w.Why(w.proof).empty());
  const auto later = [&w](std::int64_t seconds, const char* id) {
    w.clock->AdvanceMicros(seconds * 1'000'000);
    w.proof.at += seconds;
    w.proof.id = id;
    return w.Ask(MakeProof(w.signer, w.proof));
  };
  const auto old = later(300, "p2");
  REQUIRE(std::holds_alternative<Proven>(old));
  CHECK(std::get<Proven>(old).nonce_is_old);
  const auto older = later(300, "p3");
  REQUIRE(std::holds_alternative<ProofRefusal>(older));
  CHECK(std::get<ProofRefusal>(older).kind == ProofRefusal::Kind::kNonce);
  // Of another key, such as another process's.
  const std::vector<std::uint8_t> key(32, 8);
  CHECK(w.nonces->AgeOf(Nonces(crypto::SecretBytes(key), 300, w.clock).Current()) == Nonces::Age::kNone);
}

TEST_CASE("URLs are compared without what does not change them") {
  const std::string plain = ComparableUrl("https://gw.example.com/v1/mcp");
  CHECK(plain == "https://gw.example.com/v1/mcp");
  for (const char* same : {"HTTPS://GW.Example.COM/v1/mcp", "https://gw.example.com:443/v1/mcp", "https://gw.example.com/v1/mcp?x=1", "https://gw.example.com/v1/mcp#f",
                           "https://gw.example.com/v1/%6dcp"}) {
    CAPTURE(same);
    CHECK(ComparableUrl(same) == plain);
  }
  for (const char* other : {"https://gw.example.com:8443/v1/mcp", "https://gw.example.com/V1/mcp", "https://gw.example.com/v1/mcp/", "https://gw.example.com/v1%2fmcp"}) {
    CAPTURE(other);
    CHECK(ComparableUrl(other) != plain);
  }
  CHECK(ComparableUrl("https://gw.example.com") == "https://gw.example.com/");
  CHECK(ComparableUrl("https://gw.example.com/%%32f").empty());
  CHECK(ComparableUrl("https://gw.example.com/%2").empty());
  CHECK(ComparableUrl("ftp://gw.example.com/").empty());
  CHECK(ComparableUrl("https://user@gw.example.com/v1/mcp").empty());
}

}  // namespace intentgate::oauth
