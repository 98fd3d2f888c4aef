#include "approvals.h"

#include <utility>

#include "convert.h"

namespace intentgate::node {
namespace {

// Approvals that are read at once.
constexpr std::size_t kPage = 100;

json::Value ToJson(const Approval& a) {
  json::Value out = json::MakeObject({{"id", a.id},
                                      {"state", ApprovalStateName(a.state)},
                                      {"tenant", a.tenant},
                                      {"agentId", a.agent_id},
                                      {"jti", a.jti},
                                      {"rootJti", a.root_jti},
                                      {"method", a.method},
                                      {"server", a.server},
                                      {"tool", a.tool},
                                      {"argsSha256", a.args_sha256},
                                      {"intentSummary", a.intent_summary},
                                      {"reason", a.reason},
                                      {"requiresStepUp", a.requires_step_up},
                                      {"createdAtMicros", a.created_at_micros},
                                      {"deadlineMicros", a.deadline_micros},
                                      {"decidedBy", a.decided_by},
                                      {"claimedBy", a.claimed_by},
                                      {"note", a.note}});
  if (!a.arguments.empty()) out.Set("argsJson", a.arguments);
  if (a.decided_at_micros != 0) out.Set("decidedAtMicros", a.decided_at_micros);
  if (a.used_at_micros != 0) out.Set("usedAtMicros", a.used_at_micros);
  return out;
}

}  // namespace

Result<std::string> ApprovalJson(const Result<Approval>& approval) {
  if (!approval.ok()) return approval.error();
  return json::Write(ToJson(*approval));
}

std::optional<Job> ListApprovalsJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  ApprovalFilter filter{.tenant = Text(info, 0),
                        .state = ParseApprovalState(Text(info, 1)),
                        .agent_id = Text(info, 2),
                        .tool = Text(info, 3),
                        .root_jti = Text(info, 4)};
  return [gate = std::move(gate), filter = std::move(filter), after = Text(info, 5)]() -> Result<std::string> {
    const Result<ApprovalPage> page = gate->ListApprovals(filter, after, kPage);
    if (!page.ok()) return page.error();
    json::Array rows;
    for (const Approval& approval : page->approvals) rows.push_back(ToJson(approval));
    return json::Write(json::MakeObject({{"approvals", json::Value(std::move(rows))}, {"next", page->next}}));
  };
}

std::optional<Job> GetApprovalJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  return [gate = std::move(gate), tenant = Text(info, 0), id = Text(info, 1)] { return ApprovalJson(gate->GetApproval(tenant, id)); };
}

std::optional<Job> DecideApprovalJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  const ApprovalDecision decision{.tenant = Text(info, 0),
                                  .id = Text(info, 1),
                                  .answer = info[2].ToBoolean().Value() ? ApprovalAnswer::kApprove : ApprovalAnswer::kReject,
                                  .claimed_by = Text(info, 4),
                                  .note = Text(info, 3)};
  return [gate = std::move(gate), decision, actor = Text(info, 5)] {
    return ApprovalJson(gate->DecideApproval(decision, {actor, "", ""}));
  };
}

}  // namespace intentgate::node
