// One event of every sort that the gate writes, chained, for whoever renders or reads events.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <intentgate/audit.h>

#include "audit/canonical_event.h"

namespace intentgate::test {

// A chain that grows by one event after the other.
class SampleChain {
 public:
  explicit SampleChain(std::string tenant = "acme") : tenant_(std::move(tenant)) {}

  AuditRecord Next(AuditEvent event) {
    event.tenant = tenant_;
    if (event.event_id.empty()) event.event_id = tenant_ + "-" + std::to_string(seq_);
    if (event.ts_micros == 0) event.ts_micros = 1'700'000'000'123'456 + seq_;
    audit::EventDraft draft = audit::MakeDraft(std::move(event), "replica-1:00112233", false);
    AuditRecord record = draft.stored.record;
    audit::Place(draft, seq_++, hash_, record);
    hash_ = record.hash;
    return record;
  }

 private:
  const std::string tenant_;
  std::int64_t seq_ = 0;
  std::string hash_;
};

inline AuditEvent SampleCall(std::string_view decision, Reason code, Check check) {
  AuditEvent e;
  e.decision = decision;
  e.reason_code = code;
  e.check = check;
  e.reason = "a reason";
  e.method = "tools/call";
  e.tool = "read_file";
  e.agent_id = "finance-bot";
  e.session_id = "session-1";
  e.arg_keys = {"path"};
  e.args_sha256 = std::string(64, 'a');
  e.capability_token_id = "token-2";
  e.root_capability_token_id = "token-1";
  e.caveat_count = 2;
  e.intent_summary = "read the invoices";
  e.policy_sha256 = std::string(64, 'b');
  e.latency_us = 1'234;
  e.remote_ip = "10.0.0.1:53104";
  return e;
}

inline AuditEvent SampleOutcome(std::string_view outcome, std::int64_t status) {
  AuditEvent e;
  e.kind = EventKind::kOutcome;
  e.agent_id = "finance-bot";
  e.capability_token_id = "token-2";
  e.root_capability_token_id = "token-1";
  e.decision_event_id = "the-decision";
  e.outcome = outcome;
  e.upstream_status = status;
  e.latency_us = 45'678;
  e.result_bytes = 17;
  e.result_sha256 = std::string(64, 'c');
  return e;
}

inline AuditEvent SampleAdmin(std::string_view tool) {
  AuditEvent e;
  e.kind = EventKind::kAdmin;
  e.tool = tool;
  e.decision = "allow";
  e.actor = "tenant:acme";
  e.remote_ip = "[2001:db8::1]:4711";
  e.elevation_id = "elevation-7";
  e.reason = "as asked for";
  e.agent_id = "finance-bot";
  e.capability_token_id = "token-2";
  e.policy_sha256 = tool == "admin/policy" ? std::string(64, 'b') : "";
  e.details = json::MakeObject({{"format", "v5"}});
  return e;
}

inline AuditEvent SampleControl(std::string_view tool) {
  AuditEvent e;
  e.kind = tool == "audit/genesis" ? EventKind::kGenesis : EventKind::kControl;
  e.tool = tool;
  if (tool == "audit/gap_declared") e.details = json::MakeObject({{"lost_by", "replica-1:0"}, {"why", "commit_failed"}, {"count", 3}});
  return e;
}

// The genesis event first.
inline std::vector<AuditEvent> SampleEvents() {
  std::vector<AuditEvent> all;
  for (const char* tool : {"audit/genesis", "audit/async_opened", "audit/async_closed", "audit/gap_declared",
                           "audit/key_rotated", "audit/epoch_opened", "audit/pruned", "audit/verified", "audit/unheard_of"}) {
    all.push_back(SampleControl(tool));
  }
  for (const char* tool : {"admin/mint", "admin/revoke", "admin/policy", "admin/erase", "admin/prune", "admin/hold_placed",
                           "admin/hold_lifted", "admin/unheard_of"}) {
    all.push_back(SampleAdmin(tool));
  }
  constexpr std::pair<const char*, int> kOutcomes[] = {{"success", 200}, {"tool_error", 200}, {"timeout", 0}, {"transport", 0},
                                                       {"upstream_http", 502}, {"cancelled", 0}, {"unheard_of", 0}};
  for (const auto& [outcome, status] : kOutcomes) {
    all.push_back(SampleOutcome(outcome, status));
  }
  all.push_back(SampleCall("allow", Reason::kAllowed, Check::kNone));
  all.push_back(SampleCall("escalate", Reason::kPolicyEscalated, Check::kPolicy));
  for (int code = 100; code < 600; ++code) {
    const auto reason = static_cast<Reason>(code);
    if (ReasonName(reason).find('.') == std::string_view::npos) continue;
    const Check check = code < 200   ? Check::kCapability
                        : code < 300 ? Check::kIntent
                        : code < 400 ? Check::kPolicy
                        : code < 500 ? Check::kBudget
                                     : Check::kNone;
    all.push_back(SampleCall("block", reason, check));
  }
  for (const char* answer : {"allow", "block"}) {
    all.push_back(SampleCall(answer, Reason::kPolicyEscalated, Check::kPolicy));
    all.back().pending_id = "pending-1";
    all.back().decided_by = "alice";
  }
  // A stranger: nothing is known of the caller.
  AuditEvent stranger;
  stranger.decision = "block";
  stranger.reason_code = Reason::kNoToken;
  stranger.check = Check::kCapability;
  all.push_back(stranger);
  return all;
}

}  // namespace intentgate::test
