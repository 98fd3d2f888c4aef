// What a store must do so that old events can go. Implemented by every store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>
#include <intentgate/retention.h>

#include "audit/audit_store.h"

namespace intentgate::audit {

using intentgate::LegalHold;

// What every store says when it refuses.
Error HeldError(const LegalHold& hold);
Error HoldExistsError(const LegalHold& hold);
Error NoHoldError(std::string_view tenant, std::string_view id);
Error BeyondHeadError(std::string_view tenant, const PrunePoint& point, const ChainHead& head);

// Thread-safe.
class RetentionStore {
 public:
  virtual ~RetentionStore() = default;
  // Moves AuditStore::Pruned to `point`. Deletes events below `point.first_seq` with their private values, in
  // transactions of bounded size; the prune point moves with each, so that an interrupted call leaves a chain that
  // verifies. Never backwards. kConflict while a legal hold of the tenant covers one of these events, or everything;
  // kInvalidArgument beyond the head.
  virtual Status Prune(std::string_view tenant, const PrunePoint& point) = 0;

  virtual Status AddHold(const LegalHold& hold) = 0;                                  // kAlreadyExists
  virtual Status RemoveHold(std::string_view tenant, std::string_view id) = 0;        // kNotFound
  virtual Result<std::vector<LegalHold>> Holds(std::string_view tenant) = 0;          // "": of all tenants
};

}  // namespace intentgate::audit
