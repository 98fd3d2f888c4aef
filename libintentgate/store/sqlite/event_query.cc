// Tested by tests/unit/store/sqlite_event_query_test.cc and tests/contract.
#include "store/sqlite/event_query.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "audit/filter.h"
#include "store/sqlite/event_run.h"
#include "store/sqlite/event_walk.h"

namespace intentgate::store {
namespace {

using audit::StoredEvent;

constexpr std::int64_t kNoLower = 0, kNoUpper = std::numeric_limits<std::int64_t>::max();

// The places of a chain that are looked at, both included.
struct Places {
  std::int64_t from = kNoLower, to = kNoUpper;
  bool none() const { return from > to; }
};
constexpr Places kNowhere = {kNoUpper, kNoLower};

// Behind or before a place that may come from anywhere.
std::int64_t After(std::int64_t seq) { return seq == std::numeric_limits<std::int64_t>::max() ? seq : seq + 1; }
std::int64_t Before(std::int64_t seq) { return seq == std::numeric_limits<std::int64_t>::min() ? seq : seq - 1; }

// The first or last block of times that has some on the asked side of `ts`.
Result<std::optional<std::int64_t>> TimesBlock(Connection& connection, std::string_view sql, std::string_view tenant, std::int64_t ts) {
  Result<Statement*> select = connection.Kept(sql);
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  use->Bind(2, ts);
  const Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return *row ? std::optional(use->Integer(0)) : std::nullopt;
}

// Outside of what it gives the tenant has no event of the filter.
Result<Places> PlacesOf(Connection& connection, const AuditFilter& filter, std::string_view tenant) {
  Places places;
  if (filter.from_seq) places.from = std::max(places.from, *filter.from_seq);
  if (filter.to_seq) places.to = std::min(places.to, *filter.to_seq);
  if (filter.from_micros) {
    const auto block = TimesBlock(connection, "SELECT block FROM audit_times WHERE tenant = ? AND max_ts >= ? ORDER BY block LIMIT 1", tenant,
                                  *filter.from_micros);
    if (!block.ok()) return block.error();
    if (!*block) return kNowhere;
    // Shifted, since the row may be anybody's, and a product could overflow.
    places.from = std::max(places.from, **block << kTimesShift);
  }
  if (filter.to_micros) {
    const auto block = TimesBlock(connection, "SELECT block FROM audit_times WHERE tenant = ? AND min_ts <= ? ORDER BY block DESC LIMIT 1",
                                  tenant, *filter.to_micros);
    if (!block.ok()) return block.error();
    if (!*block) return kNowhere;
    places.to = std::min(places.to, (**block << kTimesShift) + kTimesBlock - 1);
  }
  return places;
}

// One tenant's events of a filter, in their order.
class ChainQuery {
 public:
  ChainQuery(Connection& connection, const AuditFilter& filter, std::string_view tenant, bool ascending, const TakeEvent& take)
      : connection_(connection), filter_(filter), tenant_(tenant), ascending_(ascending), take_(take), route_(RouteOf(filter)) {}

  Status Run(const Places& places) {
    if (places.none()) return {};
    return route_.field == PostingField::kMoment ? Walk(places, ~std::uint64_t{0}) : Postings(places);
  }

 private:
  Status Walk(const Places& places, std::uint64_t bits) {
    EventWalk walk{tenant_, places.from, places.to, bits, ascending_, &filter_, false};
    return WalkEvents(connection_, walk, [this](StoredEvent&& event) {
      done_ = !take_(std::move(event));
      return !done_;
    });
  }

  Status Postings(const Places& places) {
    Result<Statement*> select = connection_.Kept(
        std::string("SELECT block, bits FROM audit_postings WHERE field = ? AND value = ? AND tenant = ? AND block BETWEEN ? AND ? ORDER BY block") +
        (ascending_ ? "" : " DESC"));
    if (!select.ok()) return select.error();
    const StatementUse use(**select);
    use->Bind(1, static_cast<std::int64_t>(route_.field));
    use->Bind(2, route_.value);
    use->Bind(3, tenant_);
    use->Bind(4, places.from >> kPostingShift);
    use->Bind(5, places.to >> kPostingShift);
    while (!done_) {
      const Result<bool> row = connection_.Step(**select);
      if (!row.ok()) return row.error();
      if (!*row) break;
      const std::int64_t begin = use->Integer(0) << kPostingShift;
      const Places block{std::max(places.from, begin), std::min(places.to, begin + kRunEvents - 1)};
      if (Status s = Walk(block, static_cast<std::uint64_t>(use->Integer(1))); !s.ok()) return s;
    }
    return {};
  }

