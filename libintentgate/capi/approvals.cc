// Approvals in the C API: rows as JSON.

#include "capi/objects.h"

#include <intentgate/approval.h>

#include "capi/request.h"

namespace intentgate::capi {
namespace {

json::Value ToJson(const Approval& a) {
  json::Value out = json::MakeObject({{"id", a.id},
                                      {"state", ApprovalStateName(a.state)},
                                      {"tenant", a.tenant},
                                      {"root_jti", a.root_jti},
                                      {"jti", a.jti},
                                      {"agent_id", a.agent_id},
                                      {"method", a.method},
                                      {"server", a.server},
                                      {"tool", a.tool},
                                      {"args_sha256", a.args_sha256},
                                      {"intent_summary", a.intent_summary},
                                      {"reason", a.reason},
                                      {"requires_step_up", a.requires_step_up},
                                      {"created_at_micros", a.created_at_micros},
                                      {"deadline_micros", a.deadline_micros},
                                      {"decided_at_micros", a.decided_at_micros},
                                      {"used_at_micros", a.used_at_micros},
                                      {"decided_by", a.decided_by},
                                      {"claimed_by", a.claimed_by},
                                      {"note", a.note}});
  // Of the gate's own making, so that it reads; null: the call had none.
  Result<json::Value> arguments = json::Parse(a.arguments, {.max_bytes = a.arguments.size(), .max_depth = 256});
  out.Set("arguments", arguments.ok() ? *std::move(arguments) : json::Value());
  return out;
}

ig_code GiveApproval(const Result<Approval>& approval, ig_text** out, ig_error** error) {
  return approval.ok() ? GiveText(out, json::Write(ToJson(*approval))) : Fail(error, approval.error());
}

ig_code GivePage(const Result<ApprovalPage>& page, ig_text** out, ig_error** error) {
  if (!page.ok()) return Fail(error, page.error());
  json::Array rows;
  for (const Approval& approval : page->approvals) rows.push_back(ToJson(approval));
  return GiveText(out, json::Write(json::MakeObject({{"approvals", json::Value(std::move(rows))}, {"next", page->next}})));
}

Status ReadState(std::string_view name, ApprovalFilter& filter) {
  filter.state = ParseApprovalState(name);
  if (name.empty() || filter.state) return {};
  return Error{ErrorCode::kInvalidArgument, "state must be pending, approved, rejected, expired or used"};
}

Result<ApprovalFilter> ReadApprovalFilter(std::string_view text) {
  Request json(text, {"tenant", "state", "agent_id", "tool", "root_jti"});
  ApprovalFilter filter;
  filter.tenant = json.Text("tenant");
  filter.agent_id = json.Text("agent_id");
  filter.tool = json.Text("tool");
  filter.root_jti = json.Text("root_jti");
  const std::string state = json.Text("state");
  if (!json.status().ok()) return json.status().error();
  if (const Status s = ReadState(state, filter); !s.ok()) return s.error();
  return filter;
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_gate_approvals(ig_gate* gate, ig_str tenant, ig_str state, ig_str after, size_t limit, ig_text** page_json,
                          ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(page_json);
    ApprovalFilter filter;
    filter.tenant = std::string(View(tenant));
    if (const Status s = ReadState(View(state), filter); !s.ok()) return Fail(error, s.error());
    return GivePage(gate->gate->ListApprovals(filter, View(after), limit), page_json, error);
  });
}

ig_code ig_gate_find_approvals(ig_gate* gate, ig_str filter_json, ig_str after, size_t limit, ig_text** page_json,
                               ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(page_json);
    const Result<ApprovalFilter> filter = ReadApprovalFilter(View(filter_json));
    if (!filter.ok()) return Fail(error, filter.error());
    return GivePage(gate->gate->ListApprovals(*filter, View(after), limit), page_json, error);
  });
}

ig_code ig_gate_approval(ig_gate* gate, ig_str tenant, ig_str id, ig_text** approval_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(approval_json);
    return GiveApproval(gate->gate->GetApproval(View(tenant), View(id)), approval_json, error);
  });
}

ig_code ig_gate_decide_approval(ig_gate* gate, ig_str tenant, ig_str id, int approve, ig_str note, ig_str actor,
                                ig_text** approval_json, ig_error** error) {
  return ig_gate_decide_approval_claimed(gate, tenant, id, approve, note, ig_cstr(""), actor, approval_json, error);
}

ig_code ig_gate_decide_approval_claimed(ig_gate* gate, ig_str tenant, ig_str id, int approve, ig_str note, ig_str claimed_by,
                                        ig_str actor, ig_text** approval_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(approval_json);
    if (approve != 0 && approve != 1) return Fail(error, IG_INVALID_ARGUMENT, "approve must be 1 or 0");
    const ApprovalDecision decision{.tenant = std::string(View(tenant)),
                                    .id = std::string(View(id)),
                                    .answer = approve == 1 ? ApprovalAnswer::kApprove : ApprovalAnswer::kReject,
                                    .claimed_by = std::string(View(claimed_by)),
                                    .note = std::string(View(note))};
    return GiveApproval(gate->gate->DecideApproval(decision, {std::string(View(actor)), "", ""}), approval_json, error);
  });
}

ig_code ig_gate_wait_approval(ig_gate* gate, ig_str tenant, ig_str id, ig_approval_done done, void* context,
                              uint64_t* wait, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(wait);
    if (done == nullptr) return Fail(error, IG_INVALID_ARGUMENT, "done is NULL");
    *wait = gate->gate->WaitApproval(View(tenant), View(id), [done, context](const Result<Approval>& approval) {
      ig_text* row = nullptr;
      ig_error* failure = nullptr;
      static_cast<void>(Guarded(&failure, [&] { return GiveApproval(approval, &row, &failure); }));
      done(context, row, failure);
    });
    return IG_OK;
  });
}

ig_code ig_gate_cancel_approval_wait(ig_gate* gate, uint64_t wait, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    gate->gate->CancelApprovalWait(wait);
    return IG_OK;
  });
}

const char* ig_decision_approval_id(const ig_decision* decision) {
  return decision == nullptr ? "" : decision->decision.approval_id.c_str();
}

}  // extern "C"
