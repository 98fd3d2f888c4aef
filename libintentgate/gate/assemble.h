// A gate from its parts. Gate::Open (module open) chooses the parts from the settings; tests choose
// their own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <intentgate/evidence.h>
#include <intentgate/gate.h>
#include <intentgate/intent.h>
#include <intentgate/policy.h>
#include <intentgate/settings.h>

#include "approval/approval_store.h"
#include "audit/audit_log.h"
#include "audit/retention_store.h"
#include "budget/budget_store.h"
#include "token/proof_store.h"
#include "token/revocation_store.h"

namespace intentgate::gate {

struct GateParts {
  GateSettings settings;
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Random> random;
  std::shared_ptr<audit::AuditStore> audit_store;
  std::shared_ptr<budget::BudgetStore> budget_store;
  std::shared_ptr<token::RevocationStore> revocation_store;
  std::shared_ptr<token::ProofStore> proof_store;            // null: every proof of possession is refused
  std::shared_ptr<approval::ApprovalStore> approval_store;   // null: approvals are off
  // Null: nothing enters the chain as a commitment only.
  std::shared_ptr<audit::PrivateValueStore> private_values;
  std::shared_ptr<audit::RetentionStore> retention_store;   // null: there are no legal holds
  std::shared_ptr<IntentExtractor> extractor;     // null: as one that always fails
  std::shared_ptr<const Policy> policy;           // null: every call is refused
  // A renderer for one export, for the formats that the audit module does not write. Null: there are none.
  std::function<audit::EventRenderer(ExportFormat)> make_renderer;
  std::string signing_key;                        // the verifier key that genesis events name; empty: none
  // What stands beside the gate over its chain. Dropped before the log is. Null: nothing.
  std::function<std::unique_ptr<Evidence>(audit::AuditLog&)> make_evidence;
};

// kInvalidArgument names the setting; other errors are the stores'.
Result<std::shared_ptr<Gate>> AssembleGate(GateParts parts);

// What makes settings unusable, by the path of the setting. Open reports it.
Status CheckSettings(const GateSettings& settings);

}  // namespace intentgate::gate
