#include "audit/retention_store.h"

namespace intentgate::audit {

Error HeldError(const LegalHold& hold) {
  return {ErrorCode::kConflict, "tenant " + hold.tenant + " is under the legal hold " + hold.id + " (" + hold.reason +
                                    "); nothing that it covers may be pruned or erased until it is lifted"};
}

Error HoldExistsError(const LegalHold& hold) {
  return {ErrorCode::kAlreadyExists, "tenant " + hold.tenant + " has a legal hold " + hold.id + " already"};
}

Error NoHoldError(std::string_view tenant, std::string_view id) {
  return {ErrorCode::kNotFound, "tenant " + std::string(tenant) + " has no legal hold " + std::string(id)};
}

Error BeyondHeadError(std::string_view tenant, const PrunePoint& point, const ChainHead& head) {
  return {ErrorCode::kInvalidArgument, "the chain of tenant " + std::string(tenant) + " has " + std::to_string(head.next_seq) +
                                           " events; it cannot begin at " + std::to_string(point.first_seq)};
}

}  // namespace intentgate::audit
