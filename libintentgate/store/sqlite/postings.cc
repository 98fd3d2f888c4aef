// Tested by tests/unit/store/sqlite_postings_test.cc.

#include "store/sqlite/postings.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "store/sqlite/event_walk.h"

namespace intentgate::store {
namespace {

using audit::StoredEvent;

std::uint64_t BitOf(std::int64_t seq) { return std::uint64_t{1} << (seq & 63); }

auto KeyOf(const Posting& p) { return std::tie(p.field, p.moment, p.value, p.block); }

// Binds the key of a posting behind the first `at` values.
int BindKey(const Posting& p, std::string_view tenant, int at, Statement& to) {
  to.Bind(++at, static_cast<std::int64_t>(p.field));
  if (p.field == PostingField::kMoment) {
    to.Bind(++at, p.moment);
  } else {
    to.Bind(++at, p.value);
  }
  to.Bind(++at, tenant);
  to.Bind(++at, p.block);
  return at;
}

// No event says this, since what is not UTF-8 is cleaned before it is hashed.
constexpr char kInNoEvent = '\xff';

void Falsify(PostingField field, StoredEvent& e) {
  switch (field) {
    case PostingField::kAgent: e.agent_id = kInNoEvent; break;
    case PostingField::kTool:
    case PostingField::kAgentAndTool: e.tool = kInNoEvent; break;
    case PostingField::kDecision: e.decision = kInNoEvent; break;
    case PostingField::kKind: e.kind = kInNoEvent; break;
    case PostingField::kElevation: e.elevation_id = kInNoEvent; break;
    case PostingField::kRootToken: e.root_jti = kInNoEvent; break;
    case PostingField::kSession: e.session_id = kInNoEvent; break;
    case PostingField::kEventId: e.record.event_id = kInNoEvent; break;
    case PostingField::kMoment: e.ts_micros = std::numeric_limits<std::int64_t>::min(); break;
  }
}

Result<std::uint64_t> BitsOf(Connection& connection, std::string_view tenant, const Posting& posting) {
  Result<Statement*> select = connection.Kept(
      "SELECT bits FROM audit_postings WHERE field = ? AND value = ? AND tenant = ? AND block = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  BindKey(posting, tenant, 0, **select);
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  return *row ? static_cast<std::uint64_t>(use->Integer(0)) : std::uint64_t{0};
}

// Of an event that does not say any more what it had: each posting of its block may be its own. There is no index for that.
Status DeletePostingsOf(Connection& connection, std::string_view tenant, std::int64_t seq) {
  for (const std::string_view sql : {"UPDATE audit_postings SET bits = bits & ?3 WHERE tenant = ?1 AND block = ?2",
                                     "DELETE FROM audit_postings WHERE tenant = ?1 AND block = ?2 AND bits & ?3 = 0"}) {
    Result<Statement*> change = connection.Kept(sql);
    if (!change.ok()) return change.error();
    const StatementUse use(**change);
    use->Bind(1, tenant);
    use->Bind(2, seq >> kPostingShift);
    use->Bind(3, static_cast<std::int64_t>(~BitOf(seq)));
    if (Status s = connection.Run(**change); !s.ok()) return s;
  }
  return {};
}

}  // namespace

std::string AgentAndToolPosting(std::string_view agent_id, std::string_view tool) {
  std::string both;
  both.reserve(agent_id.size() + 1 + tool.size());
  return both.append(agent_id).append(1, '\n').append(tool);
}

std::string_view EventIdPosting(std::string_view event_id) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-7";
  constexpr std::size_t kMillisecond = 13;
  if (event_id.size() < kShape.size()) return event_id;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const char c = event_id[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kShape[i] == 'x' ? !is_hex : c != kShape[i]) return event_id;
  }
  return event_id.substr(0, kMillisecond);
}

bool IsPostedDecision(std::string_view decision) { return decision == "block" || decision == "escalate"; }
bool IsPostedKind(std::string_view kind) { return kind == "admin" || kind == "control"; }

void PostingSums::AddOne(PostingField field, std::string_view value, std::int64_t moment, std::int64_t seq) {
  const std::int64_t block = seq >> kPostingShift;
  const std::size_t hash = std::hash<std::string_view>()(value) + static_cast<std::size_t>(moment) +
                           31 * static_cast<std::size_t>(block) + 7 * static_cast<std::size_t>(field);
  std::uint32_t& at = last_[hash % last_.size()];
  if (at != kNone) {
    Posting& p = made_[at];
    if (p.field == field && p.block == block && p.moment == moment && p.value == value) {
      p.bits |= BitOf(seq);
      return;
    }
  }
  at = static_cast<std::uint32_t>(made_.size());
  made_.push_back({field, std::string(value), moment, block, BitOf(seq)});
}

