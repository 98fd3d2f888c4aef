#include "store/sqlite/query_sql.h"

#include "audit/filter.h"

namespace intentgate::store {
namespace {

class Builder {
 public:
  void And(std::string_view condition) {
    query.where += query.where.empty() ? " WHERE " : " AND ";
    query.where += condition;
  }
  void Equal(std::string_view column, const std::string& wanted) {
    if (wanted.empty()) return;
    And(std::string(column) + " = ?");
    query.values.emplace_back(wanted);
  }
  void Filter(const AuditFilter& f) {
    if (f.from_micros) {
      And("ts >= ?");
      query.values.emplace_back(*f.from_micros);
    }
    if (f.to_micros) {
      And("ts <= ?");
      query.values.emplace_back(*f.to_micros);
    }
    // An event id names one event: the plus keeps SQLite from walking the tenant's chain to find it.
    Equal(f.event_id.empty() ? "tenant" : "+tenant", f.tenant);
    Equal("agent_id", f.agent_id);
    Equal("tool", f.tool);
    Equal("decision", f.decision);
    Equal("check_name", f.check);
    Equal("jti", f.jti);
    Equal("event_id", f.event_id);
    Equal("elevation_id", f.elevation_id);
    if (f.kind == "control") {
      And("kind = 'control'");   // a bound value would not reach the partial index
    } else {
      Equal("kind", f.kind);
    }
  }
  void Behind(const audit::Cursor& c, bool one_tenant, bool ascending) {
    if (one_tenant) {
      And(ascending ? "seq > ?" : "seq < ?");
      query.values.emplace_back(c.seq);
    } else if (ascending) {
      And("(tenant, seq) > (?, ?)");
      query.values.emplace_back(c.tenant);
      query.values.emplace_back(c.seq);
    } else {
      And("ts <= ? AND (ts < ? OR (tenant, seq) < (?, ?))");
      query.values.emplace_back(c.ts_micros);
      query.values.emplace_back(c.ts_micros);
      query.values.emplace_back(c.tenant);
      query.values.emplace_back(c.seq);
    }
  }
  SqlQuery query;
};

}  // namespace

SqlQuery CountQuery(const AuditFilter& filter) {
  Builder builder;
  builder.Filter(filter);
  return std::move(builder.query);
}

Result<SqlQuery> PageQuery(const AuditFilter& filter, bool ascending, std::string_view after) {
  const bool one_tenant = !filter.tenant.empty();
  Builder builder;
  builder.Filter(filter);
  if (!after.empty()) {
    Result<audit::Cursor> cursor = audit::ReadCursor(after);
    if (!cursor.ok()) return cursor.error();
    builder.Behind(*cursor, one_tenant, ascending);
  }
  if (one_tenant) {
    builder.query.order = ascending ? " ORDER BY seq" : " ORDER BY seq DESC";
  } else {
    builder.query.order = ascending ? " ORDER BY tenant, seq" : " ORDER BY ts DESC, tenant DESC, seq DESC";
  }
  return std::move(builder.query);
}

}  // namespace intentgate::store
