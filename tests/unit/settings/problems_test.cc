#include <doctest/doctest.h>

#include <intentgate/settings.h>

#include "unit/settings/scratch.h"

namespace intentgate::settings {
namespace {

// All problems, one a line, with the key set so that only `yaml` and `environment` are wrong.
std::string Problems(std::string_view yaml, std::map<std::string, std::string> environment = {}) {
  environment.try_emplace("INTENTGATE_MASTER_KEY", kMasterKey);
  std::string all;
  for (const SettingsProblem& p : LoadGateSettings(yaml, "gate.yaml", environment).problems) {
    all += p.where + ": " + p.message + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("every mistake is reported, each with its place") {
  CHECK(Problems("store:\n  kind: redis\n  sqlite_pth: x\nbudget:\n  agent:\n    window_calls: -1\n  agents: {bot: {window_call: 1}}\nbudgets: 1\n") ==
        "gate.yaml:2:9 (store.kind): must be one of sqlite, postgres, memory\n"
        "gate.yaml:3:3 (store.sqlite_pth): there is no such setting; did you mean \"sqlite_path\"?\n"
        "gate.yaml:6:19 (budget.agent.window_calls): must be a whole number of at least 0\n"
        "gate.yaml:7:18 (budget.agents.bot.window_call): there is no such setting; did you mean \"window_calls\"?\n"
        "gate.yaml:8:1 (budgets): there is no such setting; did you mean \"budget\"?\n");
}

TEST_CASE("a value of the wrong shape is a mistake, never a default") {
  CHECK(Problems("store: sqlite") == "gate.yaml:1:8 (store): must be a section of names and values\n");
  CHECK(Problems("store: {kind: [sqlite]}") == "gate.yaml:1:15 (store.kind): must be one value\n");
  CHECK(Problems("store: {kind: }") == "gate.yaml:1:15 (store.kind): must be one value\n");
  CHECK(Problems("policy: {files: a.rego}") == "gate.yaml:1:17 (policy.files): must be a list\n");
  CHECK(Problems("capability: {required: yes}") == "gate.yaml:1:24 (capability.required): must be true or false\n");
  CHECK(Problems("tools: [x]").find("gate.yaml:1:9 (tools[0]): must be a section such as") == 0);
  CHECK(Problems("tools: [{cost: 1}]") == "gate.yaml:1:9 (tools[0]): needs `match`: a tool's name or a glob over names\n");
  CHECK(Problems("tools: [{match: t, cost_argument: amount}]").find("must be a JSON pointer") != std::string::npos);
  CHECK(Problems("tools: [{match: t, price: 1}]").find("(tools[0].price): there is no such setting") != std::string::npos);
  CHECK(Problems("- 1") == "gate.yaml:1:1: must be a section of names and values\n");
  CHECK(Problems("budget: {agent: {window_calls: 99999999999999999999}}").find("whole number") != std::string::npos);
  CHECK(Problems("budget: {agent: {window_seconds: 0}}").find("at least 1 and at most") != std::string::npos);
  CHECK(Problems("a: [1").find("gate.yaml:") == 0);
}

TEST_CASE("an unknown variable is a mistake with a suggestion") {
  CHECK(Problems("", {{"INTENTGATE_REQUIRE_CAPABILTY", "true"}}) ==
        "INTENTGATE_REQUIRE_CAPABILTY: there is no such setting; did you mean \"INTENTGATE_REQUIRE_CAPABILITY\"?\n");
  CHECK(Problems("", {{"INTENTGATE_QQQQQQQQQQQQ", "true"}}) == "INTENTGATE_QQQQQQQQQQQQ: there is no such setting\n");
}

TEST_CASE("what the public product has and this version does not is said, not ignored") {
  for (const char* name : {"INTENTGATE_REDIS_URL", "INTENTGATE_WEBHOOK_URL",
                           "INTENTGATE_SIEM_SPLUNK_URL", "INTENTGATE_APPROVAL_TIMEOUT_S", "INTENTGATE_PII_FILTER_ENABLED",
                           "INTENTGATE_OUTPUT_SCHEMAS_PATH", "INTENTGATE_TENANT_SCOPED_TOOLS", "INTENTGATE_LAB_MODE"}) {
    const std::string problems = Problems("", {{name, "x"}});
    INFO(name);
    CHECK(problems.find(std::string(name) + ": not supported: ") == 0);
    CHECK(problems.find("unset it") != std::string::npos);
  }
  CHECK(Problems("", {{"INTENTGATE_AUDIT_PERSIST", "false"}}).find("always stored") != std::string::npos);
  CHECK(Problems("", {{"INTENTGATE_POLICY_STORE", "postgres"}}).find("policy.files") != std::string::npos);
}

TEST_CASE("PostgreSQL without a URL is a mistake that names the variable; no message shows the URL") {
  CHECK(Problems("store: {kind: postgres}") ==
        "store.kind: `postgres` needs store.postgres_url (INTENTGATE_POSTGRES_URL)\n");
  CHECK(Problems("store: {kind: postgre, postgres_url: \"postgresql://u:s3cr3t@h/d\"}").find("s3cr3t") == std::string::npos);
}

TEST_CASE("a key file that others can read is refused with the command that mends it") {
  const Scratch scratch;
  const std::string line = "main " + std::string(kMasterKey) + " active\n";
  for (const mode_t mode : {0640u, 0604u, 0660u, 0644u, 0601u}) {
    const std::string path = scratch.Put("keys", line, mode);
    const SettingsLoad load = LoadGateSettings("", "", {{"INTENTGATE_KEYS_FILE", path}});
    REQUIRE(load.problems.size() == 1);
    CHECK(load.problems[0].where == "INTENTGATE_KEYS_FILE");
    CHECK(load.problems[0].message.find("chmod 600 " + path) != std::string::npos);
    CHECK_FALSE(load.settings.keys.has_value());
  }
  for (const mode_t mode : {0600u, 0400u}) {
    CHECK(LoadGateSettings("", "", {{"INTENTGATE_KEYS_FILE", scratch.Put("keys", line, mode)}}).problems.empty());
  }
}

TEST_CASE("keys that are missing or wrong are a mistake that says nothing of the key") {
  CHECK(LoadGateSettings("", "", {}).problems.at(0).message.find("intentgate keygen") != std::string::npos);
  CHECK(LoadGateSettings("capability: {required: false}", "", {}).problems.empty());
  const SettingsLoad load = LoadGateSettings("", "", {{"INTENTGATE_MASTER_KEY", "secret!"}});
  REQUIRE(load.problems.size() == 1);
  CHECK(load.problems[0].message.find("secret!") == std::string::npos);
  CHECK(LoadGateSettings("", "", {{"INTENTGATE_KEYS_FILE", "/nonexistent/keys"}}).problems.at(0).message ==
        "cannot read /nonexistent/keys: No such file or directory");
  CHECK(LoadGateSettings("keys: {file: /}", "", {}).problems.at(0).message == "/ is no regular file");
}

TEST_CASE("settings that contradict each other are a mistake") {
  CHECK(Problems("intent: {extractor: http}").find("needs intent.extractor_url") != std::string::npos);
  CHECK(Problems("intent: {extractor_url: \"ftp://x\"}").find("http:// or https://") != std::string::npos);
  CHECK(Problems("capability: {revocation_refresh_ms: 5000}").find("must be less than") != std::string::npos);
  CHECK(Problems("policy: {files: [nowhere.rego]}") == "gate.yaml:1:18 (policy.files): cannot read nowhere.rego: No such file or directory\n");
}

}  // namespace intentgate::settings
