#include "unit/token/support.h"

#include "base/encoding.h"
#include "token/key_ring.h"
#include "token/v5/v5_token.h"
#include "unit/token/forge.h"

namespace intentgate {
namespace {

using namespace token_test;

std::string Reframed(std::string_view token, const std::string& parts_and_tag) {
  const std::size_t size = 7 + parts_and_tag.size();
  const std::uint8_t frame[2] = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  return std::string(token.substr(0, 4)) + base::Base64UrlEncode(frame) + parts_and_tag;
}

}  // namespace

TEST_CASE("a v5 token says what was asked for, and a child adds a hop of its own") {
  MintRequest request;
  request.subject = "agent-7";
  request.tenant = "acme";
  request.audience = "gate-1";
  request.max_depth = 3;
  request.not_before = kNow - 5;
  request.ttl_seconds = 600;
  request.caveats = {Caveat::ToolAllow({"read_file", "list_*"}), Caveat::MaxCalls(50)};
  const std::string root = MintText(request);
  const std::string child = Child(root, {Caveat::MaxCalls(3)}, {.expires_in_seconds = 60, .seal = false, .label = "researcher"});
  const VerifyResult result = Verify(child, TestRing(), {.audience = "gate-1"}, Now());
  REQUIRE(result.ok());
  const TokenContent& c = result.token().content();
  CHECK(c.format == TokenFormat::kV5);
  CHECK(c.key_id == "k1");
  CHECK(c.subject == "agent-7");
  CHECK(c.tenant == "acme");
  CHECK(c.issuer == "intentgate");
  CHECK(c.zone == "default");
  CHECK(c.audience == "gate-1");
  CHECK(c.issued_at == kNow);
  CHECK(c.not_before == kNow - 5);
  CHECK(c.expires_at == kNow + 60);
  CHECK(c.max_depth == 3);
  CHECK_FALSE(c.sealed);
  REQUIRE(c.hops.size() == 2);
  CHECK(c.root_jti == c.hops[0].id);
  CHECK(c.jti == c.hops[1].id);
  CHECK(c.jti.size() == 16);
  CHECK(c.hops[1].label == "researcher");
  CHECK(c.hops[1].first_caveat == 2);
  CHECK(c.hops[1].caveat_count == 2);
  CHECK(c.caveats.size() == 4);
  CHECK(child.size() < 400);
  CHECK(Decode(child)->ToJson() == c.ToJson());
}

TEST_CASE("every caveat kind survives a v5 token") {
  const std::vector<Caveat> all = {
      Caveat::Expires(kNow + 10), Caveat::AgentLock("a"), Caveat::ToolAllow({"x"}), Caveat::ToolDeny({"y", "z*"}),
      Caveat::MaxCalls(1), Caveat::StepUp(kNow), Caveat::CalleeAllow({"c"}, {}), Caveat::ServerAllow({"s"}),
      Caveat::RateLimit(5), Caveat::MaxCost(0), Caveat::RiskMax(70)};
  const Result<TokenContent> content = Decode(MintText({.subject = "a", .caveats = all}));
  REQUIRE(content.ok());
  REQUIRE(content->caveats.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(content->caveats[i].ToJson() == all[i].ToJson());
}

TEST_CASE("a token that was cut off is reported as truncated at every length") {
  const std::string text = Child(MintText({.subject = "agent-7", .caveats = {Caveat::MaxCalls(5)}}), {Caveat::MaxCalls(3)});
  for (std::size_t size = 4; size < text.size(); ++size) {
    INFO(size);
    CHECK(VerifyReason(std::string_view(text).substr(0, size)) == Reason::kTokenTruncated);
  }
  CHECK(VerifyReason(text + "A") == Reason::kTokenMalformed);
  CHECK(VerifyReason(text + ".") == Reason::kTokenMalformed);
}

TEST_CASE("no single changed bit of a v5 token is accepted") {
  const std::string text = Child(MintText({.subject = "agent-7", .caveats = {Caveat::ToolAllow({"read"})}}), {Caveat::MaxCalls(3)});
  REQUIRE(VerifyReason(text) == Reason::kAllowed);
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    std::string flipped = text;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    INFO(i);
    CHECK_FALSE(Verify(flipped, TestRing(), {}, Now()).ok());
  }
}

TEST_CASE("segments cannot be dropped, swapped, repeated or spliced") {
  const std::string root = MintText({.subject = "agent-7"});
  const std::string a = Child(root, {Caveat::MaxCalls(3)});
  const std::string b = Child(a, {Caveat::ToolAllow({"read"})});
  const std::string other = Child(MintText({.subject = "agent-8"}), {Caveat::MaxCalls(9)});
  const auto parts = [](const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t from = 8; from < text.size();) {
      const std::size_t end = std::min(text.find('.', from), text.size());
      out.push_back(text.substr(from, end - from));
      from = end + 1;
    }
    return out;
  };
  const auto join = [&](const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& part : list) out += "." + part;
    return Reframed(root, out);
  };
  const auto p = parts(b);
  const auto o = parts(other);
  REQUIRE(p.size() == 4);
  REQUIRE(join(p) == b);
  CHECK(VerifyReason(join({p[0], p[1], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[0], p[2], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[0], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[0], p[2], p[1], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[0], p[1], p[1], p[2], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[0], o[1], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({o[0], p[1], p[2], p[3]})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[1], p[2], p[3]})) == Reason::kTokenMalformed);
  CHECK(VerifyReason(join({p[0], p[0], p[3]})) == Reason::kTokenMalformed);
  CHECK(VerifyReason(join({p[0], p[1], p[2], std::string(43, 'A')})) == Reason::kTokenBadMac);
  CHECK(VerifyReason(join({p[0], p[1], p[2], std::string(42, '_') + "8"})) == Reason::kTokenBadMac);
  // The tag of the parent is the key of the child's MAC, which the child must not contain.
  CHECK(VerifyReason(join({p[0], p[1], p[2], parts(a)[2]})) == Reason::kTokenBadMac);
  for (std::size_t size = 0; size < 90; ++size) {
    if (size == 43) continue;
    CHECK(VerifyReason(join({p[0], p[1], p[2], std::string(size, 'A')})) == Reason::kTokenMalformed);
  }
}

