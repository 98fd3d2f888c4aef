// How far the proofs are behind the chain, by a look at the ends: no event but the last ones is read.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "tlog/note.h"

namespace intentgate::evidence {

// Thread-safe.
class FreshnessReader {
 public:
  // The others must outlive this. `witnessing`: a quorum of witnesses is configured.
  FreshnessReader(audit::AuditStore& store, audit::LogStore& log, std::vector<tlog::VerifierKey> keys,
                  const Clock& clock, bool witnessing)
      : store_(store), log_(log), keys_(std::move(keys)), clock_(clock), witnessing_(witnessing) {}

  // All but what only the signer and the verification know.
  Result<Freshness> Read(std::string_view tenant);
  // What the chain says about its last full verification.
  Result<FullVerification> LastFullVerification(const std::string& tenant);

 private:
  // What the control events say.
  struct Controls {
    std::int64_t next_seq = 0;      // events below it were looked at
    std::int64_t gaps = 0, lost_events = 0;
    FullVerification verified;
  };
  Result<std::string> EndProblem(std::string_view tenant, const ChainHead& head) const;
  Result<std::string> TreeProblem(std::string_view tenant, const ChainHead& head,
                                  const audit::StoredCheckpoint& checkpoint) const;
  Result<std::int64_t> AgeOf(std::string_view tenant, std::int64_t seq) const;
  Result<Controls> ControlsOf(const std::string& tenant, std::int64_t next_seq);
  Status ReadWitnessed(Freshness& out);

  audit::AuditStore& store_;
  audit::LogStore& log_;
  const std::vector<tlog::VerifierKey> keys_;
  const Clock& clock_;
  const bool witnessing_;
  std::mutex mutex_;
  std::map<std::string, Controls, std::less<>> controls_;
};

CheckpointInfo ToInfo(const audit::StoredCheckpoint& checkpoint);

}  // namespace intentgate::evidence
