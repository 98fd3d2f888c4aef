#include "gate/approval_desk.h"

#include <algorithm>
#include <utility>

#include "approval/states.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "crypto/hash.h"

namespace intentgate::gate {
namespace {

using approval::Requested;
using approval::RequestResult;
using approval::StoredApproval;

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kMaxSummaryBytes = 1'024;

Refused No(Reason code, std::string reason) {
  return {Check::kPolicy, code, std::move(reason), Verdict::kBlock, "approval"};
}

std::string ArgumentsOf(const Call& call) {
  return call.arguments == nullptr ? std::string() : json::WriteSortedExact(*call.arguments);
}

std::string DigestOf(const std::string& arguments) {
  return arguments.empty() ? std::string() : base::HexEncode(crypto::Sha256(base::AsBytes(arguments)));
}

std::string_view RootOf(const Judged& judged) {
  return judged.token ? std::string_view(judged.token->token.content().root_jti) : std::string_view();
}

std::string BindingOf(const Call& call, const Judged& judged, std::string_view digest) {
  return approval::BindingOf({RootOf(judged), call.method, call.server, call.tool, digest});
}

// What an approval of this very call says when it cannot be used. Nothing of the person.
std::optional<Refused> Closed(ApprovalState state) {
  switch (state) {
    case ApprovalState::kPending:
    case ApprovalState::kApproved: return std::nullopt;
    case ApprovalState::kRejected: return No(Reason::kApprovalRejected, "the call was rejected by the person who was asked");
    case ApprovalState::kExpired:
      return No(Reason::kApprovalExpired, "the approval has expired; repeat the call without it to ask again");
    case ApprovalState::kUsed:
      return No(Reason::kApprovalUsed, "the approval has been used already; repeat the call without it to ask again");
  }
  return No(Reason::kApprovalExpired, "the approval cannot be used");
}

}  // namespace

ApprovalDesk::ApprovalDesk(const GateSettings& settings, std::shared_ptr<approval::ApprovalStore> store,
                           std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random)
    : settings_(settings),
      store_(settings.approvals ? std::move(store) : nullptr),
      clock_(std::move(clock)),
      random_(std::move(random)) {}

Refused ApprovalDesk::Unavailable() const {
  return No(Reason::kApprovalUnavailable, "approvals cannot be read or stored at the moment; try again later");
}

std::optional<Refused> ApprovalDesk::Look(const Call& call, Judged& judged) const {
  // One answer for an id that nobody has and for one that is somebody else's.
  const auto unknown = [] {
    return No(Reason::kApprovalMismatch, "there is no approval of this id for this call: it holds for one token, tool and exact arguments");
  };
  if (!enabled() || call.approval_id.size() > kMaxApprovalIdBytes) return unknown();
  Result<std::optional<StoredApproval>> found = store_->FindApproval(judged.tenant, call.approval_id);
  if (!found.ok()) return Unavailable();
  if (!found->has_value() || (*found)->binding != BindingOf(call, judged, DigestOf(ArgumentsOf(call)))) return unknown();
  judged.approval = std::make_shared<const StoredApproval>(std::move(**found));
  const ApprovalState state = approval::StateAt(*judged.approval, clock_->UnixMicros());
  // The rounds of one call share what its first one has used.
  const bool later_round = call.continues && state == ApprovalState::kUsed;
  judged.approved = state == ApprovalState::kApproved || later_round;
  judged.approval_step = state == ApprovalState::kPending ? ApprovalStep::kPending : ApprovalStep::kNamed;
  return later_round ? std::nullopt : Closed(state);
}

bool ApprovalDesk::Settles(const Judged& judged) const {
  if (!enabled()) return false;
  if (judged.refused) return judged.refused->verdict == Verdict::kEscalate && !judged.approval;
  return judged.approved && judged.approval->row.state == ApprovalState::kApproved;
}

void ApprovalDesk::Settle(const Call& call, Judged& judged) {
  if (!Settles(judged)) return;
  if (judged.refused) Request(call, judged);
  else Use(judged);
}

void ApprovalDesk::Request(const Call& call, Judged& judged) {
  StoredApproval wanted;
  Approval& row = wanted.row;
  row.arguments = ArgumentsOf(call);
  if (row.arguments.size() > static_cast<std::size_t>(settings_.approval_max_argument_bytes)) {
    judged.refused = No(Reason::kApprovalLimit, "the call needs a person's approval, and its arguments are over " +
                                                    std::to_string(settings_.approval_max_argument_bytes) + " bytes; make it smaller");
    return;
  }
  Result<std::string> id = base::MakeUuidV7(*clock_, *random_);
  if (!id.ok()) {
    judged.refused = Unavailable();
    return;
  }
  row.id = *std::move(id);
  row.tenant = judged.tenant;
  row.root_jti = RootOf(judged);
  if (judged.token) row.jti = judged.token->token.content().jti;
  row.agent_id = judged.agent_id;
  row.method = call.method;
  row.server = call.server;
  row.tool = call.tool;
  row.args_sha256 = DigestOf(row.arguments);
  if (judged.intent) row.intent_summary = judged.intent->summary.substr(0, kMaxSummaryBytes);
  row.reason = judged.refused->reason.substr(0, kMaxSummaryBytes);
  row.requires_step_up = judged.requires_step_up;
  row.created_at_micros = clock_->UnixMicros();
  row.deadline_micros = row.created_at_micros + settings_.approval_ttl_seconds * kMicros;
  wanted.binding = BindingOf(call, judged, row.args_sha256);
  Result<Requested> requested =
      store_->RequestApproval(wanted, {settings_.approval_max_pending_per_token, settings_.approval_max_pending_per_tenant});
  if (!requested.ok()) {
    judged.refused = Unavailable();
    return;
  }
  if (requested->result == RequestResult::kTokenLimit || requested->result == RequestResult::kTenantLimit) {
    const bool of_token = requested->result == RequestResult::kTokenLimit;
    judged.refused = No(Reason::kApprovalLimit, std::string("the call needs a person's approval, and too many calls of this ") +
                                                    (of_token ? "token" : "tenant") + " wait for one already; try again later");
    return;
  }
  judged.approval_step = requested->result == RequestResult::kCreated ? ApprovalStep::kRequested : ApprovalStep::kPending;
  judged.approval = std::make_shared<const StoredApproval>(std::move(requested->approval));
}

void ApprovalDesk::Use(Judged& judged) {
  Result<StoredApproval> used = approval::Used(*judged.approval, clock_->UnixMicros());
  if (!used.ok()) {
    judged.refused = Closed(ApprovalState::kExpired);
    return;
  }
  const Result<bool> won = store_->ReplaceApproval(*used);
  if (!won.ok() || !*won) {
    judged.refused = won.ok() ? *Closed(ApprovalState::kUsed) : Unavailable();
    return;
  }
  judged.approval_step = ApprovalStep::kUsed;
  judged.approval = std::make_shared<const StoredApproval>(*std::move(used));
}

Result<StoredApproval> ApprovalDesk::Find(std::string_view tenant, std::string_view id) const {
  Result<std::optional<StoredApproval>> found = store_->FindApproval(tenant, id);
  if (!found.ok()) return found.error();
  if (found->has_value()) return std::move(**found);
  return Error{ErrorCode::kNotFound, "there is no approval with this id"};
}

Result<std::vector<Approval>> ApprovalDesk::Find(std::span<const std::string> ids) const {
  Result<std::vector<StoredApproval>> found = store_->FindApprovals(ids);
  if (!found.ok()) return found.error();
  std::vector<Approval> shown;
  const std::int64_t now = clock_->UnixMicros();
  for (const StoredApproval& one : *found) shown.push_back(approval::Shown(one, now));
  return shown;
}

Result<ApprovalPage> ApprovalDesk::List(const ApprovalFilter& filter, std::string_view after, std::size_t limit) const {
  if (limit < 1 || limit > kMaxApprovalPage) {
    return Error{ErrorCode::kInvalidArgument, "a page holds 1 to " + std::to_string(kMaxApprovalPage) + " approvals"};
  }
  const std::int64_t now = clock_->UnixMicros();
  // One more tells whether there is a next page.
  Result<std::vector<StoredApproval>> found = store_->ListApprovals(filter, after, limit + 1, now);
  if (!found.ok()) return found.error();
  ApprovalPage page;
  for (const StoredApproval& one : *found) {
    if (page.approvals.size() == limit) {
      page.next = page.approvals.back().id;
      break;
    }
    page.approvals.push_back(approval::Shown(one, now));
  }
  return page;
}

Result<StoredApproval> ApprovalDesk::Claim(const StoredApproval& pending, const ApprovalDecision& decision,
                                           const std::string& by) {
  const std::int64_t now = clock_->UnixMicros();
  Result<StoredApproval> answered =
      approval::Answered(pending, {.answer = decision.answer, .by = by, .claimed_by = decision.claimed_by, .note = decision.note,
                                   .at_micros = now, .use_until_micros = now + settings_.approval_ttl_seconds * kMicros});
  if (!answered.ok()) return answered;
  const Result<bool> won = store_->ReplaceApproval(*answered);
  if (!won.ok()) return won.error();
  if (!*won) return Error{ErrorCode::kConflict, "somebody else has answered the approval meanwhile"};
  ++answered->revision;
  return answered;
}

Result<Approval> ApprovalDesk::Confirm(StoredApproval claimed) {
  claimed.recorded = true;
  const Result<bool> won = store_->ReplaceApproval(claimed);
  if (!won.ok()) return won.error();
  if (!*won) return Error{ErrorCode::kConflict, "the approval has expired meanwhile"};
  return approval::Shown(claimed, clock_->UnixMicros());
}

void ApprovalDesk::Release(const StoredApproval& before) {
  StoredApproval back = before;
  ++back.revision;
  static_cast<void>(store_->ReplaceApproval(back).ok());
}

std::vector<StoredApproval> ApprovalDesk::Due(std::size_t limit) const {
  Result<std::vector<StoredApproval>> due = store_->DueApprovals(clock_->UnixMicros(), limit);
  return due.ok() ? *std::move(due) : std::vector<StoredApproval>();
}

bool ApprovalDesk::Expire(const StoredApproval& due) {
  const Result<StoredApproval> expired = approval::Expired(due, clock_->UnixMicros());
  if (!expired.ok()) return false;
  const Result<bool> won = store_->ReplaceApproval(*expired);
  return won.ok() && *won;
}

void ApprovalDesk::Forget() {
  static_cast<void>(store_->ForgetApprovals(clock_->UnixMicros() - settings_.approval_keep_seconds * kMicros).ok());
}

}  // namespace intentgate::gate