TEST_CASE("root, hop and seal are different messages even of equal bytes") {
  const std::string root = Root(5);
  const auto& state = TestRing().state();
  const crypto::HmacKey subkey = *internal::KeyRingState::DeriveTenantKey(state.active(), "default");
  const crypto::Digest tag = token::V5RootTag(subkey, root);
  CHECK(tag != subkey.Mac(base::AsBytes(root)));
  CHECK(token::V5HopTag(tag, root) != crypto::HmacSha256(tag, base::AsBytes(root)));
  CHECK(token::V5HopTag(tag, "") != token::V5SealTag(tag));
  CHECK(VerifyReason(Forge({root})) == Reason::kAllowed);
  CHECK(VerifyReason(*token::FrameV5("." + base::Base64UrlEncode(base::AsBytes(root)),
                                     subkey.Mac(base::AsBytes(root)))) == Reason::kTokenBadMac);
}

TEST_CASE("only the canonical form is read") {
  const std::string good = Root(6, "0b03");
  CHECK(VerifyReason(Forge({good})) == Reason::kAllowed);
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"a default tenant written out", Root(6, "066764656661756c74")},
      {"a default issuer written out", Root(6, "076a696e74656e7467617465")},
      {"a default zone written out", Root(6, "086764656661756c74")},
      {"an empty audience written out", Root(6, "0960")},
      {"an unknown key", Root(6, "0d00")},
      {"key zero", Root(6, "0000")},
      {"keys out of order", Root(7, "0b030a00")},
      {"a key twice", Root(7, "0b030b03")},
      {"a depth beyond the limit", Root(6, "0b1821")},
      {"an empty list of caveats", Root(6, "0c80")},
      {"a caveat without type", Root(6, "0c8180")},
      {"a caveat with a part too many", Root(6, "0c8183040102")},
      {"a negative limit", Root(6, "0c81820420")},
      {"a long head", Root(6, "0b1803")},
      {"a zero lifetime", Root(5, "", "00")},
      {"a float", Root(6, "0bf90000")},
      {"a tag", Root(6, "0bc003")},
      {"undefined", Root(6, "0bf7")},
      {"an indefinite array", Root(6, "0c9f820401ff")},
      {"a text that is not UTF-8", Root(6, "0961ff")},
      {"a missing member", Hex("a301626b31024c000102030405060708090a0b031a6955b90a")},
      {"bytes behind the map", Root(5) + Hex("00")},
      {"a map that says too much", Root(7, "0b03")},
      {"an array", Hex("80")},
      {"nothing", ""},
      {"a huge count", Root(6, "0c9bffffffffffffffff")},
      {"a huge text", Root(6, "097bffffffffffffffff")},
  };
  for (const auto& [what, root] : bad) {
    INFO(what);
    CHECK(VerifyReason(Forge({root})) == Reason::kTokenMalformed);
  }
  const std::vector<std::pair<std::string, std::string>> bad_hops = {
      {"a hop that adds nothing", HopSegment("", 1)},
      {"a label alone", HopSegment("026178", 2)},
      {"a seal of false", HopSegment("04f4", 2)},
      {"an empty label", HopSegment("02600381820401", 3)},
      {"an id of 11 bytes", Hex("a2014b0a0a0a0a0a0a0a0a0a0a0a0381820401")},
      {"no id", Hex("a10381820401")},
  };
  for (const auto& [what, hop] : bad_hops) {
    INFO(what);
    CHECK(VerifyReason(Forge({good, hop})) == Reason::kTokenMalformed);
  }
  CHECK(VerifyReason(Forge({good, HopSegment("0381820401", 2)})) == Reason::kAllowed);
}

