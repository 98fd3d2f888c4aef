// The stores under test, each empty and gone with the value.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "approval/approval_store.h"
#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "audit/retention_store.h"
#include "budget/budget_store.h"
#include "contract/chains.h"
#include "support/scratch_folder.h"
#include "token/proof_store.h"
#include "token/revocation_store.h"

namespace intentgate::test {

struct Stores {
  std::string name;
  std::shared_ptr<audit::AuditStore> audit;
  std::shared_ptr<budget::BudgetStore> budget;
  std::shared_ptr<token::RevocationStore> revocations;
  std::shared_ptr<approval::ApprovalStore> approvals;
  std::shared_ptr<audit::RetentionStore> retention;
  std::shared_ptr<audit::LogStore> log;
  std::shared_ptr<audit::PrivateValueStore> values;
  std::shared_ptr<token::ProofStore> proofs;
};

// Runs `test` against each store.
void ForEachStore(const std::function<void(Stores&)>& test);

}  // namespace intentgate::test
