// `n` is the event's number; the multiplications spread the values as a busy tenant's are spread, and each agent meets
// each tool.

#include "audit_query_fill.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "audit/canonical_event.h"
#include "store/sqlite/sqlite_store.h"
#include "support/sqlite_schema_9.h"

namespace intentgate::bench {
namespace {

constexpr char kColumns[] =
    "tenant, seq, event_id, prev_hash, hash, canonical, ts, kind, decision, check_name, tool, agent_id, jti, elevation_id, "
    "root_jti, session_id, code, actor";

std::string Step(std::int64_t events) { return std::to_string(kQueryYear / events); }

std::string SqliteRows(std::int64_t events) {
  const std::string count = std::to_string(events);
  return std::string("INSERT INTO audit_events (") + kColumns +
         ") SELECT 'acme', n, printf('019%09x-0000-7000-8000-%012x', n, n), printf('%064x', n), printf('%064x', n + 1), "
         "printf('%.800c', 'x'), " + std::to_string(kQueryFirst) + " + n * " + Step(events) +
         " + (n * 7919 % 1000) * 1000 - 500000, 'decision', "
         "CASE n % 10 WHEN 3 THEN 'block' ELSE 'allow' END, CASE n % 10 WHEN 3 THEN 'policy' ELSE '' END, "
         "'tool-' || ((n * 2654435761 >> 15) % 50), 'agent-' || ((n * 2246822519 >> 17) % 200), "
         "printf('token-%d', (n * 3266489917 >> 16) % 5000), '', printf('token-%d', (n * 3266489917 >> 16) % 5000), "
         "printf('session-%d', n / 500), '', '' "
         "FROM (WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < " + count + ") SELECT n FROM c);"
         "INSERT INTO audit_heads (tenant, next_seq, hash) VALUES ('acme', " + count + ", printf('%064x', " + count + "));"
         "INSERT INTO audit_times (tenant, block, min_ts, max_ts) "
         "SELECT tenant, seq / 1024, min(ts), max(ts) FROM audit_events GROUP BY tenant, seq / 1024;";
}

std::string PostgresRows(std::int64_t events) {
  const std::string count = std::to_string(events);
  return std::string("INSERT INTO audit_events (") + kColumns +
         ") SELECT 'acme', n, '019' || lpad(to_hex(n), 9, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), "
         "lpad(to_hex(n), 64, '0'), lpad(to_hex(n + 1), 64, '0'), convert_to(repeat('x', 800), 'UTF8'), " +
         std::to_string(kQueryFirst) + " + n * " + Step(events) +
         " + (n * 7919 % 1000) * 1000 - 500000, 'decision', "
         "CASE n % 10 WHEN 3 THEN 'block' ELSE 'allow' END, CASE n % 10 WHEN 3 THEN 'policy' ELSE '' END, "
         "'tool-' || (((n * 2654435761) >> 15) % 50), 'agent-' || (((n * 2246822519) >> 17) % 200), "
         "'token-' || (((n * 3266489917) >> 16) % 5000), '', 'token-' || (((n * 3266489917) >> 16) % 5000), "
         "'session-' || (n / 500), '', '' FROM generate_series(0::bigint, " + count + " - 1) AS n;"
         "INSERT INTO audit_heads (tenant, next_seq, hash) VALUES ('acme', " + count + ", lpad(to_hex(" + count + "::bigint), 64, '0'));"
         "INSERT INTO audit_time_spans SELECT tenant, seq / 4096, min(ts), max(ts) FROM audit_events GROUP BY tenant, seq / 4096;";
}

// As SqliteRows.
AuditEvent EventOf(std::int64_t n, std::int64_t events) {
  const auto spread = [n](std::int64_t by, int shift, std::int64_t of) { return std::to_string((n * by >> shift) % of); };
  AuditEvent e;
  e.tenant = "acme";
  char id[64];
  std::snprintf(id, sizeof id, "019%09llx-0000-7000-8000-%012llx", static_cast<unsigned long long>(n), static_cast<unsigned long long>(n));
  e.event_id = id;
  e.ts_micros = kQueryFirst + n * (kQueryYear / events) + n * 7'919 % 1'000 * 1'000 - 500'000;
  e.decision = n % 10 == 3 ? "block" : "allow";
  if (n % 10 == 3) e.check = Check::kPolicy;
  e.tool = "tool-" + spread(2'654'435'761, 15, 50);
  e.agent_id = "agent-" + spread(2'246'822'519, 17, 200);
  e.capability_token_id = e.root_capability_token_id = "token-" + spread(3'266'489'917, 16, 5'000);
  e.session_id = "session-" + std::to_string(n / 500);
  e.method = "tools/call";
  e.arg_keys = {"encoding", "path"};
  e.args_sha256 = std::string(64, 'a');
  e.policy_sha256 = std::string(64, 'b');
  return e;
}

}  // namespace

bool FillSqlite(const std::string& path, std::int64_t events) {
  store::SqliteOptions options;
  options.sync_every_commit = false;
  const auto store = store::SqliteStore::Open(path, options);
  if (!store.ok()) return false;
  // What a busy gateway's batch has.
  constexpr std::int64_t kBatch = 160;
  std::string prev;
  for (std::int64_t first = 0; first < events; first += kBatch) {
    audit::TenantBatch batch{"acme", {}};
    for (std::int64_t n = first; n < std::min(first + kBatch, events); ++n) {
      audit::EventDraft draft = audit::MakeDraft(EventOf(n, events), "bench", false);
      audit::Place(draft, n, prev, draft.stored.record);
      prev = draft.stored.record.hash;
      batch.events.push_back(std::move(draft.stored));
    }
    if (const Status s = (*store)->Append(std::vector{std::move(batch)}); !s.ok()) {
      std::fprintf(stderr, "%s\n", s.error().message.c_str());
      return false;
    }
  }
  return true;
}

bool FillOlderSqlite(const std::string& path, std::int64_t events) {
  if (!store::SqliteStore::Open(path, {}).ok()) return false;   // makes the schema
  sqlite3* db = nullptr;
  char* problem = nullptr;
  // In one transaction without a journal; the pages that the indexes grow at fit into the cache. As a file from before the
  // postings, so that whoever opens it next makes them.
  const std::string load = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN;" +
                           std::string("DROP TABLE audit_runs;") + test::kBackToSchema9 + SqliteRows(events) + "COMMIT;";
  const bool good = sqlite3_open(path.c_str(), &db) == SQLITE_OK &&
                    sqlite3_exec(db, load.c_str(), nullptr, nullptr, &problem) == SQLITE_OK;
  if (problem != nullptr) std::fprintf(stderr, "%s\n", problem);
  sqlite3_free(problem);
  sqlite3_close(db);
  return good;
}

void FillPostgres(test::PostgresServer& server, std::int64_t events) {
  server.Sql("SET search_path TO intentgate; CREATE TABLE public.made_again AS "
             "SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ') AS definition FROM pg_indexes "
             "WHERE schemaname = 'intentgate' AND tablename = 'audit_events' AND indexdef NOT LIKE 'CREATE UNIQUE%';"
             "DO $$ DECLARE name TEXT; BEGIN FOR name IN SELECT indexname FROM public.made_again LOOP "
             "EXECUTE 'DROP INDEX ' || name; END LOOP; END $$");
  server.Sql("SET search_path TO intentgate; " + PostgresRows(events));
  server.Sql("DO $$ DECLARE definition TEXT; BEGIN FOR definition IN SELECT m.definition FROM public.made_again m LOOP "
             "EXECUTE definition; END LOOP; END $$");
  server.Sql("VACUUM ANALYZE intentgate.audit_events");
  server.Sql("VACUUM ANALYZE intentgate.audit_time_spans");
}

}  // namespace intentgate::bench
