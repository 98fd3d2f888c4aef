#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "store/sqlite/event_run.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"

namespace intentgate::store {
namespace {

audit::TenantBatch Batch(int events, std::size_t reason_bytes = 0, std::int64_t first = 0, std::string prev = {}) {
  audit::TenantBatch batch{"acme", {}};
  for (std::int64_t seq = first; seq < first + events; ++seq) {
    AuditEvent event;
    event.tenant = "acme";
    event.event_id = "event-" + std::to_string(seq);
    event.ts_micros = 1'000 + seq;
    event.reason = std::string(reason_bytes, 'r');
    if (seq == 0) event.kind = EventKind::kGenesis;
    audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false);
    audit::Place(draft, seq, prev, draft.stored.record);
    prev = draft.stored.record.hash;
    if (seq % 3 == 1) draft.stored.private_values = {{"remote_ip", {1, 2}, "ip of " + std::to_string(seq)}};
    batch.events.push_back(std::move(draft.stored));
  }
  return batch;
}

// first_seq and count of each row.
std::string Rows(const std::string& path) {
  std::string rows;
  const std::int64_t count = test::ReadNumber(path, "SELECT count(*) FROM audit_runs");
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string from = " FROM audit_runs ORDER BY tenant, first_seq LIMIT 1 OFFSET " + std::to_string(i);
    rows += std::to_string(test::ReadNumber(path, "SELECT first_seq" + from)) + "+" + std::to_string(test::ReadNumber(path, "SELECT count" + from)) + " ";
  }
  return rows;
}

void CheckHas(SqliteStore& store, const audit::TenantBatch& batch, std::size_t from = 0) {
  const auto stored = store.ScanStored("acme", 0, 1'000);
  REQUIRE(stored.ok());
  REQUIRE(stored->size() == batch.events.size() - from);
  for (std::size_t i = from; i < batch.events.size(); ++i) {
    CAPTURE(i);
    const audit::StoredEvent& a = batch.events[i];
    const audit::StoredEvent& b = (*stored)[i - from];
    CHECK(b.record.canonical == a.record.canonical);
    CHECK(b.record.hash == a.record.hash);
    CHECK(b.record.prev_hash == a.record.prev_hash);
    CHECK(b.record.event_id == a.record.event_id);
    CHECK(b.record.seq == a.record.seq);
    CHECK(b.record.tenant == "acme");
    CHECK(b.ts_micros == a.ts_micros);
    CHECK(b.kind == a.kind);
    const auto values = store.PrivateValues("acme", std::vector{a.record.seq});
    REQUIRE(values.ok());
    REQUIRE(values->size() == a.private_values.size());
    if (values->empty()) continue;
    CHECK(values->front().value.value == a.private_values.front().value);
    CHECK(values->front().value.salt == a.private_values.front().salt);
  }
}

}  // namespace

TEST_CASE("a batch is a run for each block of 64 events, and comes back as it was") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const audit::TenantBatch first = Batch(70), second = Batch(130, 0, 70, first.events.back().record.hash);
  audit::TenantBatch both = first;
  both.events.insert(both.events.end(), second.events.begin(), second.events.end());
  const auto store = *SqliteStore::Open(path, {});
  REQUIRE(store->Append(std::vector{first}).ok());
  REQUIRE(store->Append(std::vector{second}).ok());
  CHECK(Rows(path) == "0+64 64+6 70+58 128+64 192+8 ");
  CheckHas(*store, both);
  CHECK(store->Scan("acme", 69, 3)->front().seq == 69);
  CHECK(store->Scan("acme", 69, 3)->back().seq == 71);
  CHECK(store->Scan("acme", 199, 3)->size() == 1);
  CHECK(store->Scan("acme", 200, 3)->empty());
  const auto hashes = store->ChainHashes("acme", 69, 3);
  REQUIRE(hashes.ok());
  REQUIRE(hashes->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK((*hashes)[i] == *audit::HashFromHex(both.events[69 + i].record.hash));
  CHECK(audit::VerifyChain(*store, "acme")->verified == 200);
}

