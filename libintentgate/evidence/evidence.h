// The evidence of one gate: signer, background, proofs, bundles and verification behind the public interface.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <intentgate/clock.h>
#include <intentgate/evidence.h>

#include "audit/audit_log.h"
#include "audit/log_store.h"
#include "audit/private_values.h"
#include "evidence/publisher.h"
#include "evidence/sealer.h"
#include "evidence/signer.h"

namespace intentgate::evidence {

struct EvidenceSetup {
  std::shared_ptr<audit::LogStore> tree;
  std::shared_ptr<audit::PrivateValueStore> values;   // for bundles, and to be verified; null: there are none
  std::shared_ptr<const Clock> clock;
  std::string deployment;
  std::unique_ptr<Signer> signer;             // null: nothing is signed; what was signed before is served
  SealerOptions sealer;
  std::optional<PublisherSetup> publisher;    // nullopt: checkpoints stay here
  std::int64_t max_merge_delay_ms = 10'000;   // promised by receipts
};

// `log` must outlive the evidence.
std::unique_ptr<Evidence> MakeEvidence(EvidenceSetup setup, audit::AuditLog& log);

}  // namespace intentgate::evidence
