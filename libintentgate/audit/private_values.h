// Values that can be erased without breaking the chain: the event holds only commitments (audit/commitments.h), the
// store the salts and the values beside it. Implemented by every store.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <intentgate/audit.h>
#include <intentgate/result.h>

namespace intentgate::audit {

struct PlacedValue {
  std::int64_t seq = 0;
  PrivateValue value;
};

// Stored in the transaction of the event's Append (StoredEvent::private_values). Thread-safe.
class PrivateValueStore {
 public:
  virtual ~PrivateValueStore() = default;
  // Of these events, ascending by seq and member; what was erased is not there. At most kMaxPage events.
  virtual Result<std::vector<PlacedValue>> PrivateValues(std::string_view tenant,
                                                         std::span<const std::int64_t> seqs) = 0;
  // All or none; gives back how many values there were. kConflict when a legal hold of the tenant covers one of the
  // events. At most kMaxPage events.
  virtual Result<std::int64_t> ErasePrivateValues(std::string_view tenant, std::span<const std::int64_t> seqs) = 0;
};

// Puts the values of records, of any tenants, into them.
Status AddValues(PrivateValueStore& store, std::span<AuditRecord> records);

}  // namespace intentgate::audit
