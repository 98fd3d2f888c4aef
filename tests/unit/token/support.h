// Rings, tokens and shorthands for the token tests.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <intentgate/token.h>

namespace intentgate::token_test {

inline constexpr std::int64_t kNow = 1'767'225'610;

inline const ManualClock& Now() {
  static const ManualClock clock(kNow * 1'000'000);
  return clock;
}

// Counts upwards, so that a test can name its ids. Thread-compatible.
class CountingRandom final : public Random {
 public:
  Status Fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = next_++;
    return {};
  }

 private:
  std::uint8_t next_ = 1;
};

inline KeyRing RingOf(std::string_view id, std::string_view secret) {
  Result<KeyRing> ring = KeyRing::Builder().Active(id, secret).Build();
  REQUIRE(ring.ok());
  return *ring;
}
inline const KeyRing& TestRing() {
  static const KeyRing ring = RingOf("k1", "0123456789abcdef0123456789abcdef");
  return ring;
}

inline std::string MintText(MintRequest request, const KeyRing& ring = TestRing()) {
  CountingRandom random;
  Result<MintedToken> minted = Mint(ring, request, Now(), random);
  if (!minted.ok()) FAIL(minted.error().message);
  return minted->token;
}

inline std::string Child(std::string_view parent, std::vector<Caveat> caveats, AttenuateOptions options = {}) {
  CountingRandom random;
  Result<std::string> child = Attenuate(parent, caveats, options, Now(), random);
  if (!child.ok()) FAIL(child.error().message);
  return *child;
}

inline Reason VerifyReason(std::string_view text, const VerifyOptions& options = {}, const KeyRing& ring = TestRing()) {
  const VerifyResult result = Verify(text, ring, options, Now());
  return result.ok() ? Reason::kAllowed : result.refusal().reason;
}

// Checks a call against a token that must verify.
inline Reason CallReason(std::string_view text, CaveatContext context, std::string* message = nullptr) {
  const VerifyResult result = Verify(text, TestRing(), {}, Now());
  if (!result.ok()) FAIL(result.refusal().message);
  if (context.now == 0) context.now = kNow;
  const std::optional<TokenRefusal> refusal = CheckCaveats(result.token(), context);
  if (message != nullptr) *message = refusal ? refusal->message : "";
  return refusal ? refusal->reason : Reason::kAllowed;
}

}  // namespace intentgate::token_test
