// A gate that decides as the test says and remembers what it was told.
#pragma once

#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/intent.h>

namespace intentgate::test {

// Resources that begin with "secret:" are refused. Tokens: "good" and "good2" are of roots r1 and r2, "narrow" is of r1 and sees no tool, "other" of another tenant; "bad" is refused; "" is none.
// Tools: see Decide and DecidePay. Thread-safe.
class FakeGate : public Gate {
 public:
  ~FakeGate() override { Join(); }

  struct Refused {
    std::string token, method, tool, why;
  };

  Decision Authorize(const Call& call) override {
    Decision d = call.tool == "pay" ? DecidePay(call) : Decide(call);
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::string(call.tool) + "|" + std::string(call.prompt) + "|" + std::string(call.session_id) + "|" +
                     (call.arguments == nullptr ? "-" : json::Write(*call.arguments)) + (call.continues ? "|continues" : ""));
    decisions_.push_back(d);
    servers_.emplace_back(call.server);
    return d;
  }
  // On a thread of its own, as the chain's commit would.
  void AuthorizeAsync(const Call& call, DecisionDone done) override {
    Decision d = Authorize(call);
    if (inline_answers) return done(std::move(d));
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([d = std::move(d), done = std::move(done)]() mutable { done(std::move(d)); });
  }
  Decision Explain(const Call& call) override { return Decide(call); }
  void RecordRefusedRequest(const Call& call, std::string_view why) override {
    const std::lock_guard lock(mutex_);
    refused_.push_back({std::string(call.token), std::string(call.method), std::string(call.tool), std::string(why)});
  }
  void RecordRefusedToken(const Call& call, const Decision& refusal) override { RecordRefusedRequest(call, ReasonName(refusal.code)); }
  void RecordOutcome(const Decision& d, const Outcome& outcome) override {
    const std::lock_guard lock(mutex_);
    outcomes_.emplace_back(d.event_id, outcome);
  }
  std::vector<bool> VisibleTools(std::string_view token, std::string_view, std::span<const std::string> tools, std::string_view) override {
    std::vector<bool> visible;
    for (const std::string& tool : tools) visible.push_back(token != "narrow" && (tool.starts_with("read_") || tool == "pay"));
    return visible;
  }
  Status RecordToolAccepted(const ToolAcceptance& acceptance, const AdminContext& admin) override {
    const std::lock_guard lock(mutex_);
    if (store_down) return Error{ErrorCode::kUnavailable, "/var/lib/secret.db is gone"};
    accepted_tools_.push_back(acceptance);
    admins_.push_back(admin);
    return {};
  }
  void UseProof(std::string_view id, std::int64_t, ProofDone done) override {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = proofs_.emplace(id).second;
    }
    if (store_down) return done(Error{ErrorCode::kUnavailable, "/var/lib/secret.db is gone"});
    done(first ? ProofUse::kFirst : ProofUse::kAgain);
  }
  void AcceptForeignTokens(std::shared_ptr<const ForeignTokens>) override {}
  Decision CheckToken(std::string_view token, std::string_view) override { return Decide({.token = tokens_ended ? "bad" : token, .tool = "read_file"}); }
  void SetToolCatalogue(std::vector<ToolInfo> tools) override {
    const std::lock_guard lock(mutex_);
    catalogue_ = std::move(tools);
  }
  Status SetPolicy(std::shared_ptr<const Policy>, const AdminContext&) override { return {}; }

  Result<MintedToken> Mint(const MintRequest& request, const AdminContext& admin) override {
    const std::lock_guard lock(mutex_);
    minted_.push_back(request);
    admins_.push_back(admin);
    if (store_down) return Error{ErrorCode::kUnavailable, "/var/lib/secret.db is gone"};
    return MintedToken{"minted-token", "minted-jti", request.ttl_seconds ? std::optional<std::int64_t>(1'767'225'600) : std::nullopt};
  }
  Status Revoke(const RevokeRequest& request, const AdminContext& admin) override {
    const std::lock_guard lock(mutex_);
    revoked_.push_back(request);
    admins_.push_back(admin);
    return {};
  }
  Result<std::vector<RevocationRow>> Revocations(std::string_view tenant, std::size_t limit, std::size_t offset) override {
    std::vector<RevocationRow> rows;
    for (std::size_t i = offset; i < 3 && rows.size() < limit; ++i) {
      rows.push_back({std::string(tenant), "jti-" + std::to_string(i), "lost", "superadmin", 1'767'225'600'000'000});
    }
    return rows;
  }
  Result<ApprovalPage> ListApprovals(const ApprovalFilter& filter, std::string_view after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    approval_filters_.push_back(filter);
    if (store_down) return Error{ErrorCode::kUnavailable, "/var/lib/secret.db is gone"};
    ApprovalPage page;
    for (auto at = approvals_.rbegin(); at != approvals_.rend(); ++at) {
      if (!after.empty() && at->first >= after) continue;
      if (page.approvals.size() == limit) {
        page.next = page.approvals.back().id;
        break;
      }
      page.approvals.push_back(at->second);
    }
    return page;
  }
  Result<Approval> GetApproval(std::string_view tenant, std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const auto at = approvals_.find(id);
    if (at == approvals_.end() || (!tenant.empty() && at->second.tenant != tenant)) {
      return Error{ErrorCode::kNotFound, "there is no approval with this id"};
    }
    return at->second;
  }
  Result<Approval> DecideApproval(const ApprovalDecision& decision, const AdminContext& admin) override {
    Result<Approval> found = GetApproval(decision.tenant, decision.id);
    if (!found.ok()) return found;
    if (found->state != ApprovalState::kPending) return Error{ErrorCode::kConflict, "the approval is no longer pending"};
    found->state = decision.answer == ApprovalAnswer::kApprove ? ApprovalState::kApproved : ApprovalState::kRejected;
    found->decided_by = admin.actor;
    found->claimed_by = decision.claimed_by;
    found->note = decision.note;
    found->decided_at_micros = 1'767'225'600'000'000;
    PutApproval(*found);
    return found;
  }
  std::uint64_t WaitApproval(std::string_view, std::string_view id, ApprovalDone done) override {
    if (waits_full) {
      done(Error{ErrorCode::kLimitExceeded, "too many wait"});
      return 0;
    }
    const std::lock_guard lock(mutex_);
    waits_.emplace(++last_wait_, std::pair{std::string(id), std::move(done)});
    return last_wait_;
  }
  void CancelApprovalWait(std::uint64_t wait) override {
    const std::lock_guard lock(mutex_);
    waits_.erase(wait);
  }

  // Stores it and tells those who wait, unless it is pending.
  void PutApproval(const Approval& approval) {
    std::vector<ApprovalDone> told;
    {
      const std::lock_guard lock(mutex_);
      approvals_.insert_or_assign(approval.id, approval);
      for (auto at = waits_.begin(); at != waits_.end();) {
        const bool ends = at->second.first == approval.id && approval.state != ApprovalState::kPending;
        if (ends) told.push_back(std::move(at->second.second));
        at = ends ? waits_.erase(at) : std::next(at);
      }
    }
    for (const ApprovalDone& done : told) done(approval);
  }
  std::size_t waits() const {
    const std::lock_guard lock(mutex_);
    return waits_.size();
  }
  std::vector<ApprovalFilter> approval_filters() const { return Copy(approval_filters_); }

  Result<AuditPage> QueryAudit(const AuditFilter& filter, std::string_view after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    filters_.push_back(filter);
    if (store_down) return Error{ErrorCode::kUnavailable, "/var/lib/secret.db is gone"};
    AuditPage page;
    const std::size_t from = after.empty() ? 0 : std::stoul(std::string(after));
    for (std::size_t i = from; i < from + limit && i < 10; ++i) {
      const auto seq = static_cast<std::int64_t>(9 - i);
      page.records.push_back({"default", seq, "e" + std::to_string(seq), "p", "h",
                              R"({"decision":"allow","seq":)" + std::to_string(seq) + "}"});
    }
    if (from + limit < 10) page.next = std::to_string(from + limit);
    return page;
  }
  Result<std::int64_t> CountAudit(const AuditFilter&) override { return std::int64_t{10}; }
  Result<VerifyReport> VerifyAudit(std::string_view tenant) override {
    VerifyReport report;
    report.tenant = tenant;
    report.ok = tenant != "broken";
    report.verified = 7;
    report.head = {7, "head"};
    if (!report.ok) {
      report.broken_seq = 3;
      report.problem = "altered: event 3";
    }
    return report;
  }
  Status ExportAudit(const AuditFilter& filter, ExportFormat format, const ExportSink& sink) override {
    {
      const std::lock_guard lock(mutex_);
      filters_.push_back(filter);
    }
    for (std::size_t i = 0; i < export_pieces; ++i) {
      const Status put = sink(format == ExportFormat::kCsv ? "a,b\n" : export_piece);
      if (!put.ok()) {
        export_stopped = true;
        return put;
      }
    }
    if (export_fails) return Error{ErrorCode::kCorrupt, "broken"};
    return {};
  }
  Result<EraseReport> EraseValues(const EraseRequest& request, const AdminContext& admin) override {
    const std::lock_guard lock(mutex_);
    filters_.push_back(request.filter);
    admins_.push_back(admin);
    if (request.filter.agent_id == "held") return Error{ErrorCode::kConflict, "under the legal hold h1"};
    return EraseReport{3, request.dry_run ? 6 : 5};
  }
  Status PlaceHold(const LegalHold& hold, const AdminContext& admin) override {
    const std::lock_guard lock(mutex_);
    holds_.push_back(hold);
    admins_.push_back(admin);
    return {};
  }
  Status LiftHold(std::string_view, std::string_view id, std::string_view, const AdminContext&) override {
    const std::lock_guard lock(mutex_);
    const auto gone = std::erase_if(holds_, [&](const LegalHold& hold) { return hold.id == id; });
    return gone > 0 ? Status() : Status(Error{ErrorCode::kNotFound, "no such hold"});
  }
  Result<std::vector<LegalHold>> Holds(std::string_view) override {
    const std::lock_guard lock(mutex_);
    return holds_;
  }
  Evidence* evidence() override { return evidence_of_test; }
  Result<std::vector<std::string>> Tenants() override { return std::vector<std::string>{"default", "acme"}; }
  Status Flush() override {
    flushed = true;
    return {};
  }
  GateHealth Health() const override { return {ready.load(), "/var/lib/secret.db is gone"}; }
  AuditStats Stats() const override {
    AuditStats stats;
    stats.queue_depth = 3;
    stats.batches = 2;
    stats.commit_micros_buckets = {1, 2};
    stats.batch_size_buckets = {0, 2};
    return stats;
  }
  std::string Describe() const override { return "a gate of the tests"; }

  // What it was told.
  std::vector<std::string> calls() const { return Copy(calls_); }
  std::vector<std::string> servers() const { return Copy(servers_); }  // of the calls
  std::vector<Refused> refused() const { return Copy(refused_); }
  std::vector<std::pair<std::string, Outcome>> outcomes() const { return Copy(outcomes_); }
  std::vector<ToolInfo> catalogue() const { return Copy(catalogue_); }
  std::vector<MintRequest> minted() const { return Copy(minted_); }
  std::vector<RevokeRequest> revoked() const { return Copy(revoked_); }
  std::vector<ToolAcceptance> accepted_tools() const { return Copy(accepted_tools_); }
  std::vector<AdminContext> admins() const { return Copy(admins_); }
  std::vector<AuditFilter> filters() const { return Copy(filters_); }
  void Join() {
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      threads.swap(threads_);
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::atomic<bool> inline_answers{false};
  std::atomic<bool> tokens_ended{false};
  std::atomic<bool> store_down{false};
  std::atomic<bool> waits_full{false};
  Evidence* evidence_of_test = nullptr;
  std::atomic<bool> ready{true};
  std::atomic<bool> flushed{false};
  std::atomic<bool> export_stopped{false};
  std::atomic<bool> export_fails{false};
  std::size_t export_pieces = 3;
  std::string export_piece = "{\"seq\":1}\n";

 private:
  template <typename T>
  T Copy(const T& from) const {
    const std::lock_guard lock(mutex_);
    return from;
  }

  static Decision No(Check check, Reason code, std::string reason) {
    Decision d;
    d.check = check;
    d.code = code;
    d.reason = std::move(reason);
    d.event_id = "event-no";
    return d;
  }

  // Waits for the approval "apr-1" and uses it.
  Decision DecidePay(const Call& call) {
    Decision d = Decide({.token = call.token, .tool = "move_file"});
    if (d.verdict != Verdict::kEscalate) return d;
    d.approval_id = "apr-1";
    if (call.approval_id.empty()) {
      const std::lock_guard lock(mutex_);
      approvals_.try_emplace("apr-1", Approval{.id = "apr-1", .tenant = d.tenant});
      return d;
    }
    Result<Approval> found = GetApproval(d.tenant, call.approval_id);
    if (!found.ok()) return No(Check::kPolicy, Reason::kApprovalMismatch, "no such approval");
    if (found->state == ApprovalState::kPending) return d;
    if (found->state != ApprovalState::kApproved) {
      Decision no = No(Check::kPolicy, Reason::kApprovalRejected, "rejected by a person");
      no.approval_id = "apr-1";   // as no gate does; whoever answers the client must not rely on it
      return no;
    }
    found->state = ApprovalState::kUsed;
    PutApproval(*found);
    d.verdict = Verdict::kAllow;
    d.code = Reason::kAllowed;
    d.check = Check::kNone;
    d.event_id = "event-pay";
    return d;
  }

  // read_* is allowed, the other names say who refuses.
  static Decision Decide(const Call& call) {
    if (call.token.empty()) return No(Check::kCapability, Reason::kNoToken, "a token is required");
    if (call.token == "bad") return No(Check::kCapability, Reason::kTokenBadMac, "the token is not valid");
    const json::Value* uri = call.arguments == nullptr ? nullptr : call.arguments->Find("uri");
    if (uri != nullptr && uri->string_value().starts_with("secret:")) {
      return No(Check::kCapability, Reason::kArgumentRefused, "the token does not cover the resource");
    }
    if (call.tool == "delete_all") return No(Check::kCapability, Reason::kToolNotAllowed, "tool_allow refuses delete_all");
    if (call.tool == "unfitting") return No(Check::kIntent, Reason::kIntentNotCovered, "not asked for");
    if (call.tool == "blocked") return No(Check::kPolicy, Reason::kPolicyBlocked, "the policy says no");
    if (call.tool == "exhausted") return No(Check::kBudget, Reason::kBudgetRate, "10 of 10 calls");
    if (call.tool == "unrecorded") return No(Check::kNone, Reason::kAuditUnavailable, "disk /dev/sda1 is full");
    Decision d;
    d.verdict = Verdict::kAllow;
    d.code = Reason::kAllowed;
    if (call.tool == "move_file") {
      d = No(Check::kPolicy, Reason::kPolicyEscalated, "a human decides");
      d.verdict = Verdict::kEscalate;
    }
    d.event_id = "event-" + std::string(call.tool);
    d.tenant = call.token == "other" ? "acme" : "default";
    d.root_jti = call.token == "good2" ? "r2" : "r1";
    d.latency_us = 1500;
    return d;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> calls_;
  std::vector<std::string> servers_;
  std::vector<Decision> decisions_;
  std::vector<Refused> refused_;
  std::vector<std::pair<std::string, Outcome>> outcomes_;
  std::vector<ToolInfo> catalogue_;
  std::vector<MintRequest> minted_;
  std::vector<RevokeRequest> revoked_;
  std::vector<ToolAcceptance> accepted_tools_;
  std::vector<AdminContext> admins_;
  std::vector<AuditFilter> filters_;
  std::vector<LegalHold> holds_;
  std::set<std::string, std::less<>> proofs_;
  std::vector<std::thread> threads_;
  std::map<std::string, Approval, std::less<>> approvals_;
  std::map<std::uint64_t, std::pair<std::string, ApprovalDone>> waits_;   // id and whom to tell
  std::uint64_t last_wait_ = 0;
  std::vector<ApprovalFilter> approval_filters_;
};

}  // namespace intentgate::test
