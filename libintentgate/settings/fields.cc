#include "settings/fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "settings/values.h"

namespace intentgate::settings {
namespace {

template <typename T>
using Pair = std::pair<std::string_view, T>;

constexpr std::array kStores = {Pair<StoreKind>{"sqlite", StoreKind::kSqlite}, Pair<StoreKind>{"postgres", StoreKind::kPostgres},
                               Pair<StoreKind>{"memory", StoreKind::kMemory}};
constexpr std::array kIntentModes = {Pair<IntentMode>{"off", IntentMode::kOff},
                                     Pair<IntentMode>{"when_given", IntentMode::kWhenGiven},
                                     Pair<IntentMode>{"required", IntentMode::kRequired}};
constexpr std::array kExtractors = {Pair<ExtractorKind>{"lexical", ExtractorKind::kLexical},
                                    Pair<ExtractorKind>{"http", ExtractorKind::kHttp}};
constexpr std::array kFailureModes = {Pair<FailureMode>{"deny", FailureMode::kDeny},
                                      Pair<FailureMode>{"allow", FailureMode::kAllow}};
constexpr std::array kDurabilities = {Pair<AuditDurability>{"durable", AuditDurability::kDurable},
                                      Pair<AuditDurability>{"async", AuditDurability::kAsync},
                                      Pair<AuditDurability>{"journal", AuditDurability::kJournal}};
constexpr std::array kOverflows = {Pair<AuditOverflow>{"deny", AuditOverflow::kDeny},
                                   Pair<AuditOverflow>{"block", AuditOverflow::kBlock},
                                   Pair<AuditOverflow>{"drop_and_declare", AuditOverflow::kDropAndDeclare}};
// With the further spellings that the public product takes.
constexpr std::array kArgValues = {
    Pair<ArgRedaction>{"off", ArgRedaction::kOff},         Pair<ArgRedaction>{"scalars", ArgRedaction::kScalars},
    Pair<ArgRedaction>{"raw", ArgRedaction::kRaw},         Pair<ArgRedaction>{"false", ArgRedaction::kOff},
    Pair<ArgRedaction>{"0", ArgRedaction::kOff},           Pair<ArgRedaction>{"none", ArgRedaction::kOff},
    Pair<ArgRedaction>{"scalar", ArgRedaction::kScalars},  Pair<ArgRedaction>{"numbers", ArgRedaction::kScalars},
    Pair<ArgRedaction>{"all", ArgRedaction::kRaw},         Pair<ArgRedaction>{"values", ArgRedaction::kRaw}};

// The names that stand in a row of the table.
struct Names {
  std::string path, environment, description;
};

Field Bool(Names names, bool GateSettings::*member) {
  return {names.path, names.environment, GateSettings{}.*member ? "true" : "false", names.description,
          [member](Draft& draft, const std::string& text, const std::string&) {
            return ReadBool(text, draft.settings.*member);
          }};
}

Field Int(Names names, std::int64_t GateSettings::*member, IntRange range) {
  return {names.path, names.environment, std::to_string(GateSettings{}.*member), names.description,
          [member, range](Draft& draft, const std::string& text, const std::string&) {
            return ReadInt(text, range, draft.settings.*member);
          }};
}

Field Text(Names names, std::string GateSettings::*member) {
  return {names.path, names.environment, GateSettings{}.*member, names.description,
          [member](Draft& draft, const std::string& text, const std::string&) {
            draft.settings.*member = text;
            return std::string();
          }};
}

template <typename T, std::size_t N>
Field Choice(Names names, T GateSettings::*member, const std::array<Pair<T>, N>& choices) {
  return {names.path, names.environment, ChoiceName<T>(GateSettings{}.*member, choices), names.description,
          [member, &choices](Draft& draft, const std::string& text, const std::string&) {
            return ReadChoice<T>(text, choices, draft.settings.*member);
          }};
}

Field BudgetField(std::string who, BudgetLimits GateSettings::*member, std::string name, std::string description) {
  std::string environment = "INTENTGATE_BUDGET_" + who + "_" + name;
  for (char& c : environment) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return {"budget." + who + "." + name, environment, name == "window_seconds" ? "60" : "", std::move(description),
          [member, name](Draft& draft, const std::string& text, const std::string&) {
            return SetBudgetMember(draft.settings.*member, name, text).value_or("");
          }};
}

void AddKeysAndStore(std::vector<Field>& fields) {
  fields.push_back({"keys.file", "INTENTGATE_KEYS_FILE", "",
                    "File of the token keys, made by `intentgate keygen`; only its owner may read it (mode 0600). "
                    "A relative path starts at the configuration file.",
                    [](Draft& draft, const std::string& text, const std::string& where) {
                      draft.keys_named = true;
                      draft.key_file = NamedFile{text, where};
                      return std::string();
                    }});
  fields.push_back({"store.kind", "INTENTGATE_STORE_KIND", "sqlite",
                    "`sqlite`: one file, survives a restart. `postgres`: a server that several gateways share. "
                    "`memory`: nothing survives; for tests. A PostgreSQL URL alone means `postgres`.",
                    [](Draft& draft, const std::string& text, const std::string&) {
                      draft.store_chosen = true;
                      return ReadChoice<StoreKind>(text, kStores, draft.settings.store);
                    }});
  fields.push_back(Text({"store.sqlite_path", "INTENTGATE_STORE_SQLITE_PATH", "The database file; made when absent. "
                      "A relative path starts at the configuration file."},
                        &GateSettings::sqlite_path));
  fields.push_back(Text({"store.postgres_url", "INTENTGATE_POSTGRES_URL",
                         "`postgresql://user:password@host/database`, or libpq's `host=... dbname=...`; never printed. "
                         "Several hosts for failover."},
                        &GateSettings::postgres_url));
  fields.push_back(Text({"store.postgres_schema", "INTENTGATE_STORE_POSTGRES_SCHEMA",
                         "The schema of the gate's tables; made when absent."},
                        &GateSettings::postgres_schema));
}

void AddCapability(std::vector<Field>& fields) {
  fields.push_back(Bool({"capability.required", "INTENTGATE_REQUIRE_CAPABILITY",
                         "Refuse calls without a token. The other checks run either way."},
                        &GateSettings::require_capability));
  fields.push_back(Text({"capability.audience", "INTENTGATE_CAPABILITY_AUDIENCE",
                         "Who this gate is; a token that names another audience is refused."},
                        &GateSettings::audience));
  fields.push_back(Bool({"capability.accept_v3", "INTENTGATE_CAPABILITY_ACCEPT_V3", "Accept tokens of the public format v3."},
                        &GateSettings::accept_v3));
  fields.push_back(Bool({"capability.accept_v4", "INTENTGATE_CAPABILITY_ACCEPT_V4", "Accept tokens of the public format v4."},
                        &GateSettings::accept_v4));
  fields.push_back(Bool({"capability.accept_v5", "INTENTGATE_CAPABILITY_ACCEPT_V5", "Accept tokens of the format v5."},
                        &GateSettings::accept_v5));
  fields.push_back(Int({"capability.revocation_max_age_ms", "INTENTGATE_CAPABILITY_REVOCATION_MAX_AGE_MS",
                        "When the list of revocations could not be read for this long, every token is refused."},
                       &GateSettings::revocation_max_age_ms, {100, 3'600'000}));
  fields.push_back(Int({"capability.revocation_refresh_ms", "INTENTGATE_CAPABILITY_REVOCATION_REFRESH_MS",
                        "How often the list of revocations is read again; less than the maximum age."},
                       &GateSettings::revocation_refresh_ms, {10, 3'600'000}));
}

std::string SetExtractorUrl(Draft& draft, const std::string& text, const std::string&) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) return "must begin with http:// or https://";
  draft.settings.extractor_url = text;
  return "";
}

