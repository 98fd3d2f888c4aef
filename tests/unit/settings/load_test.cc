#include <doctest/doctest.h>

#include <intentgate/settings.h>

#include "unit/settings/scratch.h"

namespace intentgate::settings {
namespace {

using Environment = std::map<std::string, std::string>;

GateSettings Good(std::string_view yaml, Environment environment = {}) {
  environment.try_emplace("INTENTGATE_MASTER_KEY", kMasterKey);
  SettingsLoad load = LoadGateSettings(yaml, "", environment);
  for (const SettingsProblem& p : load.problems) FAIL_CHECK(p.where << ": " << p.message);
  return std::move(load.settings);
}

}  // namespace

TEST_CASE("without a word the settings are the safe ones") {
  const GateSettings s = Good("");
  CHECK(s.require_capability);
  CHECK(s.intent == IntentMode::kWhenGiven);
  CHECK(s.extractor_failure == FailureMode::kDeny);
  CHECK(s.durability == AuditDurability::kDurable);
  CHECK(s.store == StoreKind::kSqlite);
  CHECK(s.arg_values == ArgRedaction::kOff);
  CHECK(s.policy_sources.empty());
  CHECK(s.keys->active_id() == "default");
}

TEST_CASE("a PostgreSQL URL alone chooses the store, a named kind is kept") {
  const std::map<std::string, std::string> environment{{"INTENTGATE_MASTER_KEY", std::string(kMasterKey)},
                                                       {"INTENTGATE_POSTGRES_URL", "postgresql://u:p@h/d"}};
  const SettingsLoad alone = LoadGateSettings("", "", environment);
  CHECK(alone.problems.empty());
  CHECK(alone.settings.store == StoreKind::kPostgres);
  CHECK(alone.settings.postgres_url == "postgresql://u:p@h/d");
  CHECK(LoadGateSettings("store: {kind: sqlite}", "", environment).settings.store == StoreKind::kSqlite);
}

TEST_CASE("every section of the file is read") {
  const Scratch scratch;
  scratch.Put("keys", "main " + std::string(kMasterKey) + " active\n", 0600);
  scratch.Put("policy.rego", "package intentgate.policy\n", 0644);
  const SettingsLoad load = LoadGateSettings(R"(
keys: {file: keys}
store: {kind: memory, sqlite_path: data/gate.db}
capability: {required: false, audience: gate-1, accept_v3: false, revocation_max_age_ms: 9000}
intent: {mode: required, extractor_url: "http://127.0.0.1:8090", extractor_failure: allow, cache_entries: 7}
policy: {files: [policy.rego], max_steps: 500}
budget:
  agent: {window_calls: 600, window_seconds: 30}
  tenant: {window_cost: 0}
  agents:
    finance-bot: {lifetime_calls: 3}
    "a.b c": {window_calls: 1}
  tenants: {acme: {window_cost: 10000, window_seconds: 3600}}
tools:
  - {match: transfer_funds, cost_argument: /amount}
  - {match: "read_*", cost: 1, durability: async}
audit: {durability: async, arg_values: scalars, max_batch: 10, max_delay_us: 50}
listen: {address: "anything at all", nested: [1]}
)",
                                            scratch.At("intentgate.yaml"), {});
  for (const SettingsProblem& p : load.problems) FAIL_CHECK(p.where << ": " << p.message);
  const GateSettings& s = load.settings;
  CHECK(s.keys->active_id() == "main");
  CHECK(s.store == StoreKind::kMemory);
  CHECK(s.sqlite_path == scratch.At("data/gate.db"));
  CHECK_FALSE(s.require_capability);
  CHECK(s.audience == "gate-1");
  CHECK_FALSE(s.accept_v3);
  CHECK(s.revocation_max_age_ms == 9000);
  CHECK(s.intent == IntentMode::kRequired);
  CHECK(s.extractor == ExtractorKind::kHttp);
  CHECK(s.extractor_failure == FailureMode::kAllow);
  CHECK(s.policy_sources == std::vector<std::pair<std::string, std::string>>{
                                {scratch.At("policy.rego"), "package intentgate.policy\n"}});
  CHECK(s.policy_max_steps == 500);
  CHECK(s.agent_budget.window_calls == 600);
  CHECK(s.agent_budget.window_seconds == 30);
  CHECK(s.tenant_budget.window_cost == 0);
  CHECK_FALSE(s.tenant_budget.window_calls.has_value());
  CHECK(s.agent_budgets.at("finance-bot").lifetime_calls == 3);
  CHECK(s.agent_budgets.at("a.b c").window_calls == 1);
  CHECK(s.tenant_budgets.at("acme").window_seconds == 3600);
  REQUIRE(s.tools.size() == 2);
  CHECK(s.tools[0].cost_argument == "/amount");
  CHECK(s.tools[1].durability == AuditDurability::kAsync);
  CHECK(s.durability == AuditDurability::kAsync);
  CHECK(s.arg_values == ArgRedaction::kScalars);
  CHECK(s.audit_max_delay_us == 50);
}

TEST_CASE("the environment wins over the file and an empty variable is no variable") {
  const GateSettings s = Good("capability: {required: true}\nintent: {mode: required}\nstore: {kind: memory}",
                              {{"INTENTGATE_REQUIRE_CAPABILITY", "false"},
                               {"INTENTGATE_REQUIRE_INTENT", "false"},
                               {"INTENTGATE_STORE_KIND", ""},
                               {"INTENTGATE_BUDGET_AGENT_WINDOW_CALLS", "12"}});
  CHECK_FALSE(s.require_capability);
  CHECK(s.intent == IntentMode::kWhenGiven);
  CHECK(s.store == StoreKind::kMemory);
  CHECK(s.agent_budget.window_calls == 12);
}

TEST_CASE("the variables of the public product mean what they mean there") {
  const Scratch scratch;
  const std::string policy = scratch.Put("p.rego", "package intentgate.policy\n", 0644);
  const GateSettings s = Good("", {{"INTENTGATE_REQUIRE_INTENT", "true"},
                                   {"INTENTGATE_EXTRACTOR_URL", "http://extractor:8090"},
                                   {"INTENTGATE_POLICY_FILE", policy},
                                   {"INTENTGATE_AUDIT_PERSIST", "true"},
                                   {"INTENTGATE_AUDIT_PERSIST_ARG_VALUES", "Numbers"},
                                   {"INTENTGATE_POLICY_STORE", "off"}});
  CHECK(s.intent == IntentMode::kRequired);
  CHECK(s.extractor == ExtractorKind::kHttp);
  CHECK(s.policy_sources.size() == 1);
  CHECK(s.arg_values == ArgRedaction::kScalars);
}

TEST_CASE("the server's variables and those of other programs are left alone") {
  Good("", {{"INTENTGATE_ADDR", ":8080"}, {"INTENTGATE_ADMIN_TOKEN", "x"}, {"INTENTGATE_TENANT_ADMINS", "a:b"},
            {"INTENTGATE_UPSTREAM_URL", "u"}, {"INTENTGATE_UPSTREAM_TIMEOUT_MS", "1"}, {"INTENTGATE_METRICS_ENABLED", "true"},
            {"INTENTGATE_LOG_LEVEL", "info"}, {"INTENTGATE_CONFIG", "f"}, {"PATH", "/bin"}, {"OTHER_TYPO", "x"}});
}

}  // namespace intentgate::settings
