// Every row of the public product's golden vectors. Where we refuse on purpose what it takes, the row
// stands in a table of this file and in docs/compatibility.md.

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <intentgate/token.h>

#include "base/encoding.h"
#include "token/legacy/legacy_token.h"

namespace intentgate {
namespace {

const json::Value& Vectors() {
  static const json::Value vectors = [] {
    std::ifstream file(INTENTGATE_TEST_DATA "/golden/token/public_token_vectors.json");
    std::stringstream text;
    text << file.rdbuf();
    Result<json::Value> value = json::Parse(text.str());
    REQUIRE(value.ok());
    return std::move(*value);
  }();
  return vectors;
}

std::string Str(const json::Value& row, std::string_view name) { return row.Find(name)->string_value(); }

KeyRing Ring(const json::Value& row) {
  const Result<base::Bytes> key = base::HexDecode(Str(row, "master_key_hex"));
  REQUIRE(key.ok());
  Result<KeyRing> ring = KeyRing::Builder().Active("k", base::AsText(*key)).Build();
  REQUIRE(ring.ok());
  return *ring;
}

// The ids of the vectors: unix seconds and twelve bytes.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::string bytes) : bytes_(std::move(bytes)) {}
  Status Fill(std::span<std::uint8_t> out) override {
    REQUIRE(out.size() <= bytes_.size());
    std::copy(bytes_.end() - static_cast<std::ptrdiff_t>(out.size()), bytes_.end(), out.begin());
    return {};
  }

