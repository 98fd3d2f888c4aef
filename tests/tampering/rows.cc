#include "tampering/rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "audit/canonical_event.h"
#include "audit/filter.h"
#include "contract/chains.h"
#include "evidence/integrator.h"
#include "support/fixed_random.h"
#include "tlog/checkpoint.h"

namespace intentgate::test {
namespace {

constexpr const char* kTexts[] = {"",  "read the invoices", "\xe2\x80\xa8 a line", "\xf0\x9f\x94\x92 locked", "a\tb\\c\"d",
                                  "=1+1", "<script>",          "\xc3\xa9t\xc3\xa9"};
constexpr const char* kTools[] = {"read_file", "write_file", "search", "send_mail"};
constexpr const char* kAgents[] = {"finance-bot", "support-bot", "", "agent \xce\xb1"};

tlog::SigningKey KeyOf(std::uint8_t seed) {
  FixedRandom random(seed);
  auto key = tlog::SigningKey::Generate("acme-log", tlog::KeyType::kEd25519, random);
  REQUIRE(key.ok());
  return *std::move(key);
}

json::Value RandomArguments(Dice& dice) {
  json::Value out = json::MakeObject({{"path", dice.Pick(kTexts)}});
  if (dice.OneIn(2)) out.Set("depth", static_cast<std::int64_t>(dice.Below(1'000)));
  if (dice.OneIn(4)) out.Set("nested", json::MakeObject({{"flag", dice.OneIn(2)}, {"none", json::Value()}}));
  return out;
}

}  // namespace

const tlog::SigningKey& LogKey() {
  static const tlog::SigningKey key = KeyOf(7);
  return key;
}

const tlog::SigningKey& ForeignKey() {
  static const tlog::SigningKey key = KeyOf(99);
  return key;
}

Result<ChainHead> RowStore::Head(std::string_view tenant) { return tenant == rows_.tenant ? rows_.head : ChainHead{}; }

Status RowStore::Append(std::span<const audit::TenantBatch>) { return Error{ErrorCode::kInternal, "rows are edited"}; }

Result<std::vector<audit::StoredEvent>> RowStore::ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                             std::size_t limit) {
  std::vector<audit::StoredEvent> out;
  for (const audit::StoredEvent& event : rows_.events) {
    if (tenant != rows_.tenant || event.record.seq < from_seq || out.size() == limit) continue;
    out.push_back(event);
    out.back().record.tenant = rows_.tenant;   // the row's column, whatever its bytes say
  }
  return out;
}

Result<std::vector<AuditRecord>> RowStore::Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) {
  Result<std::vector<audit::StoredEvent>> events = ScanStored(tenant, from_seq, limit);
  std::vector<AuditRecord> out;
  for (audit::StoredEvent& event : *events) out.push_back(std::move(event.record));
  return out;
}

Result<AuditPage> RowStore::Query(const AuditFilter& filter, bool ascending, std::string_view after, std::size_t limit) {
  REQUIRE(ascending);
  const std::int64_t behind = after.empty() ? -1 : audit::ReadCursor(after)->seq;
  AuditPage page;
  for (const audit::StoredEvent& event : rows_.events) {
    if (event.record.seq <= behind || !audit::Matches(filter, event)) continue;
    if (page.records.size() == limit) {
      page.next = audit::WriteCursor({0, rows_.tenant, page.records.back().seq});
      return page;
    }
    page.records.push_back(event.record);
  }
  return page;
}

Result<std::int64_t> RowStore::Count(const AuditFilter&) { return Error{ErrorCode::kInternal, "nobody counts rows"}; }

Result<std::vector<std::string>> RowStore::Tenants() { return std::vector<std::string>{rows_.tenant}; }

Result<std::vector<tlog::Hash>> RowStore::ChainHashes(std::string_view tenant, std::int64_t from_seq, std::size_t limit) {
  const Result<std::vector<AuditRecord>> records = Scan(tenant, from_seq, limit);
  std::vector<tlog::Hash> out;
  for (const AuditRecord& record : *records) {
    const Result<tlog::Hash> hash = audit::HashFromHex(record.hash);
    if (!hash.ok()) return hash.error();
    out.push_back(*hash);
  }
  return out;
}

Status RowStore::PutTiles(std::string_view, std::span<const audit::StoredTile> tiles) {
  for (const audit::StoredTile& tile : tiles) rows_.tiles[{tile.id.level, tile.id.index}] = tile.bytes;
  return {};
}

Result<audit::StoredTile> RowStore::Tile(std::string_view tenant, unsigned level, std::uint64_t index) {
  const auto found = rows_.tiles.find({level, index});
  if (found == rows_.tiles.end()) return audit::NoTileError(tenant, level, index);
  return audit::StoredTile{{level, index, static_cast<unsigned>(found->second.size() / 32)}, found->second};
}

Status RowStore::SetSignerState(std::string_view, const std::optional<audit::SignerState>&, const audit::SignerState&) {
  return Error{ErrorCode::kInternal, "nobody signs here"};
}

Result<std::optional<audit::SignerState>> RowStore::GetSignerState(std::string_view) {
  return std::optional<audit::SignerState>();
}

Status RowStore::PutCheckpoint(std::string_view, const audit::StoredCheckpoint&) {
  return Error{ErrorCode::kInternal, "nobody signs here"};
}

Result<std::vector<audit::StoredCheckpoint>> RowStore::Checkpoints(std::string_view, std::uint64_t max_size,
                                                                   std::size_t limit) {
  std::vector<audit::StoredCheckpoint> out;
  for (const audit::StoredCheckpoint& checkpoint : rows_.checkpoints) {
    if (checkpoint.size <= max_size && out.size() < limit) out.push_back(checkpoint);
  }
  return out;
}

audit::StoredEvent RandomEvent(Dice& dice, const std::string& tenant, const ChainHead& head) {
  AuditEvent event;
  event.kind = dice.OneIn(4) ? EventKind::kOutcome : dice.OneIn(6) ? EventKind::kAdmin : EventKind::kDecision;
  event.event_id = tenant + "-" + std::to_string(head.next_seq) + "-" + std::to_string(dice.Below(1'000'000));
  event.ts_micros = 1'700'000'000'000'000 + head.next_seq * 1'000 + static_cast<std::int64_t>(dice.Below(5'000));
  event.decision = dice.OneIn(5) ? "block" : "allow";
  event.tool = dice.Pick(kTools);
  event.agent_id = dice.Pick(kAgents);
  event.reason = dice.Pick(kTexts);
  event.intent_summary = dice.Pick(kTexts);
  event.capability_token_id = "token-" + std::to_string(dice.Below(10));
  if (dice.OneIn(2)) event.arg_values = RandomArguments(dice);
  event.latency_us = static_cast<std::int64_t>(dice.Below(100'000));
  return MakeStored(tenant, head.next_seq, head.hash, std::move(event));
}

Rows RandomChain(Dice& dice, const std::string& tenant, std::size_t count) {
  Rows rows;
  rows.tenant = tenant;
  while (rows.size() < count) {
    rows.events.push_back(RandomEvent(dice, tenant, rows.head));
    rows.head = {rows.end(), rows.events.back().record.hash};
  }
  return rows;
}

Rows RandomLog(Dice& dice, std::size_t least) {
  // Now and then one with more than a tile of leaves.
  Rows rows = RandomChain(dice, "acme", dice.OneIn(50) ? dice.From(257, 300) : dice.From(least, 30));
  Rebuild(rows);
  const std::size_t older = dice.From(1, rows.size() - 1);
  rows.checkpoints = {SignFor(rows, rows.size(), LogKey()), SignFor(rows, older, LogKey())};
  return rows;
}

Kept KeptOf(const Rows& rows) {
  return {LogKey().verifier().ToString(), rows.checkpoints.front().note, rows.head};
}

void Rehash(audit::StoredEvent& event) { event.record.hash = audit::ChainHash(event.record.prev_hash, event.record.canonical); }

void Project(audit::StoredEvent& event) {
  Result<audit::StoredEvent> said = audit::ReadCanonical(event.record.canonical);
  REQUIRE(said.ok());
  AuditRecord record = event.record;
  record.event_id = said->record.event_id;
  event = *std::move(said);
  event.record = std::move(record);
}

void Rechain(Rows& rows, std::size_t from) {
  for (std::size_t i = from; i < rows.size(); ++i) {
    if (i > 0) rows.events[i].record.prev_hash = rows.events[i - 1].record.hash;
    Rehash(rows.events[i]);
  }
  rows.head.hash = rows.events.back().record.hash;
}

void Rebuild(Rows& rows) {
  rows.tiles.clear();
  RowStore store(rows);
  REQUIRE(evidence::Integrator(store, rows.tenant).CatchUp(0).ok());
}

audit::StoredCheckpoint SignFor(const Rows& rows, std::size_t size, const tlog::SigningKey& key) {
  tlog::CompactRange tree;
  for (std::size_t i = 0; i < size; ++i) tree.Append(tlog::LeafHash(*audit::HashFromHex(rows.events[i].record.hash)));
  tlog::Note note{tlog::WriteCheckpoint({"prod/audit/" + rows.tenant + "/1", size, tree.Root()}), {}};
  REQUIRE(tlog::SignNote(note, key, 0).ok());
  return {1, size, tree.Root(), 0, tlog::WriteNote(note), 0};
}

void RewriteAndSign(Rows& rows, std::size_t from, const tlog::SigningKey& key) {
  Rechain(rows, from);
  Rebuild(rows);
  rows.checkpoints.front() = SignFor(rows, rows.size(), key);
}

}  // namespace intentgate::test
