#include "store/postgres/log_tables.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/encoding.h"

namespace intentgate::store::pg {
namespace {

// PostgreSQL's integers are signed; sizes and limits beyond them mean "all".
std::int64_t AsInteger(std::uint64_t n) {
  return static_cast<std::int64_t>(std::min(n, static_cast<std::uint64_t>(INT64_MAX)));
}

// Each tile once, in one order for all writers: two replicas that write the same tiles must not wait for each other.
Result<std::map<std::pair<unsigned, std::uint64_t>, const audit::StoredTile*>> WidestOf(
    std::string_view tenant, std::span<const audit::StoredTile> tiles) {
  std::map<std::pair<unsigned, std::uint64_t>, const audit::StoredTile*> widest;
  for (const audit::StoredTile& tile : tiles) {
    if (Status s = audit::CheckTile(tile); !s.ok()) return s.error();
    const auto [at, added] = widest.try_emplace({tile.id.level, tile.id.index}, &tile);
    if (added) continue;
    const Result<bool> widens = audit::Widens(tenant, *at->second, tile);
    if (!widens.ok()) return widens.error();
    if (*widens) at->second = &tile;
  }
  return widest;
}

// How many rows the one statement changed.
Result<std::int64_t> Change(Writer& writer, const Command& command) {
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&command, 1));
  if (!answers.ok()) return answers.error();
  return answers->front().changed();
}

}  // namespace

Result<std::vector<tlog::Hash>> ReadChainHashes(Connection& connection, const std::string& schema,
                                                std::string_view tenant, std::int64_t from_seq, std::size_t limit) {
  Command select("SELECT seq, hash FROM " + schema + "audit_events WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3");
  select.Text(tenant).Integer(from_seq).Integer(AsInteger(limit));
  const Result<Rows> rows = connection.Read(select);
  if (!rows.ok()) return rows.error();
  std::vector<tlog::Hash> hashes;
  for (int row = 0; row < rows->count(); ++row) {
    if (rows->Integer(row, 0) != from_seq + row) return audit::MissingEventError(tenant, from_seq + row);
    const Result<tlog::Hash> hash = audit::HashFromHex(rows->Text(row, 1));
    if (!hash.ok()) return hash.error();
    hashes.push_back(*hash);
  }
  return hashes;
}

Status WriteTiles(Writer& writer, const std::string& schema, std::string_view tenant,
                  std::span<const audit::StoredTile> tiles) {
  const auto widest = WidestOf(tenant, tiles);
  if (!widest.ok()) return widest.error();
  if (widest->empty()) return {};
  Array level(kInt8), place(kInt8), hashes(kBytea);
  for (const auto& [at, tile] : *widest) {
    level.AddInteger(std::int64_t{at.first});
    place.AddInteger(AsInteger(at.second));
    hashes.AddBytes(tile->bytes);
  }
  // A row whose shared beginning differs is not given back, and then all of it is undone.
  Command put("WITH put AS (INSERT INTO " + schema + "log_tiles AS t SELECT $1, * FROM unnest($2, $3, $4) "
              "ON CONFLICT (tenant, level, place) DO UPDATE SET hashes = "
              "CASE WHEN length(excluded.hashes) > length(t.hashes) THEN excluded.hashes ELSE t.hashes END "
              "WHERE substring(t.hashes FROM 1 FOR length(excluded.hashes)) = "
              "substring(excluded.hashes FROM 1 FOR length(t.hashes)) "
              "RETURNING 1) SELECT CASE WHEN count(*) = $5 THEN 1 ELSE " + schema + "log_tiles_differ() END FROM put");
  put.Text(tenant).Add(std::move(level)).Add(std::move(place)).Add(std::move(hashes));
  put.Integer(static_cast<std::int64_t>(widest->size()));
  const Result<std::vector<Rows>> answers = writer.Transact(std::span(&put, 1));
  return answers.ok() ? Status() : Status(answers.error());
}

Status CheckAgainstStored(Connection& connection, const std::string& schema, std::string_view tenant,
                          std::span<const audit::StoredTile> tiles) {
  for (const audit::StoredTile& tile : tiles) {
    const Result<audit::StoredTile> there = ReadTile(connection, schema, tenant, tile.id.level, tile.id.index);
    if (!there.ok() && there.error().code == ErrorCode::kNotFound) continue;
    if (!there.ok()) return there.error();
    const Result<bool> widens = audit::Widens(tenant, *there, tile);
    if (!widens.ok()) return widens.error();
  }
  return {};
}