 private:
  std::string bytes_;
};

const ManualClock& Clock2026() {
  static const ManualClock clock(1767225610'000000);
  return clock;
}

VerifyOptions OnlyVersion(std::int64_t version) {
  return {.accept_v3 = version == 3, .accept_v4 = version == 4, .accept_v5 = true, .audience = {}};
}

// Tokens that the public product takes and we refuse.
const std::map<std::string, Reason> kRefusedOnPurpose = {
    {"caveats_200", Reason::kTokenTooLarge},               {"newline_inside", Reason::kTokenMalformed},
    {"sig_noncanonical_tail_bits", Reason::kTokenMalformed}, {"key_case", Reason::kTokenMalformed},
    {"unknown_member", Reason::kTokenMalformed},           {"duplicate_member_last_wins", Reason::kTokenMalformed},
    {"tools_null_element", Reason::kTokenMalformed},       {"v3/zone_member_ignored", Reason::kTokenMalformed},
};
// Tokens that both refuse, we before hashing and therefore for another reason.
const std::map<std::string, Reason> kRefusedEarlier = {
    {"sig_truncated", Reason::kTokenMalformed}, {"sig_empty", Reason::kTokenMalformed},
    {"cav_null", Reason::kTokenMalformed},      {"lone_surrogate_sub", Reason::kTokenMalformed},
    {"json_null", Reason::kTokenMalformed},
};

Reason ReasonOfPublicText(const std::string& text) {
  if (text == "signature mismatch") return Reason::kTokenBadMac;
  if (text == "unknown token schema version") return Reason::kTokenVersion;
  return Reason::kTokenMalformed;
}

void CheckNegative(const json::Value& row, std::int64_t version) {
  const std::string name = Str(row, "name");
  const std::string expect = Str(row, "expect");
  INFO(name);
  const VerifyResult result = Verify(Str(row, "token"), Ring(row), OnlyVersion(version), Clock2026());
  const auto purpose = kRefusedOnPurpose.find(name);
  if (expect == "ok" && purpose == kRefusedOnPurpose.end()) {
    INFO(result.refusal().message);
    CHECK(result.ok());
    return;
  }
  REQUIRE_FALSE(result.ok());
  const auto earlier = kRefusedEarlier.find(name);
  const Reason wanted = expect == "ok"                     ? purpose->second
                        : earlier != kRefusedEarlier.end() ? earlier->second
                                                           : ReasonOfPublicText(expect);
  CHECK(ReasonName(result.refusal().reason) == ReasonName(wanted));
}

}  // namespace

TEST_CASE("every public token verifies, but for the listed ones") {
  for (const json::Value& row : Vectors().Find("tokens")->array()) {
    const std::string name = Str(row, "name");
    INFO(name);
    const std::int64_t version = *row.Find("schema_version")->AsInt64();
    const VerifyResult result = Verify(Str(row, "token"), Ring(row), OnlyVersion(version), Clock2026());
    const auto refused = kRefusedOnPurpose.find(name);
    if (refused != kRefusedOnPurpose.end()) {
      REQUIRE_FALSE(result.ok());
      CHECK(result.refusal().reason == refused->second);
      continue;
    }
    INFO(result.refusal().message);
    REQUIRE(result.ok());
    CHECK(result.token().content().subject == Str(*row.Find("mint"), "sub"));
    CHECK(Verify(Str(row, "token"), Ring(row), OnlyVersion(7 - version), Clock2026()).refusal().reason ==
          Reason::kTokenVersion);
  }
}

TEST_CASE("the signed forms and the MACs are the public ones to the byte") {
  int in_place = 0;
  for (const json::Value& row : Vectors().Find("tokens")->array()) {
    if (kRefusedOnPurpose.contains(Str(row, "name"))) continue;
    INFO(Str(row, "name"));
    token::LegacyToken read;
    REQUIRE_FALSE(token::ReadLegacy(Str(row, "token"), read).has_value());
    std::string payload;
    token::AppendLegacyPayload(read.content, payload);
    CHECK(payload == Str(row, "canonical_payload"));
    const json::Array& caveats = row.Find("canonical_caveats")->array();
    REQUIRE(caveats.size() == read.content.caveats.size());
    for (std::size_t i = 0; i < caveats.size(); ++i) {
      std::string caveat;
      token::AppendLegacyCaveat(read.content.caveats[i], caveat);
      CHECK(caveat == caveats[i].string_value());
    }
    CHECK(token::EncodeLegacy(read.content, read.sig) == Str(row, "token"));
    const crypto::HmacKey key(*base::HexDecode(Str(row, "master_key_hex")));
    CHECK(base::Base64UrlEncode(token::LegacyMac(read, key)) == Str(row, "sig"));
    const std::vector<Caveat> more = {Caveat::ToolAllow({"<read>"}), Caveat::MaxCalls(3)};
    const std::string child = token::ExtendLegacy(read, more);
    CHECK(Verify(child, Ring(row), {}, Clock2026()).ok());
    token::LegacyShape shape;
    CHECK(token::ScanCanonical(read.json, shape) == (read.canonical && !read.content.caveats.empty()));
    if (read.canonical && shape.caveats > 0) {
      ++in_place;
      CHECK(token::ExtendCanonical(Str(row, "token"), read.json, shape, more) == child);
    }
    read.canonical = false;
    CHECK(base::Base64UrlEncode(token::LegacyMac(read, key)) == Str(row, "sig"));
  }
  CHECK(in_place > 10);
}

TEST_CASE("minting what the public product minted gives its bytes") {
  // Mint refuses caveats that would be meaningless; these rows hold such.
  const std::set<std::string> invalid = {"callee_empty",    "empty_tool_allow", "zero_max_calls",
                                         "unknown_caveat",  "negative_values",  "caveats_200",
                                         "v3_zero_max_calls", "v3_callee_allow_unknown"};
  std::size_t minted_rows = 0;
  for (const json::Value& row : Vectors().Find("tokens")->array()) {
    const std::string name = Str(row, "name");
    INFO(name);
    const json::Value& mint = *row.Find("mint");
    const auto text = [&](const char* member, const char* fallback) {
      return mint.Find(member) != nullptr ? Str(mint, member) : std::string(fallback);
    };
    MintRequest request;
    request.format = static_cast<TokenFormat>(*row.Find("schema_version")->AsInt64());
    request.subject = Str(mint, "sub");
    request.issuer = text("iss", "intentgate");
    request.tenant = text("tenant", "default");
    request.zone = text("zone", "default");
    const std::int64_t iat = *mint.Find("iat")->AsInt64();
    if (const json::Value* exp = mint.Find("exp")) request.ttl_seconds = *exp->AsInt64() - iat;
    if (const json::Value* nbf = mint.Find("nbf")) request.not_before = *nbf->AsInt64();
    if (const json::Value* caveats = mint.Find("caveats")) {
      for (const json::Value& caveat : caveats->array()) request.caveats.push_back(*Caveat::FromJson(caveat));
    }
    FixedRandom random(*base::Base64UrlDecodeText(Str(mint, "jti")));
    const ManualClock clock(iat * 1'000'000);
    const Result<MintedToken> minted = Mint(Ring(row), request, clock, random);
    if (invalid.contains(name)) {
      CHECK_FALSE(minted.ok());
      continue;
    }
    REQUIRE(minted.ok());
    CHECK(minted->token == Str(row, "token"));
    CHECK(minted->jti == Str(mint, "jti"));
    ++minted_rows;
  }
  CHECK(minted_rows == 26);
}

TEST_CASE("broken and borderline public tokens are judged as listed") {
  for (const json::Value& row : Vectors().Find("negatives")->array()) CheckNegative(row, 4);
  for (const json::Value& row : Vectors().Find("negatives_v3")->array()) CheckNegative(row, 3);
}

TEST_CASE("attenuating gives the bytes of the public gateway, and children of both SDKs verify as they do there") {
  // A limit of zero or an expiry of zero is refused when a child is made.
  const std::set<std::string> refused = {"zero_max_calls", "v3/zero_max_calls", "zero_exp"};
  for (const json::Value& row : Vectors().Find("attenuations")->array()) {
    const std::string name = Str(row, "name");
    INFO(name);
    std::vector<Caveat> caveats;
    for (const json::Value& text : row.Find("appended_canonical")->array()) {
      caveats.push_back(*Caveat::FromJson(*json::Parse(text.string_value())));
    }
    const Result<std::string> child = Attenuate(Str(row, "parent_token"), caveats, {}, Clock2026(), *SystemRandom());
    CHECK(child.ok() == !refused.contains(name));
    if (child.ok()) CHECK(*child == Str(row, "token_go"));
    for (const std::string who : {"go", "ts", "py"}) {
      INFO(who);
      const VerifyResult result = Verify(Str(row, "token_" + who), Ring(row), {}, Clock2026());
      const std::string expect = Str(row, "verify_token_" + who);
      CHECK(result.ok() == (expect == "ok"));
      if (expect != "ok") CHECK(result.refusal().reason == Reason::kTokenBadMac);
    }
  }
}

TEST_CASE("caveats judge calls as the public gateway does, but for the listed rows") {
  std::map<std::string, KeyRing> rings;
  for (const json::Value& row : Vectors().Find("tokens")->array()) rings.emplace(Str(row, "name"), Ring(row));
  const auto reason_of = [](const std::string& text) {
    if (text == "ok") return Reason::kAllowed;
    if (text.find("agent_lock") != std::string::npos) return Reason::kAgentMismatch;
    if (text.find("expired") != std::string::npos) return Reason::kTokenExpired;
    if (text.find("nbf") != std::string::npos) return Reason::kTokenNotYetValid;
    if (text.find("tool_allow") != std::string::npos) return Reason::kToolNotAllowed;
    if (text.find("tool_deny") != std::string::npos) return Reason::kToolDenied;
    if (text.find("mcp_allow") != std::string::npos) return Reason::kServerNotAllowed;
    if (text.find("risk_max") != std::string::npos) return Reason::kRiskTooHigh;
    if (text.find("future_caveat") != std::string::npos) return Reason::kCaveatUnknown;
    return Reason::kCaveatInvalid;
  };
  for (const json::Value& row : Vectors().Find("checks")->array()) {
    const std::string name = Str(row, "token_name");
    const std::string expect = Str(row, "expect");
    const std::string tool = Str(row, "tool");
    const bool east_west = row.Find("east_west")->bool_value();
    INFO(name);
    INFO(tool);
    const VerifyResult token = Verify(Str(row, "token"), rings.at(name), {}, Clock2026());
    REQUIRE(token.ok());
    const std::string agent = Str(row, "agent");
    CaveatContext context;
    context.tool = tool;
    context.agent = agent;
    context.now = *row.Find("now")->AsInt64();
    context.risk = *row.Find("risk")->AsInt64();
    if (east_west) context.callee = "some-agent";
    const std::optional<TokenRefusal> refusal = CheckCaveats(token.token(), context);
    Reason wanted = reason_of(expect);
    if (name == "zero_max_calls") wanted = Reason::kCaveatInvalid;  // zero means zero
    if (east_west) wanted = Reason::kToolDenied;                    // an agent is no way around a tool list
    CHECK(ReasonName(refusal ? refusal->reason : Reason::kAllowed) == ReasonName(wanted));
    if (expect.starts_with("caveat ")) {
      CHECK(refusal->caveat_index == static_cast<std::size_t>(expect[7] - '0'));
    }
  }
}

TEST_CASE("callee caveats judge agent-to-agent calls as the public gateway does") {
  std::map<std::string, KeyRing> rings;
  for (const json::Value& row : Vectors().Find("tokens")->array()) rings.emplace(Str(row, "name"), Ring(row));
  for (const json::Value& row : Vectors().Find("can_call")->array()) {
    const std::string name = Str(row, "token_name");
    INFO(name);
    const VerifyResult token = Verify(Str(row, "token"), rings.at(name), {}, Clock2026());
    REQUIRE(token.ok());
    const std::string callee = Str(row, "callee"), zone = Str(row, "callee_zone");
    CaveatContext context;
    context.tool = "sap.x";
    context.callee = callee;
    context.callee_zone = zone;
    context.risk = 0;
    context.now = 1767225610;
    const std::optional<TokenRefusal> refusal = CheckCaveats(token.token(), context);
    CHECK(!refusal == row.Find("allowed")->bool_value());
    if (refusal) CHECK(refusal->reason == Reason::kCalleeNotAllowed);
  }
}

}  // namespace intentgate
