// audit keygen, checkpoint, proof, tiles, status, open-epoch.

#include <ostream>

#include <intentgate/clock.h>

#include "cli/audit_common.h"

namespace intentgate::cli {
namespace {

// A fork has its own exit code, as in `audit verify`.
int FailEvidence(const Streams& streams, const Error& error) {
  const int code = Fail(streams, error);
  return error.code == ErrorCode::kCorrupt && error.message.starts_with("fork_detected: ") ? kExitForked : code;
}

// A gate and its evidence, which lives no longer.
struct Opened {
  std::shared_ptr<Gate> gate;
  Evidence* evidence = nullptr;
};

Result<Opened> Open(const AuditEvidenceOptions& options, const Streams& streams) {
  Result<std::shared_ptr<Gate>> gate = OpenGate(options.config, streams);
  if (!gate.ok()) return gate.error();
  const Result<Evidence*> evidence = EvidenceOf(**gate);
  if (!evidence.ok()) return evidence.error();
  return Opened{*std::move(gate), *evidence};
}

// A checkpoint for what is in the chain now where there is a key, else the newest one.
Result<CheckpointInfo> Newest(Evidence& evidence, const std::string& tenant) {
  return evidence.VerifierKey().empty() ? evidence.LatestCheckpoint(tenant) : evidence.CheckpointNow(tenant);
}

json::Value ToJson(const CheckpointInfo& checkpoint) {
  json::Value out = json::MakeObject({{"origin", checkpoint.origin},
                                      {"epoch", checkpoint.epoch},
                                      {"size", checkpoint.size},
                                      {"root", checkpoint.root_hex},
                                      {"signed_at", FormatTime(checkpoint.signed_at_micros)},
                                      {"note", checkpoint.note}});
  if (checkpoint.witnessed_at_micros > 0) out.Set("witnessed_at", FormatTime(checkpoint.witnessed_at_micros));
  return out;
}

json::Value ToJson(const Freshness& fresh) {
  json::Value out = json::MakeObject({{"tenant", fresh.tenant},
                                      {"ok", fresh.ok},
                                      {"next_seq", fresh.head.next_seq},
                                      {"head_hash", fresh.head.hash},
                                      {"signing", fresh.signing},
                                      {"uncommitted_events", fresh.uncommitted_events},
                                      {"uncommitted_age_ms", fresh.uncommitted_age_micros / 1'000},
                                      {"declared_gaps", fresh.declared_gaps},
                                      {"declared_losses", fresh.declared_losses}});
  if (fresh.full.at_micros > 0) {
    out.Set("full_verification", json::MakeObject({{"ended_at", FormatTime(fresh.full.at_micros)},
                                                   {"ok", fresh.full.problem.empty()},
                                                   {"events", fresh.full.events}}));
  }
  if (!fresh.problem.empty()) out.Set("problem", fresh.problem);
  if (!fresh.signer_problem.empty()) out.Set("signer_problem", fresh.signer_problem);
  if (fresh.checkpoint) out.Set("checkpoint", ToJson(*fresh.checkpoint));
  if (fresh.witnessing) {
    out.Set("witnessed_events", fresh.witnessed_events);
    out.Set("unwitnessed_age_ms", fresh.unwitnessed_age_micros / 1'000);
  }
  return out;
}

void Print(const Freshness& fresh, std::ostream& out) {
  out << "tenant " << fresh.tenant << ": " << (fresh.ok ? "ok" : "NOT OK: " + fresh.problem) << "\n"
      << "  chain        " << fresh.head.next_seq << " events, head " << fresh.head.hash << "\n";
  if (fresh.checkpoint) {
    out << "  checkpoint   " << fresh.checkpoint->origin << ", " << fresh.checkpoint->size << " events, signed "
        << FormatTime(fresh.checkpoint->signed_at_micros) << "\n";
  } else {
    out << "  checkpoint   none" << (fresh.signing ? " yet" : ": no signing key is configured") << "\n";
  }
  out << "  uncommitted  " << fresh.uncommitted_events << " events, the oldest " << fresh.uncommitted_age_micros / 1'000'000
      << " s old\n";
  if (fresh.witnessing) {
    out << "  witnessed    " << fresh.witnessed_events << " events; the first behind them is "
        << fresh.unwitnessed_age_micros / 1'000'000 << " s old\n";
  }
  out << "  verified     ";
  if (fresh.full.at_micros == 0) {
    out << "not yet as a whole\n";
  } else {
    out << "as a whole at " << FormatTime(fresh.full.at_micros) << ", " << fresh.full.events << " events: "
        << (fresh.full.problem.empty() ? "good" : fresh.full.problem) << "\n";
  }
  out << "  losses       " << fresh.declared_losses << " events in " << fresh.declared_gaps << " declarations\n";
}

}  // namespace

int AuditKeygen(const AuditKeygenOptions& options, const Streams& streams) {
  const auto random = SystemRandom();
  const Result<std::string> key = MakeSigningKeyFile(options.out, options.name, *random);
  if (!key.ok()) return Fail(streams, key.error());
  streams.out << *key << "\n";
  streams.err << "intentgate: signing key written to " << options.out << " (mode 0600). Above is its verifier key: give it to "
              << "your auditors, by another way than the bundles.\n";
  return kExitOk;
}

int AuditCheckpoint(const AuditEvidenceOptions& options, const Streams& streams) {
  const Result<Opened> open = Open(options, streams);
  if (!open.ok()) return Fail(streams, open.error());
  const Result<CheckpointInfo> checkpoint = Newest(*open->evidence, options.tenant);
  if (!checkpoint.ok()) return FailEvidence(streams, checkpoint.error());
  if (options.json) streams.out << json::Write(ToJson(*checkpoint)) << "\n";
  else streams.out << checkpoint->note;
  return kExitOk;
}

int AuditProof(const AuditEvidenceOptions& options, const Streams& streams) {
  const Result<Opened> open = Open(options, streams);
  if (!open.ok()) return Fail(streams, open.error());
  if (!open->evidence->VerifierKey().empty()) {
    if (const auto now = open->evidence->CheckpointNow(options.tenant); !now.ok()) return FailEvidence(streams, now.error());
  }
  const Result<EventProof> proof = open->evidence->ProofOf(options.tenant, options.event_id);
  if (!proof.ok()) return Fail(streams, proof.error());
  const Result<std::unique_ptr<OutputFile>> out = OutputFile::Open(options.out, streams);
  if (!out.ok()) return Fail(streams, out.error());
  if (Status s = (*out)->Write(proof->proof); !s.ok()) return Fail(streams, s.error());
  if (Status s = (*out)->Finish(); !s.ok()) return Fail(streams, s.error());
  streams.err << "intentgate: event " << proof->seq << " of tenant " << options.tenant << " has the hash " << proof->hash << "\n";
  return kExitOk;
}

int AuditTiles(const AuditEvidenceOptions& options, const Streams& streams) {
  const Result<Opened> open = Open(options, streams);
  if (!open.ok()) return Fail(streams, open.error());
  if (const auto now = Newest(*open->evidence, options.tenant); !now.ok()) return FailEvidence(streams, now.error());
  const Result<CheckpointInfo> written = open->evidence->WriteTiles(options.tenant, options.out);
  if (!written.ok()) return Fail(streams, written.error());
  streams.err << "intentgate: the tree of " << written->origin << " over " << written->size << " events is in " << options.out << "\n";
  return kExitOk;
}

int AuditStatus(const AuditEvidenceOptions& options, const Streams& streams) {
  const Result<Opened> open = Open(options, streams);
  if (!open.ok()) return Fail(streams, open.error());
  Result<std::vector<std::string>> tenants = std::vector<std::string>{options.tenant};
  if (options.tenant.empty()) tenants = open->gate->Tenants();
  if (!tenants.ok()) return Fail(streams, tenants.error());
  const std::string key = open->evidence->VerifierKey();
  json::Array all;
  bool good = true;
  if (!options.json) streams.out << "verifier key: " << (key.empty() ? "none; checkpoints are not signed" : key) << "\n";
  for (const std::string& tenant : *tenants) {
    const Result<Freshness> fresh = open->evidence->FreshnessOf(tenant);
    if (!fresh.ok()) return Fail(streams, fresh.error());
    good = good && fresh->ok;
    if (options.json) all.push_back(ToJson(*fresh));
    else Print(*fresh, streams.out);
  }
  if (options.json) streams.out << json::Write(json::MakeObject({{"verifier_key", key}, {"tenants", std::move(all)}})) << "\n";
  return good ? kExitOk : kExitNo;
}

int AuditOpenEpoch(const AuditEvidenceOptions& options, const Streams& streams) {
  const Result<Opened> open = Open(options, streams);
  if (!open.ok()) return Fail(streams, open.error());
  const Result<CheckpointInfo> checkpoint =
      open->evidence->OpenEpoch(options.tenant, options.why, AdminContext{.actor = options.actor});
  if (!checkpoint.ok()) return FailEvidence(streams, checkpoint.error());
  streams.out << checkpoint->note;
  return kExitOk;
}

}  // namespace intentgate::cli