Result<audit::StoredTile> ReadTile(Connection& connection, const std::string& schema, std::string_view tenant,
                                   unsigned level, std::uint64_t index) {
  Command select("SELECT hashes FROM " + schema + "log_tiles WHERE tenant = $1 AND level = $2 AND place = $3");
  select.Text(tenant).Integer(std::int64_t{level}).Integer(AsInteger(index));
  const Result<Rows> rows = connection.Read(select);
  if (!rows.ok()) return rows.error();
  if (rows->count() == 0) return audit::NoTileError(tenant, level, index);
  audit::StoredTile tile{{level, index, 0}, rows->Bytes(0, 0)};
  tile.id.width = static_cast<unsigned>(tile.bytes.size() / sizeof(tlog::Hash));
  return tile;
}

Status DeleteTiles(Writer& writer, const std::string& schema, std::string_view tenant) {
  Command remove("DELETE FROM " + schema + "log_tiles WHERE tenant = $1");
  remove.Text(tenant);
  const Result<std::int64_t> changed = Change(writer, remove);
  return changed.ok() ? Status() : Status(changed.error());
}

Status WriteSignerState(Writer& writer, const std::string& schema, std::string_view tenant,
                        const std::optional<audit::SignerState>& expected, const audit::SignerState& next) {
  const std::string signers = schema + "log_signers";
  Command put(expected ? "UPDATE " + signers + " SET epoch = $1, size = $2, root = $3 "
                         "WHERE tenant = $4 AND epoch = $5 AND size = $6 AND root = $7"
                       : "INSERT INTO " + signers + " (epoch, size, root, tenant) VALUES ($1, $2, $3, $4) "
                         "ON CONFLICT DO NOTHING");
  put.Integer(next.epoch).Integer(AsInteger(next.size)).Text(base::HexEncode(next.root)).Text(tenant);
  if (expected) {
    put.Integer(expected->epoch).Integer(AsInteger(expected->size)).Text(base::HexEncode(expected->root));
  }
  const Result<std::int64_t> changed = Change(writer, put);
  if (!changed.ok()) return changed.error();
  return *changed == 1 ? Status() : Status(audit::SignerMovedError(tenant));
}

Result<std::optional<audit::SignerState>> ReadSignerState(Connection& connection, const std::string& schema,
                                                          std::string_view tenant) {
  Command select("SELECT epoch, size, root FROM " + schema + "log_signers WHERE tenant = $1");
  select.Text(tenant);
  const Result<Rows> rows = connection.Read(select);
  if (!rows.ok()) return rows.error();
  if (rows->count() == 0) return std::optional<audit::SignerState>();
  const Result<tlog::Hash> root = audit::HashFromHex(rows->Text(0, 2));
  if (!root.ok()) return root.error();
  return std::optional(audit::SignerState{rows->Integer(0, 0), static_cast<std::uint64_t>(rows->Integer(0, 1)), *root});
}

Status WriteCheckpoint(Writer& writer, const std::string& schema, std::string_view tenant,
                       const audit::StoredCheckpoint& checkpoint) {
  Command put("INSERT INTO " + schema + "log_checkpoints AS c (tenant, epoch, size, root, signed_at, note, witnessed_at) "
              "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, epoch, size) DO UPDATE "
              "SET note = excluded.note, witnessed_at = excluded.witnessed_at WHERE c.root = excluded.root");
  put.Text(tenant).Integer(checkpoint.epoch).Integer(AsInteger(checkpoint.size)).Text(base::HexEncode(checkpoint.root));
  put.Integer(checkpoint.signed_at_micros).Text(checkpoint.note).Integer(checkpoint.witnessed_at_micros);
  const Result<std::int64_t> changed = Change(writer, put);
  if (!changed.ok()) return changed.error();
  return *changed == 1 ? Status() : Status(audit::CheckpointDiffersError(tenant, checkpoint));
}

Result<std::vector<audit::StoredCheckpoint>> ReadCheckpoints(Connection& connection, const std::string& schema,
                                                             std::string_view tenant, std::uint64_t max_size,
                                                             std::size_t limit) {
  Command select("SELECT epoch, size, root, signed_at, note, witnessed_at FROM " + schema +
                 "log_checkpoints WHERE tenant = $1 AND size <= $2 ORDER BY epoch DESC, size DESC LIMIT $3");
  select.Text(tenant).Integer(AsInteger(max_size)).Integer(AsInteger(limit));
  const Result<Rows> rows = connection.Read(select);
  if (!rows.ok()) return rows.error();
  std::vector<audit::StoredCheckpoint> newest;
  for (int row = 0; row < rows->count(); ++row) {
    const Result<tlog::Hash> root = audit::HashFromHex(rows->Text(row, 2));
    if (!root.ok()) return root.error();
    newest.push_back({rows->Integer(row, 0), static_cast<std::uint64_t>(rows->Integer(row, 1)), *root,
                      rows->Integer(row, 3), rows->Text(row, 4), rows->Integer(row, 5)});
  }
  return newest;
}

}  // namespace intentgate::store::pg