TEST_CASE("a run of long events is cut, and one of a very long event is its own") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const audit::TenantBatch batch = Batch(9, kFullRunBytes / 4);
  const auto store = *SqliteStore::Open(path, {});
  REQUIRE(store->Append(std::vector{batch}).ok());
  CHECK(Rows(path) == "0+4 4+4 8+1 ");
  CheckHas(*store, batch);
  const audit::TenantBatch long_ones = Batch(2, 3 * kFullRunBytes, 9, batch.events.back().record.hash);
  REQUIRE(store->Append(std::vector{long_ones}).ok());
  CHECK(Rows(path) == "0+4 4+4 8+1 9+1 10+1 ");
  CHECK(audit::VerifyChain(*store, "acme")->verified == 11);
}

TEST_CASE("an event that does not follow the one before it is kept as it came, and verification names it") {
  const test::ScratchFolder folder;
  const auto store = *SqliteStore::Open(folder.File("gate.db"), {});
  audit::TenantBatch batch = Batch(8);
  batch.events[5].record.prev_hash = std::string(64, 'a');
  REQUIRE(store->Append(std::vector{batch}).ok());
  CHECK(store->Scan("acme", 5, 1)->front().prev_hash == std::string(64, 'a'));
  CHECK(store->Scan("acme", 6, 1)->front().prev_hash == batch.events[5].record.hash);
  CHECK(audit::VerifyChain(*store, "acme")->broken_seq == 5);
}

TEST_CASE("a run keeps its texts when it is moved, however short they are") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  REQUIRE((*SqliteStore::Open(path, {}))->Append(std::vector{Batch(2)}).ok());
  test::RunSql(path, "UPDATE audit_runs SET texts = x'01027b7d0378797a'");
  const auto records = (*SqliteStore::Open(path, {}))->Scan("acme", 0, 10);
  REQUIRE(records.ok());
  REQUIRE(records->size() == 2);
  CHECK(records->at(0).canonical == "{}");
  CHECK(records->at(1).canonical == "xyz");
}

TEST_CASE("a hash that is none is refused, and nothing is written") {
  const test::ScratchFolder folder;
  const auto store = *SqliteStore::Open(folder.File("gate.db"), {});
  for (const int at : {0, 3}) {
    for (const char* hash : {"", "x", "zz"}) {
      audit::TenantBatch batch = Batch(5);
      batch.events[static_cast<std::size_t>(at)].record.hash = hash;
      const Status refused = store->Append(std::vector{batch});
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().code == ErrorCode::kInvalidArgument);
      CHECK(store->Head("acme")->next_seq == 0);
    }
  }
  REQUIRE(store->Append(std::vector{Batch(5)}).ok());
}

TEST_CASE("pruning within a run leaves the rest of it as it was") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const audit::TenantBatch batch = Batch(200);
  const auto store = *SqliteStore::Open(path, {});
  REQUIRE(store->Append(std::vector{batch}).ok());
  audit::RetentionStore& retention = *store;
  for (const std::size_t seq : {1u, 63u, 64u, 65u, 140u, 199u}) {
    CAPTURE(seq);
    REQUIRE(retention.Prune("acme", audit::PrunePoint{static_cast<std::int64_t>(seq), batch.events[seq - 1].record.hash}).ok());
    CheckHas(*store, batch, seq);
  }
  CHECK(Rows(path) == "199+1 ");
  // All of them; the next one goes on.
  REQUIRE(retention.Prune("acme", audit::PrunePoint{200, batch.events[199].record.hash}).ok());
  CHECK(Rows(path).empty());
  REQUIRE(store->Append(std::vector{Batch(3, 0, 200, batch.events[199].record.hash)}).ok());
  CHECK(Rows(path) == "200+3 ");
}

