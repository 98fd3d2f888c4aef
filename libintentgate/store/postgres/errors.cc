#include "store/postgres/errors.h"

#include <array>

namespace intentgate::store::pg {
namespace {

struct Meaning {
  std::string_view prefix;   // of the SQLSTATE
  ErrorCode code;
  std::string_view sentence;
};

// The first match holds.
constexpr std::array kMeanings = {
    Meaning{kChainHasMoved, ErrorCode::kConflict, "the chain of a tenant has moved"},
    Meaning{kTilesDiffer, ErrorCode::kConflict, "a tile of a tenant's tree is stored with other hashes"},
    Meaning{"28", ErrorCode::kPermissionDenied,
            "PostgreSQL refused the login; check the user, its password and pg_hba.conf"},
    Meaning{"3D000", ErrorCode::kNotFound, "the database does not exist; create it first"},
    Meaning{"42501", ErrorCode::kPermissionDenied,
            "the database role lacks a right; docs/audit.md lists the grants it needs"},
    Meaning{"25006", ErrorCode::kUnavailable,
            "the PostgreSQL server only reads, it is a standby; name all hosts and target_session_attrs=read-write"},
    Meaning{kHeldTooLong, ErrorCode::kUnavailable, "a transaction of this process was idle for too long; nothing was written"},
    Meaning{"40", ErrorCode::kUnavailable, "PostgreSQL gave up the transaction in favour of another; nothing was written"},
    Meaning{"53100", ErrorCode::kIo, "the disk of the PostgreSQL server is full; nothing was written"},
    Meaning{"53300", ErrorCode::kUnavailable,
            "PostgreSQL has no connection left; raise max_connections or put a pooler in between"},
    Meaning{"53", ErrorCode::kUnavailable, "the PostgreSQL server is out of resources"},
    Meaning{"55P03", ErrorCode::kUnavailable,
            "another session holds a lock on the chain for too long; look for one in pg_stat_activity"},
    Meaning{"57014", ErrorCode::kTimeout, "the query took longer than the statement timeout; narrow the filter"},
    Meaning{"57", ErrorCode::kUnavailable, "the PostgreSQL server is stopping or starting"},
    Meaning{"08", ErrorCode::kUnavailable, "the connection to PostgreSQL broke"},
    Meaning{"58", ErrorCode::kIo, "the PostgreSQL server could not read or write a file"},
    Meaning{"23", ErrorCode::kCorrupt, "the database holds a row where a new one belongs; verify the audit chain"},
    Meaning{"XX00", ErrorCode::kCorrupt, "PostgreSQL reports damaged data; restore a backup and compare it with your "
                                         "newest audit export"},
    Meaning{"3F000", ErrorCode::kNotFound, "the database schema is missing; start once with a role that may create it"},
    Meaning{"42P01", ErrorCode::kNotFound, "a table of the schema is missing; restore it from a backup"},
    Meaning{"54", ErrorCode::kLimitExceeded, "too large for PostgreSQL"},
};

}  // namespace

Error ErrorOf(std::string_view sqlstate, std::string_view said) {
  const std::string quoted = " (PostgreSQL says: " + std::string(said) + ")";
  if (sqlstate.empty()) return {ErrorCode::kUnavailable, "PostgreSQL did not answer" + quoted};
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.prefix)) return {meaning.code, std::string(meaning.sentence) + quoted};
  }
  return {ErrorCode::kInternal, "unexpected PostgreSQL error " + std::string(sqlstate) + quoted};
}

bool MayRepeat(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01" || sqlstate == kHeldTooLong;
}

bool NeedsReconnect(std::string_view sqlstate) {
  return sqlstate == "25006" || sqlstate == kHeldTooLong || sqlstate.starts_with("57P") || sqlstate.starts_with("08");
}

}  // namespace intentgate::store::pg
