#include "audit/public_chain.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "audit/canonical_event.h"

namespace intentgate::audit {
namespace {

json::Value Vectors() {
  std::ifstream file(std::string(INTENTGATE_TEST_DATA) + "/golden/audit/public_chain_vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = json::Parse(text.str());
  REQUIRE(parsed.ok());
  return std::move(*parsed);
}

std::string Text(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  return member != nullptr && member->is_string() ? member->string_value() : "";
}

std::vector<PublicRow> RowsOf(const json::Value& scenario) {
  std::vector<PublicRow> rows;
  for (const json::Value& row : scenario.Find("rows")->array()) {
    rows.push_back({*row.Find("id")->AsInt64(), *row.Find("event"), Text(row, "prev_hash"), Text(row, "hash")});
  }
  return rows;
}

const json::Value& Scenario(const json::Value& vectors, std::string_view name) {
  for (const json::Value& scenario : vectors.Find("verify")->array()) {
    if (Text(scenario, "name") == name) return scenario;
  }
  FAIL("no scenario " << name);
  return vectors;
}

}  // namespace

TEST_CASE("canonical bytes and hashes of the public product come out the same") {
  const json::Value vectors = Vectors();
  for (const json::Value& row : vectors.Find("rows")->array()) {
    const auto canonical = PublicCanonical(*row.Find("event"));
    REQUIRE(canonical.ok());
    CHECK(*canonical == Text(row, "canonical"));
    CHECK(ChainHash(Text(row, "prev_hash"), *canonical) == Text(row, "hash"));
  }
}

TEST_CASE("without further rules every scenario has the public verifier's result") {
  const json::Value vectors = Vectors();
  int scenarios = 0;
  for (const json::Value& scenario : vectors.Find("verify")->array()) {
    CAPTURE(Text(scenario, "name"));
    const auto report = VerifyPublicChain(RowsOf(scenario), Text(scenario, "tenant"));
    REQUIRE(report.ok());
    const json::Value& expected = *scenario.Find("result");
    CHECK(report->ok == expected.Find("ok")->bool_value());
    CHECK(report->verified == *expected.Find("verified")->AsInt64());
    CHECK(report->skipped == *expected.Find("skipped")->AsInt64());
    const json::Value* broken = expected.Find("broken_at");
    CHECK(report->broken_id.has_value() == broken->is_object());
    if (broken->is_object()) {
      CHECK(report->broken_id == broken->Find("id")->AsInt64());
      CHECK(report->stored_hash == Text(*broken, "stored_hash"));
      CHECK(report->expected_hash == Text(*broken, "expected_hash"));
    }
    ++scenarios;
  }
  CHECK(scenarios == 11);
}

TEST_CASE("with rules for first row, hashes and head, deletions and a rewrite are found") {
  const json::Value vectors = Vectors();
  const std::vector<PublicRow> clean = RowsOf(Scenario(vectors, "clean"));
  PublicChainRules rules;
  rules.from_the_start = true;
  rules.every_row_hashed = true;
  rules.head_hash = clean[5].hash;   // the last row of tenant acme
  CHECK(VerifyPublicChain(clean, "acme", rules)->ok);

  const std::map<std::string, std::optional<std::int64_t>> found = {
      {"first_row_deleted", 2}, {"prefix_blanked", 1}, {"last_row_deleted", std::nullopt},
      {"whole_chain_recomputed", std::nullopt}};
  for (const auto& [name, broken_id] : found) {
    CAPTURE(name);
    const std::vector<PublicRow> rows = RowsOf(Scenario(vectors, name));
    CHECK(VerifyPublicChain(rows, "acme")->ok);
    const auto report = VerifyPublicChain(rows, "acme", rules);
    CHECK_FALSE(report->ok);
    CHECK(report->broken_id == broken_id);
    CHECK_FALSE(report->reason.empty());
  }
  // Members outside the hash cannot be protected by any rule.
  CHECK(VerifyPublicChain(RowsOf(Scenario(vectors, "unhashed_fields_changed")), "acme", rules)->ok);
}

TEST_CASE("a row of the wrong shape is refused") {
  CHECK(PublicCanonical(json::Value(1)).error().code == ErrorCode::kMalformed);
  CHECK(PublicCanonical(json::MakeObject({{"tool", 7}})).error().message.find("tool") != std::string::npos);
}

}  // namespace intentgate::audit
