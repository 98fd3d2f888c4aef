// tests/golden/token/v5_vectors.json: built here, compared with the file, and read by a second
// implementation (tests/golden/token/v5_reference.py). Run with INTENTGATE_UPDATE_GOLDEN=1 to write it anew
// and read the difference before committing it.

#include "unit/token/support.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/encoding.h"
#include "token/v5/v5_token.h"
#include "unit/token/forge.h"

namespace intentgate {
namespace {

using namespace token_test;

constexpr const char* kFile = INTENTGATE_TEST_DATA "/golden/token/v5_vectors.json";
constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kOldSecret = "fedcba9876543210fedcba9876543210";

const KeyRing& GoldenRing() {
  static const KeyRing ring = *KeyRing::Builder().Active("k1", kSecret).Retired("old", kOldSecret, kNow).Build();
  return ring;
}

struct Row {
  std::string name, token, audience;
};

const Constraint& EveryConstraint() {
  static const Constraint all = Constraint::Any({
      Constraint::Equals(*json::Parse(R"({"b":[1,-1,1.5,1e3,-0,12345678901234567890,null,true,"\u00e9"],"aa":{}})")),
      Constraint::OneOf({json::Value("a"), json::Value(7)}), Constraint::Prefix("/data"), Constraint::Glob("*.csv"),
      Constraint::Regex("[a-z]+"), Constraint::Range("-1.5", std::nullopt), Constraint::Length(1, 80), Constraint::Subpath("/data/q3"),
      Constraint::Url({"https"}, {"*.example.com"}), Constraint::Url({"https"}, {"example.com"}, {8443}), Constraint::Cidr({"192.0.2.0/24"}),
      Constraint::Contains({json::Value("x")}), Constraint::Subset({json::Value("x"), json::Value("y")}),
      Constraint::Not(Constraint::All({Constraint::Prefix("a"), Constraint::Prefix("b")})),
  });
  return all;
}

std::vector<Row> Accepted() {
  std::vector<Row> rows;
  const auto add = [&rows](const char* name, std::string token, const char* audience = "") {
    rows.push_back({name, std::move(token), audience});
  };
  const auto mint = [](MintRequest request) { return MintText(std::move(request), GoldenRing()); };
  add("minimal", mint({.subject = "agent-7"}));
  const std::string typical = mint({.subject = "agent-7", .tenant = "acme", .ttl_seconds = 300,
                                    .caveats = {Caveat::ToolAllow({"read_file"})}});
  add("typical", typical);
  const std::string child = Child(typical, {Caveat::MaxCalls(3)}, {.label = "researcher"});
  add("child", child);
  add("grandchild", Child(child, {Caveat::ToolDeny({"delete_*"})}, {.expires_in_seconds = 60}));
  add("sealed", Child(child, {}, {.seal = true}));
  add("sealed with caveats", Child(child, {Caveat::RateLimit(5)}, {.seal = true, .label = "last"}));
  add("every member",
      mint({.subject = "agent-\xc3\xbc\xe6\x97\xa5\xf0\x9f\x98\x80", .issuer = "", .tenant = "caf\xc3\xa9", .zone = "finance",
            .audience = "gate-1", .ttl_seconds = kMaxTtlSeconds, .not_before = kNow - 1, .max_depth = 0}),
      "gate-1");
  add("every public caveat",
      mint({.subject = "a", .caveats = {Caveat::Expires(kNow + 9), Caveat::AgentLock("a"), Caveat::ToolAllow({"x", "y*"}),
                                        Caveat::ToolDeny({"z"}), Caveat::MaxCalls(INT64_MAX), Caveat::StepUp(kNow),
                                        Caveat::CalleeAllow({"c"}, {"z1", "z2"}), Caveat::ServerAllow({"sap"}), Caveat::RateLimit(25),
                                        Caveat::MaxCost(0), Caveat::RiskMax(70)}}));
  add("every constraint", mint({.subject = "a", .caveats = {Caveat::Argument("/a~1b/0", EveryConstraint(), "read"),
                                                            Caveat::Argument("", Constraint::Length(0, 9))}}));
  add("a caveat of a later version", Forge({Root(6, "0c8184116178a101617982f5f6")}));
  add("a constraint of a later version", Forge({Root(6, "0c81830b617882186301")}));
  return rows;
}

std::string Recut(const std::string& token, std::string parts) {
  token::V5Token read;
  TokenContent content;
  REQUIRE_FALSE(token::ReadV5(token, read, content).has_value());
  return *token::FrameV5(parts, read.tag);
}

std::vector<Row> Refused() {
  std::vector<Row> rows;
  const auto add = [&rows](const char* name, std::string token, const char* audience = "") {
    rows.push_back({name, std::move(token), audience});
  };
  const auto hex_root = [&](const char* name, int members, const char* tail, const char* ttl = "190e10") {
    add(name, Forge({Root(members, tail, ttl)}));
  };
  const std::vector<Row> good = Accepted();
  const std::string& child = good[2].token;
  const std::string hop = HopSegment("0381820401", 2);
  add("cut off by one", child.substr(0, child.size() - 1));
  add("cut off in the frame", child.substr(0, 6));
  add("one character more", child + "A");
  add("padded", child + "=");
  add("a later format", "ig6." + child.substr(4));
  add("another key", MintText({.subject = "a"}, RingOf("k1", kOldSecret)));
  add("an unknown key id", MintText({.subject = "a"}, RingOf("k2", kSecret)));
  add("a retired key", MintText({.subject = "a"}, RingOf("old", kOldSecret)));
  add("for another audience", good[6].token, "gate-2");
  add("for an audience when we have no name", good[6].token);
  add("the hop removed", Recut(child, child.substr(7, child.find('.', 8) - 7)));
  add("another tenant's subkey", Forge({Root(5)}, "acme"));
  add("extended behind the seal", Forge({Root(5), HopSegment("04f5", 2), hop}));
  add("a seal stated and not applied", Forge({Root(5), HopSegment("04f5", 2)}));
  add("a seal applied and not stated", Forge({Root(5), hop}, "default", true));
  add("deeper than its limit", Forge({Root(6, "0b00"), hop}));
  std::vector<std::string> deep(2 + kMaxHops, hop);
  deep[0] = Root(5);
  add("33 hops", Forge(deep));
  hex_root("a lifetime over 90 days", 5, "", "1a0076a701");
  hex_root("a lifetime of zero", 5, "", "00");
  hex_root("a default written out", 6, "066764656661756c74");
  hex_root("an unknown member", 6, "0d00");
  hex_root("members out of order", 7, "0b030a00");
  hex_root("a member twice", 7, "0b030b03");
  hex_root("a head that is too long", 6, "0b1803");
  hex_root("an indefinite array", 6, "0c9f820401ff");
  hex_root("a float", 6, "0bf90000");
  hex_root("a tag", 6, "0bc003");
  hex_root("a text that is not UTF-8", 6, "0961ff");
  hex_root("an empty list of caveats", 6, "0c80");
  hex_root("a negative limit", 6, "0c81820420");
  hex_root("an integer as text", 6, "0c81830b6082004135");
  hex_root("a number text that is none", 6, "0c81830b60820042312e");
  hex_root("JSON members out of order", 6, "0c81830b608200a2616201616102");
  add("bytes behind the root", Forge({Root(5) + Hex("00")}));
  add("a hop that adds nothing", Forge({Root(5), HopSegment("", 1)}));
  add("a label over 64 bytes", Forge({Root(5), HopSegment("027841" + std::string(130, '6') + "0381820401", 3)}));
  std::string caveats = "0c9841";
  for (int i = 0; i < 65; ++i) caveats += "820401";
  add("65 caveats", Forge({Root(6, caveats)}));
  add("nothing", "ig5.");
  return rows;
}

std::string Build() {
  json::Array accepted, refused;
  const auto verify = [](const Row& row) { return Verify(row.token, GoldenRing(), {.audience = row.audience}, Now()); };
  for (const Row& row : Accepted()) {
    const VerifyResult result = verify(row);
    INFO(row.name);
    REQUIRE(result.ok());
    accepted.push_back(json::MakeObject({{"name", row.name}, {"token", row.token}, {"audience", row.audience},
                                         {"content", result.token().content().ToJson()}}));
  }
  for (const Row& row : Refused()) {
    const VerifyResult result = verify(row);
    INFO(row.name);
    REQUIRE_FALSE(result.ok());
    refused.push_back(json::MakeObject({{"name", row.name}, {"token", row.token}, {"audience", row.audience},
                                        {"reason", ReasonName(result.refusal().reason)}}));
  }
  const auto key = [](const char* id, std::string_view secret) {
    return json::MakeObject({{"id", id}, {"secret_hex", base::HexEncode(base::AsBytes(secret))}});
  };
  json::Value old = key("old", kOldSecret);
  old.Set("accept_until", kNow);
  // One row a line, so that a change reads as a difference.
  std::string out = "{\"now\":" + std::to_string(kNow) + ",\n\"keys\":" +
                    json::Write(json::Array{key("k1", kSecret), std::move(old)}) + ",\n\"accepted\":[";
  const auto append = [&out](const json::Array& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) out += (i > 0 ? ",\n" : "\n") + json::Write(rows[i]);
  };
  append(accepted);
  out += "],\n\"refused\":[";
  append(refused);
  return out + "]}\n";
}

}  // namespace

TEST_CASE("the v5 vectors are what this build makes of them") {
  const std::string built = Build();
  REQUIRE(json::Parse(built).ok());
  if (std::getenv("INTENTGATE_UPDATE_GOLDEN") != nullptr) std::ofstream(kFile, std::ios::binary) << built;
  std::stringstream text;
  text << std::ifstream(kFile, std::ios::binary).rdbuf();
  CHECK(text.str() == built);
}

}  // namespace intentgate
