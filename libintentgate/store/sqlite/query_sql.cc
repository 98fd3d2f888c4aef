#include "store/sqlite/query_sql.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "audit/filter.h"
#include "store/sqlite/postings.h"

namespace intentgate::store {
namespace {

static_assert(kTimesBlock == 1024 && kPostingShift == 6, "the conditions below name them");

// What leads to the events of a filter.
enum class Way {
  kChain,     // the tenant's events, or all, in the order of their places
  kPosting,   // those that have a value, by the table of postings
  kMoments,   // all tenants' events, by the time that they lie in
};

struct Route {
  Way way = Way::kChain;
  PostingField field = PostingField::kMoment;
  std::string value;
};

Route PostingRoute(PostingField field, std::string_view value) { return {Way::kPosting, field, std::string(value)}; }

// Of several the one that holds the fewest events.
Route RouteOf(const AuditFilter& f, bool newest_first) {
  if (!f.event_id.empty()) return PostingRoute(PostingField::kEventId, EventIdPosting(f.event_id));
  if (f.tenant.empty()) {
    const bool in_window = f.from_micros || f.to_micros;
    return {newest_first || in_window ? Way::kMoments : Way::kChain, PostingField::kMoment, {}};
  }
  if (!f.elevation_id.empty()) return PostingRoute(PostingField::kElevation, f.elevation_id);
  if (!f.session_id.empty()) return PostingRoute(PostingField::kSession, f.session_id);
  if (IsPostedKind(f.kind)) return PostingRoute(PostingField::kKind, f.kind);
  if (!f.agent_id.empty() && !f.tool.empty()) {
    return PostingRoute(PostingField::kAgentAndTool, AgentAndToolPosting(f.agent_id, f.tool));
  }
  if (!f.root_jti.empty()) return PostingRoute(PostingField::kRootToken, f.root_jti);
  if (!f.agent_id.empty()) return PostingRoute(PostingField::kAgent, f.agent_id);
  if (IsPostedDecision(f.decision)) return PostingRoute(PostingField::kDecision, f.decision);
  if (!f.tool.empty()) return PostingRoute(PostingField::kTool, f.tool);
  return {};
}

// A cursor may come from anywhere.
std::int64_t After(std::int64_t seq) { return seq == std::numeric_limits<std::int64_t>::max() ? seq : seq + 1; }
std::int64_t Before(std::int64_t seq) { return seq == std::numeric_limits<std::int64_t>::min() ? seq : seq - 1; }

class Builder {
 public:
  Builder(const AuditFilter& f, Route route) : route_(std::move(route)) {
    From(f);
    if (f.from_seq) Place(true, *f.from_seq);
    if (f.to_seq) Place(false, *f.to_seq);
    if (!f.tenant.empty()) Window(f);
    Bound("e.ts >= ?", f.from_micros);
    Bound("e.ts <= ?", f.to_micros);
    Equal("agent_id", f.agent_id);
    Equal("tool", f.tool);
    Equal("elevation_id", f.elevation_id);
    Equal("decision", f.decision);
    Equal("kind", f.kind);
    Equal("check_name", f.check);
    Equal("jti", f.jti);
    Equal("event_id", f.event_id);
    Equal("root_jti", f.root_jti);
    Equal("session_id", f.session_id);
    Equal("code", f.code);
    Equal("actor", f.actor);
  }

  void Behind(const audit::Cursor& c, bool one_tenant, bool ascending) {
    if (one_tenant) return Place(ascending, ascending ? After(c.seq) : Before(c.seq));
    if (ascending) {
      And("(e.tenant, e.seq) > (?, ?)");
    } else {
      if (route_.way == Way::kMoments) Bound("p.value <= ?", MomentOf(c.ts_micros));
      And("e.ts <= ? AND (e.ts < ? OR (e.tenant, e.seq) < (?, ?))");
      query_.values.emplace_back(c.ts_micros);
      query_.values.emplace_back(c.ts_micros);
    }
    query_.values.emplace_back(c.tenant);
    query_.values.emplace_back(c.seq);
  }

  void Order(bool one_tenant, bool ascending) {
    const std::string down = ascending ? "" : " DESC";
    if (one_tenant) {
      query_.order = " ORDER BY " + (route_.way == Way::kPosting ? "p.block" + down + ", " : "") + "e.seq" + down;
    } else if (ascending) {
      query_.order = " ORDER BY e.tenant, e.seq";
    } else {
      query_.order = std::string(" ORDER BY ") + (route_.way == Way::kMoments ? "p.value DESC, " : "") +
                    "e.ts DESC, e.tenant DESC, e.seq DESC";
    }
  }

  // After all else.
  SqlQuery Finish() {
    Walk(lower_, ">=", "max");
    Walk(upper_, "<=", "min");
    return std::move(query_);
  }

