#include "operations.h"

#include <array>
#include <string>
#include <utility>

#include <intentgate/evidence.h>

#include "convert.h"
#include "file_sink.h"

namespace intentgate::node {
namespace {

bool Flag(const json::Value& request, std::string_view name) {
  const json::Value* value = request.Find(name);
  return value != nullptr && value->is_bool() && value->bool_value();
}

AdminContext Admin(const json::Value& request) { return {Member(request, "actor"), "", ""}; }

AuditFilter Filter(const json::Value& request) {
  AuditFilter filter;
  const json::Value* given = request.Find("filter");
  if (given == nullptr) return filter;
  filter.tenant = Member(*given, "tenant");
  filter.from_micros = Integer(*given, "fromMicros");
  filter.to_micros = Integer(*given, "toMicros");
  filter.from_seq = Integer(*given, "fromSeq");
  filter.to_seq = Integer(*given, "toSeq");
  filter.agent_id = Member(*given, "agentId");
  filter.tool = Member(*given, "tool");
  filter.decision = Member(*given, "decision");
  filter.check = Member(*given, "check");
  filter.jti = Member(*given, "jti");
  filter.root_jti = Member(*given, "rootJti");
  filter.event_id = Member(*given, "eventId");
  filter.session_id = Member(*given, "sessionId");
  filter.kind = Member(*given, "kind");
  filter.code = Member(*given, "code");
  filter.actor = Member(*given, "actor");
  return filter;
}

Result<std::string> Json(std::initializer_list<std::pair<std::string_view, json::Value>> members) {
  return json::Write(json::MakeObject(members));
}

json::Value ToJson(const CheckpointInfo& c) {
  json::Value out = json::MakeObject({{"note", c.note}, {"origin", c.origin}, {"epoch", c.epoch}, {"size", c.size},
                                      {"rootHex", c.root_hex}, {"signedAtMicros", c.signed_at_micros}});
  if (c.witnessed_at_micros != 0) out.Set("witnessedAtMicros", c.witnessed_at_micros);
  return out;
}
Result<std::string> Json(const Result<CheckpointInfo>& checkpoint) {
  if (!checkpoint.ok()) return checkpoint.error();
  return json::Write(ToJson(*checkpoint));
}

Result<std::string> Checkpoint(Evidence& evidence, const json::Value& request) {
  return Json(evidence.CheckpointNow(Member(request, "tenant")));
}
Result<std::string> LatestCheckpoint(Evidence& evidence, const json::Value& request) {
  return Json(evidence.LatestCheckpoint(Member(request, "tenant")));
}
Result<std::string> VerifierKey(Evidence& evidence, const json::Value&) { return evidence.VerifierKey(); }

Result<std::string> Proof(Evidence& evidence, const json::Value& request) {
  const Result<EventProof> made = evidence.ProofOf(Member(request, "tenant"), Member(request, "eventId"));
  if (!made.ok()) return made.error();
  return Json({{"proof", made->proof}, {"seq", made->seq}, {"eventId", made->event_id}, {"hash", made->hash}});
}

// Of a decision's own members; plain text.
Result<std::string> Receipt(Evidence& evidence, const json::Value& request) {
  return evidence.SignReceipt({.tenant = Member(request, "tenant"), .seq = Integer(request, "auditSeq").value_or(-1),
                               .event_id = Member(request, "eventId"), .hash = Member(request, "auditHash")});
}

Result<std::string> WriteBundle(Evidence& evidence, const json::Value& request) {
  BundleRequest bundle;
  bundle.filter = Filter(request);
  bundle.tenant = Member(request, "tenant");
  bundle.include_uncovered = Flag(request, "includeUncovered");
  bundle.witnessed = Flag(request, "witnessed");
  bundle.include_values = Flag(request, "includeValues");
  return Nothing(WriteFile(Member(request, "path"), [&](const ExportSink& sink) { return evidence.WriteBundle(bundle, sink); }));
}
Result<std::string> WriteTiles(Evidence& evidence, const json::Value& request) {
  return Json(evidence.WriteTiles(Member(request, "tenant"), Member(request, "directory")));
}

Result<std::string> FreshnessOf(Evidence& evidence, const json::Value& request) {
  const Result<Freshness> f = evidence.FreshnessOf(Member(request, "tenant"));
  if (!f.ok()) return f.error();
  json::Value out = json::MakeObject({{"ok", f->ok}, {"problem", f->problem}, {"tenant", f->tenant}, {"nextSeq", f->head.next_seq},
                                      {"headHash", f->head.hash}, {"signing", f->signing}, {"signerProblem", f->signer_problem},
                                      {"uncommittedEvents", f->uncommitted_events}, {"uncommittedAgeMicros", f->uncommitted_age_micros},
                                      {"witnessing", f->witnessing}, {"witnessedEvents", f->witnessed_events},
                                      {"unwitnessedAgeMicros", f->unwitnessed_age_micros}, {"declaredGaps", f->declared_gaps},
                                      {"declaredLosses", f->declared_losses}, {"verifiedTo", f->verified_to}});
  if (f->checkpoint) out.Set("checkpoint", ToJson(*f->checkpoint));
  return json::Write(out);
}

Result<std::string> Verify(Evidence& evidence, const json::Value& request) {
  const Result<EvidenceReport> report = evidence.Verify(Member(request, "tenant"), Flag(request, "incremental"));
  if (!report.ok()) return report.error();
  json::Value out = ReportOf(report->chain);
  out.Set("fromSeq", report->from_seq);
  out.Set("covered", report->covered);
  return json::Write(out);
}

Result<std::string> Prune(Evidence& evidence, const json::Value& request) {
  const Result<PruneReport> report = evidence.Prune({.tenant = Member(request, "tenant"), .before_micros = Integer(request, "beforeMicros").value_or(0),
                                                     .reason = Member(request, "reason"), .dry_run = Flag(request, "dryRun")}, Admin(request));
  if (!report.ok()) return report.error();
  return Json({{"firstSeq", report->first_seq}, {"nextFirstSeq", report->next_first_seq}, {"resumed", report->resumed},
               {"archive", report->archive}, {"archiveSha256", report->archive_sha256}});
}

Result<std::string> Erase(Gate& gate, const json::Value& request) {
  const Result<EraseReport> report =
      gate.EraseValues({.filter = Filter(request), .reason = Member(request, "reason"), .dry_run = Flag(request, "dryRun")}, Admin(request));
  if (!report.ok()) return report.error();
  return Json({{"events", report->events}, {"values", report->values}, {"approvals", report->approvals}});
}

Result<std::string> PlaceHold(Gate& gate, const json::Value& request) {
  LegalHold hold;
  hold.tenant = Member(request, "tenant");
  hold.id = Member(request, "id");
  hold.reason = Member(request, "reason");
  hold.from_micros = Integer(request, "fromMicros").value_or(hold.from_micros);
  hold.to_micros = Integer(request, "toMicros").value_or(hold.to_micros);
  return Nothing(gate.PlaceHold(hold, Admin(request)));
}
Result<std::string> LiftHold(Gate& gate, const json::Value& request) {
  return Nothing(gate.LiftHold(Member(request, "tenant"), Member(request, "id"), Member(request, "reason"), Admin(request)));
}
Result<std::string> Holds(Gate& gate, const json::Value& request) {
  const Result<std::vector<LegalHold>> holds = gate.Holds(Member(request, "tenant"));
  if (!holds.ok()) return holds.error();
  json::Array rows;
  for (const LegalHold& hold : *holds) {
    json::Value row = json::MakeObject({{"tenant", hold.tenant}, {"id", hold.id}, {"reason", hold.reason}, {"placedBy", hold.placed_by},
                                        {"placedAtMicros", hold.placed_at_micros}});
    const LegalHold everything;
    if (hold.from_micros != everything.from_micros) row.Set("fromMicros", hold.from_micros);
    if (hold.to_micros != everything.to_micros) row.Set("toMicros", hold.to_micros);
    rows.push_back(std::move(row));
  }
  return json::Write(json::Value(std::move(rows)));
}

using OnGate = Result<std::string> (*)(Gate& gate, const json::Value& request);
using OnEvidence = Result<std::string> (*)(Evidence& evidence, const json::Value& request);
struct Operation {
  std::string_view name;
  OnGate on_gate = nullptr;           // exactly one of the two is set
  OnEvidence on_evidence = nullptr;
};
constexpr std::array<Operation, 14> kOperations = {{
    {.name = "checkpoint", .on_evidence = &Checkpoint},
    {.name = "latestCheckpoint", .on_evidence = &LatestCheckpoint},
    {.name = "verifierKey", .on_evidence = &VerifierKey},
    {.name = "proof", .on_evidence = &Proof},
    {.name = "receipt", .on_evidence = &Receipt},
    {.name = "writeBundle", .on_evidence = &WriteBundle},
    {.name = "writeTiles", .on_evidence = &WriteTiles},
    {.name = "freshness", .on_evidence = &FreshnessOf},
    {.name = "verify", .on_evidence = &Verify},
    {.name = "prune", .on_evidence = &Prune},
    {.name = "eraseValues", .on_gate = &Erase},
    {.name = "placeHold", .on_gate = &PlaceHold},
    {.name = "liftHold", .on_gate = &LiftHold},
    {.name = "holds", .on_gate = &Holds},
}};

Result<std::string> Run(Gate& gate, std::string_view name, const json::Value& request) {
  for (const Operation& operation : kOperations) {
    if (operation.name != name) continue;
    if (operation.on_gate != nullptr) return operation.on_gate(gate, request);
    Evidence* evidence = gate.evidence();
    if (evidence == nullptr) return Error{ErrorCode::kUnavailable, "this store keeps no tree over its chains"};
    return operation.on_evidence(*evidence, request);
  }
  return Error{ErrorCode::kInternal, "no such operation"};
}

}  // namespace

std::optional<Job> OperationJob(const Napi::CallbackInfo& info, std::shared_ptr<Gate> gate) {
  Result<json::Value> request = json::Parse(Text(info, 1));
  if (!request.ok()) return Throw(info.Env(), request.error()), std::nullopt;
  return [gate = std::move(gate), name = Text(info, 0), request = *std::move(request)] { return Run(*gate, name, request); };
}

}  // namespace intentgate::node