TEST_CASE("the text has one form: no padding, blanks, other alphabets or stray bits") {
  const std::string text = MintText({.subject = "agent-7"});
  for (const std::string& bad : {text + "=", " " + text, text + "\n", "IG5" + text.substr(3)}) {
    CHECK(VerifyReason(bad) == Reason::kTokenMalformed);
  }
  std::string stray = text;
  // The last of 43 characters carries 4 bits; the other 2 must be zero.
  stray.back() = static_cast<char>(stray.back() + 1);
  CHECK_FALSE(Verify(stray, TestRing(), {}, Now()).ok());
  CHECK(VerifyReason("ig6." + text.substr(4)) == Reason::kTokenVersion);
  CHECK(VerifyReason("ig55." + text.substr(4)) == Reason::kTokenVersion);
}

TEST_CASE("a sealed token cannot be extended, by the library or by hand") {
  const std::string root = MintText({.subject = "agent-7"});
  const std::string sealed = Child(root, {Caveat::MaxCalls(2)}, {.seal = true});
  CHECK(VerifyReason(sealed) == Reason::kAllowed);
  CHECK(Decode(sealed)->sealed);
  CountingRandom random;
  CHECK(Attenuate(sealed, {Caveat::MaxCalls(1)}, {}, Now(), random).error().code == ErrorCode::kInvalidArgument);
  // A holder who appends a hop under the sealed tag is found by the seal in the middle.
  token::V5Token read;
  TokenContent content;
  REQUIRE_FALSE(token::ReadV5(sealed, read, content).has_value());
  const std::string hop = HopSegment("0381820401", 2);
  std::string parts = sealed.substr(7, sealed.rfind('.') - 7) + ".";
  base::Base64UrlAppend(base::AsBytes(hop), parts);
  CHECK(VerifyReason(*token::FrameV5(parts, token::V5HopTag(read.tag, hop))) == Reason::kTokenSealedExtended);
  // A seal that is stated but not applied, and one that is applied but not stated.
  const std::string seal_hop = HopSegment("04f5", 2);
  CHECK(VerifyReason(Forge({Root(5), seal_hop}, "default", true)) == Reason::kAllowed);
  CHECK(VerifyReason(Forge({Root(5), seal_hop}, "default", false)) == Reason::kTokenBadMac);
  CHECK(VerifyReason(Forge({Root(5), hop}, "default", true)) == Reason::kTokenBadMac);
}

