#include "settings/environment.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <intentgate/keys.h>

#include "settings/suggest.h"
#include "settings/values.h"

namespace intentgate::settings {
namespace {

constexpr std::string_view kPrefix = "INTENTGATE_";

using Setter = std::string (*)(Draft& draft, const std::string& text, const std::string& where);

std::string SetMasterKey(Draft& draft, const std::string& text, const std::string&) {
  draft.keys_named = true;
  Result<KeyRing> ring = KeyRing::FromMasterKey(text);
  if (!ring.ok()) return ring.error().message;
  draft.settings.keys = *std::move(ring);
  return "";
}

std::string SetRequireIntent(Draft& draft, const std::string& text, const std::string&) {
  bool required = false;
  std::string problem = ReadBool(text, required);
  IntentMode& mode = draft.settings.intent;
  if (problem.empty() && required) mode = IntentMode::kRequired;
  if (problem.empty() && !required && mode == IntentMode::kRequired) mode = IntentMode::kWhenGiven;
  return problem;
}

std::string SetPolicyFile(Draft& draft, const std::string& text, const std::string& where) {
  draft.policy_files = {{text, where}};
  return "";
}

// Budgets are always counted, so there is nothing to switch.
std::string SetRequireBudget(Draft&, const std::string& text, const std::string&) {
  bool ignored = false;
  return ReadBool(text, ignored);
}

std::string SetAuditPersist(Draft&, const std::string& text, const std::string&) {
  bool persist = true;
  std::string problem = ReadBool(text, persist);
  if (problem.empty() && !persist) {
    problem = "audit events are always stored; unset it, or set store.kind to memory to keep them in memory only";
  }
  return problem;
}

std::string OnlyOff(std::string_view text, std::string_view off, const std::string& advice) {
  return Lower(text) == off ? "" : advice;
}
std::string SetPolicyStore(Draft&, const std::string& text, const std::string&) {
  return OnlyOff(text, "off", "policies are read from files in this version; unset it and name them in policy.files");
}
std::string SetAuditTarget(Draft&, const std::string& text, const std::string&) {
  return OnlyOff(text, "none",
                 "audit events are not written to standard output in this version; set it to none and use `intentgate audit export`");
}
// They rest in the gate's store, whichever that is.
std::string SetApprovalsBackend(Draft& draft, const std::string& text, const std::string&) {
  const std::string backend = Lower(text);
  if (backend != "off" && backend != "memory" && backend != "postgres") {
    return "must be off, memory or postgres; approvals are kept where store.kind says";
  }
  draft.settings.approvals = backend != "off";
  return "";
}

struct PublicName {
  std::string_view name;
  Setter set;
};

// Names of the public product that mean something here without being a row of the table.
constexpr PublicName kPublicNames[] = {
    {"INTENTGATE_MASTER_KEY", SetMasterKey},       {"INTENTGATE_REQUIRE_INTENT", SetRequireIntent},
    {"INTENTGATE_POLICY_FILE", SetPolicyFile},     {"INTENTGATE_REQUIRE_BUDGET", SetRequireBudget},
    {"INTENTGATE_AUDIT_PERSIST", SetAuditPersist}, {"INTENTGATE_POLICY_STORE", SetPolicyStore},
    {"INTENTGATE_AUDIT_TARGET", SetAuditTarget},   {"INTENTGATE_APPROVALS_BACKEND", SetApprovalsBackend},
};

// Names, or beginnings of names when they end in "_", that the public product knows and this version
// does not. Ignoring one silently would leave an operator with less than was asked for.
struct Unsupported {
  std::string_view name;
  std::string_view advice;
};
constexpr Unsupported kUnsupported[] = {
    {"INTENTGATE_REDIS_URL", "budgets are counted in this process and kept in its store; unset it and run one gateway"},
    {"INTENTGATE_APPROVAL_", "a call is held only when it asks for that (docs/approvals.md); unset it and set approvals.ttl_seconds"},
    {"INTENTGATE_WEBHOOK_", "webhooks are not in this version; unset it"},
    {"INTENTGATE_SIEM_", "SIEM delivery is not in this version; unset it and use `intentgate audit export`"},
    {"INTENTGATE_POLICY_REQUIRE_APPROVAL", "policies are read from files in this version; unset it"},
    {"INTENTGATE_OBO_", "on-behalf-of credentials are not in this version; unset it"},
    {"INTENTGATE_PROVENANCE_", "memory provenance is not in this version; unset it"},
    {"INTENTGATE_PII_", "the PII filter is not in this version; unset it"},
    {"INTENTGATE_OUTPUT_SCHEMA", "output schemas are not in this version; unset it"},
    {"INTENTGATE_TENANT_SCOPE", "tenant-scoped tools are not in this version; unset it"},
    {"INTENTGATE_CREDENTIAL_ENCRYPTION_KEY", "stored upstream credentials are not in this version; unset it"},
    {"INTENTGATE_FAULT_ISOLATION_", "fault isolation is not in this version; unset it"},
    {"INTENTGATE_ACTION_GUARD_", "write the rule into the policy; unset it"},
    {"INTENTGATE_REFVERIFY_", "reference verification is not in this version; unset it"},
    {"INTENTGATE_EASTWEST_", "agent-to-agent rules are not in this version; unset it"},
    {"INTENTGATE_TOOL_SCOPE_", "write the rule into the policy; unset it"},
    {"INTENTGATE_ZONE_SCOPE_", "write the rule into the policy; unset it"},
    {"INTENTGATE_TASK_", "task binding is not in this version; unset it"},
    {"INTENTGATE_PAYLOAD_CAPTURE_", "payload capture is not in this version; unset it"},
    {"INTENTGATE_RISK_", "risk scores are not in this version; unset it"},
    {"INTENTGATE_DECEPTION_", "decoys are not in this version; unset it"},
    {"INTENTGATE_FEDERATION_", "federation is not in this version; unset it"},
    {"INTENTGATE_DISCOVERY_", "discovery is not in this version; unset it"},
    {"INTENTGATE_LAB_MODE", "there is no mode that accepts unsigned input; unset it"},
};

// Read by other programs that may share an environment with the gate.
constexpr std::string_view kOthers[] = {"INTENTGATE_CONFIG", "INTENTGATE_GATEWAY_URL", "INTENTGATE_TOKEN",
                                        "INTENTGATE_LICENSE_KEY", "INTENTGATE_PUBLIC_GATEWAY_URL"};

// The server's variables: INTENTGATE_<SECTION>, INTENTGATE_<SECTION>_..., and three old names.
bool IsSkipped(std::string_view name, const std::vector<std::string>& skip) {
  const std::string rest = Lower(name.substr(kPrefix.size()));
  for (const std::string& section : skip) {
    if (rest == section || rest.starts_with(section + "_")) return true;
    if (section == "listen" && rest == "addr") return true;
    if (section == "admin" && rest == "tenant_admins") return true;
  }
  return std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers);
}

const Unsupported* FindUnsupported(std::string_view name) {
  for (const Unsupported& row : kUnsupported) {
    if (name == row.name || (row.name.back() == '_' && name.starts_with(row.name))) return &row;
    if ((row.name.ends_with("SCHEMA") || row.name.ends_with("SCOPE")) && name.starts_with(row.name)) return &row;
  }
  return nullptr;
}

std::vector<std::string> KnownNames(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.environment);
  for (const PublicName& row : kPublicNames) names.emplace_back(row.name);
  return names;
}

