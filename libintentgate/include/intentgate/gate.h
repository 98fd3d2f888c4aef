// The gate: four questions in order, first "no" wins, one event in the chain for every answer.
//
//   Result<std::shared_ptr<Gate>> gate = Gate::Open(settings);
//   Decision d = (*gate)->Authorize({.token = bearer, .tool = "read_file", .arguments = &args});
//   if (!d.allowed()) return d.reason;
//   ... call the tool ...
//   (*gate)->RecordOutcome(d, {.outcome = "success"});
//
// An allow is returned only once its event is as durable as the settings ask for that tool. Authorize
// decides in memory: it does no I/O besides waiting for that commit, unless an intent extractor behind
// HTTP has to be asked. A denial is a value, never an Error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/approval.h>
#include <intentgate/audit.h>
#include <intentgate/clock.h>
#include <intentgate/json.h>
#include <intentgate/keys.h>
#include <intentgate/reason.h>
#include <intentgate/result.h>
#include <intentgate/retention.h>
#include <intentgate/token.h>

namespace intentgate {

class Evidence;        // evidence.h
class ForeignTokens;   // foreign_tokens.h
struct GateSettings;   // settings.h
namespace policy {
class Policy;          // policy.h
struct CompileOutcome;
}
using policy::Policy;
class IntentExtractor; // intent.h

enum class Verdict : std::uint8_t { kAllow, kBlock, kEscalate };
std::string_view VerdictName(Verdict verdict);  // "allow", "block", "escalate"

// One call to be judged. Borrows; must outlive Authorize, not the callback of AuthorizeAsync.
struct Call {
  std::string_view token;                    // the bearer string without "Bearer "; empty: none
  std::string_view tool;
  const json::Value* arguments = nullptr;    // an object, or null when the call has none
  std::string_view method = "tools/call";
  std::string_view prompt;                   // what the agent was asked to do; empty: unknown
  std::string_view session_id;
  std::string_view remote_ip;
  std::string_view server;                   // the upstream's name
  // A later round of a call that was charged: judged again by the other checks, not counted again.
  bool continues = false;
  std::string_view approval_id;              // of an earlier escalation of the same call; empty: none
  std::string_view holder;                   // thumbprint of the key that the caller has proved to hold (RFC 7638); empty: none
};

struct TraceStep {
  Check check = Check::kNone;
  bool passed = false;
  std::string detail;                        // a sentence: what was asked and what came out
};

// Nanoseconds that each question took; 0 when it was not asked.
struct CheckTimes {
  std::int64_t capability = 0, intent = 0, policy = 0, budget = 0;
  std::int64_t revocation = 0;               // the look-up within capability
};

struct Decision {
  Verdict verdict = Verdict::kBlock;
  Check check = Check::kNone;                // who refused; kNone for an allow
  Reason code = Reason::kInvalidRequest;
  std::string reason;                        // a sentence, safe to show to the agent
  // What decided, of a refusal by one of the four checks: "caveat 2 (arg) of hop 1", "token", "intent",
  // "policy data.intentgate.policy.decision", "budget agent:<id>:window_calls". Empty for an allow.
  std::string rule;
  bool requires_step_up = false;
  std::string approval_id;                   // escalate: what the call waits for; allow: what it has used
  std::string event_id;                      // of the decision's event; empty if it could not be recorded
  std::string tenant, agent_id, jti, root_jti;
  std::int64_t latency_us = 0;               // deciding, without the wait for the commit
  std::optional<AuditReceipt> receipt;       // durable decisions
  CheckTimes times;
  std::vector<TraceStep> trace;              // Explain only

