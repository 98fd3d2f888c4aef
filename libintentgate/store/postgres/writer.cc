// Tested by tests/contract and tests/integration/postgres.

#include "store/postgres/writer.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/encoding.h"
#include "store/counter_sum.h"
#include "store/postgres/errors.h"
#include "store/postgres/query_sql.h"

namespace intentgate::store::pg {

using audit::StoredEvent;
using audit::TenantBatch;

namespace {

constexpr int kOpening = 2;   // statements of a transaction before the caller's

}  // namespace

Writer::Writer(std::shared_ptr<const Target> target, std::string schema, std::string sync_commit)
    : target_(target), schema_(std::move(schema)), sync_commit_(std::move(sync_commit)), connection_(std::move(target)) {}

Command Writer::Settings() const {
  // A wait for a lock ends with an error; COMMIT's wait for a standby must not, it would end in a success.
  Command set("SELECT set_config('synchronous_commit', $1, true), set_config('lock_timeout', $2, true), "
              "set_config('statement_timeout', '0', true)");
  set.Text(sync_commit_).Text(std::to_string(target_->statement_timeout_ms));
  return set;
}

std::vector<Command> Writer::Transaction(std::vector<Command> statements) const {
  std::vector<Command> all{Command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"), Settings()};
  all.insert(all.end(), std::make_move_iterator(statements.begin()), std::make_move_iterator(statements.end()));
  all.emplace_back("COMMIT");
  return all;
}

Result<std::vector<Rows>> Writer::Transact(std::span<const Command> statements) {
  const std::lock_guard lock(mutex_);
  LetGo();
  const std::vector<Command> all = Transaction({statements.begin(), statements.end()});
  for (int attempt = 0;; ++attempt) {
    Result<std::vector<Rows>> answers = connection_.RunAll(all);
    if (answers.ok()) {
      answers->pop_back();
      answers->erase(answers->begin(), answers->begin() + kOpening);
      return answers;
    }
    if (attempt >= kMaxRepeats || !MayRepeat(connection_.sqlstate())) return answers.error();
  }
}

Status Writer::Append(std::span<const TenantBatch> batches) {
  // In the order of tenants, so that two replicas lock heads in the same order.
  std::vector<const TenantBatch*> sorted;
  for (const TenantBatch& batch : batches) {
    if (!batch.events.empty()) sorted.push_back(&batch);
  }
  if (sorted.empty()) return {};
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->tenant < b->tenant; });
  std::vector<Command> statements;
  for (const TenantBatch* batch : sorted) statements.push_back(MoveHead(*batch));
  statements.push_back(InsertEvents(sorted));
  if (std::optional<Command> values = InsertPrivateValues(sorted)) statements.push_back(*std::move(values));
  statements.push_back(WidenSpans(sorted));
  AddCharges(batches, statements);
  const std::vector<Command> all = Transaction(std::move(statements));

  const std::lock_guard lock(mutex_);
  if (Status s = SettleLocked(); !s.ok()) return s;
  if (Status s = MakePartitions(batches); !s.ok()) return s;
  overtaken_ = false;
  for (int attempt = 0;; ++attempt) {
    const std::span<const Command> commands = HoldsHeadsOf(sorted) ? std::span(all).subspan(kOpening) : std::span(all);
    held_.clear();   // the transaction ends here, one way or the other
    const Result<std::vector<Rows>> answers = connection_.RunAll(commands);
    if (answers.ok()) return {};
    if (attempt < kMaxRepeats && MayRepeat(connection_.sqlstate())) continue;
    overtaken_ = answers.error().code == ErrorCode::kConflict;
    if (connection_.in_doubt()) {
      for (const TenantBatch* batch : sorted) doubtful_.insert(batch->tenant);
      in_doubt_ = true;
    }
    return answers.error();
  }
}

Command Writer::MoveHead(const TenantBatch& batch) const {
  const AuditRecord& first = batch.events.front().record;
  const AuditRecord& last = batch.events.back().record;
  const std::string heads = schema_ + "audit_heads";
  const bool fresh = first.seq == 0;
  Command move("WITH moved AS (" +
               (fresh ? "INSERT INTO " + heads + " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
                      : "UPDATE " + heads + " SET next_seq = $2, hash = $3 "
                        "WHERE tenant = $1 AND next_seq = $4 AND hash = $5") +
               " RETURNING 1) SELECT CASE WHEN count(*) = 1 THEN 1 ELSE " + schema_ +
               "audit_chain_has_moved($1) END FROM moved");
  move.Text(batch.tenant).Integer(last.seq + 1).Text(last.hash);
  if (!fresh) move.Integer(first.seq).Text(first.prev_hash);
  return move;
}

