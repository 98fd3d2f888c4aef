// A year of one busy tenant: 200 agents, 50 tools and 5,000 root tokens in turn, sessions of 500 events, one event in ten denied. Where SQL writes it
// into a store's own tables it is no chain: the hashes are made up.
#pragma once

#include <cstdint>
#include <string>

#include "support/postgres.h"

namespace intentgate::bench {

inline constexpr std::int64_t kQueryFirst = 1'700'000'000'000'000, kQueryYear = 365LL * 86'400 * 1'000'000;

// Of tenant acme, into a new file. False when it failed, with the reason on standard error.
bool FillSqlite(const std::string& path, std::int64_t events);
// As schema 9 had them, by SQL.
bool FillOlderSqlite(const std::string& path, std::int64_t events);
// Into the schema "intentgate", which must be there and empty. Its indexes are made again behind the rows, which costs
// less than keeping them. Fails as test::PostgresServer::Sql does.
void FillPostgres(test::PostgresServer& server, std::int64_t events);

}  // namespace intentgate::bench