  bool allowed() const { return verdict == Verdict::kAllow; }
};

using DecisionDone = std::function<void(Decision)>;

// Whether a proof of possession was used before, by any gate on the same store.
enum class ProofUse : std::uint8_t { kFirst, kAgain };
using ProofDone = std::function<void(Result<ProofUse>)>;

// What became of an allowed call.
struct Outcome {
  std::string outcome = "success";           // "success", "tool_error", "timeout", "transport", "upstream_http", "cancelled"
  std::int64_t upstream_status = 0;
  std::int64_t latency_us = 0;
  std::int64_t result_bytes = 0;
  std::string result_sha256;
};

struct ToolInfo;  // intent.h

struct RevokeRequest {
  std::string tenant;                        // "": every tenant
  std::string id;                            // jti, hop id or root id
  std::string reason;
  std::string actor;
};

struct RevocationRow {
  std::string tenant, id, reason, revoked_by;
  std::int64_t revoked_at_micros = 0;
};

// Who is asking on the admin side, for the chain.
struct AdminContext {
  std::string actor;                         // "superadmin" or "tenant:<id>"
  std::string remote_ip;
  std::string elevation_id;
};

// An operator has accepted what a tool says of itself.
struct ToolAcceptance {
  std::string tool, server;
  std::string sha256;                        // of the definition, in hex
  std::vector<std::string> before;           // what was accepted of the tool until then
  bool kept = false;                         // that stays accepted as well
};

struct GateHealth {
  bool ready = false;
  std::string problem;                       // why not, for operators
};

// The policy that the settings name, compiled as Gate::Open does it: sources, bundles and what they are checked by.
// A finding without a line concerns a file as a whole. REQUIRES: settings.policy_sources is not empty.
policy::CompileOutcome CompileSettingsPolicy(const GateSettings& settings, std::shared_ptr<const Clock> clock = nullptr);

// Immutable snapshots inside; thread-safe.
class Gate {
 public:
  // Opens stores, compiles the policy, loads revocations and counters. Errors say which setting.
  static Result<std::shared_ptr<Gate>> Open(const GateSettings& settings);
  // As Open, with time and randomness from the caller.
  static Result<std::shared_ptr<Gate>> Open(const GateSettings& settings, std::shared_ptr<const Clock> clock,
                                            std::shared_ptr<Random> random);
  virtual ~Gate() = default;                 // flushes the chain

  // Blocks until the decision is recorded as the settings ask.
  virtual Decision Authorize(const Call& call) = 0;
  // `done` is called exactly once: inside the call when nothing has to be waited for, else on a thread of
  // the gate; it must not block.
  virtual void AuthorizeAsync(const Call& call, DecisionDone done) = 0;
  // Decides with a trace; charges nothing, records nothing.
  virtual Decision Explain(const Call& call) = 0;
  // A call refused before the first question (a request that two parsers could read differently): one
  // event, code kInvalidRequest. `tool` may be empty.
  virtual void RecordRefusedRequest(const Call& call, std::string_view why) = 0;
  // A call whose token was refused (CheckToken) before the first question: one event with that refusal.
  virtual void RecordRefusedToken(const Call& call, const Decision& refusal) = 0;
  // The event after the call. `d` must be an allow of this gate.
  virtual void RecordOutcome(const Decision& d, const Outcome& outcome) = 0;

  // Which of the tools the caller's token could call, by its static caveats. A missing, malformed,
  // revoked or expired token could call none. Same order and size as `tools`.
  virtual std::vector<bool> VisibleTools(std::string_view token, std::string_view server,
                                         std::span<const std::string> tools, std::string_view holder = {}) = 0;
  // Whether the token is good at all (MAC, time, revocation, and bound to `holder` or to no key); for answering a handshake.
  virtual Decision CheckToken(std::string_view token, std::string_view holder = {}) = 0;
  // Uses up a proof of possession (RFC 9449) that was found good for a request: no gate on the same store is told kFirst of it again,
  // also after a restart. `id` is of the proof alone, as a digest of its key and jti; `ends_at` (unix seconds) is when no gate would
  // accept it any more. `done` is called exactly once, on a thread of the gate or inside the call; it must not block. After an
  // error the request has to be refused, and the proof may be used up: kUnavailable (the store did not answer), kLimitExceeded (too
  // many wait), kCancelled (the gate is dropped), kInvalidArgument (no id), other errors are the store's.
  virtual void UseProof(std::string_view id, std::int64_t ends_at, ProofDone done) = 0;
  // Accepts tokens of other issuers from now on. Before the first call; null: none.
  virtual void AcceptForeignTokens(std::shared_ptr<const ForeignTokens> tokens) = 0;
  // What the intent check ranks; set whenever the upstream's list is known. Thread-safe.
  virtual void SetToolCatalogue(std::vector<ToolInfo> tools) = 0;
  // Swaps the policy; calls in flight finish under the old one. Recorded in the chain.
  virtual Status SetPolicy(std::shared_ptr<const Policy> policy, const AdminContext& admin) = 0;

