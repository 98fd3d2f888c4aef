#include "store/postgres/query_sql.h"

#include <utility>

#include "audit/filter.h"

namespace intentgate::store::pg {
namespace {

class Builder {
 public:
  Builder(const std::string& schema, std::string select) : schema_(schema), command_(std::move(select)) {}

  void Filter(const AuditFilter& f) {
    Equal("tenant", f.tenant);
    EqualIndexed("agent_id", f.agent_id);
    EqualIndexed("tool", f.tool);
    if (f.decision == "block" || f.decision == "escalate") And("decision IN ('block', 'escalate')");
    Equal("decision", f.decision);
    Equal("check_name", f.check);
    Equal("jti", f.jti);
    Equal("event_id", f.event_id);
    EqualIndexed("elevation_id", f.elevation_id);
    if (f.kind == "control" || f.kind == "admin") {
      And("kind = '" + f.kind + "'");   // a bound value would not reach the partial index
    } else {
      Equal("kind", f.kind);
    }
    EqualIndexed("root_jti", f.root_jti);
    EqualIndexed("session_id", f.session_id);
    Equal("code", f.code);
    Equal("actor", f.actor);
    if (f.from_seq) And("seq >= " + Bind(*f.from_seq));
    if (f.to_seq) And("seq <= " + Bind(*f.to_seq));
    if (f.from_micros) And("ts >= " + Bind(*f.from_micros));
    if (f.to_micros) And("ts <= " + Bind(*f.to_micros));
    if (!f.tenant.empty() && (f.from_micros || f.to_micros)) WithinSpans(f);
  }

  void Behind(const audit::Cursor& c, bool one_tenant, bool ascending) {
    if (one_tenant) {
      And((ascending ? "seq > " : "seq < ") + Bind(c.seq));
    } else if (ascending) {
      And("(tenant, seq) > (" + Bind(c.tenant) + ", " + Bind(c.seq) + ")");
    } else {
      And("ts <= " + Bind(c.ts_micros));   // what the index on ts can use
      And("(ts, tenant, seq) < (" + Bind(c.ts_micros) + ", " + Bind(c.tenant) + ", " + Bind(c.seq) + ")");
    }
  }

  std::string Bind(std::int64_t number) {
    command_.Integer(number);
    return "$" + std::to_string(command_.values.size());
  }
  std::string Bind(const std::string& text) {
    command_.Text(text);
    return "$" + std::to_string(command_.values.size());
  }
  Command Finish(const std::string& end) {
    command_.sql += end;
    return std::move(command_);
  }

 private:
  void And(const std::string& condition) {
    command_.sql += has_condition_ ? " AND " : " WHERE ";
    command_.sql += condition;
    has_condition_ = true;
  }
  void Equal(const std::string& column, const std::string& wanted) {
    if (!wanted.empty()) And(column + " = " + Bind(wanted));
  }
  // As Equal, where a partial index holds the rows that have a value: it is found by its own condition only.
  void EqualIndexed(const std::string& column, const std::string& wanted) {
    if (!wanted.empty()) And(column + " <> ''");
    Equal(column, wanted);
  }
  // Times do not ascend with seq, so a time span alone would make the server walk the chain from its end.
  void WithinSpans(const AuditFilter& f) {
    std::string touched = " FROM " + schema_ + "audit_time_spans WHERE tenant = " + Bind(f.tenant);
    if (f.from_micros) touched += " AND max_ts >= " + Bind(*f.from_micros);
    if (f.to_micros) touched += " AND min_ts <= " + Bind(*f.to_micros);
    const std::string block = std::to_string(kSpanBlock);
    And("seq >= (SELECT min(block) * " + block + touched + ")");
    And("seq < (SELECT (max(block) + 1) * " + block + touched + ")");
  }

  const std::string& schema_;
  Command command_;
  bool has_condition_ = false;
};

}  // namespace

Command CountCommand(const std::string& schema, const AuditFilter& filter) {
  Builder builder(schema, "SELECT count(*) FROM " + schema + "audit_events");
  builder.Filter(filter);
  return builder.Finish("");
}

Result<Command> PageCommand(const std::string& schema, std::string_view columns, const AuditFilter& filter,
                            bool ascending, std::string_view after, std::int64_t limit) {
  const bool one_tenant = !filter.tenant.empty();
  Builder builder(schema, "SELECT " + std::string(columns) + " FROM " + schema + "audit_events");
  builder.Filter(filter);
  if (!after.empty()) {
    Result<audit::Cursor> cursor = audit::ReadCursor(after);
    if (!cursor.ok()) return cursor.error();
    builder.Behind(*cursor, one_tenant, ascending);
  }
  std::string order;
  if (one_tenant) {
    order = ascending ? " ORDER BY seq" : " ORDER BY seq DESC";
  } else {
    order = ascending ? " ORDER BY tenant, seq" : " ORDER BY ts DESC, tenant DESC, seq DESC";
  }
  return builder.Finish(order + " LIMIT " + builder.Bind(limit));
}

}  // namespace intentgate::store::pg