void AddIntent(std::vector<Field>& fields) {
  fields.push_back(Choice({"intent.mode", "INTENTGATE_INTENT_MODE",
                           "`when_given`: calls that carry a prompt are checked. `required`: a call without one is refused. "
                           "`off`: no intent check."},
                          &GateSettings::intent, kIntentModes));
  Field extractor = Choice({"intent.extractor", "INTENTGATE_INTENT_EXTRACTOR",
                            "`lexical`: built in. `http`: the service at `intent.extractor_url`. A URL alone means `http`."},
                           &GateSettings::extractor, kExtractors);
  extractor.set = [set = extractor.set](Draft& draft, const std::string& text, const std::string& where) {
    draft.extractor_chosen = true;
    return set(draft, text, where);
  };
  fields.push_back(std::move(extractor));
  fields.push_back({"intent.extractor_url", "INTENTGATE_EXTRACTOR_URL", "",
                    "Base URL of an extractor service; `/v1/extract` is added.", SetExtractorUrl});
  fields.push_back(Text({"intent.extractor_model", "INTENTGATE_INTENT_EXTRACTOR_MODEL",
                         "Name of the service's model; answers of one model are never used for another."},
                        &GateSettings::extractor_model));
  fields.push_back(Int({"intent.extractor_timeout_ms", "INTENTGATE_INTENT_EXTRACTOR_TIMEOUT_MS", "How long a call waits for the service."},
                       &GateSettings::extractor_timeout_ms, {1, 600'000}));
  fields.push_back(Choice({"intent.extractor_failure", "INTENTGATE_INTENT_EXTRACTOR_FAILURE",
                           "What happens when the extractor fails. `allow` skips the check and says so in the audit event."},
                          &GateSettings::extractor_failure, kFailureModes));
  fields.push_back(Int({"intent.cache_entries", "INTENTGATE_INTENT_CACHE_ENTRIES", "Answers kept; 0: none."},
                       &GateSettings::intent_cache_entries, {0, 10'000'000}));
  fields.push_back(Int({"intent.cache_seconds", "INTENTGATE_INTENT_CACHE_SECONDS", "How long an answer is kept."},
                       &GateSettings::intent_cache_seconds, {0, 86'400}));
}

void AddPolicy(std::vector<Field>& fields) {
  fields.push_back(Int({"policy.max_steps", "INTENTGATE_POLICY_MAX_STEPS", "Steps one decision may take; beyond it the call is refused."},
                       &GateSettings::policy_max_steps, {1, 1'000'000'000}));
  fields.push_back(Int({"policy.max_memory_bytes", "INTENTGATE_POLICY_MAX_MEMORY_BYTES", "Memory one decision may take; beyond it the call is refused."},
                       &GateSettings::policy_max_memory_bytes, {65'536, std::int64_t{1} << 32}));
  fields.push_back(Text({"policy.bundle_key_file", "INTENTGATE_POLICY_BUNDLE_KEY_FILE",
                         "Public key (PEM), or secret for HS algorithms, by which bundles in `policy.files` are checked. Given: the policy must be "
                         "of signed bundles alone."},
                        &GateSettings::policy_bundle_key_file));
  fields.push_back(Text({"policy.bundle_key_id", "INTENTGATE_POLICY_BUNDLE_KEY_ID", "The name of that key."}, &GateSettings::policy_bundle_key_id));
  fields.push_back(Text({"policy.bundle_algorithm", "INTENTGATE_POLICY_BUNDLE_ALGORITHM",
                         "The algorithm of the bundles' signatures: RS, PS, ES or HS with 256, 384 or 512."},
                        &GateSettings::policy_bundle_algorithm));
  fields.push_back(Text({"policy.bundle_scope", "INTENTGATE_POLICY_BUNDLE_SCOPE", "The scope that bundles must be signed for."},
                        &GateSettings::policy_bundle_scope));
}

void AddBudget(std::vector<Field>& fields) {
  for (const auto& [who, member] : {std::pair{"agent", &GateSettings::agent_budget}, std::pair{"tenant", &GateSettings::tenant_budget}}) {
    const std::string each = std::string("each ") + who;
    fields.push_back(BudgetField(who, member, "lifetime_calls", "Calls that " + each + " may make in all. Empty: no ceiling."));
    fields.push_back(BudgetField(who, member, "window_calls", "Calls that " + each + " may make in a window. Empty: no ceiling."));
    fields.push_back(BudgetField(who, member, "window_cost", "Cost that " + each + " may cause in a window. Empty: no ceiling."));
    fields.push_back(BudgetField(who, member, "window_seconds", "Length of the window, which slides."));
  }
}

void AddApprovals(std::vector<Field>& fields) {
  fields.push_back(Bool({"approvals.enabled", "INTENTGATE_APPROVALS_ENABLED",
                         "An escalated call waits for a person. Off: it is refused, and nobody is asked."},
                        &GateSettings::approvals));
  fields.push_back(Int({"approvals.ttl_seconds", "INTENTGATE_APPROVALS_TTL_SECONDS",
                        "How long a call waits for the answer, and then an approved one for its use."},
                       &GateSettings::approval_ttl_seconds, {1, 31 * 86'400}));
  fields.push_back(Int({"approvals.max_pending_per_token", "INTENTGATE_APPROVALS_MAX_PENDING_PER_TOKEN",
                        "Pending approvals of one root token; the next escalated call is refused."},
                       &GateSettings::approval_max_pending_per_token, {1, 100'000}));
  fields.push_back(Int({"approvals.max_pending_per_tenant", "INTENTGATE_APPROVALS_MAX_PENDING_PER_TENANT",
                        "Pending approvals of one tenant, likewise."},
                       &GateSettings::approval_max_pending_per_tenant, {1, 1'000'000}));
  fields.push_back(Int({"approvals.max_argument_bytes", "INTENTGATE_APPROVALS_MAX_ARGUMENT_BYTES",
                        "Arguments of a call that a person is asked about; they are stored with the approval. Larger ones are refused."},
                       &GateSettings::approval_max_argument_bytes, {64, 16 << 20}));
  fields.push_back(Int({"approvals.keep_seconds", "INTENTGATE_APPROVALS_KEEP_SECONDS",
                        "How long a closed approval stays in the list, counted from when it was asked for."},
                       &GateSettings::approval_keep_seconds, {0, std::int64_t{3'650} * 86'400}));
  fields.push_back(Int({"approvals.poll_ms", "INTENTGATE_APPROVALS_POLL_MS",
                        "How often a waiting call looks whether another gateway took the answer."},
                       &GateSettings::approval_poll_ms, {10, 60'000}));
  fields.push_back(Int({"approvals.max_waiting", "INTENTGATE_APPROVALS_MAX_WAITING",
                        "Callers that wait for answers at once; the next one is told at once that its call is pending."},
                       &GateSettings::approval_max_waiting, {0, 1'000'000}));
}

std::string SetPrivateValues(Draft& draft, const std::string& text, const std::string&) {
  constexpr std::array<std::string_view, 7> kMembers = {"arg_values", "args_sha256", "details", "intent_summary",
                                                        "reason", "remote_ip", "result_sha256"};
  std::vector<std::string> members;
  std::string_view rest = Lower(text) == "none" ? std::string_view() : std::string_view(text);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
      return "must be `none`, or names separated by commas of arg_values, args_sha256, details, intent_summary, reason, "
             "remote_ip, result_sha256";
    }
    members.emplace_back(name);
  }
  draft.settings.private_values = std::move(members);
  return "";
}

void AddAudit(std::vector<Field>& fields) {
  fields.push_back(Choice({"audit.durability", "INTENTGATE_AUDIT_DURABILITY",
                           "`durable`: a call is allowed once its event is on disk. `async`: once it is queued; a crash may lose "
                           "the newest events, and the chain says so. `journal`: once it is on the disk of this machine; it enters the chain from there."},
                          &GateSettings::durability, kDurabilities));
  fields.push_back(Choice({"audit.overflow", "INTENTGATE_AUDIT_OVERFLOW",
                           "A call whose event finds the queue or the journal full: `deny`; `block` waits for room; "
                           "`drop_and_declare` goes on without the event, and the chain says how many are missing."},
                          &GateSettings::overflow, kOverflows));
  fields.push_back(Text({"audit.journal.directory", "INTENTGATE_AUDIT_JOURNAL_DIRECTORY",
                         "Folder for the journal, on a local disk; needed for `journal`. One process at a time."},
                        &GateSettings::journal_directory));
  fields.push_back(Int({"audit.journal.max_bytes", "INTENTGATE_AUDIT_JOURNAL_MAX_BYTES",
                        "Bytes of events in the journal that the store has not taken; beyond it `audit.overflow` decides."},
                       &GateSettings::journal_max_bytes, {65'536, std::int64_t{1} << 40}));
  fields.push_back(Text({"audit.producer", "INTENTGATE_AUDIT_PRODUCER",
                         "Name of this replica in its events: the same in every run, another in each replica. A loss of an "
                         "earlier run is declared by the next one of that name. Empty: only a random number for each run."},
                        &GateSettings::audit_producer));
  fields.push_back(Choice({"audit.arg_values", "INTENTGATE_AUDIT_PERSIST_ARG_VALUES",
                           "Argument values in events: `off`, `scalars` (numbers, true, false; texts become null) or `raw`. "
                           "Names and a digest are always there."},
                          &GateSettings::arg_values, kArgValues));
  fields.push_back({"audit.private_values", "INTENTGATE_AUDIT_PRIVATE_VALUES", "arg_values,args_sha256,intent_summary,remote_ip",
                    "Members of an event that the chain only commits to, so that their values can be erased; separated by "
                    "commas, of `arg_values`, `args_sha256`, `details`, `intent_summary`, `reason`, `remote_ip`, "
                    "`result_sha256`. `none`: all values stand in the chain for good.",
                    SetPrivateValues});
  fields.push_back(Int({"audit.private_above_bytes", "INTENTGATE_AUDIT_PRIVATE_ABOVE_BYTES",
                        "Larger values of these members are only committed to as well, whether named or not; 0: none."},
                       &GateSettings::private_above_bytes, {0, 63 << 20}));
  fields.push_back(Int({"audit.verification.interval_hours", "INTENTGATE_AUDIT_VERIFICATION_INTERVAL_HOURS",
                        "Every tenant's whole chain is verified in the background this long after the last time; 0: never by itself."},
                       &GateSettings::verification_interval_hours, {0, 87'600}));
  fields.push_back(Int({"audit.verification.events_per_second", "INTENTGATE_AUDIT_VERIFICATION_EVENTS_PER_SECOND",
                        "How fast the background verifies at most."},
                       &GateSettings::verification_events_per_second, {100, 100'000'000}));
  fields.push_back(Int({"audit.retention.days", "INTENTGATE_AUDIT_RETENTION_DAYS",
                        "Events older than this are archived and pruned by themselves; 0: never. Needs an archive directory and a signing key."},
                       &GateSettings::retention_days, {0, 36'500}));
  fields.push_back(Text({"audit.retention.archive_directory", "INTENTGATE_AUDIT_RETENTION_ARCHIVE_DIRECTORY",
                         "Folder for the archive segments of pruned events. Empty: nothing can be pruned."},
                        &GateSettings::archive_directory));
  fields.push_back(Bool({"audit.retention.archive_values", "INTENTGATE_AUDIT_RETENTION_ARCHIVE_VALUES",
                         "Archive segments carry the private values that are not erased; an erasure does not reach them there."},
                        &GateSettings::archive_values));
  fields.push_back(Int({"audit.max_batch", "INTENTGATE_AUDIT_MAX_BATCH", "Events in one commit at most."},
                       &GateSettings::audit_max_batch, {1, 65'536}));
  fields.push_back(Int({"audit.max_delay_us", "INTENTGATE_AUDIT_MAX_DELAY_US", "How long a commit waits for more events; 0: not at all."},
                       &GateSettings::audit_max_delay_us, {0, 1'000'000}));
}

void AddSigning(std::vector<Field>& fields) {
  fields.push_back(Text({"audit.signing.key_file", "INTENTGATE_AUDIT_SIGNING_KEY_FILE",
                         "File of the key that signs checkpoints over the chain, made by `intentgate audit keygen`; only its owner "
                         "may use it (mode 0600). Empty: no checkpoints. All replicas of one store use the same key."},
                        &GateSettings::signing_key_file));
  fields.push_back(Text({"audit.signing.previous_key_file", "INTENTGATE_AUDIT_SIGNING_PREVIOUS_KEY_FILE",
                         "File of the key before, which signs as well until every auditor has the new verifier key."},
                        &GateSettings::signing_previous_key_file));
  fields.push_back(Text({"audit.signing.time_key_file", "INTENTGATE_AUDIT_SIGNING_TIME_KEY_FILE",
                         "File of a second key, made by `intentgate audit keygen --time`, that cosigns each checkpoint with the time "
                         "of its signature. Empty: checkpoints have no signed time."},
                        &GateSettings::signing_time_key_file));
  fields.push_back(Text({"audit.signing.state_file", "INTENTGATE_AUDIT_SIGNING_STATE_FILE",
                         "What this machine has signed, kept outside of the store so that a restored backup cannot take it back. "
                         "Empty: the key file's name with `.state`."},
                        &GateSettings::signing_state_file));
  fields.push_back(Text({"audit.signing.deployment", "INTENTGATE_AUDIT_SIGNING_DEPLOYMENT",
                         "Name of this deployment in its checkpoints: `<deployment>/audit/<tenant>/<epoch>`."},
                        &GateSettings::signing_deployment));
  fields.push_back(Int({"audit.signing.interval_ms", "INTENTGATE_AUDIT_SIGNING_INTERVAL_MS",
                        "How often a checkpoint is signed when there are new events."},
                       &GateSettings::signing_interval_ms, {10, 3'600'000}));
  fields.push_back(Int({"audit.signing.max_events", "INTENTGATE_AUDIT_SIGNING_MAX_EVENTS",
                        "New events after which one is signed at once."},
                       &GateSettings::signing_max_events, {1, 1'000'000'000}));
  fields.push_back(Int({"audit.signing.reemit_ms", "INTENTGATE_AUDIT_SIGNING_REEMIT_MS",
                        "A checkpoint without news is signed again after this time."},
                       &GateSettings::signing_reemit_ms, {1'000, 86'400'000}));
  fields.push_back(Int({"audit.signing.max_merge_delay_ms", "INTENTGATE_AUDIT_SIGNING_MAX_MERGE_DELAY_MS",
                        "What a receipt promises: its event is under a checkpoint after this time."},
                       &GateSettings::signing_max_merge_delay_ms, {1'000, 86'400'000}));
}

void AddPublishing(std::vector<Field>& fields) {
  fields.push_back(Text({"audit.publish.witness_policy_file", "INTENTGATE_AUDIT_PUBLISH_WITNESS_POLICY_FILE",
                         "C2SP tlog-policy file: the witnesses that cosign checkpoints, their URLs and the quorum."},
                        &GateSettings::witness_policy_file));
  fields.push_back(Text({"audit.publish.webhook_url", "INTENTGATE_AUDIT_PUBLISH_WEBHOOK_URL",
                         "Gets each checkpoint that leaves, as a POST of JSON."},
                        &GateSettings::anchor_webhook_url));
  fields.push_back(Text({"audit.publish.file", "INTENTGATE_AUDIT_PUBLISH_FILE",
                         "Gets each checkpoint that leaves, as a line of JSON; on a disk that the database's owner cannot write."},
                        &GateSettings::anchor_file));
  fields.push_back(Text({"audit.publish.tenant", "INTENTGATE_AUDIT_PUBLISH_TENANT",
                         "The chain of this tenant gets each checkpoint of the other tenants that leaves, as an event."},
                        &GateSettings::anchor_tenant));
  fields.push_back(Int({"audit.publish.interval_ms", "INTENTGATE_AUDIT_PUBLISH_INTERVAL_MS",
                        "How often at most a tenant's newest checkpoint goes to witnesses and to the three places above."},
                       &GateSettings::publish_interval_ms, {10, 86'400'000}));
  fields.push_back(Int({"audit.publish.timeout_ms", "INTENTGATE_AUDIT_PUBLISH_TIMEOUT_MS", "How long one request may take."},
                       &GateSettings::publish_timeout_ms, {1, 600'000}));
}

}  // namespace

std::string ReadDurability(std::string_view text, AuditDurability& out) {
  return ReadChoice<AuditDurability>(text, kDurabilities, out);
}

std::string ReadOverflow(std::string_view text, AuditOverflow& out) {
  return ReadChoice<AuditOverflow>(text, kOverflows, out);
}

const std::vector<std::string>& BudgetMembers() {
  static const std::vector<std::string> members = {"lifetime_calls", "window_calls", "window_cost", "window_seconds"};
  return members;
}

std::optional<std::string> SetBudgetMember(BudgetLimits& limits, std::string_view name, std::string_view text) {
  if (name == "window_seconds") return ReadInt(text, {1, 31 * 86'400}, limits.window_seconds);
  std::optional<std::int64_t>* target = name == "lifetime_calls" ? &limits.lifetime_calls
                                        : name == "window_calls" ? &limits.window_calls
                                        : name == "window_cost"  ? &limits.window_cost
                                                                 : nullptr;
  if (target == nullptr) return std::nullopt;
  std::int64_t value = 0;
  std::string problem = ReadInt(text, {}, value);
  if (problem.empty()) *target = value;
  return problem;
}

std::vector<Field> MakeFields() {
  std::vector<Field> fields;
  AddKeysAndStore(fields);
  AddCapability(fields);
  AddIntent(fields);
  AddPolicy(fields);
  AddApprovals(fields);
  AddBudget(fields);
  AddAudit(fields);
  AddSigning(fields);
  AddPublishing(fields);
  return fields;
}

}  // namespace intentgate::settings
