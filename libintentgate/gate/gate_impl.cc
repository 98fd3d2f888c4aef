#include "gate/gate_impl.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "gate/counters.h"
#include "gate/events.h"
#include "gate/owned_call.h"

namespace intentgate {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow: return "allow";
    case Verdict::kBlock: return "block";
    case Verdict::kEscalate: return "escalate";
  }
  return "block";
}

namespace gate {
namespace {

constexpr std::size_t kExtractorThreads = 8;
constexpr std::chrono::minutes kPruneEvery{10};

constexpr const char* kNotRecorded = "the decision could not be recorded in the audit chain, so the call is refused";

Refused Stopping() { return {Check::kNone, Reason::kShuttingDown, "the gate is shutting down; try again"}; }

Refused TooManyExtractions() {
  return {Check::kIntent, Reason::kIntentUnavailable, "too many calls wait for the intent extractor; try again later"};
}

Refused TooManyApprovals() {
  return {Check::kPolicy, Reason::kApprovalUnavailable, "too many calls wait for the store of approvals; try again later",
          Verdict::kBlock, "approval"};
}

void Block(Decision& decision, Check check, Reason code, std::string reason) {
  decision.verdict = Verdict::kBlock;
  decision.check = check;
  decision.code = code;
  decision.reason = std::move(reason);
  decision.rule.clear();
  decision.approval_id.clear();
}

Status CheckParts(const GateParts& parts) {
  if (Status s = CheckSettings(parts.settings); !s.ok()) return s;
  if (!parts.clock || !parts.random || !parts.audit_store || !parts.budget_store || !parts.revocation_store) {
    return Error{ErrorCode::kInvalidArgument, "a gate needs a clock, randomness and stores"};
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<Gate>> AssembleGate(GateParts parts) { return GateImpl::Create(std::move(parts)); }

Result<std::shared_ptr<Gate>> GateImpl::Create(GateParts parts) {
  if (Status s = CheckParts(parts); !s.ok()) return s.error();
  const GateSettings& settings = parts.settings;
  Opened opened;
  Result<ToolTable> tools = ToolTable::Create(settings.tools);
  if (!tools.ok()) return tools.error();
  opened.tools = *std::move(tools);
  auto watch = RevocationWatch::Start(parts.revocation_store, parts.clock,
                                      {.max_age_ms = settings.revocation_max_age_ms, .refresh_ms = settings.revocation_refresh_ms});
  if (!watch.ok()) return watch.error();
  opened.revocations = *std::move(watch);
  audit::AuditLogOptions options;
  options.max_batch = static_cast<std::size_t>(settings.audit_max_batch);
  options.max_delay_micros = settings.audit_max_delay_us;
  options.producer_id = settings.audit_producer;
  options.gives_way = settings.durability == AuditDurability::kAsync;
  if (!parts.signing_key.empty()) options.deployment = settings.signing_deployment;
  options.signing_key = parts.signing_key;
  options.journal.directory = settings.journal_directory;
  options.journal.max_bytes = static_cast<std::uint64_t>(settings.journal_max_bytes);
  if (parts.private_values) {
    options.commit = {settings.private_values, static_cast<std::size_t>(settings.private_above_bytes)};
  }
  auto log = audit::AuditLog::Create(parts.audit_store, std::move(options), parts.clock, parts.random);
  if (!log.ok()) return log.error();
  opened.log = *std::move(log);
  // Behind the log: it brings the charges of an earlier run's journal into the store.
  auto ledger = budget::Ledger::Load(*parts.budget_store, parts.clock, {.max_window_seconds = LongestWindow(settings)});
  if (!ledger.ok()) return ledger.error();
  opened.ledger = *std::move(ledger);
  return std::shared_ptr<Gate>(std::make_shared<GateImpl>(std::move(parts), std::move(opened)));
}

GateImpl::GateImpl(GateParts parts, Opened opened)
    : parts_(std::move(parts)),
      ledger_(std::move(opened.ledger)),
      revocations_(std::move(opened.revocations)),
      approvals_(parts_.settings, parts_.approval_store, parts_.clock, parts_.random),
      pipeline_(parts_.settings, parts_.clock, *revocations_, *ledger_, std::move(opened.tools), parts_.extractor, parts_.policy,
                approvals_),
      log_(std::move(opened.log)) {
  // A failure leaves rows that no one reads; the next round takes them.
  pruner_ = std::make_unique<base::Periodic>(kPruneEvery, [this] {
    static_cast<void>(parts_.budget_store->Prune(ledger_->OldestBucket()).ok());
  });
  if (parts_.settings.intent != IntentMode::kOff && parts_.settings.extractor == ExtractorKind::kHttp) {
    pool_ = std::make_unique<WorkerPool>(kExtractorThreads, kMaxWaitingCalls);
  }
  if (parts_.proof_store) proofs_ = std::make_unique<ProofBook>(parts_.proof_store, parts_.clock);
  if (parts_.make_evidence) evidence_ = parts_.make_evidence(*log_);
  StartApprovals();
}

GateImpl::~GateImpl() = default;

Decision GateImpl::ToDecision(const Judged& judged, std::int64_t started_nanos) const {
  Decision d;
  d.tenant = judged.tenant;
  d.agent_id = judged.agent_id;
  d.requires_step_up = judged.requires_step_up;
  d.times = judged.times;
  if (judged.token) {
    d.jti = judged.token->token.content().jti;
    d.root_jti = judged.token->token.content().root_jti;
  }
  if (judged.refused) {
    Block(d, judged.refused->check, judged.refused->code, judged.refused->reason);
    d.verdict = judged.refused->verdict;
    d.rule = judged.refused->rule;
  } else {
    d.verdict = Verdict::kAllow;
    d.code = Reason::kAllowed;
    d.reason = judged.policy_reason.empty() ? "allowed" : judged.policy_reason;
  }
  if (judged.approval && (d.verdict == Verdict::kEscalate || judged.approval_step == ApprovalStep::kUsed)) {
    d.approval_id = judged.approval->row.id;
  }
  d.latency_us = (parts_.clock->MonotonicNanos() - started_nanos) / 1'000;
  return d;
}

void GateImpl::JudgeAndRecord(const Call& call, DecisionDone done) {
  const std::int64_t started = parts_.clock->MonotonicNanos();
  SettleAndRecord(call, pipeline_.Judge(call), started, std::move(done));
}

void GateImpl::SettleAndRecord(const Call& call, Judged judged, std::int64_t started_nanos, DecisionDone done) {
  if (approvals_.Settles(judged)) {
    // What cannot be recorded must not use up an approval.
    const bool recordable = log_->ready(pipeline_.budget().PromiseOf(call.tool).durability);
    if (recordable) approvals_.Settle(call, judged);
    else judged.refused = Refused{Check::kNone, Reason::kAuditUnavailable, kNotRecorded};
  }
  if (judged.refused && !judged.taken.empty()) {
    pipeline_.budget().Refund(judged);
    judged.taken.clear();
  }
  Record(call, std::move(judged), started_nanos, std::move(done));
}

void GateImpl::JudgeAsync(const Call& call, DecisionDone done) {
  const std::int64_t started = parts_.clock->MonotonicNanos();
  Judged judged = pipeline_.Judge(call);
  if (!approvals_.Settles(judged)) return Record(call, std::move(judged), started, std::move(done));
  const auto owned = std::make_shared<const OwnedCall>(call);
  // Shared, because a job is copied.
  const auto kept = std::make_shared<Judged>(std::move(judged));
  const bool taken = approval_pool_->Post([this, owned, kept, started, done](bool stopping) mutable {
    if (!stopping) return SettleAndRecord(owned->View(), std::move(*kept), started, std::move(done));
    RefuseAndRecord(owned->View(), Stopping(), std::move(done));
  });
  if (!taken) RefuseAndRecord(call, TooManyApprovals(), std::move(done));
}

void GateImpl::RefuseAndRecord(const Call& call, Refused refused, DecisionDone done) {
  Judged judged;
  // Whose call it was belongs into the event; whether the token is good does not change the answer.
  if (!call.token.empty()) static_cast<void>(pipeline_.capability().AskToken(call.token, call.holder, judged));
  judged.refused_caveat.reset();
  judged.refused = std::move(refused);
  Record(call, std::move(judged), parts_.clock->MonotonicNanos(), std::move(done));
}

void GateImpl::Record(const Call& call, Judged judged, std::int64_t started_nanos, DecisionDone done) {
  Decision decision = ToDecision(judged, started_nanos);
  // A log that has failed is not trusted with an allow until it has committed something again.
  const AuditPromise promise = pipeline_.budget().PromiseOf(call.tool);
  const bool unhealthy = !log_->ready(promise.durability);
  Result<std::string> id = base::MakeUuidV7(*parts_.clock, *parts_.random);
  if (unhealthy || !id.ok()) {
    pipeline_.budget().Refund(judged);
    judged.taken.clear();
    if (decision.verdict != Verdict::kBlock) Block(decision, Check::kNone, Reason::kAuditUnavailable, kNotRecorded);
  }
  if (!id.ok()) return done(std::move(decision));
  decision.event_id = *std::move(id);

  AuditEvent event = DecisionEvent(call, judged, decision, parts_.settings.arg_values);
  // The decision waits in the callback: one allocation for all of it.
  log_->Append(std::move(event), promise, [this, promise, d = std::move(decision), judged = std::move(judged),
                                           done = std::move(done)](Result<AuditReceipt> receipt) mutable {
    if (!receipt.ok()) {
      pipeline_.budget().Refund(judged);
      d.event_id.clear();
      if (d.verdict != Verdict::kBlock) Block(d, Check::kNone, Reason::kAuditUnavailable, kNotRecorded);
    } else if (promise.durability == AuditDurability::kDurable && receipt->seq >= 0) {
      d.receipt = *std::move(receipt);
    }
    done(std::move(d));
  });
}

Decision GateImpl::Authorize(const Call& call) {
  struct Wait {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Decision> decision;
  };
  Wait wait;   // outlives the callback, which is its last user and done when the lock is ours
  JudgeAndRecord(call, [&wait](Decision d) {
    const std::lock_guard lock(wait.mutex);
    wait.decision.emplace(std::move(d));
    wait.ready.notify_one();
  });
  std::unique_lock lock(wait.mutex);
  wait.ready.wait(lock, [&] { return wait.decision.has_value(); });
  return *std::move(wait.decision);
}

void GateImpl::AuthorizeAsync(const Call& call, DecisionDone done) {
  const bool asks_extractor = pool_ && pipeline_.intent().MayWait(call);
  const bool asks_store = approval_pool_ && !call.approval_id.empty();
  if ((!asks_extractor && !asks_store) || !ShapeProblem(call).empty()) return JudgeAsync(call, std::move(done));
  // Strangers do not get to keep the pool busy.
  Judged stranger;
  if (pipeline_.capability().Ask(call, stranger)) return JudgeAsync(call, std::move(done));
  const auto owned = std::make_shared<const OwnedCall>(call);
  const bool taken = (asks_extractor ? pool_ : approval_pool_)->Post([this, owned, done](bool stopping) mutable {
    if (!stopping) return JudgeAndRecord(owned->View(), std::move(done));
    RefuseAndRecord(owned->View(), Stopping(), std::move(done));
  });
  if (!taken) RefuseAndRecord(call, asks_extractor ? TooManyExtractions() : TooManyApprovals(), std::move(done));
}

Decision GateImpl::Explain(const Call& call) {
  const std::int64_t started = parts_.clock->MonotonicNanos();
  Judged judged = pipeline_.Explain(call);
  Decision d = ToDecision(judged, started);
  d.trace = std::move(judged.trace);
  return d;
}

void GateImpl::RecordRefusedRequest(const Call& call, std::string_view why) {
  RefuseAndRecord(call, {Check::kNone, Reason::kInvalidRequest, std::string(why)}, [](Decision) {});
}

void GateImpl::RecordRefusedToken(const Call& call, const Decision& refusal) {
  RefuseAndRecord(call, {refusal.check, refusal.code, refusal.reason, Verdict::kBlock, refusal.rule}, [](Decision) {});
}

void GateImpl::RecordOutcome(const Decision& d, const Outcome& outcome) {
  log_->Append(OutcomeEvent(d, outcome), {parts_.settings.durability, parts_.settings.overflow}, [](Result<AuditReceipt>) {});
}

std::vector<bool> GateImpl::VisibleTools(std::string_view token, std::string_view server,
                                         std::span<const std::string> tools, std::string_view holder) {
  if (token.empty() && !parts_.settings.require_capability) return std::vector<bool>(tools.size(), true);
  std::vector<bool> visible(tools.size(), false);
  Judged judged;
  if (pipeline_.capability().AskToken(token, holder, judged)) return visible;
  for (std::size_t i = 0; i < tools.size(); ++i) visible[i] = pipeline_.capability().CouldCall(judged, tools[i], server, holder);
  return visible;
}

Decision GateImpl::CheckToken(std::string_view token, std::string_view holder) {
  const std::int64_t started = parts_.clock->MonotonicNanos();
  Judged judged;
  judged.refused = pipeline_.capability().AskToken(token, holder, judged);
  return ToDecision(judged, started);
}

void GateImpl::UseProof(std::string_view id, std::int64_t ends_at, ProofDone done) {
  if (!proofs_) return done(Error{ErrorCode::kUnavailable, "this gate has no store for used proofs of possession"});
  proofs_->Use(id, ends_at, std::move(done));
}

void GateImpl::AcceptForeignTokens(std::shared_ptr<const ForeignTokens> tokens) {
  pipeline_.capability().AcceptForeign(std::move(tokens));
}

void GateImpl::SetToolCatalogue(std::vector<ToolInfo> tools) { pipeline_.intent().SetCatalogue(std::move(tools)); }

}  // namespace gate
}  // namespace intentgate