  Connection& connection_;
  const AuditFilter& filter_;
  const std::string_view tenant_;
  const bool ascending_;
  const TakeEvent& take_;
  const EventRoute route_;
  bool done_ = false;
};

// Fills a page in the order that events come in.
class PageFiller {
 public:
  explicit PageFiller(std::size_t limit) : limit_(limit) {}

  // False: one more than the page has room for tells that there is a next one.
  bool Take(StoredEvent&& event) {
    if (page_.records.size() == limit_) {
      const AuditRecord& last = page_.records.back();
      page_.next = audit::WriteCursor({last_ts_, last.tenant, last.seq});
      return false;
    }
    page_.records.push_back(std::move(event.record));
    last_ts_ = event.ts_micros;
    return true;
  }
  bool is_full() const { return !page_.next.empty(); }
  AuditPage Finish() { return std::move(page_); }

 private:
  const std::size_t limit_;
  AuditPage page_;
  std::int64_t last_ts_ = 0;
};

auto NewestFirst(const StoredEvent& e) { return std::tie(e.ts_micros, e.record.tenant, e.record.seq); }

// The newest events, as many as are asked for, of any number that come in any order.
class Newest {
 public:
  explicit Newest(std::size_t most) : most_(most) {}

  void Add(StoredEvent&& event) {
    events_.push_back(std::move(event));
    if (events_.size() >= 2 * most_ + 16) Sort();
  }
  std::vector<StoredEvent> Take() {
    Sort();
    return std::exchange(events_, {});
  }

 private:
  void Sort() {
    std::sort(events_.begin(), events_.end(), [](const StoredEvent& a, const StoredEvent& b) { return NewestFirst(a) > NewestFirst(b); });
    if (events_.size() > most_) events_.resize(most_);
  }

  const std::size_t most_;
  std::vector<StoredEvent> events_;
};

// All tenants' events, newest first.
class NewestQuery {
 public:
  NewestQuery(Connection& connection, const AuditFilter& filter, std::optional<audit::Cursor> cursor, std::size_t limit)
      : connection_(connection), filter_(filter), cursor_(std::move(cursor)), limit_(limit), filler_(limit) {}

  Result<AuditPage> Run() {
    const Status s = filter_.event_id.empty() ? ByMoments() : ByEventId();
    if (!s.ok()) return s.error();
    return filler_.Finish();
  }

 private:
  bool IsBehindCursor(const StoredEvent& e) const {
    return !cursor_ || NewestFirst(e) < std::tie(cursor_->ts_micros, cursor_->tenant, cursor_->seq);
  }

  void Give(Newest& newest) {
    for (StoredEvent& event : newest.Take()) {
      if (!filler_.Take(std::move(event))) return;
    }
  }

  // An id is one event's, or of few.
  Status ByEventId() {
    const Result<std::vector<std::string>> tenants = ReadTenants(connection_);
    if (!tenants.ok()) return tenants.error();
    Newest newest(limit_ + 1);
    const TakeEvent add = [&](StoredEvent&& event) {
      if (IsBehindCursor(event)) newest.Add(std::move(event));
      return true;
    };
    for (const std::string& tenant : *tenants) {
      const Result<Places> places = PlacesOf(connection_, filter_, tenant);
      if (!places.ok()) return places.error();
      if (Status s = ChainQuery(connection_, filter_, tenant, false, add).Run(*places); !s.ok()) return s;
    }
    Give(newest);
    return {};
  }

  Status ByMoments() {
    Result<Statement*> select = connection_.Kept(
        "SELECT value, tenant, block, bits FROM audit_postings WHERE field = ? AND value BETWEEN ? AND ? ORDER BY value DESC");
    if (!select.ok()) return select.error();
    constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
    std::int64_t last = filter_.to_micros.value_or(kEver);
    if (cursor_) last = std::min(last, cursor_->ts_micros);
    const StatementUse use(**select);
    use->Bind(1, static_cast<std::int64_t>(PostingField::kMoment));
    use->Bind(2, MomentOf(filter_.from_micros.value_or(std::numeric_limits<std::int64_t>::min())));
    use->Bind(3, MomentOf(last));
    Newest newest(limit_ + 1);
    std::optional<std::int64_t> moment;
    while (!filler_.is_full()) {
      const Result<bool> row = connection_.Step(**select);
      if (!row.ok()) return row.error();
      if (!*row || moment != use->Integer(0)) Give(newest);
      if (!*row) break;
      moment = use->Integer(0);
      const std::string tenant = use->Text(1);
      const std::int64_t begin = use->Integer(2) << kPostingShift;
      EventWalk walk{tenant, begin, begin + kRunEvents - 1, static_cast<std::uint64_t>(use->Integer(3)), false, &filter_, false};
      Status s = WalkEvents(connection_, walk, [&](StoredEvent&& event) {
        // A bit too much would show an event twice.
        if (MomentOf(event.ts_micros) == moment && IsBehindCursor(event)) newest.Add(std::move(event));
        return true;
      });
      if (!s.ok()) return s;
    }
    return {};
  }

