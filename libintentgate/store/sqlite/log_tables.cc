#include "store/sqlite/log_tables.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "store/sqlite/event_walk.h"

namespace intentgate::store {
namespace {

// SQLite's integers are signed; sizes and limits beyond them mean "all".
std::int64_t AsInteger(std::uint64_t n) {
  return static_cast<std::int64_t>(std::min(n, static_cast<std::uint64_t>(INT64_MAX)));
}

Status PutTile(Connection& connection, std::string_view tenant, const audit::StoredTile& tile) {
  if (Status s = audit::CheckTile(tile); !s.ok()) return s;
  const Result<audit::StoredTile> there = ReadTile(connection, tenant, tile.id.level, tile.id.index);
  if (!there.ok() && there.error().code != ErrorCode::kNotFound) return there.error();
  if (there.ok()) {
    const Result<bool> widens = audit::Widens(tenant, *there, tile);
    if (!widens.ok()) return widens.error();
    if (!*widens) return {};
  }
  Result<Statement*> put = connection.Kept(
      "INSERT INTO log_tiles (tenant, level, place, hashes) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (tenant, level, place) DO UPDATE SET hashes = excluded.hashes");
  if (!put.ok()) return put.error();
  const StatementUse use(**put);
  use->Bind(1, tenant);
  use->Bind(2, std::int64_t{tile.id.level});
  use->Bind(3, AsInteger(tile.id.index));
  use->BindBlob(4, tile.bytes);
  return connection.Run(**put);
}

}  // namespace

Result<std::vector<tlog::Hash>> ReadChainHashes(Connection& connection, std::string_view tenant, std::int64_t from_seq,
                                                std::size_t limit) {
  std::vector<tlog::Hash> hashes;
  std::optional<Error> problem;
  std::int64_t next = from_seq;
  const auto take = [&](std::int64_t seq, std::string&& hex) {
    if (hashes.size() == limit) return false;
    const Result<tlog::Hash> hash = audit::HashFromHex(hex);
    if (seq != next++) problem = audit::MissingEventError(tenant, next - 1);
    else if (!hash.ok()) problem = hash.error();
    else hashes.push_back(*hash);
    return !problem;
  };
  if (Status s = WalkHashes(connection, tenant, from_seq, take); !s.ok()) return s.error();
  if (problem) return *problem;
  return hashes;
}

Status WriteTiles(Connection& connection, std::string_view tenant, std::span<const audit::StoredTile> tiles) {
  Transaction transaction(connection);
  if (Status s = transaction.Begin(); !s.ok()) return s;
  for (const audit::StoredTile& tile : tiles) {
    if (Status s = PutTile(connection, tenant, tile); !s.ok()) return s;
  }
  return transaction.Commit();
}

Result<audit::StoredTile> ReadTile(Connection& connection, std::string_view tenant, unsigned level,
                                   std::uint64_t index) {
  Result<Statement*> select =
      connection.Kept("SELECT hashes FROM log_tiles WHERE tenant = ? AND level = ? AND place = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  use->Bind(2, std::int64_t{level});
  use->Bind(3, AsInteger(index));
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  if (!*row) return audit::NoTileError(tenant, level, index);
  audit::StoredTile tile{{level, index, 0}, use->Blob(0)};
  tile.id.width = static_cast<unsigned>(tile.bytes.size() / sizeof(tlog::Hash));
  return tile;
}

Status DeleteTiles(Connection& connection, std::string_view tenant) {
  Result<Statement*> remove = connection.Kept("DELETE FROM log_tiles WHERE tenant = ?");
  if (!remove.ok()) return remove.error();
  const StatementUse use(**remove);
  use->Bind(1, tenant);
  return connection.Run(**remove);
}

Status WriteSignerState(Connection& connection, std::string_view tenant,
                        const std::optional<audit::SignerState>& expected, const audit::SignerState& next) {
  Result<Statement*> put = connection.Kept(
      expected ? "UPDATE log_signers SET epoch = ?, size = ?, root = ? "
                 "WHERE tenant = ? AND epoch = ? AND size = ? AND root = ?"
               : "INSERT INTO log_signers (epoch, size, root, tenant) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
  if (!put.ok()) return put.error();
  const std::string root = base::HexEncode(next.root);
  const std::string expected_root = expected ? base::HexEncode(expected->root) : std::string();
  const StatementUse use(**put);
  use->Bind(1, next.epoch);
  use->Bind(2, AsInteger(next.size));
  use->Bind(3, root);
  use->Bind(4, tenant);
  if (expected) {
    use->Bind(5, expected->epoch);
    use->Bind(6, AsInteger(expected->size));
    use->Bind(7, expected_root);
  }
  if (Status s = connection.Run(**put); !s.ok()) return s;
  return connection.changed_rows() == 1 ? Status() : Status(audit::SignerMovedError(tenant));
}

Result<std::optional<audit::SignerState>> ReadSignerState(Connection& connection, std::string_view tenant) {
  Result<Statement*> select = connection.Kept("SELECT epoch, size, root FROM log_signers WHERE tenant = ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  Result<bool> row = connection.Step(**select);
  if (!row.ok()) return row.error();
  if (!*row) return std::optional<audit::SignerState>();
  const Result<tlog::Hash> root = audit::HashFromHex(use->Text(2));
  if (!root.ok()) return root.error();
  return std::optional(audit::SignerState{use->Integer(0), static_cast<std::uint64_t>(use->Integer(1)), *root});
}

Status WriteCheckpoint(Connection& connection, std::string_view tenant, const audit::StoredCheckpoint& checkpoint) {
  Result<Statement*> put = connection.Kept(
      "INSERT INTO log_checkpoints (tenant, epoch, size, root, signed_at, note, witnessed_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (tenant, epoch, size) DO UPDATE SET note = excluded.note, witnessed_at = excluded.witnessed_at "
      "WHERE root = excluded.root");
  if (!put.ok()) return put.error();
  const std::string root = base::HexEncode(checkpoint.root);
  const StatementUse use(**put);
  use->Bind(1, tenant);
  use->Bind(2, checkpoint.epoch);
  use->Bind(3, AsInteger(checkpoint.size));
  use->Bind(4, root);
  use->Bind(5, checkpoint.signed_at_micros);
  use->Bind(6, checkpoint.note);
  use->Bind(7, checkpoint.witnessed_at_micros);
  if (Status s = connection.Run(**put); !s.ok()) return s;
  return connection.changed_rows() == 1 ? Status() : Status(audit::CheckpointDiffersError(tenant, checkpoint));
}

Result<std::vector<audit::StoredCheckpoint>> ReadCheckpoints(Connection& connection, std::string_view tenant,
                                                             std::uint64_t max_size, std::size_t limit) {
  Result<Statement*> select = connection.Kept(
      "SELECT epoch, size, root, signed_at, note, witnessed_at FROM log_checkpoints "
      "WHERE tenant = ? AND size <= ? ORDER BY epoch DESC, size DESC LIMIT ?");
  if (!select.ok()) return select.error();
  const StatementUse use(**select);
  use->Bind(1, tenant);
  use->Bind(2, AsInteger(max_size));
  use->Bind(3, AsInteger(limit));
  std::vector<audit::StoredCheckpoint> newest;
  for (;;) {
    Result<bool> row = connection.Step(**select);
    if (!row.ok()) return row.error();
    if (!*row) return newest;
    const Result<tlog::Hash> root = audit::HashFromHex(use->Text(2));
    if (!root.ok()) return root.error();
    newest.push_back({use->Integer(0), static_cast<std::uint64_t>(use->Integer(1)), *root, use->Integer(3),
                      use->Text(4), use->Integer(5)});
  }
}

}  // namespace intentgate::store
