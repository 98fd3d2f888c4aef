// Holder caveats: their form in JSON and in v5 tokens, and what they say. The gate's tests judge whole calls with them.
#include <doctest/doctest.h>

#include <string>

#include <intentgate/token.h>

namespace intentgate {
namespace {

const std::string kKey(43, 'A');

}  // namespace

TEST_CASE("a holder caveat in JSON has one member, a SHA-256 in base64url") {
  const Caveat caveat = Caveat::Holder(kKey);
  CHECK(json::Write(caveat.ToJson()) == R"({"t":"holder","jkt":")" + kKey + "\"}");
  const Result<Caveat> read = Caveat::FromJson(caveat.ToJson());
  REQUIRE(read.ok());
  CHECK(read->kind == CaveatKind::kHolder);
  CHECK(read->holder == kKey);
  CHECK(caveat.Describe() == "only with a proof of the key \"" + kKey + "\"");
  CHECK(caveat.Validate().ok());
  CHECK_FALSE(Caveat::Holder("").Validate().ok());
  CHECK_FALSE(Caveat::Holder(kKey + "A").Validate().ok());
  CHECK_FALSE(Caveat::Holder(std::string(42, 'A') + "B").Validate().ok());
  for (const char* bad : {R"({"t":"holder"})", R"({"t":"holder","jkt":7})", R"({"t":"holder","jkt":"x","agent":"y"})", R"({"t":"holder","JKT":"x"})"}) {
    CHECK_FALSE(Caveat::FromJson(*json::Parse(bad)).ok());
  }
}

TEST_CASE("a holder caveat travels in a v5 token, and in no older one") {
  const Result<KeyRing> ring = KeyRing::FromMasterKey("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY");
  const ManualClock clock(1'800'000'000'000'000);
  const auto random = SystemRandom();
  MintRequest request;
  request.subject = "bot";
  request.caveats = {Caveat::Holder(kKey)};
  const Result<MintedToken> minted = Mint(*ring, request, clock, *random);
  REQUIRE(minted.ok());
  const VerifyResult verified = Verify(minted->token, *ring, {}, clock);
  REQUIRE(verified.ok());
  REQUIRE(verified.token().content().caveats.size() == 1);
  CHECK(verified.token().content().caveats[0].holder == kKey);
  CHECK_FALSE(CheckHolder(verified.token(), kKey).has_value());
  CHECK(CheckHolder(verified.token(), "")->reason == Reason::kProofRequired);
  CHECK(CheckHolder(verified.token(), "B" + std::string(42, 'A'))->reason == Reason::kProofRefused);
  CHECK(CheckCaveats(verified.token(), {.tool = "read_file", .now = clock.UnixSeconds()})->reason == Reason::kProofRequired);
  CHECK_FALSE(CouldCall(verified.token(), "read_file", {.tool = {}, .now = clock.UnixSeconds()}));
  request.format = TokenFormat::kV4;
  CHECK_FALSE(Mint(*ring, request, clock, *random).ok());
  request.format = TokenFormat::kForeign;
  request.caveats.clear();
  CHECK_FALSE(Mint(*ring, request, clock, *random).ok());
}

}  // namespace intentgate
