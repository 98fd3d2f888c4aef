// The chain and its evidence through the C API: pages of events, checkpoints, proofs, bundles, verification.

#include <intentgate/evidence.h>

#include "capi/filter.h"
#include "capi/objects.h"
#include "capi/request.h"

namespace intentgate::capi {
namespace {

constexpr std::size_t kMostEvents = 1000;

Result<Evidence*> EvidenceOf(ig_gate* gate) {
  if (Evidence* evidence = gate->gate->evidence()) return evidence;
  return Error{ErrorCode::kUnavailable, "this gate's store keeps no tree over the chain"};
}

json::Value ToJson(const CheckpointInfo& checkpoint) {
  json::Value row = json::MakeObject({{"note", checkpoint.note},
                                      {"origin", checkpoint.origin},
                                      {"epoch", checkpoint.epoch},
                                      {"size", checkpoint.size},
                                      {"root_hex", checkpoint.root_hex},
                                      {"signed_at_micros", checkpoint.signed_at_micros}});
  if (checkpoint.witnessed_at_micros != 0) row.Set("witnessed_at_micros", checkpoint.witnessed_at_micros);
  return row;
}

ig_code GiveCheckpoint(ig_text** out, const Result<CheckpointInfo>& checkpoint, ig_error** error) {
  return checkpoint.ok() ? GiveText(out, json::Write(ToJson(*checkpoint))) : Fail(error, checkpoint.error());
}

json::Value ToJson(const Freshness& f) {
  json::Value out = json::MakeObject({{"ok", f.ok},
                                      {"problem", f.problem},
                                      {"tenant", f.tenant},
                                      {"next_seq", f.head.next_seq},
                                      {"head_hash", f.head.hash},
                                      {"signing", f.signing},
                                      {"signer_problem", f.signer_problem},
                                      {"uncommitted_events", f.uncommitted_events},
                                      {"uncommitted_age_micros", f.uncommitted_age_micros},
                                      {"witnessing", f.witnessing},
                                      {"witnessed_events", f.witnessed_events},
                                      {"unwitnessed_age_micros", f.unwitnessed_age_micros},
                                      {"declared_gaps", f.declared_gaps},
                                      {"declared_losses", f.declared_losses},
                                      {"verified_to", f.verified_to}});
  if (f.checkpoint) out.Set("checkpoint", ToJson(*f.checkpoint));
  return out;
}

json::Value ToJson(const EvidenceReport& report) {
  json::Value out = json::MakeObject({{"ok", report.chain.ok},
                                      {"tenant", report.chain.tenant},
                                      {"verified", report.chain.verified},
                                      {"problem", report.chain.problem},
                                      {"from_seq", report.from_seq},
                                      {"covered", report.covered}});
  if (report.chain.broken_seq) out.Set("broken_seq", *report.chain.broken_seq);
  return out;
}

ig_code WriteBundle(ig_gate* gate, const BundleRequest& request, ig_sink sink, void* context, ig_error** error) {
  const Result<Evidence*> evidence = EvidenceOf(gate);
  if (!evidence.ok()) return Fail(error, evidence.error());
  const Status s = (*evidence)->WriteBundle(request, [&](std::string_view piece) -> Status {
    if (sink(context, piece.data(), piece.size()) == 0) return {};
    return Error{ErrorCode::kCancelled, "the sink stopped the bundle"};
  });
  return s.ok() ? IG_OK : Fail(error, s.error());
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
    const Result<AuditFilter> filter = ReadFilter(View(filter_json));
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
    BundleRequest request;
    request.tenant = std::string(View(tenant));
    return WriteBundle(gate, request, sink, context, error);
  });
}

ig_code ig_gate_write_bundle_with(ig_gate* gate, ig_str tenant, ig_str filter_json, ig_str options_json, ig_sink sink,
                                  void* context, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(sink);
    const Result<AuditFilter> filter = ReadFilter(View(filter_json));
    if (!filter.ok()) return Fail(error, filter.error());
    Request options(View(options_json), {"include_uncovered", "witnessed", "include_values"});
    BundleRequest request;
    request.tenant = std::string(View(tenant));
    request.filter = *filter;
    request.include_uncovered = options.Flag("include_uncovered");
    request.witnessed = options.Flag("witnessed");
    request.include_values = options.Flag("include_values");
    if (!options.status().ok()) return Fail(error, options.status().error());
    return WriteBundle(gate, request, sink, context, error);
  });
}

ig_code ig_gate_write_tiles(ig_gate* gate, ig_str tenant, ig_str directory, ig_text** checkpoint_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(checkpoint_json);
    if (directory.size == 0) return Fail(error, IG_INVALID_ARGUMENT, "directory is empty");
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    return GiveCheckpoint(checkpoint_json, (*evidence)->WriteTiles(View(tenant), std::string(View(directory))), error);
  });
}

ig_code ig_gate_freshness(ig_gate* gate, ig_str tenant, ig_text** freshness_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(freshness_json);
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    const Result<Freshness> freshness = (*evidence)->FreshnessOf(View(tenant));
    return freshness.ok() ? GiveText(freshness_json, json::Write(ToJson(*freshness))) : Fail(error, freshness.error());
  });
}

ig_code ig_gate_verify_evidence(ig_gate* gate, ig_str tenant, int incremental, ig_text** report_json, ig_error** error) {
  return Guarded(error, [&]() -> ig_code {
    IG_NEED(gate);
    IG_NEED(report_json);
    if (incremental != 0 && incremental != 1) return Fail(error, IG_INVALID_ARGUMENT, "incremental must be 1 or 0");
    const Result<Evidence*> evidence = EvidenceOf(gate);
    if (!evidence.ok()) return Fail(error, evidence.error());
    const Result<EvidenceReport> report = (*evidence)->Verify(View(tenant), incremental == 1);
    return report.ok() ? GiveText(report_json, json::Write(ToJson(*report))) : Fail(error, report.error());
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
