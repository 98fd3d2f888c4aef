// Attacks on v3 and v4 tokens.

#include "unit/token/support.h"

#include "base/encoding.h"
#include "token/key_ring.h"
#include "token/legacy/legacy_token.h"

namespace intentgate {
namespace {

using namespace token_test;

std::string JsonOf(const std::string& text) { return *base::Base64UrlDecodeText(text); }
std::string TextOf(std::string_view json) { return base::Base64UrlEncode(base::AsBytes(json)); }

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string V4() {
  return MintText({.format = TokenFormat::kV4, .subject = "agent-7", .ttl_seconds = 60,
                   .caveats = {Caveat::ToolAllow({"read_file"}), Caveat::MaxCalls(5)}});
}

// A token with a right MAC over what the text means.
std::string Signed(const TokenContent& content) {
  token::LegacyToken unsigned_token;
  unsigned_token.content = content;
  return token::EncodeLegacy(content, token::LegacyMac(unsigned_token, TestRing().state().active().mac));
}

std::string MessageOf(const std::string& text) {
  const VerifyResult result = Verify(text, TestRing(), {}, Now());
  return result.ok() ? "" : result.refusal().message;
}

}  // namespace

TEST_CASE("no single changed bit of a v3 or v4 token is accepted as another token") {
  for (const TokenFormat format : {TokenFormat::kV3, TokenFormat::kV4}) {
    const std::string text = MintText({.format = format, .subject = "agent-7", .caveats = {Caveat::ToolAllow({"read"})}});
    REQUIRE(VerifyReason(text) == Reason::kAllowed);
    for (std::size_t i = 0; i < text.size() * 8; ++i) {
      std::string flipped = text;
      flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
      INFO(i);
      CHECK_FALSE(Verify(flipped, TestRing(), {}, Now()).ok());
    }
  }
}

TEST_CASE("a child of a parent in any spelling is what the strict reader makes of it, and a plain caveat takes the short way") {
  struct Row {
    std::string caveat;
    bool canonical;
  };
  const std::vector<Caveat> added = {Caveat::MaxCalls(3)};
  for (const auto& [caveat, canonical] : std::initializer_list<Row>{
           {R"({"t":"exp","exp":5})", true},
           {R"({"t":"max_calls","max_calls":5})", true},
           {R"({"t":"exp","exp":-5})", true},
           {R"({"t":"exp","exp":5,"max_calls":3})", true},
           {R"({"t":"tool_allow","tools":["read_*","b"]})", true},
           {R"({"t":"tool_deny","tools":["a"],"agent":"b"})", true},
           {R"({"t":"agent_lock","agent":"a"})", true},
           {R"({"t":"step_up","step_up_at":7})", true},
           {R"({"t":"later"})", true},
           {R"({"t":"exp","exp":0})", false},
           {R"({"t":"max_calls","max_calls":0})", false},
           {R"({"t":"agent_lock","agent":""})", false},
           {R"({"t":"tool_allow","tools":[]})", false},
           {R"({"t":"tool_allow","tools":["a", "b"]})", false},
           {R"({"t":"tool_allow","tools":["a<b"]})", false},
           {R"({"t":"tool_allow","tools":["\u0061"]})", false},
           {R"({"t":"agent_lock","agent":"a" })", false},
           {R"({"t":"max_calls","exp":5})", true}}) {
    INFO(caveat);
    const std::string text = TextOf(Replaced(JsonOf(V4()), R"({"t":"max_calls","max_calls":5})", caveat));
    const std::string json = JsonOf(text);
    token::LegacyShape shape;
    CHECK(token::ScanCanonical(json, shape) == canonical);
    token::LegacyToken parent;
    parent.json = json;
    REQUIRE_FALSE(token::ReadLegacyStrictly(parent));
    const Result<std::string> child = Attenuate(text, added, {}, Now(), *SystemRandom());
    REQUIRE(child.ok());
    CHECK(*child == token::ExtendLegacy(parent, added));
  }
}

TEST_CASE("caveats cannot be removed, swapped, repeated or spliced, and the tag has one length") {
  const std::string json = JsonOf(V4());
  const std::string first = R"({"t":"agent_lock","agent":"agent-7"},)";
  const std::string allow = R"({"t":"tool_allow","tools":["read_file"]},)";
  const std::string last = R"(,{"t":"max_calls","max_calls":5})";
  CHECK(VerifyReason(TextOf(Replaced(json, first, ""))) == Reason::kTokenBadMac);
  CHECK(VerifyReason(TextOf(Replaced(json, allow, ""))) == Reason::kTokenBadMac);
  CHECK(VerifyReason(TextOf(Replaced(json, last, ""))) == Reason::kTokenBadMac);
  CHECK(VerifyReason(TextOf(Replaced(json, last, last + last))) == Reason::kTokenBadMac);
  CHECK(VerifyReason(TextOf(Replaced(Replaced(Replaced(json, first, "@"), allow, first), "@", allow))) == Reason::kTokenBadMac);
  const std::string other = JsonOf(MintText({.format = TokenFormat::kV4, .subject = "agent-8", .ttl_seconds = 60}));
  const auto head = [](const std::string& j) { return j.substr(0, j.find(",\"cav\"")); };
  const auto tail = [](const std::string& j) { return j.substr(j.find(",\"cav\"")); };
  CHECK(VerifyReason(TextOf(head(other) + tail(json))) == Reason::kTokenBadMac);
  // The MAC of the parent under a child whose caveats were erased.
  const std::string child = JsonOf(Child(V4(), {Caveat::MaxCalls(1)}));
  CHECK(VerifyReason(TextOf(head(child) + tail(json))) == Reason::kAllowed);
  const std::string added = R"(,{"t":"max_calls","max_calls":1})";
  CHECK(VerifyReason(TextOf(Replaced(child, added, ""))) == Reason::kTokenBadMac);
  const std::size_t at = json.find("\"sig\":\"") + 7;
  for (std::size_t size = 0; size < 90; ++size) {
    const Reason reason = VerifyReason(TextOf(json.substr(0, at) + std::string(size, 'A') + "\"}"));
    CHECK(reason == (size == 43 ? Reason::kTokenBadMac : Reason::kTokenMalformed));
  }
}

TEST_CASE("each way to spell a token twice is refused with a message of its own") {
  const std::string json = JsonOf(V4());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Replaced(json, "\"iat\"", "\"sub\":\"x\",\"iat\""), "appears twice"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":5,\"max_calls\":5"), "appears twice"},
      {Replaced(json, "\"iat\"", "\"x\":1,\"iat\""), "unknown member"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":5,\"x\":1"), "unknown member"},
      {Replaced(json, "\"sub\"", "\"Sub\""), "differs only by case"},
      {Replaced(json, "\"max_calls\":5", "\"Max_calls\":5"), "differs only by case"},
      {Replaced(json, "\"v\"", "\"V\""), "differs only by case"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":5.0"), "no 64-bit integer"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":5e0"), "no 64-bit integer"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":-0"), "no 64-bit integer"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":9223372036854775808"), "no 64-bit integer"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":05"), "JSON"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":\"5\""), "no 64-bit integer"},
      {Replaced(json, "\"max_calls\":5", "\"max_calls\":null"), "no 64-bit integer"},
      {Replaced(json, "[\"read_file\"]", "[\"read_file\",null]"), "no list of strings"},
      {Replaced(json, "read_file", "read\xff""file"), "JSON"},
      {Replaced(json, "read_file", "\\ud800"), "JSON"},
      {json + "{}", "JSON"},
      {json + std::string(1, '\0'), "JSON"},
      {"[" + json + "]", "not a JSON object"},
      {Replaced(json, "\"t\":\"max_calls\",", ""), "\"t\" is missing"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    CHECK(VerifyReason(TextOf(text)) == Reason::kTokenMalformed);
    CHECK(MessageOf(TextOf(text)).find(message) != std::string::npos);
  }
  const std::string text = V4();
  for (const std::string& bad : {text + "=", text + "==", " " + text, text + "\n", text.substr(0, 9) + "\n" + text.substr(9)}) {
    CHECK(VerifyReason(bad) == Reason::kTokenMalformed);
  }
  // Blanks and member order do not change what is signed, so they are taken, as the public SDKs write them.
  CHECK(VerifyReason(TextOf(Replaced(json, "\"cav\":[", " \"cav\" :\n[ "))) == Reason::kAllowed);
  CHECK(VerifyReason(TextOf(Replaced(json, "read_file", "read\\u005ffile"))) == Reason::kAllowed);
}

