#include "unit/token/support.h"

#include "token/key_ring.h"

namespace intentgate {
namespace {

using namespace token_test;
constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kOther = "fedcba9876543210fedcba9876543210";

std::string BuildError(KeyRing::Builder builder) {
  const Result<KeyRing> ring = builder.Build();
  REQUIRE_FALSE(ring.ok());
  CHECK(ring.error().code == ErrorCode::kInvalidArgument);
  CHECK(ring.error().message.find(kSecret) == std::string::npos);
  return ring.error().message;
}

}  // namespace

TEST_CASE("a ring has one active key, distinct ids and keys of at least 16 bytes") {
  CHECK(BuildError(std::move(KeyRing::Builder().Retired("a", kSecret, std::nullopt))).find("no key is active") !=
        std::string::npos);
  CHECK(BuildError(std::move(KeyRing::Builder().Active("a", kSecret).Active("b", kOther))).find("more than one") !=
        std::string::npos);
  CHECK(BuildError(std::move(KeyRing::Builder().Active("a", kSecret).Retired("a", kOther, 5))).find("twice") !=
        std::string::npos);
  CHECK(BuildError(std::move(KeyRing::Builder().Active("a", "short"))).find("16 bytes") != std::string::npos);
  for (const std::string id : {"", "a b", "a.b", "123456789012345678901234567890123", "\xc3\xa9"}) {
    CHECK(BuildError(std::move(KeyRing::Builder().Active(id, kSecret))).find("key id") != std::string::npos);
  }
  KeyRing::Builder many;
  many.Active("a", kSecret);
  for (int i = 0; i < 4; ++i) many.Retired("r" + std::to_string(i), kSecret, std::nullopt);
  CHECK(BuildError(std::move(many)).find("v5-only") != std::string::npos);
}

TEST_CASE("a master key is read in the four spellings of the public product") {
  // 16 bytes whose base64 holds both special characters and needs padding.
  for (const std::string text : {"-_-_AAAAAAAAAAAAAAAAAA", "-_-_AAAAAAAAAAAAAAAAAA==", "+/+/AAAAAAAAAAAAAAAAAA==", "+/+/AAAAAAAAAAAAAAAAAA"}) {
    INFO(text);
    const Result<KeyRing> ring = KeyRing::FromMasterKey(text);
    REQUIRE(ring.ok());
    CHECK(ring->active_id() == "default");
    CHECK(ring->state().active().secret.size() == 16);
  }
  for (const std::string text : {"", "AAAA", "-_+/AAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA=", "!AAAAAAAAAAAAAAAAAAAAA", "===="}) {
    INFO(text);
    CHECK_FALSE(KeyRing::FromMasterKey(text).ok());
  }
}

TEST_CASE("a key file names its keys, and its mistakes by line without quoting secrets") {
  CountingRandom random;
  const std::string line = *GenerateKeyLine("new", random);
  const std::string text = "# keys\n" + line + "\n\nold  AAAAAAAAAAAAAAAAAAAAAA\tuntil=2026-12-31T00:00:00Z v5-only\r\n";
  const Result<KeyRing> ring = KeyRing::Parse(text);
  REQUIRE(ring.ok());
  const std::vector<KeyInfo> keys = ring->keys();
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].id == "new");
  CHECK(keys[0].active);
  CHECK(keys[0].legacy);
  CHECK(keys[1].accept_until == 1798675200);
  CHECK_FALSE(keys[1].legacy);
  for (const std::string bad : {"x", "x !!!", "x AAAAAAAAAAAAAAAAAAAAAA soon", "x AAAAAAAAAAAAAAAAAAAAAA until=soon",
                                "x AAAAAAAAAAAAAAAAAAAAAA active until=2026-12-31T00:00:00Z"}) {
    INFO(bad);
    const Result<KeyRing> refused = KeyRing::Parse(line + "\n" + bad);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("line 2") != std::string::npos);
    CHECK(refused.error().message.find("AAAA") == std::string::npos);
  }
  CHECK_FALSE(GenerateKeyLine("bad id", random).ok());
}

