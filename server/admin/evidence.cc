// Verification, freshness, checkpoints and proofs of one tenant.

#include <utility>

#include <intentgate/clock.h>

#include "admin/resources.h"

namespace intentgate::admin {
namespace {

// The tenant that is asked for: the operator's own, or the one named, or the default.
Result<std::string> OneTenant(const Request& request) {
  Result<std::string> tenant = TenantFor(request, TextParameter(request, "tenant"));
  if (tenant.ok() && tenant->empty()) return std::string("default");
  return tenant;
}

Result<Evidence*> EvidenceOf(const Resources& on) {
  if (on.gate->evidence() != nullptr) return on.gate->evidence();
  return Error{ErrorCode::kNotFound, "this gateway's store keeps no checkpoints and no proofs"};
}

// What stands in the way of a signature is for the operator to know, and names no store and no path.
Reply EvidenceFailed(const Error& error) {
  if (error.code == ErrorCode::kCorrupt && error.message.starts_with("fork_detected: ")) return Reply::Error(409, error.message);
  return Reply::FromError(error);
}

json::Value ToJson(const CheckpointInfo& checkpoint, const Evidence& evidence) {
  json::Value out = json::MakeObject({{"origin", checkpoint.origin},
                                      {"epoch", checkpoint.epoch},
                                      {"size", checkpoint.size},
                                      {"root", checkpoint.root_hex},
                                      {"signed_at", FormatTime(checkpoint.signed_at_micros)},
                                      {"verifier_key", evidence.VerifierKey()},
                                      {"note", checkpoint.note}});
  if (checkpoint.witnessed_at_micros > 0) out.Set("witnessed_at", FormatTime(checkpoint.witnessed_at_micros));
  return out;
}

json::Value ToJson(const FullVerification& full) {
  json::Value out = json::MakeObject({{"running", full.running}});
  if (full.running) {
    out.Set("position", full.position);
    out.Set("goal", full.goal);
  }
  if (full.at_micros > 0) {
    out.Set("ended_at", FormatTime(full.at_micros));
    out.Set("ok", full.problem.empty());
    out.Set("events", full.events);
  }
  if (!full.problem.empty()) out.Set("problem", full.problem);
  return out;
}

Reply ToReply(const EvidenceReport& found, bool incremental) {
  const VerifyReport& chain = found.chain;
  json::Value body = json::MakeObject({{"ok", chain.ok},
                                       {"tenant", chain.tenant},
                                       {"verified", chain.verified},
                                       {"skipped", 0},
                                       {"mode", incremental ? "incremental" : "full"},
                                       {"from_seq", found.from_seq},
                                       {"covered", found.covered}});
  if (chain.ok) {
    body.Set("head_seq", chain.head.next_seq - 1);
    body.Set("head_hash", chain.head.hash);
  } else {
    body.Set("broken_at", json::MakeObject({{"id", chain.broken_seq ? json::Value(*chain.broken_seq) : json::Value()},
                                            {"stored_hash", chain.stored_hash},
                                            {"expected_hash", chain.expected_hash},
                                            {"reason", chain.problem}}));
  }
  return {200, std::move(body)};
}

}  // namespace

Reply VerifyAudit(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"tenant", "mode"}); !known.ok()) return Reply::FromError(known.error());
  const std::string mode = TextParameter(request, "mode");
  if (!mode.empty() && mode != "full" && mode != "incremental") return Reply::Error(400, "mode must be one of full, incremental");
  const bool incremental = mode == "incremental";
  const Result<std::string> tenant = OneTenant(request);
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  if (Evidence* evidence = on.gate->evidence(); evidence != nullptr) {
    const Result<EvidenceReport> found = evidence->Verify(*tenant, incremental);
    return found.ok() ? ToReply(*found, incremental) : Reply::FromError(found.error());
  }
  if (Status flushed = on.gate->Flush(); !flushed.ok()) return Reply::FromError(flushed.error());
  Result<VerifyReport> walked = on.gate->VerifyAudit(*tenant);
  if (!walked.ok()) return Reply::FromError(walked.error());
  walked->tenant = *tenant;
  return ToReply({*std::move(walked)}, false);
}