 private:
  using Values = std::vector<std::variant<std::int64_t, std::string>>;
  struct Side {
    std::vector<std::string> bounds;
    Values values;
    std::vector<std::int64_t> exact;   // those of the bounds that no other condition implies
  };

  void And(std::string_view condition) {
    query_.where += query_.where.empty() ? " WHERE " : " AND ";
    query_.where += condition;
  }
  void Bound(std::string_view condition, const std::optional<std::int64_t>& value) {
    if (!value) return;
    And(condition);
    query_.values.emplace_back(*value);
  }
  void Equal(std::string_view column, const std::string& wanted) {
    if (wanted.empty()) return;
    And("e." + std::string(column) + " = ?");
    query_.values.emplace_back(wanted);
  }

  // Without statistics SQLite has no means to choose, so the way is prescribed. The bit of an event is looked at before
  // its row is read.
  void From(const AuditFilter& f) {
    query_.from = " FROM audit_events e";
    if (route_.way == Way::kChain) {
      if (!f.tenant.empty()) query_.from += " INDEXED BY audit_events_place";
      return Equal("tenant", f.tenant);
    }
    query_.from = " FROM audit_postings p CROSS JOIN audit_events e INDEXED BY audit_events_place";
    And("p.field = " + std::to_string(static_cast<int>(route_.field)));
    if (route_.way == Way::kPosting) {
      And("p.value = ?");
      query_.values.emplace_back(route_.value);
    } else {
      if (f.from_micros) Bound("p.value >= ?", MomentOf(*f.from_micros));
      if (f.to_micros) Bound("p.value <= ?", MomentOf(*f.to_micros));
    }
    // By name in both: a tenant that one takes from the other would have SQLite sort.
    for (const std::string_view column : {"p.tenant", "e.tenant"}) {
      if (f.tenant.empty()) break;
      And(std::string(column) + " = ?");
      query_.values.emplace_back(f.tenant);
    }
    if (f.tenant.empty()) And("e.tenant = p.tenant");
    And("e.seq >= p.block * 64 AND e.seq <= p.block * 64 + 63 AND (p.bits >> (e.seq & 63)) & 1");
  }

  void Place(bool lower, std::int64_t seq) {
    Side& side = lower ? lower_ : upper_;
    side.bounds.emplace_back("?");
    side.values.emplace_back(seq);
    side.exact.push_back(seq);
  }
  // Of a window those of the rows of audit_times in which such times occur: no event of it lies outside them.
  void Window(const AuditFilter& f) {
    if (f.from_micros) {
      lower_.bounds.emplace_back("coalesce((SELECT block * 1024 FROM audit_times WHERE tenant = ? AND max_ts >= ? "
                                 "ORDER BY block LIMIT 1), 9223372036854775807)");
      lower_.values.insert(lower_.values.end(), {f.tenant, *f.from_micros});
    }
    if (f.to_micros) {
      upper_.bounds.emplace_back("coalesce((SELECT block * 1024 + 1023 FROM audit_times WHERE tenant = ? AND min_ts <= ? "
                                 "ORDER BY block DESC LIMIT 1), -1)");
      upper_.values.insert(upper_.values.end(), {f.tenant, *f.to_micros});
    }
  }
  // One bound for the walk, since of several SQLite might take the widest. A walk over postings goes by blocks.
  void Walk(const Side& side, const std::string& compare, const std::string& narrowest) {
    if (side.bounds.empty()) return;
    std::string bound;
    for (const std::string& one : side.bounds) bound += (bound.empty() ? "" : ", ") + one;
    if (side.bounds.size() > 1) bound = narrowest + "(" + bound + ")";
    And(route_.way == Way::kChain ? "e.seq " + compare + " " + bound : "p.block " + compare + " (" + bound + ") >> 6");
    query_.values.insert(query_.values.end(), side.values.begin(), side.values.end());
    if (route_.way == Way::kChain) return;
    for (const std::int64_t seq : side.exact) Bound("+e.seq " + compare + " ?", seq);
  }

  SqlQuery query_;
  const Route route_;
  Side lower_, upper_;   // of seq, both included
};

}  // namespace

SqlQuery CountQuery(const AuditFilter& filter) { return Builder(filter, RouteOf(filter, false)).Finish(); }

Result<SqlQuery> PageQuery(const AuditFilter& filter, bool ascending, std::string_view after) {
  const bool one_tenant = !filter.tenant.empty();
  Builder builder(filter, RouteOf(filter, !ascending));
  if (!after.empty()) {
    Result<audit::Cursor> cursor = audit::ReadCursor(after);
    if (!cursor.ok()) return cursor.error();
    builder.Behind(*cursor, one_tenant, ascending);
  }
  builder.Order(one_tenant, ascending);
  return builder.Finish();
}

}  // namespace intentgate::store
