// The gate of the C API.

#include <cstddef>
#include <cstring>

#include <intentgate/evidence.h>

#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

// A call with the arguments that it points to.
struct ReadCall {
  std::optional<json::Value> arguments;
  Call call;
};

// A caller that was built with an older header hands in a shorter structure.
constexpr std::size_t kFirstCallSize = offsetof(ig_call, server) + sizeof(ig_str);

Status Read(const ig_call& caller, ReadCall& out) {
  if (caller.struct_size < kFirstCallSize || caller.struct_size > sizeof(ig_call)) {
    return Error{ErrorCode::kInvalidArgument, "call.struct_size is none of this library's; start from IG_CALL_INIT"};
  }
  ig_call in = IG_CALL_INIT;
  std::memcpy(&in, &caller, caller.struct_size);
  Result<std::optional<json::Value>> arguments = ReadArguments(View(in.arguments_json));
  if (!arguments.ok()) return arguments.error();
  out.arguments = *std::move(arguments);
  out.call.arguments = out.arguments ? &*out.arguments : nullptr;
  out.call.token = View(in.token);
  out.call.tool = View(in.tool);
  if (in.method.size > 0) out.call.method = View(in.method);
  out.call.prompt = View(in.prompt);
  out.call.session_id = View(in.session_id);
  out.call.remote_ip = View(in.remote_ip);
  out.call.server = View(in.server);
  out.call.approval_id = View(in.approval_id);
  return {};
}

ig_code Decide(ig_gate* gate, const ig_call* call, ig_decision** decision, ig_error** error,
               Decision (Gate::*ask)(const Call&)) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(call);
    IG_NEED(decision);
    ReadCall read;
    if (const Status s = Read(*call, read); !s.ok()) return Fail(error, s.error());
    return Give(decision, ig_decision{((*gate->gate).*ask)(read.call)});
  });
}

json::Value ToJson(const Decision& d) {
  json::Array trace;
  for (const TraceStep& step : d.trace) {
    trace.push_back(json::MakeObject({{"check", CheckName(step.check)}, {"passed", step.passed}, {"detail", step.detail}}));
  }
  json::Value out = json::MakeObject({{"verdict", VerdictName(d.verdict)},
                                      {"check", CheckName(d.check)},
                                      {"code", ReasonName(d.code)},
                                      {"reason", d.reason},
                                      {"rule", d.rule},
                                      {"requires_step_up", d.requires_step_up},
                                      {"approval_id", d.approval_id},
                                      {"event_id", d.event_id},
                                      {"tenant", d.tenant},
                                      {"agent_id", d.agent_id},
                                      {"jti", d.jti},
                                      {"root_jti", d.root_jti},
                                      {"latency_us", d.latency_us},
                                      {"trace", json::Value(std::move(trace))}});
  if (d.receipt) out.Set("receipt", json::MakeObject({{"seq", d.receipt->seq}, {"hash", d.receipt->hash}}));
  return out;
}

const Decision* Of(const ig_decision* decision) { return decision == nullptr ? nullptr : &decision->decision; }

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_gate_close(ig_gate* gate) {
  const std::unique_ptr<ig_gate> owned(gate);
  return Guarded(nullptr, [&]() -> ig_code {
    if (owned == nullptr) return IG_OK;
    const Status flushed = owned->gate->Flush();
    return flushed.ok() ? IG_OK : static_cast<ig_code>(flushed.error().code);
  });
}

ig_code ig_gate_authorize(ig_gate* gate, const ig_call* call, ig_decision** decision, ig_error** error) {
  return Decide(gate, call, decision, error, &Gate::Authorize);
}

ig_code ig_gate_explain(ig_gate* gate, const ig_call* call, ig_decision** decision, ig_error** error) {
  return Decide(gate, call, decision, error, &Gate::Explain);
}

ig_code ig_gate_authorize_async(ig_gate* gate, const ig_call* call, ig_decision_done done, void* context,
                                ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(call);
    if (done == nullptr) return Fail(error, IG_INVALID_ARGUMENT, "done is NULL");
    ReadCall read;
    if (const Status s = Read(*call, read); !s.ok()) return Fail(error, s.error());
    gate->gate->AuthorizeAsync(read.call, [done, context](Decision decision) {
      done(context, new ig_decision{std::move(decision)});
    });
    return IG_OK;
  });
}