TEST_CASE("a token goes no deeper than its limit, by the library or by hand") {
  std::string text = MintText({.subject = "agent-7", .max_depth = 1});
  text = Child(text, {Caveat::MaxCalls(2)});
  CountingRandom random;
  CHECK(Attenuate(text, {Caveat::MaxCalls(1)}, {}, Now(), random).error().code == ErrorCode::kLimitExceeded);
  const std::string hop = HopSegment("0381820401", 2);
  CHECK(VerifyReason(Forge({Root(6, "0b01"), hop})) == Reason::kAllowed);
  CHECK(VerifyReason(Forge({Root(6, "0b01"), hop, hop})) == Reason::kTokenDepthExceeded);
  CHECK(VerifyReason(Forge({Root(6, "0b00"), hop})) == Reason::kTokenDepthExceeded);
  std::vector<std::string> deep(1 + kMaxHops, hop);
  deep[0] = Root(5);
  CHECK(VerifyReason(Forge(deep)) == Reason::kAllowed);
  deep.push_back(hop);
  CHECK(VerifyReason(Forge(deep)) == Reason::kTokenDepthExceeded);
}

TEST_CASE("a lifetime has a ceiling, also for tokens made elsewhere with the key") {
  CHECK(VerifyReason(Forge({Root(5, "", "1a0076a700")})) == Reason::kAllowed);
  CHECK(VerifyReason(Forge({Root(5, "", "1a0076a701")})) == Reason::kTokenTtlTooLong);
  CountingRandom random;
  for (const std::int64_t ttl : {std::int64_t{0}, std::int64_t{-1}, kMaxTtlSeconds + 1, INT64_MAX}) {
    MintRequest request;
    request.subject = "a";
    request.ttl_seconds = ttl;
    CHECK(Mint(TestRing(), request, Now(), random).error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("caveats of a later version are kept and refuse") {
  // Type 17 with parts of every shape, and an argument caveat with constraint 99.
  const std::string later = Root(6, "0c81" "84" "11" "6178" "a1016179" "82f5f6");
  CHECK(VerifyReason(Forge({later})) == Reason::kAllowed);
  CHECK(CallReason(Forge({later}), {.tool = "t"}) == Reason::kCaveatUnknown);
  const std::string constraint = Root(6, "0c81" "83" "0b" "6178" "82" "1863" "01");
  CHECK(CallReason(Forge({constraint}), {.tool = "t"}) == Reason::kCaveatUnknown);
}

TEST_CASE("too many caveats are refused before any MAC, across hops") {
  std::vector<Caveat> many(kMaxCaveats, Caveat::MaxCalls(1));
  const std::string full = MintText({.subject = "a", .caveats = many});
  CHECK(VerifyReason(full) == Reason::kAllowed);
  CountingRandom random;
  CHECK(Attenuate(full, {Caveat::MaxCalls(1)}, {}, Now(), random).error().code == ErrorCode::kLimitExceeded);
  many.push_back(Caveat::MaxCalls(1));
  MintRequest request;
  request.subject = "a";
  request.caveats = many;
  CHECK(Mint(TestRing(), request, Now(), random).error().code == ErrorCode::kLimitExceeded);
  token::V5Token read;
  TokenContent content;
  REQUIRE_FALSE(token::ReadV5(full, read, content).has_value());
  CHECK(VerifyReason(Forge({std::string(read.segment(0)), HopSegment("0381820401", 2)})) == Reason::kTokenTooLarge);
  // A wrong tag does not matter: the count is looked at first.
  std::string parts = full.substr(7, full.rfind('.') - 7) + ".";
  base::Base64UrlAppend(base::AsBytes(HopSegment("0381820401", 2)), parts);
  CHECK(VerifyReason(*token::FrameV5(parts, crypto::Digest{})) == Reason::kTokenTooLarge);
}

}  // namespace intentgate
