// Which of a tenant's checkpoints counts.
#pragma once

#include <optional>
#include <string_view>

#include "audit/log_store.h"

namespace intentgate::evidence {

// nullopt before the first.
Result<std::optional<audit::StoredCheckpoint>> NewestCheckpoint(audit::LogStore& log, std::string_view tenant);
// The newest that has its quorum of witnesses.
Result<std::optional<audit::StoredCheckpoint>> NewestWitnessed(audit::LogStore& log, std::string_view tenant);

}  // namespace intentgate::evidence
