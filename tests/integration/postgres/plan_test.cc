// How PostgreSQL goes about the pages of a tenant's chain: by an index in the order of the page, never by gathering and
// sorting, whatever is asked for, and whether it has looked at the table before (ANALYZE) or not.

#include <algorithm>
#include <string>

#include <intentgate/json.h>

#include "audit/filter.h"
#include "fixture.h"
#include "store/postgres/query_sql.h"
#include "support/postgres_plan.h"

namespace intentgate::test {
namespace {

// 20,000 events: 20 agents, 10 tools, 100 tokens, sessions of 500 events, one in ten denied, a second between two.
void Fill(PostgresServer& server, const std::string& schema) {
  server.Sql("SET search_path TO " + schema + "; INSERT INTO audit_events "
             "SELECT 'acme', n, 'e' || n, '', '', 'x', n * 1000000, CASE n % 1000 WHEN 7 THEN 'admin' ELSE 'decision' END, "
             "CASE n % 10 WHEN 3 THEN 'block' ELSE 'allow' END, '', 't' || n % 10, 'a' || n / 10 % 20, '', "
             "CASE n % 5000 WHEN 9 THEN 'up' ELSE '' END, 'r' || n * 7 % 100, 's' || n / 500, '', '' "
             "FROM generate_series(0::bigint, 19999) AS n;"
             "INSERT INTO audit_time_spans SELECT tenant, seq / 4096, min(ts), max(ts) FROM audit_events GROUP BY 1, 2");
}

// The index that the events themselves are read from.
std::string IndexOf(const json::Value& node) {
  const json::Value* type = node.Find("Node Type");
  const json::Value* index = node.Find("Index Name");
  if (type != nullptr && type->string_value() == "Index Scan" && index != nullptr &&
      index->string_value().starts_with("audit_events")) {
    return index->string_value();
  }
  const json::Value* below = node.Find("Plans");
  if (below == nullptr) return "";
  for (const json::Value& plan : below->array()) {
    if (std::string found = IndexOf(plan); !found.empty()) return found;
  }
  return "";
}

}  // namespace

TEST_CASE("a page is read from an index in its own order") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  OpenStore(OptionsFor(server.Url(), schema));
  server.Sql("ALTER TABLE " + schema + ".audit_events_0 SET (autovacuum_enabled = false)");
  Fill(server, schema);
  const auto expect = [&](const std::string& index, auto set) {
    AuditFilter filter;
    filter.tenant = "acme";
    set(filter);
    for (const bool ascending : {false, true}) {
      const auto command = store::pg::PageCommand(schema + ".", "canonical", filter, ascending, "", 101);
      REQUIRE(command.ok());
      const std::string plan = PlanOf(server, *command);
      CAPTURE(plan);
      const Result<json::Value> read = json::Parse(plan);
      REQUIRE(read.ok());
      CHECK(IndexOf(*read->array()[0].Find("Plan")) == "audit_events_0_" + index);
      CHECK(plan.find("\"Sort\"") == std::string::npos);
      CHECK(plan.find("Bitmap") == std::string::npos);
    }
  };
  const auto window = [](AuditFilter& f) { f.from_micros = 1'000'000'000, f.to_micros = 11'000'000'000; };
  for (const bool analyzed : {false, true}) {
    CAPTURE(analyzed);
    if (analyzed) server.Sql("ANALYZE " + schema + ".audit_events");
    expect("pkey", [](AuditFilter&) {});
    expect("pkey", window);
    expect("agent_id_tenant_seq_idx", [](AuditFilter& f) { f.agent_id = "a3"; });
    expect("tool_tenant_seq_idx", [](AuditFilter& f) { f.tool = "t4"; });
    expect("tool_tenant_seq_idx", [&](AuditFilter& f) { window(f); f.tool = "t4"; });
    expect("agent_id_tool_tenant_seq_idx", [](AuditFilter& f) { f.agent_id = "a3", f.tool = "t4"; });
    expect("agent_id_tool_tenant_seq_idx", [&](AuditFilter& f) { window(f); f.agent_id = "a3", f.tool = "t4"; });
    expect("tenant_decision_seq_idx", [&](AuditFilter& f) { window(f); f.decision = "block"; });
    expect("root_jti_tenant_seq_idx", [&](AuditFilter& f) { window(f); f.root_jti = "r21"; });
    expect("session_id_tenant_seq_idx", [](AuditFilter& f) { f.session_id = "s17"; });
    expect("elevation_id_tenant_seq_idx", [](AuditFilter& f) { f.elevation_id = "up"; });
  }
}

}  // namespace intentgate::test
