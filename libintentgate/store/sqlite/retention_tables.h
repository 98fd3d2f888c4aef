// Prune points and legal holds in the SQLite file. Each function needs a connection that nobody else uses meanwhile.
#pragma once

#include <string_view>
#include <vector>

#include "audit/retention_store.h"
#include "store/sqlite/connection.h"

namespace intentgate::store {

Result<audit::PrunePoint> ReadPrunePoint(Connection& connection, std::string_view tenant);

// Deletes some of the events below `point` in one transaction. True when there are none left.
Result<bool> PruneSome(Connection& connection, std::string_view tenant, const audit::PrunePoint& point);

Status InsertHold(Connection& connection, const audit::LegalHold& hold);
Status DeleteHold(Connection& connection, std::string_view tenant, std::string_view id);
Result<std::vector<audit::LegalHold>> ReadHolds(Connection& connection, std::string_view tenant);

}  // namespace intentgate::store
