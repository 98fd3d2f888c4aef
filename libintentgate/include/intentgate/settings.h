// The gate's settings: what a configuration file, the environment or code can say. One YAML file serves
// the server and the bindings; the server's own sections are skipped here and read by server/config.
//
// Every name, its default and its environment variable are in docs/configuration.md, which a test
// compares with SettingsReference().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/keys.h>
#include <intentgate/result.h>

namespace intentgate {

enum class StoreKind : std::uint8_t { kMemory, kSqlite, kPostgres };
enum class IntentMode : std::uint8_t { kOff, kWhenGiven, kRequired };  // kWhenGiven: only calls that carry a prompt
enum class ExtractorKind : std::uint8_t { kLexical, kHttp };
enum class FailureMode : std::uint8_t { kDeny, kAllow };               // kAllow is recorded in the chain
enum class ArgRedaction : std::uint8_t { kOff, kScalars, kRaw };       // which argument values events carry

// Ceilings on a counter; nullopt: none.
struct BudgetLimits {
  std::optional<std::int64_t> lifetime_calls;
  std::optional<std::int64_t> window_calls;
  std::optional<std::int64_t> window_cost;
  std::int64_t window_seconds = 60;
};

// What is known about one tool, or about every tool whose name matches a glob.
struct ToolSettings {
  std::string pattern;                              // glob over tool names
  std::int64_t cost = 0;                            // cost units (cents) per call
  std::string cost_argument;                        // JSON pointer; its number, rounded up, is the cost instead
  std::optional<AuditDurability> durability;        // overrides audit.durability
  std::optional<AuditOverflow> overflow;            // overrides audit.overflow
};

// A function, because g++ 12 fails on the list as a member's initializer.
inline std::vector<std::string> DefaultPrivateValues() {
  return {"arg_values", "args_sha256", "intent_summary", "remote_ip"};
}

struct GateSettings {
  // keys
  std::optional<KeyRing> keys;                      // from keys.file or INTENTGATE_MASTER_KEY
  // store
  StoreKind store = StoreKind::kSqlite;
  std::string sqlite_path = "intentgate.db";
  std::string postgres_url;                         // may hold a password: never printed
  std::string postgres_schema = "intentgate";
  // capability
  bool require_capability = true;
  std::string audience;
  bool accept_v3 = true, accept_v4 = true, accept_v5 = true;
  std::int64_t revocation_max_age_ms = 5'000;       // older snapshot: deny
  std::int64_t revocation_refresh_ms = 1'000;
  // intent
  IntentMode intent = IntentMode::kWhenGiven;
  ExtractorKind extractor = ExtractorKind::kLexical;
  std::string extractor_url;
  std::string extractor_model;                      // part of the cache key
  std::int64_t extractor_timeout_ms = 10'000;
  FailureMode extractor_failure = FailureMode::kDeny;
  std::int64_t intent_cache_entries = 1'024;
  std::int64_t intent_cache_seconds = 300;
  // policy
  // File name and content: Rego, or a bundle where the name ends in .tar.gz or .tgz. Empty: every call is refused.
  std::vector<std::pair<std::string, std::string>> policy_sources;
  std::string policy_bundle_key_file;               // given: the policy must be of bundles that this key signed
  std::string policy_bundle_key_id = "default", policy_bundle_algorithm = "RS256", policy_bundle_scope;
  std::int64_t policy_max_steps = 1'000'000;
  std::int64_t policy_max_memory_bytes = std::int64_t{64} << 20;
  // approvals
  bool approvals = true;                            // off: an escalated call is refused without a way out
  std::int64_t approval_ttl_seconds = 900;          // for the answer, and again for the use of an approved one
  std::int64_t approval_max_pending_per_token = 16, approval_max_pending_per_tenant = 1'000;
  std::int64_t approval_max_argument_bytes = 65'536;
  std::int64_t approval_keep_seconds = 7 * 86'400;  // rows, after asking; the chain keeps its events
  std::int64_t approval_poll_ms = 500;              // how often those who wait look for answers of other gateways
  std::int64_t approval_max_waiting = 1'024;        // callers that wait at once
  // budget
  BudgetLimits agent_budget, tenant_budget;         // for every agent, for every tenant
  std::map<std::string, BudgetLimits> agent_budgets, tenant_budgets;  // by id, instead
  std::vector<ToolSettings> tools;                  // first match wins
  // audit
  AuditDurability durability = AuditDurability::kDurable;
  AuditOverflow overflow = AuditOverflow::kDeny;
  std::string journal_directory;                    // needed by AuditDurability::kJournal; one process at a time
  std::int64_t journal_max_bytes = std::int64_t{256} << 20;
  std::string audit_producer;                       // the same in every run of a replica, another in each replica
  ArgRedaction arg_values = ArgRedaction::kOff;
  // Members of events that enter the chain as salted commitments only, so that their values can be erased.
  std::vector<std::string> private_values = DefaultPrivateValues();
  std::int64_t private_above_bytes = 4'096;         // so do larger values of the other members that may; 0: none
  std::int64_t audit_max_batch = 1'024;
  std::int64_t audit_max_delay_us = 0;
  // checkpoints over the chain; <intentgate/evidence.h>
  std::string signing_key_file;                     // empty: none are signed
  std::string signing_previous_key_file;            // of a key that signs as well
  std::string signing_time_key_file;                // of a key that adds the time to checkpoints; empty: none
  std::string signing_state_file;                   // empty: the key file's name with ".state"
  std::string signing_deployment = "intentgate";    // origins are "<deployment>/audit/<tenant>/<epoch>"
  std::int64_t signing_interval_ms = 1'000;         // 0 in code only: nothing runs in the background
  std::int64_t signing_max_events = 10'000;
  std::int64_t signing_reemit_ms = 60'000;
  std::int64_t signing_max_merge_delay_ms = 10'000;
  // where checkpoints go; all empty: they stay here
  std::string witness_policy_file;                  // a C2SP tlog-policy
  std::string anchor_webhook_url, anchor_file, anchor_tenant;
  std::int64_t publish_interval_ms = 10'000;
  std::int64_t publish_timeout_ms = 5'000;
  // verification of whole chains in the background
  std::int64_t verification_interval_hours = 24;    // of one tenant's; 0: never by itself
  std::int64_t verification_events_per_second = 20'000;   // at most, so that it takes little from the calls
  // retention
  std::int64_t retention_days = 0;                  // older events are archived and pruned; 0: never by itself
  std::string archive_directory;                    // of what is pruned; empty: nothing can be
  bool archive_values = false;                      // private values are archived as well
};

// One mistake, with its place.
struct SettingsProblem {
  std::string where;         // "intentgate.yaml:12:3 (budget.agent.window_calls)" or "INTENTGATE_MASTER_KEY"
  std::string message;       // what is wrong and what would be right
};

struct SettingsLoad {
  GateSettings settings;
  std::vector<SettingsProblem> problems;   // empty: usable
};

// The file's text (empty: none), its name for messages and for finding relative paths, and the
// environment. Environment wins over the file. Every mistake is reported, not only the first; an unknown
// name is one. `skip_sections` are top-level names that someone else reads; the names of the server's
// sections are in kServerSections. With `keys_in_code` the caller sets settings.keys, and naming keys here as well
// is a mistake.
extern const std::vector<std::string> kServerSections;
SettingsLoad LoadGateSettings(std::string_view yaml, std::string_view file_name,
                              const std::map<std::string, std::string>& environment,
                              const std::vector<std::string>& skip_sections = kServerSections, bool keys_in_code = false);

// One row for each setting: path in the file, environment variable (may be empty), default, what it does.
struct SettingReference {
  std::string path, environment, default_value, description;
};
std::vector<SettingReference> SettingsReference();

}  // namespace intentgate
