// What a store must do so that old events can go. Implemented by every store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/result.h>

namespace intentgate::audit {

// Where a tenant's chain begins in this store after pruning. Events below first_seq are gone; the anchor is what a
// verifier needs in their place and stands in the chain as the event `audit/pruned`.
struct PrunePoint {
  std::int64_t first_seq = 0;              // 0: never pruned
  std::string prev_hash;                   // hash of event first_seq - 1
};

struct LegalHold {
  std::string tenant, id, reason, placed_by;
  std::int64_t placed_at_micros = 0;
};

// Thread-safe.
class RetentionStore {
 public:
  virtual ~RetentionStore() = default;
  virtual Result<PrunePoint> Pruned(std::string_view tenant) = 0;
  // Deletes events below `point.first_seq` with their private values, in transactions of bounded size; the prune point
  // moves with each, so that an interrupted call leaves a chain that verifies. Never backwards. kConflict while a legal
  // hold of the tenant stands.
  virtual Status Prune(std::string_view tenant, const PrunePoint& point) = 0;

  virtual Status AddHold(const LegalHold& hold) = 0;                                  // kAlreadyExists
  virtual Status RemoveHold(std::string_view tenant, std::string_view id) = 0;        // kNotFound
  virtual Result<std::vector<LegalHold>> Holds(std::string_view tenant) = 0;          // "": of all tenants
};

}  // namespace intentgate::audit
