// What changes prune points and legal holds. `schema` is quoted and ends with its dot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <intentgate/result.h>

#include "audit/retention_store.h"
#include "store/postgres/writer.h"

namespace intentgate::store::pg {

enum class Pruning : std::uint8_t { kMoreLeft, kDone, kHeld, kBeyondHead };

// Deletes some of the events below `point` in one transaction. kCorrupt when an event that it needs is missing.
Result<Pruning> PruneSome(Writer& writer, const std::string& schema, std::string_view tenant,
                          const audit::PrunePoint& point);
// As RetentionStore's; a placed hold waits for the piece that is being deleted.
Status InsertHold(Writer& writer, const std::string& schema, const audit::LegalHold& hold);
Status DeleteHold(Writer& writer, const std::string& schema, std::string_view tenant, std::string_view id);

}  // namespace intentgate::store::pg
