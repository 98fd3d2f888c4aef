// What PostgreSQL's SQLSTATE codes mean to a caller (PostgreSQL manual, appendix A).
#pragma once

#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::store::pg {

// Raised by the schema's function when a head is not where a batch expects it.
inline constexpr std::string_view kChainHasMoved = "IG001";
// Raised when a tile would get other hashes than it has.
inline constexpr std::string_view kTilesDiffer = "IG002";
// The server ended a session whose open transaction was idle for longer than it may be.
inline constexpr std::string_view kHeldTooLong = "25P03";

// `said` is PostgreSQL's own message, already without secrets; empty `sqlstate`: libpq's.
Error ErrorOf(std::string_view sqlstate, std::string_view said);

// The transaction did nothing and may be tried again as it is: a deadlock, a serialization failure, or held too long.
bool MayRepeat(std::string_view sqlstate);

// The server ends or cannot be written to; only another connection can help.
bool NeedsReconnect(std::string_view sqlstate);

}  // namespace intentgate::store::pg