Command Writer::InsertEvents(std::span<const TenantBatch* const> batches) const {
  Array tenant(kText), seq(kInt8), event_id(kText), prev_hash(kText), hash(kText), canonical(kBytea), ts(kInt8);
  Array kind(kText), decision(kText), check(kText), tool(kText), agent_id(kText), jti(kText), elevation_id(kText);
  Array root_jti(kText), session_id(kText), code(kText), actor(kText);
  for (const TenantBatch* batch : batches) {
    for (const StoredEvent& e : batch->events) {
      tenant.AddText(batch->tenant);
      seq.AddInteger(e.record.seq);
      event_id.AddText(e.record.event_id);
      prev_hash.AddText(e.record.prev_hash);
      hash.AddText(e.record.hash);
      canonical.AddBytes(e.record.canonical);
      ts.AddInteger(e.ts_micros);
      kind.AddText(e.kind);
      decision.AddText(e.decision);
      check.AddText(e.check);
      tool.AddText(e.tool);
      agent_id.AddText(e.agent_id);
      jti.AddText(e.jti);
      elevation_id.AddText(e.elevation_id);
      root_jti.AddText(e.root_jti);
      session_id.AddText(e.session_id);
      code.AddText(e.code);
      actor.AddText(e.actor);
    }
  }
  Command insert("INSERT INTO " + schema_ + "audit_events (tenant, seq, event_id, prev_hash, hash, canonical, ts, kind, "
                 "decision, check_name, tool, agent_id, jti, elevation_id, root_jti, session_id, code, actor) "
                 "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
                 "$15, $16, $17, $18)");
  for (Array* column : {&tenant, &seq, &event_id, &prev_hash, &hash, &canonical, &ts, &kind, &decision, &check, &tool,
                        &agent_id, &jti, &elevation_id, &root_jti, &session_id, &code, &actor}) {
    insert.Add(std::move(*column));
  }
  return insert;
}

std::optional<Command> Writer::InsertPrivateValues(std::span<const TenantBatch* const> batches) const {
  Array tenant(kText), seq(kInt8), member(kText), salt(kBytea), value(kBytea);
  bool any = false;
  for (const TenantBatch* batch : batches) {
    for (const StoredEvent& e : batch->events) {
      for (const PrivateValue& one : e.private_values) {
        any = true;
        tenant.AddText(batch->tenant);
        seq.AddInteger(e.record.seq);
        member.AddText(one.member);
        salt.AddBytes(base::AsText(one.salt));
        value.AddBytes(one.value);
      }
    }
  }
  if (!any) return std::nullopt;
  Command insert("INSERT INTO " + schema_ + "private_values (tenant, seq, member, salt, value) "
                 "SELECT * FROM unnest($1, $2, $3, $4, $5)");
  for (Array* column : {&tenant, &seq, &member, &salt, &value}) insert.Add(std::move(*column));
  return insert;
}

Command Writer::WidenSpans(std::span<const TenantBatch* const> batches) const {
  std::map<std::pair<std::string_view, std::int64_t>, std::pair<std::int64_t, std::int64_t>> spans;
  for (const TenantBatch* batch : batches) {
    for (const StoredEvent& e : batch->events) {
      const auto [at, fresh] =
          spans.try_emplace({batch->tenant, e.record.seq / kSpanBlock}, e.ts_micros, e.ts_micros);
      at->second.first = std::min(at->second.first, e.ts_micros);
      at->second.second = std::max(at->second.second, e.ts_micros);
    }
  }
  Array tenant(kText), block(kInt8), min_ts(kInt8), max_ts(kInt8);
  for (const auto& [key, span] : spans) {
    tenant.AddText(key.first);
    block.AddInteger(key.second);
    min_ts.AddInteger(span.first);
    max_ts.AddInteger(span.second);
  }
  Command widen("INSERT INTO " + schema_ + "audit_time_spans AS s SELECT * FROM unnest($1, $2, $3, $4) "
                "ON CONFLICT (tenant, block) DO UPDATE SET min_ts = least(s.min_ts, excluded.min_ts), "
                "max_ts = greatest(s.max_ts, excluded.max_ts)");
  for (Array* column : {&tenant, &block, &min_ts, &max_ts}) widen.Add(std::move(*column));
  return widen;
}

void Writer::AddCharges(std::span<const TenantBatch> batches, std::vector<Command>& commands) const {
  const std::map<CounterKey, std::int64_t> sums = SumCharges(batches);
  if (sums.empty()) return;
  Array tenant(kText), counter(kText), bucket(kInt8), amount(kInt8);
  for (const auto& [key, sum] : sums) {
    tenant.AddText(std::get<0>(key));
    counter.AddText(std::get<1>(key));
    bucket.AddInteger(std::get<2>(key));
    amount.AddInteger(sum);
  }
  // As AddSaturated: a counter stays at the ends of its range.
  Command add("INSERT INTO " + schema_ + "budget_counters AS c SELECT * FROM unnest($1, $2, $3, $4) "
              "ON CONFLICT (tenant, counter, bucket) DO UPDATE SET amount = "
              "least(9223372036854775807, greatest(-9223372036854775808, c.amount::numeric + excluded.amount))::bigint");
  for (Array* column : {&tenant, &counter, &bucket, &amount}) add.Add(std::move(*column));
  commands.push_back(std::move(add));
}