void PostingSums::Add(const StoredEvent& e) {
  const std::int64_t seq = e.record.seq;
  const auto text = [&](PostingField field, std::string_view value) {
    if (!value.empty()) AddOne(field, value, 0, seq);
  };
  text(PostingField::kAgent, e.agent_id);
  text(PostingField::kTool, e.tool);
  if (!e.agent_id.empty() && !e.tool.empty()) text(PostingField::kAgentAndTool, AgentAndToolPosting(e.agent_id, e.tool));
  if (IsPostedDecision(e.decision)) text(PostingField::kDecision, e.decision);
  if (IsPostedKind(e.kind)) text(PostingField::kKind, e.kind);
  text(PostingField::kElevation, e.elevation_id);
  text(PostingField::kRootToken, e.root_jti);
  text(PostingField::kSession, e.session_id);
  AddOne(PostingField::kEventId, EventIdPosting(e.record.event_id), 0, seq);
  AddOne(PostingField::kMoment, {}, MomentOf(e.ts_micros), seq);
}

std::vector<Posting> PostingSums::Take() {
  std::vector<Posting> all = std::exchange(made_, {});
  last_.fill(kNone);
  std::sort(all.begin(), all.end(), [](const Posting& a, const Posting& b) { return KeyOf(a) < KeyOf(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && KeyOf(all[kept - 1]) == KeyOf(all[i])) {
      all[kept - 1].bits |= all[i].bits;
    } else if (kept++ != i) {
      all[kept - 1] = std::move(all[i]);
    }
  }
  all.resize(kept);
  return all;
}

Status InsertPostings(Connection& connection, std::string_view tenant, PostingSums& sums, const audit::Pause& pause) {
  // One row a statement: of one with many SQLite would copy each page before its first change, since it might fail halfway.
  Result<Statement*> put = connection.Kept(
      "INSERT INTO audit_postings (field, value, tenant, block, bits) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET bits = bits | excluded.bits");
  if (!put.ok()) return put.error();
  std::size_t row = 0;
  for (const Posting& posting : sums.Take()) {
    if (row++ % audit::kRowsBetweenPauses == 0) pause();
    const StatementUse use(**put);
    const int at = BindKey(posting, tenant, 0, **put);
    use->Bind(at + 1, static_cast<std::int64_t>(posting.bits));
    if (Status s = connection.Run(**put); !s.ok()) return s;
  }
  return {};
}

Status DeletePostings(Connection& connection, std::string_view tenant, std::int64_t seq) {
  PostingSums sums;
  std::vector<std::int64_t> unreadable;
  const EventWalk walk{tenant, 0, seq - 1, ~std::uint64_t{0}, true, nullptr, true};
  Status read = WalkEvents(connection, walk, [&](StoredEvent&& event) {
    if (IsReadable(event)) sums.Add(event);
    else unreadable.push_back(event.record.seq);
    return true;
  });
  if (!read.ok()) return read;
  for (const std::int64_t lost : unreadable) {
    if (Status s = DeletePostingsOf(connection, tenant, lost); !s.ok()) return s;
  }
  constexpr std::string_view kKey = " WHERE field = ?1 AND value = ?2 AND tenant = ?3 AND block = ?4";
  Result<Statement*> take = connection.Kept("UPDATE audit_postings SET bits = bits & ?5" + std::string(kKey));
  if (!take.ok()) return take.error();
  Result<Statement*> remove = connection.Kept("DELETE FROM audit_postings" + std::string(kKey) + " AND bits = 0");
  if (!remove.ok()) return remove.error();
  for (const Posting& posting : sums.Take()) {
    for (Statement* const statement : {*take, *remove}) {
      const StatementUse use(*statement);
      const int at = BindKey(posting, tenant, 0, *statement);
      if (statement == *take) use->Bind(at + 1, static_cast<std::int64_t>(~posting.bits));
      if (Status s = connection.Run(*statement); !s.ok()) return s;
    }
  }
  return {};
}

Status FalsifyUnfound(Connection& connection, std::string_view tenant, std::span<StoredEvent> events) {
  PostingSums sums;
  for (const StoredEvent& event : events) sums.Add(event);
  for (const Posting& posting : sums.Take()) {
    const Result<std::uint64_t> bits = BitsOf(connection, tenant, posting);
    if (!bits.ok()) return bits.error();
    const std::uint64_t missing = posting.bits & ~*bits;
    if (missing == 0) continue;
    auto event = std::partition_point(events.begin(), events.end(), [&](const StoredEvent& e) {
      return e.record.seq >> kPostingShift < posting.block;
    });
    for (; event != events.end() && event->record.seq >> kPostingShift == posting.block; ++event) {
      if ((missing & BitOf(event->record.seq)) != 0) Falsify(posting.field, *event);
    }
  }
  return {};
}

}  // namespace intentgate::store
