// The chain and its evidence through the C API: pages of events, checkpoints, proofs, bundles and their verification.

#include <intentgate/bundle.h>
#include <intentgate/evidence.h>

#include <array>

#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

constexpr std::size_t kMostEvents = 1000;
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

Result<AuditFilter> FilterFrom(ig_str json) {
  Request request(json.size == 0 ? std::string_view("{}") : View(json),
                  {"tenant", "agent_id", "tool", "decision", "check", "code", "kind", "jti", "root_jti", "session_id", "event_id",
                   "actor", "from_micros", "to_micros"});
  AuditFilter filter;
  filter.tenant = request.Text("tenant");
  filter.agent_id = request.Text("agent_id");
  filter.tool = request.Text("tool");
  filter.decision = request.Text("decision");
  filter.check = request.Text("check");
  filter.code = request.Text("code");
  filter.kind = request.Text("kind");
  filter.jti = request.Text("jti");
  filter.root_jti = request.Text("root_jti");
  filter.session_id = request.Text("session_id");
  filter.event_id = request.Text("event_id");
  filter.actor = request.Text("actor");
  filter.from_micros = request.Integer("from_micros");
  filter.to_micros = request.Integer("to_micros");
  if (!request.status().ok()) return request.status().error();
  return filter;
}

Result<Evidence*> EvidenceOf(ig_gate* gate) {
  if (Evidence* evidence = gate->gate->evidence()) return evidence;
  return Error{ErrorCode::kUnavailable, "this gate's store keeps no tree over the chain"};
}

ig_code GiveCheckpoint(ig_text** out, const Result<CheckpointInfo>& checkpoint, ig_error** error) {
  if (!checkpoint.ok()) return Fail(error, checkpoint.error());
  json::Value row = json::MakeObject({{"note", checkpoint->note},
                                      {"origin", checkpoint->origin},
                                      {"epoch", checkpoint->epoch},
                                      {"size", checkpoint->size},
                                      {"root_hex", checkpoint->root_hex},
                                      {"signed_at_micros", checkpoint->signed_at_micros}});
  if (checkpoint->witnessed_at_micros != 0) row.Set("witnessed_at_micros", checkpoint->witnessed_at_micros);
  return GiveText(out, json::Write(row));
}

json::Value ToJson(const BundleReport& report) {
  json::Array signed_by;
  for (const std::string& name : report.signed_by) signed_by.emplace_back(name);
  json::Value out = json::MakeObject({{"verdict", BundleVerdictName(report.verdict)},
                                      {"message", report.message},
                                      {"tenant", report.tenant},
                                      {"events", report.events},
                                      {"first_seq", report.first_seq},
                                      {"next_seq", report.next_seq},
                                      {"covered", report.covered},
                                      {"uncovered_events", report.uncovered_events},
                                      {"complete", report.complete},
                                      {"origin", report.origin},
                                      {"checkpoint_note", report.checkpoint_note}});
  out.Set("signed_by", std::move(signed_by));
  if (report.bad_seq) out.Set("bad_seq", *report.bad_seq);
  return out;
}

}  // namespace
}  // namespace intentgate::capi

using namespace intentgate;
using namespace intentgate::capi;

extern "C" {

ig_code ig_gate_query_audit(ig_gate* gate, ig_str filter_json, ig_str after, size_t limit, ig_text** page_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(page_json);
    if (limit == 0 || limit > kMostEvents) return Fail(error, IG_INVALID_ARGUMENT, "limit must be 1 to 1000");
    const Result<AuditFilter> filter = FilterFrom(filter_json);
    if (!filter.ok()) return Fail(error, filter.error());
    const Result<AuditPage> page = gate->gate->QueryAudit(*filter, View(after), limit);
    if (!page.ok()) return Fail(error, page.error());
    json::Array events;
    for (const AuditRecord& record : page->records) {
      Result<json::Value> event = ShownEvent(record);
      if (!event.ok()) return Fail(error, event.error());
      events.push_back(*std::move(event));
    }
    json::Value out = json::MakeObject({{"next", page->next}});
    out.Set("events", std::move(events));
    return GiveText(page_json, json::Write(out));
  });
}

ig_code ig_gate_make_checkpoint(ig_gate* gate, ig_str tenant, ig_text** checkpoint_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(checkpoint_json);
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    return GiveCheckpoint(checkpoint_json, (*evidence)->CheckpointNow(View(tenant)), error);
  });
}

ig_code ig_gate_latest_checkpoint(ig_gate* gate, ig_str tenant, ig_text** checkpoint_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(checkpoint_json);
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    return GiveCheckpoint(checkpoint_json, (*evidence)->LatestCheckpoint(View(tenant)), error);
  });
}

ig_code ig_gate_prove_event(ig_gate* gate, ig_str tenant, ig_str event_id, ig_text** proof_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(proof_json);
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    const Result<EventProof> proof = (*evidence)->ProofOf(View(tenant), View(event_id));
    if (!proof.ok()) return Fail(error, proof.error());
    return GiveText(proof_json, json::Write(json::MakeObject({{"proof", proof->proof}, {"seq", proof->seq},
                                                              {"event_id", proof->event_id}, {"hash", proof->hash}})));
  });
}

ig_code ig_gate_write_bundle(ig_gate* gate, ig_str tenant, ig_sink sink, void* context, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(sink);
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    BundleRequest request;
    request.tenant = std::string(View(tenant));
    const Status s = (*evidence)->WriteBundle(request, [&](std::string_view piece) -> Status {
      if (sink(context, piece.data(), piece.size()) == 0) return {};
      return Error{ErrorCode::kCancelled, "the sink stopped the bundle"};
    });
    return s.ok() ? IG_OK : Fail(error, s.error());
  });
}

ig_code ig_verify_bundle(ig_read read, void* context, const ig_str* keys, size_t key_count, ig_text** report_json,
                         ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(read);
    IG_NEED(report_json);
    if (key_count > 0) IG_NEED(keys);
    BundleTrust trust;
    for (std::size_t i = 0; i < key_count; ++i) trust.keys.emplace_back(View(keys[i]));
    Result<BundleVerifier> verifier = BundleVerifier::Create(trust);
    if (!verifier.ok()) return Fail(error, verifier.error());
    std::array<char, kPieceBytes> piece;
    for (;;) {
      const int64_t size = read(context, piece.data(), piece.size());
      if (size < 0 || size > static_cast<int64_t>(piece.size())) return Fail(error, IG_IO, "the bundle could not be read");
      if (size == 0) break;
      verifier->Feed({piece.data(), static_cast<std::size_t>(size)});
    }
    return GiveText(report_json, json::Write(ToJson(verifier->Finish())));
  });
}

ig_code ig_gate_verifier_key(ig_gate* gate, ig_text** key, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(key);
    const Result<Evidence*> evidence = EvidenceOf(gate);
    return evidence.ok() ? GiveText(key, (*evidence)->VerifierKey()) : Fail(error, evidence.error());
  });
}

}  // extern "C"