Reply AuditFreshness(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"tenant"}); !known.ok()) return Reply::FromError(known.error());
  const Result<std::string> tenant = OneTenant(request);
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  const Result<Evidence*> evidence = EvidenceOf(on);
  if (!evidence.ok()) return Reply::FromError(evidence.error());
  const Result<Freshness> fresh = (*evidence)->FreshnessOf(*tenant);
  if (!fresh.ok()) return Reply::FromError(fresh.error());
  json::Value body = json::MakeObject({{"ok", fresh->ok},
                                       {"tenant", fresh->tenant},
                                       {"next_seq", fresh->head.next_seq},
                                       {"head_hash", fresh->head.hash},
                                       {"signing", fresh->signing},
                                       {"uncommitted_events", fresh->uncommitted_events},
                                       {"uncommitted_age_ms", fresh->uncommitted_age_micros / 1'000},
                                       {"witnessing", fresh->witnessing},
                                       {"declared_gaps", fresh->declared_gaps},
                                       {"declared_losses", fresh->declared_losses},
                                       {"verified_to", fresh->verified_to}});
  if (fresh->witnessing) {
    body.Set("witnessed_events", fresh->witnessed_events);
    body.Set("unwitnessed_age_ms", fresh->unwitnessed_age_micros / 1'000);
  }
  body.Set("full_verification", ToJson(fresh->full));
  if (fresh->verified_to > 0) body.Set("verified_at", FormatTime(fresh->verified_at_micros));
  if (!fresh->problem.empty()) body.Set("problem", fresh->problem);
  if (!fresh->signer_problem.empty()) body.Set("signer_problem", fresh->signer_problem);
  if (fresh->checkpoint) body.Set("checkpoint", ToJson(*fresh->checkpoint, **evidence));
  return {200, std::move(body)};
}

Reply AuditCheckpoint(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"tenant"}); !known.ok()) return Reply::FromError(known.error());
  const Result<std::string> tenant = OneTenant(request);
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  const Result<Evidence*> evidence = EvidenceOf(on);
  if (!evidence.ok()) return Reply::FromError(evidence.error());
  const bool signs = !(*evidence)->VerifierKey().empty();
  const Result<CheckpointInfo> checkpoint = signs ? (*evidence)->CheckpointNow(*tenant) : (*evidence)->LatestCheckpoint(*tenant);
  if (!checkpoint.ok()) return EvidenceFailed(checkpoint.error());
  return {200, ToJson(*checkpoint, **evidence)};
}

Reply AuditProof(const Resources& on, const Request& request) {
  if (Status known = KnownParameters(request, {"tenant", "event_id"}); !known.ok()) return Reply::FromError(known.error());
  const Result<std::string> tenant = OneTenant(request);
  if (!tenant.ok()) return Reply::FromError(tenant.error());
  const Result<Evidence*> evidence = EvidenceOf(on);
  if (!evidence.ok()) return Reply::FromError(evidence.error());
  const std::string event_id = TextParameter(request, "event_id");
  if (event_id.empty()) return Reply::Error(400, "event_id is needed");
  if (!(*evidence)->VerifierKey().empty()) {
    if (const auto now = (*evidence)->CheckpointNow(*tenant); !now.ok()) return EvidenceFailed(now.error());
  }
  const Result<EventProof> proof = (*evidence)->ProofOf(*tenant, event_id);
  if (!proof.ok() && proof.error().code == ErrorCode::kUnavailable) return Reply::Error(409, proof.error().message);
  if (!proof.ok()) return Reply::FromError(proof.error());
  return {200, json::MakeObject({{"tenant", *tenant},
                                 {"event_id", proof->event_id},
                                 {"seq", proof->seq},
                                 {"hash", proof->hash},
                                 {"proof", proof->proof}})};
}

}  // namespace intentgate::admin