  Connection& connection_;
  const AuditFilter& filter_;
  const std::optional<audit::Cursor> cursor_;
  const std::size_t limit_;
  PageFiller filler_;
};

// The filter's tenant, or all that there are.
Result<std::vector<std::string>> TenantsOf(Connection& connection, const AuditFilter& filter) {
  if (!filter.tenant.empty()) return std::vector{filter.tenant};
  return ReadTenants(connection);
}

// Every event of the filter, tenant by tenant.
Status WalkTenants(Connection& connection, const AuditFilter& filter, const TakeEvent& take) {
  const Result<std::vector<std::string>> tenants = TenantsOf(connection, filter);
  if (!tenants.ok()) return tenants.error();
  bool done = false;
  const TakeEvent take_on = [&](StoredEvent&& event) {
    done = !take(std::move(event));
    return !done;
  };
  for (const std::string& tenant : *tenants) {
    if (done) break;
    const Result<Places> places = PlacesOf(connection, filter, tenant);
    if (!places.ok()) return places.error();
    if (Status s = ChainQuery(connection, filter, tenant, true, take_on).Run(*places); !s.ok()) return s;
  }
  return {};
}

}  // namespace

EventRoute RouteOf(const AuditFilter& f) {
  if (!f.event_id.empty()) return {PostingField::kEventId, std::string(EventIdPosting(f.event_id))};
  if (!f.elevation_id.empty()) return {PostingField::kElevation, f.elevation_id};
  if (!f.session_id.empty()) return {PostingField::kSession, f.session_id};
  if (IsPostedKind(f.kind)) return {PostingField::kKind, f.kind};
  if (!f.agent_id.empty() && !f.tool.empty()) return {PostingField::kAgentAndTool, AgentAndToolPosting(f.agent_id, f.tool)};
  if (!f.root_jti.empty()) return {PostingField::kRootToken, f.root_jti};
  if (!f.agent_id.empty()) return {PostingField::kAgent, f.agent_id};
  if (IsPostedDecision(f.decision)) return {PostingField::kDecision, f.decision};
  if (!f.tool.empty()) return {PostingField::kTool, f.tool};
  return {};
}

Result<AuditPage> ReadPage(Connection& connection, const AuditFilter& filter, bool ascending, std::string_view after, std::size_t limit) {
  std::optional<audit::Cursor> cursor;
  if (!after.empty()) {
    Result<audit::Cursor> read = audit::ReadCursor(after);
    if (!read.ok()) return read.error();
    cursor = *std::move(read);
  }
  if (filter.tenant.empty() && !ascending) return NewestQuery(connection, filter, std::move(cursor), limit).Run();

  const Result<std::vector<std::string>> tenants = TenantsOf(connection, filter);
  if (!tenants.ok()) return tenants.error();
  PageFiller filler(limit);
  const TakeEvent take = [&filler](StoredEvent&& event) { return filler.Take(std::move(event)); };
  const bool one_tenant = !filter.tenant.empty();
  for (const std::string& tenant : *tenants) {
    if (filler.is_full()) break;
    if (cursor && !one_tenant && tenant < cursor->tenant) continue;
    Result<Places> places = PlacesOf(connection, filter, tenant);
    if (!places.ok()) return places.error();
    // Of one tenant the cursor's place counts whatever tenant it names.
    if (cursor && (one_tenant || tenant == cursor->tenant)) {
      if (ascending) places->from = std::max(places->from, After(cursor->seq));
      else places->to = std::min(places->to, Before(cursor->seq));
    }
    if (Status s = ChainQuery(connection, filter, tenant, ascending, take).Run(*places); !s.ok()) return s.error();
  }
  return filler.Finish();
}

Result<bool> HasEvents(Connection& connection, const AuditFilter& filter) {
  bool found = false;
  Status s = WalkTenants(connection, filter, [&found](StoredEvent&&) {
    found = true;
    return false;
  });
  if (!s.ok()) return s.error();
  return found;
}

Result<std::int64_t> CountEvents(Connection& connection, const AuditFilter& filter) {
  if (!audit::NarrowsEvents(filter)) return CountAll(connection, filter.tenant);
  std::int64_t count = 0;
  Status s = WalkTenants(connection, filter, [&count](StoredEvent&&) {
    ++count;
    return true;
  });
  if (!s.ok()) return s.error();
  return count;
}

}  // namespace intentgate::store