  // Mint under the active key, recorded in the chain (tool "admin/mint").
  virtual Result<MintedToken> Mint(const MintRequest& request, const AdminContext& admin) = 0;
  // Holds for every later Authorize on this gate when it returns; recorded (tool "admin/revoke").
  virtual Status Revoke(const RevokeRequest& request, const AdminContext& admin) = 0;
  // Recorded (tool "admin/accept_tool") when this returns without an error; whoever holds tools against definitions may act on it then.
  // kInvalidArgument: no actor; kUnavailable: not recorded.
  virtual Status RecordToolAccepted(const ToolAcceptance& acceptance, const AdminContext& admin) = 0;
  virtual Result<std::vector<RevocationRow>> Revocations(std::string_view tenant, std::size_t limit,
                                                         std::size_t offset) = 0;

  // An escalated call makes an approval, which a person answers here (approval.h). The answer is in the chain before
  // it counts. Errors: kNotFound, kConflict (not pending any more; GetApproval says what it is), kInvalidArgument (no
  // actor), kUnavailable (nothing was changed, or approvals are off).
  virtual Result<ApprovalPage> ListApprovals(const ApprovalFilter& filter, std::string_view after, std::size_t limit) = 0;
  // `tenant` empty: whosesoever it is. kNotFound for another tenant's.
  virtual Result<Approval> GetApproval(std::string_view tenant, std::string_view id) = 0;
  virtual Result<Approval> DecideApproval(const ApprovalDecision& decision, const AdminContext& admin) = 0;
  // Calls `done` once when the approval is not pending, also when another gateway on the same store took the answer; on a
  // thread of the gate, or inside the call when there is nothing to wait for (then 0 is returned). It must not block.
  // There is no time limit but the approval's own: see CancelApprovalWait.
  virtual std::uint64_t WaitApproval(std::string_view tenant, std::string_view id, ApprovalDone done) = 0;
  // `done` may still be running when this returns; otherwise it is not called any more.
  virtual void CancelApprovalWait(std::uint64_t wait) = 0;

  virtual Result<AuditPage> QueryAudit(const AuditFilter& filter, std::string_view after, std::size_t limit) = 0;
  virtual Result<std::int64_t> CountAudit(const AuditFilter& filter) = 0;
  virtual Result<VerifyReport> VerifyAudit(std::string_view tenant) = 0;
  // Flushes first, so that the export holds everything answered before.
  virtual Status ExportAudit(const AuditFilter& filter, ExportFormat format, const ExportSink& sink) = 0;
  virtual Result<std::vector<std::string>> Tenants() = 0;
  // Checkpoints, proofs, bundles, verification. Lives as long as the gate; null when the store keeps no tree.
  virtual Evidence* evidence() = 0;

  // Erases private values; recorded (tool "admin/erase") before the first is gone. kConflict when a legal hold covers a
  // matching event. An error may come after some are erased; asked again it goes on.
  virtual Result<EraseReport> EraseValues(const EraseRequest& request, const AdminContext& admin) = 0;
  // Both recorded (tools "admin/hold_placed" and "admin/hold_lifted"). kAlreadyExists; kNotFound.
  virtual Status PlaceHold(const LegalHold& hold, const AdminContext& admin) = 0;
  virtual Status LiftHold(std::string_view tenant, std::string_view id, std::string_view reason,
                          const AdminContext& admin) = 0;
  // Of a tenant, or of all ("").
  virtual Result<std::vector<LegalHold>> Holds(std::string_view tenant) = 0;

  virtual Status Flush() = 0;
  virtual GateHealth Health() const = 0;
  virtual AuditStats Stats() const = 0;
  // A one-line description of the settings in force, without secrets; for the start-up log.
  virtual std::string Describe() const = 0;
};

}  // namespace intentgate