// Ahead by half a partition, so that an event never waits for one.
Status Writer::MakePartitions(std::span<const TenantBatch> batches) {
  std::int64_t newest = 0;
  for (const TenantBatch& batch : batches) {
    if (batch.events.empty()) continue;
    newest = std::max(newest, (batch.events.back().record.seq + kPartitionEvents / 2) / kPartitionEvents);
  }
  if (newest <= newest_partition_) return {};
  LetGo();   // a partition made in a transaction that is then given up would be remembered, and not there
  Command make("SELECT " + schema_ + "audit_events_partitions($1)");
  make.Integer(newest);
  Result<Rows> rows = connection_.Run(make);
  if (!rows.ok()) return rows.error();
  newest_partition_ = newest;
  return {};
}

Result<std::optional<ChainHead>> Writer::HeadToAppend(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  if (Status s = SettleLocked(); !s.ok()) return s.error();
  if (!overtaken_) return std::optional<ChainHead>();
  Command select("SELECT next_seq, hash FROM " + schema_ + "audit_heads WHERE tenant = $1 FOR UPDATE");
  select.Text(tenant);
  Result<std::vector<Rows>> answers = LockHead(select);
  for (int again = 0; !answers.ok() && again < kMaxRepeats && MayRepeat(connection_.sqlstate()); ++again) {
    answers = LockHead(select);
  }
  if (!answers.ok()) return answers.error();
  held_.emplace(tenant);
  const Rows& rows = answers->back();
  return std::optional(rows.count() == 0 ? ChainHead{} : ChainHead{rows.Integer(0, 0), rows.Text(0, 1)});
}

// In the transaction that holds heads already, or in a new one.
Result<std::vector<Rows>> Writer::LockHead(const Command& select) {
  std::vector<Command> commands;
  if (held_.empty() || !connection_.InTransaction()) {
    held_.clear();
    Command limit("SELECT set_config('idle_in_transaction_session_timeout', $1, true)");
    limit.Text(std::to_string(kHoldMs));
    commands = Transaction({std::move(limit)});
    commands.pop_back();
  }
  commands.push_back(select);
  Result<std::vector<Rows>> answers = connection_.RunAll(commands);
  if (!answers.ok()) held_.clear();
  return answers;
}

// Whether the open transaction is the one that these batches belong to; another one is given up.
bool Writer::HoldsHeadsOf(std::span<const TenantBatch* const> batches) {
  const bool all_held = std::all_of(batches.begin(), batches.end(), [this](const auto* b) { return held_.contains(b->tenant); });
  if (all_held && connection_.InTransaction()) return true;
  LetGo();
  return false;
}

void Writer::LetGo() {
  if (held_.empty()) return;
  held_.clear();
  connection_.RollBack();
}

Status Writer::Settle() {
  if (!in_doubt_) return {};
  const std::lock_guard lock(mutex_);
  return SettleLocked();
}

Status Writer::SettleLocked() {
  if (doubtful_.empty()) return {};
  LetGo();
  Array tenants(kText);
  for (const std::string& tenant : doubtful_) tenants.AddText(tenant);
  // A first event inserts a head and any other one updates it; each of these two waits for one of them.
  Command insert("INSERT INTO " + schema_ + "audit_heads SELECT t, 0, '' FROM unnest($1) t ON CONFLICT DO NOTHING");
  insert.Add(tenants);
  Command lock("SELECT 1 FROM " + schema_ + "audit_heads WHERE tenant = ANY($1) ORDER BY tenant FOR UPDATE");
  lock.Add(std::move(tenants));
  std::vector<Command> wait = Transaction({std::move(insert), std::move(lock)});
  wait.back() = Command("ROLLBACK");
  const std::vector<Command> pass =
      Transaction({Command("UPDATE " + schema_ + "commit_fence SET passed = passed + 1")});
  for (const std::vector<Command>& commands : {wait, pass}) {
    const Result<std::vector<Rows>> answers = connection_.RunAll(commands);
    if (!answers.ok()) {
      return Error{ErrorCode::kUnavailable, "a commit of PostgreSQL is in doubt: " + answers.error().message};
    }
  }
  doubtful_.clear();
  in_doubt_ = false;
  return {};
}

}  // namespace intentgate::store::pg
