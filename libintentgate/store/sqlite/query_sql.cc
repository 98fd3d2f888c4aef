#include "store/sqlite/query_sql.h"

#include <optional>

#include "audit/filter.h"

namespace intentgate::store {
namespace {

static_assert(kTimesBlock == 1024, "the conditions below name it");

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
  // As Equal, where a partial index holds the rows that have a value: it is found by its own condition only.
  void EqualIndexed(std::string_view column, const std::string& wanted) {
    if (wanted.empty()) return;
    And(std::string(column) + " <> ''");
    Equal(column, wanted);
  }
  void Bound(std::string_view condition, const std::optional<std::int64_t>& value) {
    if (!value) return;
    And(condition);
    query.values.emplace_back(*value);
  }
  // The blocks in which such times occur: no event of the window lies outside them.
  void Blocks(const AuditFilter& f) {
    if (f.from_micros) {
      And("seq >= coalesce((SELECT block * 1024 FROM audit_times WHERE tenant = ? AND max_ts >= ? ORDER BY block LIMIT 1), "
          "9223372036854775807)");
      query.values.emplace_back(f.tenant);
      query.values.emplace_back(*f.from_micros);
    }
    if (f.to_micros) {
      And("seq < coalesce((SELECT (block + 1) * 1024 FROM audit_times WHERE tenant = ? AND min_ts <= ? "
          "ORDER BY block DESC LIMIT 1), 0)");
      query.values.emplace_back(f.tenant);
      query.values.emplace_back(*f.to_micros);
    }
  }
  // Kinds and decisions that have a partial index stand in the text, since a bound value would not reach it.
  void Kind(const std::string& kind) {
    if (kind == "control" || kind == "admin") And("kind IN ('admin', 'control')");
    Equal("kind", kind);
  }
  void Decision(const std::string& decision) {
    if (decision == "block" || decision == "escalate") And("decision IN ('block', 'escalate')");
    Equal("decision", decision);
  }
  void Filter(const AuditFilter& f) {
    // An event id names one event: the plus keeps SQLite from walking the tenant's chain to find it.
    Equal(f.event_id.empty() ? "tenant" : "+tenant", f.tenant);
    if (!f.tenant.empty() && f.event_id.empty()) {
      Blocks(f);
      // The blocks decide the order of the walk, not the index over times.
      Bound("+ts >= ?", f.from_micros);
      Bound("+ts <= ?", f.to_micros);
    } else {
      Bound("ts >= ?", f.from_micros);
      Bound("ts <= ?", f.to_micros);
    }
    Bound("seq >= ?", f.from_seq);
    Bound("seq <= ?", f.to_seq);
    EqualIndexed("agent_id", f.agent_id);
    EqualIndexed("tool", f.tool);
    EqualIndexed("elevation_id", f.elevation_id);
    Decision(f.decision);
    Kind(f.kind);
    Equal("check_name", f.check);
    Equal("jti", f.jti);
    Equal("event_id", f.event_id);
    EqualIndexed("root_jti", f.root_jti);
    EqualIndexed("session_id", f.session_id);
    Equal("code", f.code);
    Equal("actor", f.actor);
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

// Without statistics SQLite takes the unique index over a tenant's chain for any span of numbers, and so walks the chain
// for what has an index of its own. The first one that fits is taken; those that hold the fewest rows come first.
std::string From(const AuditFilter& f) {
  std::string from = " FROM audit_events";
  if (f.tenant.empty() || !f.event_id.empty()) return from;
  const char* index = "place";
  if (!f.elevation_id.empty()) {
    index = "elevated";
  } else if (!f.session_id.empty()) {
    index = "session";
  } else if (f.kind == "admin" || f.kind == "control") {
    index = "kind";
  } else if (!f.agent_id.empty() && !f.tool.empty()) {
    index = "agent_tool";
  } else if (!f.root_jti.empty()) {
    index = "root";
  } else if (!f.agent_id.empty()) {
    index = "agent";
  } else if (f.decision == "block" || f.decision == "escalate") {
    index = "denied";
  } else if (!f.tool.empty()) {
    index = "tool";
  }
  return from + " INDEXED BY audit_events_" + index;
}

}  // namespace

SqlQuery CountQuery(const AuditFilter& filter) {
  Builder builder;
  builder.query.from = From(filter);
  builder.Filter(filter);
  return std::move(builder.query);
}

Result<SqlQuery> PageQuery(const AuditFilter& filter, bool ascending, std::string_view after) {
  const bool one_tenant = !filter.tenant.empty();
  Builder builder;
  builder.query.from = From(filter);
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
