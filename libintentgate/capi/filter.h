// Which events of the chain a caller means.
#pragma once

#include <string_view>

#include <intentgate/audit.h>
#include <intentgate/result.h>

namespace intentgate::capi {

// The members of `filter_json` in <intentgate/intentgate.h>; empty text: every event. kMalformed, kInvalidArgument.
Result<AuditFilter> ReadFilter(std::string_view json);

}  // namespace intentgate::capi
