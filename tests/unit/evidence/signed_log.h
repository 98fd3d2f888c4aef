// A tenant's chain in memory with a tree over it and a key that signs for it, for tests of what is read from such a log.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <intentgate/bundle.h>
#include <intentgate/evidence.h>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/commitments.h"
#include "audit/log_store.h"
#include "contract/chains.h"
#include "evidence/bundle_writer.h"
#include "store/memory/memory_store.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace intentgate::test {

// Tiles and one checkpoint, computed from leaf hashes. Everything else is refused.
class ComputedTree final : public audit::LogStore {
 public:
  std::vector<tlog::Hash> leaves;
  std::vector<audit::StoredCheckpoint> newest;

  Result<audit::StoredTile> Tile(std::string_view, unsigned level, std::uint64_t index) override {
    std::vector<tlog::Hash> hashes = leaves;
    for (unsigned step = 0; step < 8 * level; ++step) {
      for (std::size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = tlog::NodeHash(hashes[2 * i], hashes[2 * i + 1]);
      hashes.resize(hashes.size() / 2);
    }
    audit::StoredTile tile;
    const std::size_t begin = index * tlog::kTileWidth;
    if (begin >= hashes.size()) return Error{ErrorCode::kNotFound, "no such tile"};
    const std::size_t width = std::min<std::size_t>(tlog::kTileWidth, hashes.size() - begin);
    tile.id = {level, index, static_cast<unsigned>(width)};
    for (std::size_t i = begin; i < begin + width; ++i) tile.bytes.append(hashes[i].begin(), hashes[i].end());
    return tile;
  }
  Result<std::vector<audit::StoredCheckpoint>> Checkpoints(std::string_view, std::uint64_t, std::size_t) override {
    return newest;
  }
  Result<std::vector<tlog::Hash>> ChainHashes(std::string_view, std::int64_t, std::size_t) override { return No(); }
  Status PutTiles(std::string_view, std::span<const audit::StoredTile>) override { return No(); }
  Status DropTiles(std::string_view) override { return No(); }
  Status SetSignerState(std::string_view, const std::optional<audit::SignerState>&, const audit::SignerState&) override {
    return No();
  }
  Result<std::optional<audit::SignerState>> GetSignerState(std::string_view) override { return No(); }
  Status PutCheckpoint(std::string_view, const audit::StoredCheckpoint&) override { return No(); }

 private:
  static Error No() { return {ErrorCode::kInternal, "a bundle has no business here"}; }
};

inline tlog::SigningKey MakeKey(const std::string& name) {
  auto key = tlog::SigningKey::Generate(name, tlog::KeyType::kEd25519, *SystemRandom());
  REQUIRE(key.ok());
  return *std::move(key);
}

struct SignedLog {
  std::string tenant = "acme";
  store::MemoryStore store;
  ComputedTree tree;
  tlog::SigningKey key = MakeKey("acme-log");

  // `count` events of two agents; `salt` makes another history of the same shape.
  void Append(int count, const std::string& salt = "") {
    for (int i = 0; i < count; ++i) {
      const ChainHead head = *store.Head(tenant);
      AuditEvent event;
      event.tool = "read_file";
      event.decision = "allow";
      event.agent_id = head.next_seq % 3 == 0 ? "reader" : "writer";
      event.reason = salt;
      AppendEvent(std::move(event));
    }
  }
  void AppendEvent(AuditEvent event) {
    const ChainHead head = *store.Head(tenant);
    const std::vector<audit::TenantBatch> batches{{tenant, {MakeStored(tenant, head.next_seq, head.hash, std::move(event))}}};
    REQUIRE(store.Append(batches).ok());
  }

  // One that commits to two values.
  void AppendPrivate(const std::string& secret) {
    AuditEvent event;
    event.tenant = tenant;
    event.tool = "read_file";
    event.agent_id = "reader";
    event.remote_ip = "192.0.2.1";
    event.arg_values = json::MakeObject({{"secret", secret}});
    std::vector<PrivateValue> values = audit::TakePrivate({{"arg_values", "remote_ip"}, 0}, event);
    REQUIRE(audit::AddSalts(*SystemRandom(), values).ok());
    const ChainHead head = *store.Head(tenant);
    event.event_id = "private-" + std::to_string(head.next_seq);
    event.ts_micros = 1'700'000'000'000'000 + head.next_seq;
    const audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false, std::move(values));
    audit::StoredEvent stored = draft.stored;
    audit::Place(draft, head.next_seq, head.hash, stored.record);
    const std::vector<audit::TenantBatch> batches{{tenant, {stored}}};
    REQUIRE(store.Append(batches).ok());
  }

  // Signs for the first `size` events of the chain; every event must still be there. Returns the note.
  std::string Sign(std::uint64_t size) {
    tree.leaves.clear();
    tlog::CompactRange range;
    for (std::uint64_t seq = 0; seq < size; ++seq) {
      const auto record = store.Scan(tenant, static_cast<std::int64_t>(seq), 1);
      REQUIRE(record.ok());
      const tlog::Hash hash = crypto::Sha256(Bytes(record->front().prev_hash), Bytes(record->front().canonical));
      tree.leaves.push_back(tlog::LeafHash(hash));
      range.Append(tree.leaves.back());
    }
    tlog::Note note{tlog::WriteCheckpoint({"acme-log/audit/" + tenant + "/1", size, range.Root()}), {}};
    REQUIRE(tlog::SignNote(note, key, 0).ok());
    tree.newest = {{1, size, range.Root(), 0, tlog::WriteNote(note), 0}};
    return tree.newest.front().note;
  }

  std::string Bundle(const BundleRequest& changes = {}) {
    BundleRequest request = changes;
    request.tenant = tenant;
    std::string out;
    const ManualClock clock(1'700'000'000'000'000);
    const Status written = evidence::WriteBundle(store, tree, request, clock, [&](std::string_view piece) -> Status {
      out += piece;
      return {};
    }, &store);
    REQUIRE_MESSAGE(written.ok(), written.error().message);
    return out;
  }

  static std::span<const std::uint8_t> Bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
};

inline BundleReport VerifyBundle(std::string_view bundle, const BundleTrust& trust, std::size_t piece = 1 << 16) {
  auto verifier = BundleVerifier::Create(trust);
  REQUIRE_MESSAGE(verifier.ok(), verifier.error().message);
  for (; !bundle.empty(); bundle.remove_prefix(std::min(bundle.size(), piece))) verifier->Feed(bundle.substr(0, piece));
  return verifier->Finish();
}
inline BundleReport VerifyBundle(const SignedLog& log, std::string_view bundle) {
  return VerifyBundle(bundle, {{log.key.verifier().ToString()}, {}});
}

}  // namespace intentgate::test