TEST_CASE("tokens of a retired key are taken until its date, and not from it on") {
  for (const TokenFormat format : {TokenFormat::kV3, TokenFormat::kV4, TokenFormat::kV5}) {
    const std::string text = MintText({.format = format, .subject = "a"});
    const auto ring_until = [](std::optional<std::int64_t> until) {
      return *KeyRing::Builder().Active("k2", kOther).Retired("k1", kSecret, until).Build();
    };
    CHECK(VerifyReason(text, {}, ring_until(std::nullopt)) == Reason::kAllowed);
    CHECK(VerifyReason(text, {}, ring_until(kNow + 1)) == Reason::kAllowed);
    CHECK(VerifyReason(text, {}, ring_until(kNow)) == Reason::kTokenKeyRetired);
    CHECK(VerifyReason(text, {}, ring_until(kNow - 1)) == Reason::kTokenKeyRetired);
  }
}

TEST_CASE("a v5-only key neither mints nor verifies v3 and v4 tokens") {
  const std::string text = MintText({.format = TokenFormat::kV4, .subject = "a"});
  const KeyRing ring = *KeyRing::Builder().Active("k1", kSecret).V5Only("k1").Build();
  CHECK(VerifyReason(text, {}, ring) == Reason::kTokenBadMac);
  CountingRandom random;
  MintRequest request;
  request.format = TokenFormat::kV3;
  request.subject = "a";
  CHECK(Mint(ring, request, Now(), random).error().code == ErrorCode::kInvalidArgument);
  CHECK(VerifyReason(MintText({.subject = "a"}, ring), {}, ring) == Reason::kAllowed);
  CHECK_FALSE(KeyRing::Builder().Active("k1", kSecret).V5Only("k2").Build().ok());
}

TEST_CASE("an unknown key id and a wrong MAC look the same to the caller") {
  const std::string text = MintText({.subject = "a"});
  const VerifyResult unknown = Verify(text, RingOf("k9", kSecret), {}, Now());
  const VerifyResult wrong = Verify(text, RingOf("k1", kOther), {}, Now());
  REQUIRE_FALSE(unknown.ok());
  REQUIRE_FALSE(wrong.ok());
  CHECK(unknown.refusal().reason == Reason::kTokenUnknownKey);
  CHECK(wrong.refusal().reason == Reason::kTokenBadMac);
  CHECK(unknown.refusal().message == wrong.refusal().message);
}

TEST_CASE("one secret under two ids, or for two tenants, makes different MACs") {
  const auto& state = TestRing().state();
  const auto key = [&](const char* tenant) { return *internal::KeyRingState::DeriveTenantKey(state.active(), tenant); };
  const auto mac = [](const crypto::HmacKey& k) { return k.Mac({}); };
  const KeyRing renamed = RingOf("k2", kSecret);
  CHECK(mac(key("acme")) == mac(key("acme")));
  CHECK(mac(key("acme")) != mac(key("acm")));
  CHECK(mac(key("acme")) != mac(*internal::KeyRingState::DeriveTenantKey(renamed.state().active(), "acme")));
  CHECK(mac(key("acme")) != mac(state.active().mac));
}

TEST_CASE("tenant subkeys are remembered up to a limit and derived beyond it") {
  const KeyRing ring = RingOf("k1", kSecret);
  const auto limit = internal::KeyRingState::kMaxTenantKeys;
  for (std::size_t i = 0; i < limit + 10; ++i) {
    const std::string text = MintText({.subject = "a", .tenant = "t" + std::to_string(i)}, ring);
    CHECK(VerifyReason(text, {}, ring) == Reason::kAllowed);
  }
  const auto& state = ring.state();
  CHECK(state.FindTenantKey(state.active(), "t0") != nullptr);
  CHECK(state.FindTenantKey(state.active(), "t" + std::to_string(limit + 5)) == nullptr);
}

TEST_CASE("strangers' tokens leave no subkey behind") {
  const KeyRing ring = RingOf("k1", kSecret);
  const std::string forged = MintText({.subject = "a", .tenant = "made-up"}, RingOf("k1", kOther));
  CHECK(VerifyReason(forged, {}, ring) == Reason::kTokenBadMac);
  CHECK(ring.state().FindTenantKey(ring.state().active(), "made-up") == nullptr);
}

}  // namespace intentgate
