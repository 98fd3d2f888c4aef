#include "admin/resources.h"

#include <algorithm>

#include "base/time_format.h"

namespace intentgate::admin {
namespace {

constexpr std::int64_t kMaxOffset = 10'000;

void AddTime(std::string_view name, std::int64_t micros, json::Value& out) {
  if (micros != 0) out.Set(name, base::FormatRfc3339Micros(micros));
}

void AddText(std::string_view name, const std::string& text, json::Value& out) {
  if (!text.empty()) out.Set(name, text);
}

// Names are the public product's where it has the member. What is empty is left out.
json::Value Shown(const Approval& a) {
  json::Value out = json::MakeObject({{"pending_id", a.id},
                                      {"status", ApprovalStateName(a.state)},
                                      {"tenant", a.tenant},
                                      {"agent_id", a.agent_id},
                                      {"tool", a.tool}});
  AddText("server", a.server, out);
  AddText("method", a.method, out);
  AddText("capability_token_id", a.jti, out);
  AddText("root_capability_token_id", a.root_jti, out);
  AddText("args_sha256", a.args_sha256, out);
  AddText("intent_summary", a.intent_summary, out);
  AddText("reason", a.reason, out);
  if (a.requires_step_up) out.Set("requires_step_up", true);
  AddTime("created_at", a.created_at_micros, out);
  const bool open = a.state == ApprovalState::kPending || a.state == ApprovalState::kApproved;
  if (open) AddTime("expires_at", a.deadline_micros, out);
  AddTime("decided_at", a.decided_at_micros, out);
  AddTime("used_at", a.used_at_micros, out);
  AddText("decided_by", a.decided_by, out);
  AddText("claimed_by", a.claimed_by, out);
  AddText("decide_note", a.note, out);
  return out;
}

// With the arguments to their last digit.
Reply WithArguments(const Approval& a) {
  json::Value out = Shown(a);
  if (!a.arguments.empty()) {
    Result<json::Value> arguments = json::Parse(a.arguments, {.max_bytes = a.arguments.size(), .max_depth = 256});
    if (!arguments.ok()) return Reply::Error(500, "internal error");
    out.Set("args", *std::move(arguments));
  }
  return {200, std::move(out)};
}

Result<ApprovalFilter> ReadApprovalFilter(const Request& request) {
  ApprovalFilter filter;
  Result<std::string> tenant = TenantFor(request, TextParameter(request, "tenant"));
  if (!tenant.ok()) return tenant.error();
  filter.tenant = *std::move(tenant);
  const std::string status = TextParameter(request, "status");
  filter.state = ParseApprovalState(status);
  if (!status.empty() && !filter.state) {
    return Error{ErrorCode::kInvalidArgument, "status must be one of pending, approved, rejected, expired, used"};
  }
  filter.agent_id = TextParameter(request, "agent_id");
  filter.tool = TextParameter(request, "tool");
  filter.root_jti = TextParameter(request, "root_jti");
  return filter;
}

// The public clients page by offset; the store pages by position.
Result<ApprovalPage> PageAt(Gate& gate, const ApprovalFilter& filter, std::string after, std::int64_t offset,
                            std::size_t limit) {
  while (offset > 0) {
    const std::int64_t step = std::min(offset, static_cast<std::int64_t>(kMaxApprovalPage));
    Result<ApprovalPage> skipped = gate.ListApprovals(filter, after, static_cast<std::size_t>(step));
    if (!skipped.ok()) return skipped;
    if (skipped->next.empty()) return ApprovalPage{};
    after = std::move(skipped->next);
    offset -= step;
  }
  return gate.ListApprovals(filter, after, limit);
}

Result<ApprovalDecision> ReadDecision(const Request& request) {
  const Result<json::Value> body = ReadBody(request, {"decision", "decided_by", "note"});
  if (!body.ok()) return body.error();
  const auto decision = TextMember(*body, "decision");
  const auto claimed_by = TextMember(*body, "decided_by");
  const auto note = TextMember(*body, "note");
  for (const auto* text : {&decision, &claimed_by, &note}) {
    if (!text->ok()) return text->error();
    if (text->value().value_or("").size() > kMaxApprovalNoteBytes) {
      return Error{ErrorCode::kInvalidArgument, "decided_by and note hold at most 1024 bytes each"};
    }
  }
  const std::string word = decision->value_or("");
  if (word != "approve" && word != "reject") {
    return Error{ErrorCode::kInvalidArgument, "decision must be approve or reject"};
  }
  return ApprovalDecision{.tenant = request.who.tenant,
                          .id = request.id,
                          .answer = word == "approve" ? ApprovalAnswer::kApprove : ApprovalAnswer::kReject,
                          .claimed_by = claimed_by->value_or(""),
                          .note = note->value_or("")};
}

}  // namespace

Reply ListApprovals(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"status", "tenant", "agent_id", "tool", "root_jti", "limit", "offset", "after"});
      !known.ok()) {
    return Reply::FromError(known.error());
  }
  const Result<ApprovalFilter> filter = ReadApprovalFilter(request);
  const Result<std::int64_t> limit = IntegerParameter(request, "limit", 100, 1, static_cast<std::int64_t>(kMaxApprovalPage));
  const Result<std::int64_t> offset = IntegerParameter(request, "offset", 0, 0, kMaxOffset);
  if (!filter.ok()) return Reply::FromError(filter.error());
  if (!limit.ok()) return Reply::FromError(limit.error());
  if (!offset.ok()) return Reply::FromError(offset.error());
  const Result<ApprovalPage> page =
      PageAt(*on.gate, *filter, TextParameter(request, "after"), *offset, static_cast<std::size_t>(*limit));
  if (!page.ok()) return Reply::FromError(page.error());
  json::Array rows;
  for (const Approval& approval : page->approvals) rows.push_back(Shown(approval));
  json::Value body = json::MakeObject({{"approvals", std::move(rows)}, {"limit", *limit}, {"offset", *offset}});
  if (!page->next.empty()) body.Set("next", page->next);
  return {200, std::move(body)};
}

Reply GetApproval(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {}); !known.ok()) return Reply::FromError(known.error());
  const Result<Approval> approval = on.gate->GetApproval(request.who.tenant, request.id);
  return approval.ok() ? WithArguments(*approval) : Reply::FromError(approval.error());
}

Reply DecideApproval(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {}); !known.ok()) return Reply::FromError(known.error());
  const Result<ApprovalDecision> decision = ReadDecision(request);
  if (!decision.ok()) return Reply::FromError(decision.error());
  const Result<Approval> decided = on.gate->DecideApproval(*decision, request.Context());
  if (decided.ok()) return {200, Shown(*decided)};
  Reply reply = Reply::FromError(decided.error());
  if (decided.error().code == ErrorCode::kConflict) {
    const Result<Approval> current = on.gate->GetApproval(request.who.tenant, request.id);
    if (current.ok()) reply.body.Set("current", Shown(*current));
  }
  return reply;
}

}  // namespace intentgate::admin
