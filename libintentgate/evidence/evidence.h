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
#include "audit/retention_store.h"
#include "evidence/full_check.h"
#include "evidence/publisher.h"
#include "evidence/sealer.h"
#include "evidence/signer.h"

namespace intentgate::evidence {

struct EvidenceSetup {
  std::shared_ptr<audit::LogStore> tree;
  std::shared_ptr<audit::PrivateValueStore> values;   // null: the store keeps none
  std::shared_ptr<audit::RetentionStore> retention;   // null: nothing can be pruned
  std::string archive_directory;                      // of pruned events; empty: nothing is pruned
  bool archive_values = false;                        // private values are archived as well
  std::int64_t retention_days = 0;                    // older events are pruned in the background; 0: none
  std::shared_ptr<const Clock> clock;
  std::string deployment;
  std::unique_ptr<Signer> signer;             // null: nothing is signed; what was signed before is served
  SealerOptions sealer;
  FullCheckOptions full_check;
  std::optional<PublisherSetup> publisher;    // nullopt: checkpoints stay here
  std::int64_t max_merge_delay_ms = 10'000;   // promised by receipts
};

// `log` must outlive the evidence.
std::unique_ptr<Evidence> MakeEvidence(EvidenceSetup setup, audit::AuditLog& log);

}  // namespace intentgate::evidence