TEST_CASE("a v3 token has no zone, not even an empty one") {
  const std::string json = JsonOf(MintText({.format = TokenFormat::kV3, .subject = "a"}));
  REQUIRE(VerifyReason(TextOf(json)) == Reason::kAllowed);
  for (const std::string zone : {"", "default"}) {
    const std::string with_zone = TextOf(Replaced(json, "\"sub\"", "\"zone\":\"" + zone + "\",\"sub\""));
    CHECK(VerifyReason(with_zone) == Reason::kTokenMalformed);
    CHECK(MessageOf(with_zone).find("unknown member") != std::string::npos);
  }
}

TEST_CASE("a nesting bomb is refused without growing the stack") {
  CHECK(VerifyReason(TextOf(std::string(12'000, '['))) == Reason::kTokenMalformed);
}

TEST_CASE("sizes: the limit is taken, one more is refused before any hashing") {
  TokenContent c = *Decode(V4());
  c.caveats.assign(kMaxCaveats, Caveat::MaxCalls(5));
  CHECK(VerifyReason(Signed(c)) == Reason::kAllowed);
  c.caveats.push_back(Caveat::MaxCalls(5));
  CHECK(VerifyReason(Signed(c)) == Reason::kTokenTooLarge);
  // A zero MAC gives the same answer, so the count was looked at first.
  CHECK(VerifyReason(token::EncodeLegacy(c, crypto::Digest{})) == Reason::kTokenTooLarge);
  CHECK(VerifyReason(std::string(kMaxTokenBytes + 1, 'A')) == Reason::kTokenTooLarge);
  CHECK(VerifyReason("ig5." + std::string(kMaxTokenBytes - 3, 'A')) == Reason::kTokenTooLarge);
  CHECK(VerifyReason(std::string(kMaxTokenBytes, 'A')) == Reason::kTokenMalformed);
  CountingRandom random;
  const std::vector<Caveat> long_list = {Caveat::ToolAllow(std::vector<std::string>(40, std::string(500, 'x')))};
  for (const TokenFormat format : {TokenFormat::kV4, TokenFormat::kV5}) {
    MintRequest request;
    request.format = format;
    request.subject = "a";
    CHECK(Attenuate(MintText(request), long_list, {}, Now(), random).error().code == ErrorCode::kLimitExceeded);
    request.caveats = long_list;
    CHECK(Mint(TestRing(), request, Now(), random).error().code == ErrorCode::kLimitExceeded);
  }
}

TEST_CASE("a format that is switched off is refused by version") {
  const auto text = [](TokenFormat format) { return MintText({.format = format, .subject = "a"}); };
  CHECK(VerifyReason(text(TokenFormat::kV3), {.accept_v3 = false, .audience = {}}) == Reason::kTokenVersion);
  CHECK(VerifyReason(text(TokenFormat::kV4), {.accept_v4 = false, .audience = {}}) == Reason::kTokenVersion);
  CHECK(VerifyReason(text(TokenFormat::kV5), {.accept_v5 = false, .audience = {}}) == Reason::kTokenVersion);
  for (const std::string v : {"5", "2", "0", "-3", "\"4\"", "4.0", "null"}) {
    CHECK(VerifyReason(TextOf(Replaced(JsonOf(V4()), "\"v\":4", "\"v\":" + v))) == Reason::kTokenVersion);
  }
}

TEST_CASE("a v5 token's bytes mean nothing as v4, nor a v4 token's as v5") {
  const std::string v4 = V4();
  CHECK(VerifyReason("ig5." + v4) != Reason::kAllowed);
  const std::string v5 = MintText({.subject = "a"});
  CHECK(VerifyReason(v5.substr(8)) == Reason::kTokenMalformed);
}

TEST_CASE("what only v5 can carry is refused for v3 and v4, with the way out") {
  CountingRandom random;
  const std::vector<Caveat> argument = {Caveat::Argument("/path", Constraint::Subpath("/data"))};
  const Result<std::string> child = Attenuate(V4(), argument, {}, Now(), random);
  CHECK(child.error().code == ErrorCode::kInvalidArgument);
  CHECK(child.error().message.find("mint a v5 token") != std::string::npos);
  CHECK_FALSE(Attenuate(V4(), {Caveat::MaxCalls(1)}, {.seal = true}, Now(), random).ok());
  CHECK_FALSE(Attenuate(V4(), {Caveat::MaxCalls(1)}, {.label = "x"}, Now(), random).ok());
  MintRequest request;
  request.format = TokenFormat::kV3;
  request.subject = "a";
  for (const Caveat& caveat : {Caveat::RateLimit(1), Caveat::CalleeAllow({"a"}, {}), Caveat::ServerAllow({"a"}),
                               Caveat::MaxCost(1), Caveat::RiskMax(1)}) {
    request.caveats = {caveat};
    CHECK(Mint(TestRing(), request, Now(), random).error().code == ErrorCode::kInvalidArgument);
  }
  request.caveats.clear();
  request.zone = "finance";
  CHECK_FALSE(Mint(TestRing(), request, Now(), random).ok());
  request.zone = "default";
  request.audience = "gate";
  CHECK_FALSE(Mint(TestRing(), request, Now(), random).ok());
  request.audience.clear();
  request.max_depth = 1;
  CHECK_FALSE(Mint(TestRing(), request, Now(), random).ok());
}

TEST_CASE("a caveat type that v3 lacks is unknown in a v3 token and refuses") {
  TokenContent c = *Decode(MintText({.format = TokenFormat::kV3, .subject = "a"}));
  Caveat callee;
  callee.type_name = "callee_allow";
  c.caveats.push_back(callee);
  CHECK(CallReason(Signed(c), {.tool = "t"}) == Reason::kCaveatUnknown);
  c.format = TokenFormat::kV4;
  c.zone = "default";
  CHECK(CallReason(Signed(c), {.tool = "t"}) == Reason::kAllowed);
}

}  // namespace intentgate