TEST_CASE("an event that cannot be read is pruned with its postings, but not while there is a hold") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const audit::TenantBatch batch = Batch(10);
  {
    const auto store = *SqliteStore::Open(path, {});
    REQUIRE(store->Append(std::vector{batch}).ok());
  }
  test::RunSql(path, "UPDATE audit_runs SET texts = substr(texts, 1, 200)");
  const auto store = *SqliteStore::Open(path, {});
  audit::RetentionStore& retention = *store;
  audit::LegalHold hold{"acme", "case 7", "court", "ann", 1};
  hold.from_micros = hold.to_micros = 9'999'999;
  REQUIRE(store->AddHold(hold).ok());
  const audit::PrunePoint point{7, batch.events[6].record.hash};
  const Status held = retention.Prune("acme", point);
  REQUIRE_FALSE(held.ok());
  CHECK(held.error().code == ErrorCode::kConflict);
  CHECK(store->ErasePrivateValues("acme", std::vector<std::int64_t>{7}).error().code == ErrorCode::kConflict);
  REQUIRE(store->RemoveHold("acme", "case 7").ok());
  REQUIRE(retention.Prune("acme", point).ok());
  CHECK(store->Scan("acme", 0, 10)->front().seq == 7);
  CHECK(test::ReadNumber(path, "SELECT count(*) FROM audit_postings WHERE bits & 127 <> 0") == 0);
  CHECK(test::ReadNumber(path, "SELECT count(*) FROM audit_postings WHERE bits & 896 <> 0") > 0);
}

TEST_CASE("values of a run are erased one by one, and what cannot be read with those that are") {
  const test::ScratchFolder folder;
  const std::string made = folder.File("made.db"), path = folder.File("gate.db");
  REQUIRE((*SqliteStore::Open(made, {}))->Append(std::vector{Batch(64)}).ok());   // 1, 4, ... 61 have one
  const std::vector<std::int64_t> all = [] {
    std::vector<std::int64_t> seqs;
    for (std::int64_t seq = 0; seq < 64; ++seq) seqs.push_back(seq);
    return seqs;
  }();
  const auto told = [&all](SqliteStore& store) { return store.PrivateValues("acme", all)->size(); };
  {
    std::filesystem::copy_file(made, path);
    const auto store = *SqliteStore::Open(path, {});
    CHECK(told(*store) == 21);
    CHECK(store->ErasePrivateValues("acme", std::vector<std::int64_t>{4, 5, 61, 1'000}).value() == 2);
    CHECK(told(*store) == 19);
    CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{7})->front().value.value == "ip of 7");
    CHECK(store->ErasePrivateValues("acme", all).value() == 19);
    CHECK(told(*store) == 0);
    CHECK(test::ReadNumber(path, "SELECT private IS NULL FROM audit_runs") == 1);
  }
  // Whatever somebody made of the numbers of events, also of the run before them.
  for (const char* sql : {"UPDATE audit_runs SET count = 0", "UPDATE audit_runs SET count = 1000 WHERE first_seq = 0"}) {
    CAPTURE(sql);
    std::filesystem::remove(path);
    {
      const auto store = *SqliteStore::Open(path, {});
      REQUIRE(store->Append(std::vector{Batch(100)}).ok());
    }
    test::RunSql(path, sql);
    const auto store = *SqliteStore::Open(path, {});
    const std::vector<std::int64_t> over_two{61, 64, 70};
    CHECK(store->PrivateValues("acme", over_two)->size() == 3);
    CHECK(store->ErasePrivateValues("acme", over_two).value() == 3);
    CHECK(store->PrivateValues("acme", over_two)->empty());
    CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{67})->size() == 1);
  }
  // Somebody cut the column: what stands before the cut is told, and of each event behind it that something cannot be read.
  std::filesystem::copy_file(made, path, std::filesystem::copy_options::overwrite_existing);
  test::RunSql(path, "UPDATE audit_runs SET private = substr(private, 1, length(private) / 2)");
  const auto store = *SqliteStore::Open(path, {});
  CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{1})->front().value.value == "ip of 1");
  CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{2})->empty());
  CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{61})->front().value.member == "private");
  CHECK_FALSE(audit::VerifyChain(*store, "acme", 0, {}, store.get())->ok);
  CHECK(store->ErasePrivateValues("acme", std::vector<std::int64_t>{61}).value() == 1);
  CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{62})->empty());
  CHECK(store->PrivateValues("acme", std::vector<std::int64_t>{1})->size() == 1);
}

}  // namespace intentgate::store
