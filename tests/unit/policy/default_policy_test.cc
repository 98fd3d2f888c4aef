// examples/policy/default.rego, row by row.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include <intentgate/policy.h>

namespace intentgate::policy {

TEST_CASE("the example policy gives the answers that its comments promise") {
  std::ifstream file(std::string(INTENTGATE_EXAMPLES) + "/policy/default.rego");
  std::stringstream text;
  text << file.rdbuf();
  const rego::SourceFile source{"default.rego", text.str()};
  const CompileOutcome compiled = Policy::Compile({&source, 1});
  REQUIRE_MESSAGE(compiled.ok(), (compiled.diagnostics.empty() ? "" : compiled.diagnostics[0].ToString()));
  const struct {
    const char* tool;
    const char* args;
    Effect effect;
    const char* reason;
  } rows[] = {
      {"read_invoice", "{}", Effect::kAllow, "read-only tool"},
      {"READ_invoice", "{}", Effect::kBlock, "no rule of the policy allows this tool"},
      {"record_in_ledger", "{}", Effect::kAllow, "harmless tool"},
      {"verify_vendor", "{}", Effect::kAllow, "harmless tool"},
      {"fetch_company_data", "{}", Effect::kAllow, "harmless tool"},
      {"web_search", R"({"q":"x"})", Effect::kAllow, "harmless tool"},
      {"delete", "{}", Effect::kBlock, "delete is destructive and never allowed"},
      {"drop_table", "{}", Effect::kBlock, "drop_table is destructive and never allowed"},
      {"factory_reset", "{}", Effect::kBlock, "factory_reset is destructive and never allowed"},
      {"purge_audit", "{}", Effect::kBlock, "purge_audit is destructive and never allowed"},
      {"send_email", "{}", Effect::kBlock, "no rule of the policy allows this tool"},
      {"", "{}", Effect::kBlock, "no rule of the policy allows this tool"},
      {"transfer_funds", R"({"amount_eur":0.01})", Effect::kAllow, "transfer within the limit"},
      {"transfer_funds", R"({"amount_eur":10000})", Effect::kAllow, "transfer within the limit"},
      {"transfer_funds", R"({"amount_eur":1e4})", Effect::kAllow, "transfer within the limit"},
      {"transfer_funds", R"({"amount_eur":10000.000000000000000000001})", Effect::kEscalate, "a transfer above 10000 EUR needs a person"},
      {"transfer_funds", R"({"amount_eur":1e300})", Effect::kEscalate, "a transfer above 10000 EUR needs a person"},
      {"transfer_funds", R"({"amount_eur":0})", Effect::kBlock, "a transfer must move more than nothing"},
      {"transfer_funds", R"({"amount_eur":-5})", Effect::kBlock, "a transfer must move more than nothing"},
      {"transfer_funds", R"({"amount_eur":"5"})", Effect::kBlock, "transfer_funds needs amount_eur, a number"},
      {"transfer_funds", R"({"amount_eur":null})", Effect::kBlock, "transfer_funds needs amount_eur, a number"},
      {"transfer_funds", R"({"amount_eur":true})", Effect::kBlock, "transfer_funds needs amount_eur, a number"},
      {"transfer_funds", R"({"amount_eur":[5]})", Effect::kBlock, "transfer_funds needs amount_eur, a number"},
      {"transfer_funds", R"({"Amount_EUR":5})", Effect::kBlock, "transfer_funds needs amount_eur, a number"},
      {"transfer_funds", "{}", Effect::kBlock, "transfer_funds needs amount_eur, a number"},
  };
  for (const auto& row : rows) {
    INFO(row.tool);
    INFO(row.args);
    const json::Value args = *json::Parse(row.args);
    PolicyInput input;
    input.tool = row.tool;
    input.args = &args;
    const PolicyVerdict verdict = compiled.policy->Decide(input);
    CHECK(verdict.effect == row.effect);
    CHECK(verdict.reason == row.reason);
    CHECK(verdict.failure == Failure::kNone);
    CHECK(verdict.requires_step_up == (row.effect == Effect::kEscalate));
  }
}

}  // namespace intentgate::policy
