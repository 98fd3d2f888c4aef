// How a PostgreSQL server goes about a page of the audit chain.
#pragma once

#include <cstdint>
#include <string>

#include "store/postgres/query_sql.h"
#include "store/postgres/values.h"
#include "support/postgres.h"

namespace intentgate::test {

// The plan that it took, as JSON, under the settings of a page. The command's values stand in the text, as the server
// knows them when it plans what the store sends.
inline std::string PlanOf(PostgresServer& server, const store::pg::Command& command) {
  std::string sql = command.sql;
  for (std::size_t i = command.values.size(); i > 0; --i) {   // $12 before $1
    std::string literal = "'" + command.values[i - 1] + "'";
    if (command.types[i - 1] == store::pg::kInt8) {
      std::uint64_t number = 0;   // in network order
      for (const char byte : command.values[i - 1]) number = number << 8 | static_cast<unsigned char>(byte);
      literal = "'" + std::to_string(static_cast<std::int64_t>(number)) + "'::bigint";
    }
    const std::string name = "$" + std::to_string(i);
    for (std::size_t at = 0; (at = sql.find(name, at)) != std::string::npos; at += literal.size()) {
      sql.replace(at, name.size(), literal);
    }
  }
  return server.Sql("SELECT " + std::string(store::pg::kPageSettings) + "; EXPLAIN (ANALYZE, FORMAT JSON) " + sql);
}

}  // namespace intentgate::test