// What is wrong with one variable, or "".
std::string ReadOne(const std::string& name, const std::string& text, const std::vector<Field>& fields, Draft& draft) {
  for (const Field& field : fields) {
    if (field.environment == name) return field.set(draft, text, name);
  }
  for (const PublicName& row : kPublicNames) {
    if (row.name == name) return row.set(draft, text, name);
  }
  if (const Unsupported* row = FindUnsupported(name)) return "not supported: " + std::string(row->advice);
  return "there is no such setting" + DidYouMean(name, KnownNames(fields));
}

}  // namespace

void ReadEnvironment(const std::map<std::string, std::string>& environment, const std::vector<Field>& fields,
                     const std::vector<std::string>& skip, Draft& draft) {
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(kPrefix) || text.empty() || IsSkipped(name, skip)) continue;
    std::string problem = ReadOne(name, text, fields, draft);
    if (!problem.empty()) draft.Problem(name, std::move(problem));
  }
}

std::vector<SettingReference> EnvironmentReference() {
  return {
      {"", "INTENTGATE_MASTER_KEY", "", "One token key, base64 or base64url, at least 16 bytes, instead of `keys.file`."},
      {"", "INTENTGATE_REQUIRE_INTENT", "false", "`true` is `intent.mode: required`."},
      {"", "INTENTGATE_REQUIRE_BUDGET", "", "Accepted and without effect: budgets are always counted."},
      {"", "INTENTGATE_AUDIT_PERSIST", "true", "Accepted as `true` only: events are always stored."},
      {"", "INTENTGATE_AUDIT_TARGET", "none", "Accepted as `none` only."},
      {"", "INTENTGATE_POLICY_STORE", "off", "Accepted as `off` only."},
      {"", "INTENTGATE_APPROVALS_BACKEND", "", "`off` is `approvals.enabled: false`. `memory` and `postgres` mean on; approvals are kept where `store.kind` says."},
  };
}

}  // namespace intentgate::settings