ig_code ig_gate_record_outcome(ig_gate* gate, const ig_decision* decision, ig_str outcome, int64_t latency_us,
                               ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(decision);
    if (!decision->decision.allowed()) return Fail(error, IG_INVALID_ARGUMENT, "only an allowed call has an outcome");
    Outcome what;
    if (outcome.size > 0) what.outcome = std::string(View(outcome));
    what.latency_us = latency_us;
    gate->gate->RecordOutcome(decision->decision, what);
    return IG_OK;
  });
}

ig_code ig_gate_revoke(ig_gate* gate, ig_str id, ig_str tenant, ig_str reason, ig_str actor, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    const std::string who(View(actor));
    const Status s = gate->gate->Revoke({std::string(View(tenant)), std::string(View(id)), std::string(View(reason)), who},
                                        {who, "", ""});
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_set_policy(ig_gate* gate, const ig_policy* policy, ig_str actor, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(policy);
    const Status s = gate->gate->SetPolicy(policy->policy, {std::string(View(actor)), "", ""});
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_flush(ig_gate* gate, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    const Status s = gate->gate->Flush();
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_verify_audit(ig_gate* gate, ig_str tenant, ig_text** report_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(report_json);
    const Result<VerifyReport> report = gate->gate->VerifyAudit(View(tenant));
    if (!report.ok()) return Fail(error, report.error());
    json::Value out = json::MakeObject({{"ok", report->ok},
                                        {"tenant", report->tenant},
                                        {"verified", report->verified},
                                        {"problem", report->problem},
                                        {"next_seq", report->head.next_seq},
                                        {"hash", report->head.hash}});
    if (report->broken_seq) out.Set("broken_seq", *report->broken_seq);
    return GiveText(report_json, json::Write(out));
  });
}

ig_code ig_gate_export_audit(ig_gate* gate, ig_str tenant, ig_str format, ig_sink sink, void* context,
                             ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    if (sink == nullptr) return Fail(error, IG_INVALID_ARGUMENT, "sink is NULL");
    const std::string_view name = View(format);
    if (name != "ndjson" && name != "csv") return Fail(error, IG_INVALID_ARGUMENT, "format must be ndjson or csv");
    AuditFilter filter;
    filter.tenant = std::string(View(tenant));
    const Status s = gate->gate->ExportAudit(filter, name == "csv" ? ExportFormat::kCsv : ExportFormat::kNdjson,
                                             [&](std::string_view piece) -> Status {
                                               if (sink(context, piece.data(), piece.size()) == 0) return {};
                                               return Error{ErrorCode::kCancelled, "the sink stopped the export"};
                                             });
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_gate_sign_receipt(ig_gate* gate, const ig_decision* decision, ig_text** note, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(decision);
    IG_NEED(note);
    Evidence* evidence = gate->gate->evidence();
    if (evidence == nullptr) return Fail(error, IG_UNAVAILABLE, "this gate's store keeps no checkpoints, so nothing is signed");
    const Result<std::string> text = evidence->SignReceipt(Of(decision)->receipt.value_or(AuditReceipt{}));
    return text.ok() ? GiveText(note, *text) : Fail(error, text.error());
  });
}

int ig_decision_allowed(const ig_decision* decision) { return decision != nullptr && decision->decision.allowed() ? 1 : 0; }

// The names are literals, so they end in a NUL. No decision reads as a refusal.
const char* ig_decision_verdict(const ig_decision* decision) {
  const Decision* d = Of(decision);
  return VerdictName(d == nullptr ? Verdict::kBlock : d->verdict).data();
}
const char* ig_decision_check(const ig_decision* decision) {
  const Decision* d = Of(decision);
  return CheckName(d == nullptr ? Check::kNone : d->check).data();
}
const char* ig_decision_code(const ig_decision* decision) {
  const Decision* d = Of(decision);
  return ReasonName(d == nullptr ? Reason::kInvalidRequest : d->code).data();
}
const char* ig_decision_reason(const ig_decision* decision) {
  const Decision* d = Of(decision);
  return d == nullptr ? "" : d->reason.c_str();
}
const char* ig_decision_rule(const ig_decision* decision) {
  const Decision* d = Of(decision);
  return d == nullptr ? "" : d->rule.c_str();
}
const char* ig_decision_event_id(const ig_decision* decision) {
  const Decision* d = Of(decision);
  return d == nullptr ? "" : d->event_id.c_str();
}

ig_code ig_decision_json(const ig_decision* decision, ig_text** json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(decision);
    IG_NEED(json);
    return GiveText(json, json::Write(ToJson(decision->decision)));
  });
}

void ig_decision_free(ig_decision* decision) { delete decision; }

}  // extern "C"
