// A tenant's log as rows of a database, which whoever owns the database can change as they like, and what an auditor
// has of it from before: the log's key, a checkpoint and the head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <intentgate/evidence.h>

#include "audit/audit_store.h"
#include "audit/log_store.h"
#include "tlog/note.h"

namespace intentgate::test {

// One seed, one log. Thread-compatible.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // 0 .. sides - 1. REQUIRES: sides > 0.
  std::size_t Below(std::size_t sides) { return std::uniform_int_distribution<std::size_t>(0, sides - 1)(random_); }
  // first .. last
  std::size_t From(std::size_t first, std::size_t last) { return first + Below(last - first + 1); }
  bool OneIn(std::size_t n) { return Below(n) == 0; }
  template <typename T, std::size_t N>
  const T& Pick(const T (&list)[N]) {
    return list[Below(N)];
  }

 private:
  std::mt19937_64 random_;
};

struct Rows {
  std::string tenant = "acme";
  std::vector<audit::StoredEvent> events;   // in the order of the rows' seq
  ChainHead head;
  audit::PrunePoint pruned;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> tiles;   // by level and index
  std::vector<audit::StoredCheckpoint> checkpoints;                  // newest first

  std::size_t size() const { return events.size(); }
  std::int64_t end() const { return static_cast<std::int64_t>(events.size()); }   // REQUIRES: no row was removed
};

// What nobody who owns the database can take back.
struct Kept {
  std::string key;          // the log's verifier key
  std::string checkpoint;   // the newest one's note
  ChainHead head;           // of the chain that it covers
};

// The stores' interfaces over such rows. `rows` must outlive it. Thread-compatible.
class RowStore final : public audit::AuditStore, public audit::LogStore {
 public:
  explicit RowStore(Rows& rows) : rows_(rows) {}

  Result<ChainHead> Head(std::string_view tenant) override;
  Status Append(std::span<const audit::TenantBatch> batches) override;
  Result<std::vector<AuditRecord>> Scan(std::string_view tenant, std::int64_t from_seq, std::size_t limit) override;
  Result<std::vector<audit::StoredEvent>> ScanStored(std::string_view tenant, std::int64_t from_seq,
                                                     std::size_t limit) override;
  Result<AuditPage> Query(const AuditFilter& filter, bool ascending, std::string_view after, std::size_t limit) override;
  Result<std::int64_t> Count(const AuditFilter& filter) override;
  Result<std::vector<std::string>> Tenants() override;
  Result<audit::PrunePoint> Pruned(std::string_view) override { return rows_.pruned; }

  Result<std::vector<tlog::Hash>> ChainHashes(std::string_view tenant, std::int64_t from_seq, std::size_t limit) override;
  Status PutTiles(std::string_view tenant, std::span<const audit::StoredTile> tiles) override;
  Result<audit::StoredTile> Tile(std::string_view tenant, unsigned level, std::uint64_t index) override;
  Status DropTiles(std::string_view) override { return (rows_.tiles.clear(), Status()); }
  Status SetSignerState(std::string_view, const std::optional<audit::SignerState>&, const audit::SignerState&) override;
  Result<std::optional<audit::SignerState>> GetSignerState(std::string_view) override;
  Status PutCheckpoint(std::string_view, const audit::StoredCheckpoint&) override;
  Result<std::vector<audit::StoredCheckpoint>> Checkpoints(std::string_view tenant, std::uint64_t max_size,
                                                           std::size_t limit) override;

 private:
  Rows& rows_;
};

// The log's key, and one with the same name that is not the log's.
const tlog::SigningKey& LogKey();
const tlog::SigningKey& ForeignKey();

// An event with made-up members behind `head`, as the log would have written it.
audit::StoredEvent RandomEvent(Dice& dice, const std::string& tenant, const ChainHead& head);
// `count` events of `tenant` and nothing else, linked, with their head.
Rows RandomChain(Dice& dice, const std::string& tenant, std::size_t count);
// A chain of at least `least` events with its tree and two checkpoints, of which the newer one covers all of it.
Rows RandomLog(Dice& dice, std::size_t least = 8);
Kept KeptOf(const Rows& rows);

// What the owner of the database can do without the log's key:
void Rehash(audit::StoredEvent& event);                    // the hash that its bytes and its prev_hash give
void Project(audit::StoredEvent& event);                   // the columns that its bytes give
void Rechain(Rows& rows, std::size_t from);                // links and hashes from there on, and the head
void Rebuild(Rows& rows);                                  // the tiles, from the chain
// Links and hashes from `from` on, tiles, and a checkpoint that `key` signs for all of it in place of the newest.
void RewriteAndSign(Rows& rows, std::size_t from, const tlog::SigningKey& key);
audit::StoredCheckpoint SignFor(const Rows& rows, std::size_t size, const tlog::SigningKey& key);

}  // namespace intentgate::test
