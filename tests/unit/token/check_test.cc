#include "unit/token/support.h"

#include "base/encoding.h"
#include "token/key_ring.h"
#include "token/legacy/legacy_token.h"

namespace intentgate {
namespace {

using namespace token_test;

std::string Root(std::vector<Caveat> caveats) { return MintText({.subject = "agent-7", .caveats = std::move(caveats)}); }

// A v4 token with caveats that Mint refuses to write.
std::string Legacy(TokenFormat format, std::vector<Caveat> caveats) {
  token::LegacyToken t;
  t.content = *Decode(MintText({.format = format, .subject = "agent-7"}));
  t.content.caveats = std::move(caveats);
  return token::EncodeLegacy(t.content, token::LegacyMac(t, TestRing().state().active().mac));
}

Reason Call(const std::string& text, std::string_view tool) { return CallReason(text, {.tool = tool}); }

}  // namespace

TEST_CASE("expiry holds to the second before, not from the second on, and not before is its mirror") {
  const std::string v5 = MintText({.subject = "a", .ttl_seconds = 60, .not_before = kNow - 10});
  const std::string v4 = MintText({.format = TokenFormat::kV4, .subject = "a", .ttl_seconds = 60, .not_before = kNow - 10});
  for (const std::string& text : {v5, v4}) {
    CHECK(CallReason(text, {.tool = "t", .now = kNow - 11}) == Reason::kTokenNotYetValid);
    CHECK(CallReason(text, {.tool = "t", .now = kNow - 10}) == Reason::kAllowed);
    CHECK(CallReason(text, {.tool = "t", .now = kNow + 59}) == Reason::kAllowed);
    CHECK(CallReason(text, {.tool = "t", .now = kNow + 60}) == Reason::kTokenExpired);
    CHECK(CallReason(text, {.tool = "t", .now = INT64_MAX}) == Reason::kTokenExpired);
    CHECK(CallReason(text, {.tool = "t", .now = INT64_MIN}) == Reason::kTokenNotYetValid);
  }
  const std::string child = Child(v5, {}, {.expires_in_seconds = 5});
  CHECK(CallReason(child, {.tool = "t", .now = kNow + 4}) == Reason::kAllowed);
  CHECK(CallReason(child, {.tool = "t", .now = kNow + 5}) == Reason::kTokenExpired);
  // A later expiry of a child does not extend its parent.
  const std::string later = Child(v5, {Caveat::Expires(kNow + 1000)});
  CHECK(CallReason(later, {.tool = "t", .now = kNow + 60}) == Reason::kTokenExpired);
  CHECK(Decode(later)->expires_at == kNow + 60);
}

TEST_CASE("tool lists match exactly or by pattern, byte for byte") {
  const std::string text = Root({Caveat::ToolAllow({"read_*", "list?", "x[0-9]"})});
  for (const std::string tool : {"read_", "read_file", "lists", "x5", "read_*"}) CHECK(Call(text, tool) == Reason::kAllowed);
  // Homoglyphs, case, composed and decomposed forms, invisible characters: all other tools.
  for (const std::string tool : {"", "read", "READ_file", "read_a/b", "xx", "x55", "r\xd0\xb5" "ad_file", "read_file\n/",
                                 "\xe2\x80\x8bread_file", "list", "listss"}) {
    INFO(tool);
    CHECK(Call(text, tool) == Reason::kToolNotAllowed);
  }
  const std::string deny = Root({Caveat::ToolDeny({"caf\xc3\xa9", "drop_*"})});
  CHECK(Call(deny, "caf\xc3\xa9") == Reason::kToolDenied);
  CHECK(Call(deny, "cafe\xcc\x81") == Reason::kAllowed);
  CHECK(Call(deny, "drop_table") == Reason::kToolDenied);
  CHECK(Call(deny, std::string(kMaxToolNameBytes + 1, 'x')) == Reason::kToolDenied);
  CHECK(Call(text, "read_" + std::string(kMaxToolNameBytes, 'x')) == Reason::kToolNotAllowed);
}

TEST_CASE("a v3 list is exact: an asterisk is an asterisk") {
  const std::string text = Legacy(TokenFormat::kV3, {Caveat::ToolAllow({"*"}), Caveat::ToolDeny({"[x"})});
  CHECK(Call(text, "*") == Reason::kAllowed);
  CHECK(Call(text, "read") == Reason::kToolNotAllowed);
}

TEST_CASE("a malformed pattern refuses every call, in a deny list and in an allow list") {
  for (const std::string pattern : {"[admin_*", "a\\", "[]", "[a-", "x[^"}) {
    INFO(pattern);
    CHECK(Call(Legacy(TokenFormat::kV4, {Caveat::ToolDeny({pattern})}), "admin_delete") == Reason::kCaveatInvalid);
    CHECK(Call(Legacy(TokenFormat::kV4, {Caveat::ToolAllow({"read", pattern})}), "read") == Reason::kCaveatInvalid);
  }
}

TEST_CASE("zero means zero and empty means none") {
  const auto v4 = [](Caveat c) { return Call(Legacy(TokenFormat::kV4, {std::move(c)}), "t"); };
  CHECK(v4(Caveat::MaxCalls(0)) == Reason::kCaveatInvalid);
  CHECK(v4(Caveat::MaxCalls(-1)) == Reason::kCaveatInvalid);
  CHECK(v4(Caveat::RateLimit(0)) == Reason::kCaveatInvalid);
  CHECK(v4(Caveat::RateLimit(INT64_MIN)) == Reason::kCaveatInvalid);
  CHECK(v4(Caveat::MaxCost(-1)) == Reason::kCaveatInvalid);
  CHECK(v4(Caveat::MaxCost(0)) == Reason::kAllowed);
  CHECK(v4(Caveat::StepUp(-1)) == Reason::kCaveatInvalid);
  CHECK(v4(Caveat::Expires(0)) == Reason::kTokenExpired);
  CHECK(v4(Caveat::ToolAllow({})) == Reason::kToolNotAllowed);
  CHECK(v4(Caveat::ServerAllow({})) == Reason::kServerNotAllowed);
  CHECK(v4(Caveat::ServerAllow({"", " "})) == Reason::kServerNotAllowed);
  CHECK(v4(Caveat::AgentLock("")) == Reason::kCaveatInvalid);
  const auto risk = [](std::int64_t ceiling, std::optional<std::int64_t> score) {
    return CallReason(Legacy(TokenFormat::kV4, {Caveat::RiskMax(ceiling)}), {.tool = "t", .risk = score});
  };
  CHECK(risk(0, 0) == Reason::kAllowed);
  CHECK(risk(0, 1) == Reason::kRiskTooHigh);
  CHECK(risk(70, 70) == Reason::kAllowed);
  CHECK(risk(70, 71) == Reason::kRiskTooHigh);
  CHECK(risk(70, std::nullopt) == Reason::kRiskTooHigh);
  CHECK(risk(-1, 0) == Reason::kCaveatInvalid);
}

TEST_CASE("meaningless caveats are refused when a token is made") {
  const std::vector<Caveat> bad = {
      Caveat::Expires(0), Caveat::AgentLock(""), Caveat::ToolAllow({}), Caveat::ToolDeny({"[x"}), Caveat::ToolAllow({""}),
      Caveat::ToolAllow({"\xff"}), Caveat::MaxCalls(0), Caveat::MaxCalls(-5), Caveat::StepUp(0), Caveat::CalleeAllow({}, {}),
      Caveat::ServerAllow({}), Caveat::RateLimit(0), Caveat::MaxCost(-1), Caveat::RiskMax(-1), Caveat(),
      Caveat::Argument("path", Constraint::Prefix("/")), Caveat::Argument("/a~2", Constraint::Prefix("/")),
      Caveat::Argument("/a", Constraint::OneOf({})), Caveat::Argument("/a", Constraint::Regex("("))};
  CountingRandom random;
  const std::string parent = Root({});
  for (const Caveat& caveat : bad) {
    INFO(caveat.Describe());
    MintRequest request;
    request.subject = "a";
    request.caveats = {Caveat::MaxCalls(1), caveat};
    const Result<MintedToken> minted = Mint(TestRing(), request, Now(), random);
    REQUIRE_FALSE(minted.ok());
    CHECK(minted.error().message.find("caveat 1") != std::string::npos);
    CHECK_FALSE(Attenuate(parent, {caveat}, {}, Now(), random).ok());
  }
  CHECK(Attenuate(parent, {}, {}, Now(), random).error().message.find("nothing to add") != std::string::npos);
  CHECK_FALSE(Attenuate(parent, {}, {.expires_in_seconds = 0}, Now(), random).ok());
  CHECK_FALSE(Attenuate(parent, {Caveat::MaxCalls(1)}, {.label = std::string(65, 'x')}, Now(), random).ok());
}

TEST_CASE("a request without a subject, or with a tenant that is blank or no UTF-8, mints nothing") {
  CountingRandom random;
  const auto refused = [&](MintRequest request) {
    return Mint(TestRing(), request, Now(), random).error().code == ErrorCode::kInvalidArgument;
  };
  CHECK(refused({}));
  CHECK(refused({.subject = " "}));
  CHECK(refused({.subject = "a", .tenant = ""}));
  CHECK(refused({.subject = "a", .tenant = "\xff"}));
  CHECK(refused({.subject = "a", .zone = ""}));
  CHECK(refused({.subject = "a", .ttl_seconds = 60, .not_before = kNow + 60}));
  CHECK(refused({.subject = "a", .not_before = 0}));
  CHECK(refused({.subject = "a", .max_depth = 33}));
  CHECK(refused({.subject = "a", .max_depth = -1}));
}

TEST_CASE("the agent lock compares with who presents the token, else with its subject") {
  const std::string text = Root({Caveat::AgentLock("agent-7")});
  CHECK(CallReason(text, {.tool = "t"}) == Reason::kAllowed);
  CHECK(CallReason(text, {.tool = "t", .agent = "agent-7"}) == Reason::kAllowed);
  CHECK(CallReason(text, {.tool = "t", .agent = "agent-8"}) == Reason::kAgentMismatch);
  CHECK(CallReason(text, {.tool = "t", .agent = "Agent-7"}) == Reason::kAgentMismatch);
  CHECK(CallReason(Child(text, {Caveat::AgentLock("agent-8")}), {.tool = "t"}) == Reason::kAgentMismatch);
}

TEST_CASE("a server list goes by the upstream's name, and by the tool's prefix when there is none") {
  const std::string text = Root({Caveat::ServerAllow({"sap"})});
  CHECK(CallReason(text, {.tool = "x", .server = "sap"}) == Reason::kAllowed);
  CHECK(CallReason(text, {.tool = "sap.x", .server = "other"}) == Reason::kServerNotAllowed);
  for (const std::string tool : {"sap", "sap.x", "sap:x", "sap/x"}) CHECK(Call(text, tool) == Reason::kAllowed);
  for (const std::string tool : {"sapx", "x", "SAP.x", ""}) CHECK(Call(text, tool) == Reason::kServerNotAllowed);
}

TEST_CASE("a token is for its audience only") {
  const std::string text = MintText({.subject = "a", .audience = "gate-1"});
  CHECK(VerifyReason(text, {.audience = "gate-1"}) == Reason::kAllowed);
  for (const std::string who : {"", "gate-2", "Gate-1", "gate-1 "}) {
    CHECK(VerifyReason(text, {.audience = who}) == Reason::kTokenWrongAudience);
  }
  CHECK(VerifyReason(MintText({.subject = "a"}), {.audience = "gate-1"}) == Reason::kAllowed);
}

TEST_CASE("a tenant's token is under that tenant's key only") {
  // The tenant stands in the MACed root and chooses the key, so neither half can be exchanged.
  const std::string a = MintText({.subject = "x", .tenant = "tenant-a"});
  CHECK(VerifyReason(a) == Reason::kAllowed);
  std::string bytes = *base::Base64UrlDecodeText(a.substr(8, a.rfind('.') - 8));
  bytes[bytes.find("tenant-a") + 7] = 'b';
  std::string forged = a.substr(0, 8) + base::Base64UrlEncode(base::AsBytes(bytes)) + a.substr(a.rfind('.'));
  CHECK(VerifyReason(forged) == Reason::kTokenBadMac);
}

TEST_CASE("an argument caveat needs its argument and judges its value") {
  const std::string text = Root({Caveat::Argument("/path", Constraint::Subpath("/data")),
                                 Caveat::Argument("/limit", Constraint::Range("1", "100"), "read")});
  const auto call = [&](const char* tool, const char* arguments) {
    const json::Value value = *json::Parse(arguments);
    return CallReason(text, {.tool = tool, .arguments = &value});
  };
  CHECK(call("list", R"({"path":"/data/x"})") == Reason::kAllowed);
  CHECK(call("read", R"({"path":"/data/x","limit":100})") == Reason::kAllowed);
  CHECK(call("read", R"({"path":"/data/x"})") == Reason::kArgumentMissing);
  CHECK(call("read", R"({"path":"/data/x","limit":101})") == Reason::kArgumentRefused);
  CHECK(call("list", R"({"path":"/database"})") == Reason::kArgumentRefused);
  CHECK(call("list", R"({"path":"/data/../etc"})") == Reason::kArgumentRefused);
  CHECK(call("list", R"({"path":null})") == Reason::kArgumentRefused);
  CHECK(call("list", R"({"Path":"/data/x"})") == Reason::kArgumentMissing);
  CHECK(call("list", "{}") == Reason::kArgumentMissing);
  CHECK(CallReason(text, {.tool = "list"}) == Reason::kArgumentMissing);
  // Twice, so that the compiled constraint is met again.
  CHECK(call("list", R"({"path":"/data/x"})") == Reason::kAllowed);
}

TEST_CASE("a refusal names the caveat, its hop and what was wanted") {
  const std::string child = Child(Root({Caveat::MaxCalls(9)}), {Caveat::RateLimit(5), Caveat::ToolAllow({"read"})}, {.label = "researcher"});
  const VerifyResult token = Verify(child, TestRing(), {}, Now());
  REQUIRE(token.ok());
  const std::optional<TokenRefusal> refusal = CheckCaveats(token.token(), {.tool = "wr\"ite\n", .now = kNow});
  REQUIRE(refusal.has_value());
  CHECK(refusal->caveat_index == 2);
  CHECK(refusal->hop == 1);
  CHECK(refusal->message == R"(caveat 2 (tool_allow) of hop 1 "researcher": the tool "wr\"ite\n" is not among the allowed ones)");
}

TEST_CASE("the tools a caller is shown are those that some call could reach") {
  const std::string text = Root({Caveat::ToolAllow({"read*", "write"}), Caveat::ToolDeny({"read_secret"}),
                                 Caveat::Argument("/path", Constraint::Subpath("/data"))});
  const VerifyResult token = Verify(text, TestRing(), {}, Now());
  REQUIRE(token.ok());
  const CaveatContext context{.now = kNow};
  CHECK(CouldCall(token.token(), "read", context));
  CHECK(CouldCall(token.token(), "write", context));
  CHECK_FALSE(CouldCall(token.token(), "read_secret", context));
  CHECK_FALSE(CouldCall(token.token(), "delete", context));
  CHECK_FALSE(CouldCall(token.token(), "read", {.now = kNow + 10'000}));
}

TEST_CASE("caveats read back from their JSON form, and stray members are refused there") {
  const std::vector<Caveat> all = {
      Caveat::Expires(5), Caveat::AgentLock("a"), Caveat::ToolAllow({"x"}), Caveat::ToolDeny({"y"}), Caveat::MaxCalls(1),
      Caveat::StepUp(2), Caveat::CalleeAllow({"c"}, {"z"}), Caveat::ServerAllow({"s"}), Caveat::RateLimit(5), Caveat::MaxCost(7),
      Caveat::RiskMax(70), Caveat::Argument("/a/b", Constraint::Not(Constraint::Equals(json::Value(5))), "t")};
  for (const Caveat& caveat : all) {
    INFO(caveat.Describe());
    const Result<Caveat> read = Caveat::FromJson(caveat.ToJson());
    REQUIRE(read.ok());
    CHECK(read->ToJson() == caveat.ToJson());
    CHECK(read->kind == caveat.kind);
    CHECK_FALSE(caveat.Describe().empty());
  }
  for (const char* bad : {R"([])", R"({})", R"({"t":5})", R"({"t":"exp","exp":"5"})", R"({"t":"exp","agent":"a"})",
                          R"({"t":"exp","exp":5,"x":1})", R"({"t":"arg"})", R"({"t":"arg","at":"/a"})",
                          R"({"t":"arg","at":"/a","is":{"equals":1},"x":1})", R"({"t":"tool_allow","tools":"x"})",
                          R"({"T":"exp","exp":5})", R"({"t":"tool_allow","tools":["x"],"max_calls":3})"}) {
    INFO(bad);
    CHECK(Caveat::FromJson(*json::Parse(bad)).error().code == ErrorCode::kMalformed);
  }
  CHECK(Caveat::FromJson(*json::Parse(R"({"t":"future"})"))->kind == CaveatKind::kUnknown);
}

TEST_CASE("an explanation has every caveat's answer and agrees with the check") {
  const std::string text = Child(Root({Caveat::ToolAllow({"read"}), Caveat::MaxCalls(3)}), {Caveat::ToolDeny({"read"})});
  const auto token = Verify(text, TestRing(), {}, ManualClock(kNow * 1'000'000)).token();
  const auto answers = ExplainCaveats(token, {.tool = "write", .now = kNow});
  REQUIRE(answers.size() == 4);
  CHECK_FALSE(answers[0].caveat_index.has_value());
  CHECK(answers[0].holds);
  CHECK(answers[1].caveat_index == 0);
  CHECK_FALSE(answers[1].holds);
  CHECK(answers[1].reason == Reason::kToolNotAllowed);
  CHECK(answers[2].holds);
  CHECK(answers[3].hop == 1);
  CHECK(answers[3].holds);
  CHECK(answers[3].reason == std::nullopt);
  const auto late = ExplainCaveats(token, {.tool = "read", .now = kNow + 100 * 24 * 3600});
  CHECK(late[0].reason == Reason::kTokenExpired);
  CHECK(late[1].holds);
  CHECK(late[3].reason == Reason::kToolDenied);
}

}  // namespace intentgate
