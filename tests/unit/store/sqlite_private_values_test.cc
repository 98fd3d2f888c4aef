// Private values in the file: those in their event's row, and those of files from before that.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"
#include "support/sqlite_older_rows.h"

namespace intentgate::store {
namespace {

using test::RunSql;

constexpr char kBackToSchema11[] =
    "ALTER TABLE audit_events DROP COLUMN private; DELETE FROM schema_migrations WHERE version >= 12;";

std::int64_t InTable(const std::string& path) { return test::ReadNumber(path, "SELECT count(*) FROM private_values"); }
std::int64_t InColumn(const std::string& path) {
  return test::ReadNumber(path, "SELECT count(*) FROM audit_runs WHERE private IS NOT NULL");
}

// Appends events that commit to two values, "ip of <seq>;" and "intent of <seq>;" with more behind it.
void Append(const std::shared_ptr<SqliteStore>& store, int events, const std::string& more = "") {
  audit::AuditLogOptions options;
  options.commit.members = {"intent_summary", "remote_ip"};
  const auto log = audit::AuditLog::Create(store, options, SystemClock(), SystemRandom());
  REQUIRE(log.ok());
  for (int i = 0; i < events; ++i) {
    AuditEvent e;
    e.tenant = "acme";
    const std::int64_t seq = std::max<std::int64_t>(store->Head("acme")->next_seq, 1);   // behind the genesis event
    e.remote_ip = "ip of " + std::to_string(seq) + ";";
    e.intent_summary = "intent of " + std::to_string(seq) + ";" + more;
    REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
  }
}

std::shared_ptr<SqliteStore> Opened(const std::string& path) {
  const auto store = SqliteStore::Open(path, {});
  if (!store.ok()) FAIL(store.error().message);
  return *store;
}

// A file as the schema before the column had it, with values of the events 1 to `events`.
void MakeOlder(const std::string& path, int events, const std::string& more = "") {
  std::string sql = kBackToSchema11;
  {
    const std::shared_ptr<SqliteStore> store = Opened(path);
    Append(store, events, more);
    for (std::int64_t seq = 1; seq <= events; ++seq) {
      const auto values = store->PrivateValues("acme", std::vector{seq});
      REQUIRE(values.ok());
      for (const audit::PlacedValue& placed : *values) {
        const PrivateValue& v = placed.value;
        sql += "INSERT INTO private_values VALUES ('acme', " + std::to_string(seq) + ", '" + v.member + "', x'" +
               base::HexEncode(v.salt) + "', '" + v.value + "');";
      }
    }
  }
  test::ToOlderRows(path, test::RowForm::kTexts);
  RunSql(path, sql);
  REQUIRE(InTable(path) == 2 * events);
}

std::vector<std::string> Told(SqliteStore& store, const std::vector<std::int64_t>& seqs) {
  const auto values = store.PrivateValues("acme", seqs);
  if (!values.ok()) FAIL(values.error().message);
  std::vector<std::string> told;
  for (const audit::PlacedValue& p : *values) told.push_back(std::to_string(p.seq) + " " + p.value.member + ": " + p.value.value);
  return told;
}

VerifyReport Verified(SqliteStore& store) {
  const auto report = audit::VerifyChain(store, "acme", 0, {}, &store);
  if (!report.ok()) FAIL(report.error().message);
  return *report;
}

// Whether one of the folder's files has the text.
bool IsIn(const std::string& path, const std::string& text) {
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    if (std::string(std::istreambuf_iterator<char>(file), {}).find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a file from before the column keeps its values, and new ones stand in their events") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  MakeOlder(path, 5);
  {
    const std::shared_ptr<SqliteStore> store = Opened(path);
    Append(store, 5);
    CHECK(Told(*store, {9, 2, 0, 2, 77}) == std::vector<std::string>{"2 intent_summary: intent of 2;", "2 remote_ip: ip of 2;",
                                                                    "9 intent_summary: intent of 9;", "9 remote_ip: ip of 9;"});
    CHECK(Told(*store, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).size() == 20);
    CHECK(Verified(*store).ok);
    CHECK(Verified(*store).verified == 11);
  }
  CHECK(InTable(path) == 10);
  CHECK(InColumn(path) == 5);

  {
    const std::shared_ptr<SqliteStore> store = Opened(path);
    audit::LegalHold hold{"acme", "case 7", "court", "ann", 1};
    hold.from_micros = hold.to_micros = store->ScanStored("acme", 8, 1)->front().ts_micros;
    REQUIRE(store->AddHold(hold).ok());
    const std::vector<std::int64_t> some{2, 3, 8, 9, 8, 77};
    CHECK(store->ErasePrivateValues("acme", some).error().code == ErrorCode::kConflict);
    CHECK(Told(*store, some).size() == 8);
    REQUIRE(store->RemoveHold("acme", "case 7").ok());
    CHECK(store->ErasePrivateValues("acme", some).value() == 8);
    CHECK(store->ErasePrivateValues("acme", some).value() == 0);
    CHECK(Told(*store, some).empty());
    CHECK(Told(*store, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).size() == 12);
    CHECK(Verified(*store).ok);
    CHECK(Verified(*store).verified == 11);
  }
  CHECK(InTable(path) == 6);
  CHECK(InColumn(path) == 3);

  {
    const std::shared_ptr<SqliteStore> store = Opened(path);
    audit::RetentionStore& retention = *store;
    REQUIRE(retention.Prune("acme", audit::PrunePoint{5, store->Scan("acme", 4, 1)->front().hash}).ok());
    CHECK(Told(*store, {1, 4, 5, 6}).size() == 4);
  }
  CHECK(InTable(path) == 2);
}

TEST_CASE("erased values are nowhere in the file") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  // A long one is in pages of its own.
  const std::string more = std::string(15'000, '.') + "the end of a long one";
  constexpr int kEach = 60;
  MakeOlder(path, kEach);
  Append(Opened(path), 2 * kEach / 3);
  Append(Opened(path), kEach / 3, more);
  std::vector<std::int64_t> all;
  for (std::int64_t seq = 1; seq <= 2 * kEach; ++seq) all.push_back(seq);
  for (const std::int64_t seq : {1, kEach, kEach + 1, 2 * kEach}) REQUIRE(IsIn(path, "ip of " + std::to_string(seq) + ";"));
  REQUIRE(IsIn(path, "the end of a long one"));
  {
    const std::shared_ptr<SqliteStore> store = Opened(path);
    // Now some, later the others, with events between.
    std::vector<std::int64_t> some;
    for (const std::int64_t seq : all) {
      if (seq % 3 == 1) some.push_back(seq);
    }
    CHECK(store->ErasePrivateValues("acme", some).value() == 2 * static_cast<std::int64_t>(some.size()));
    Append(store, 3, " and later");
    CHECK(store->ErasePrivateValues("acme", all).value() == 2 * static_cast<std::int64_t>(all.size() - some.size()));
    CHECK(Told(*store, all).empty());
    CHECK(Told(*store, {2 * kEach + 1}).size() == 2);
    CHECK(Verified(*store).ok);
    // Copied from the WAL at once, into the file that a backup would take.
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    CHECK(bytes.find("ip of " + std::to_string(2 * kEach + 1) + ";") != std::string::npos);
    CHECK(bytes.find("the end of a long one") == std::string::npos);
    CHECK(bytes.find("ip of 7;") == std::string::npos);
  }
  CHECK(InTable(path) == 0);
  CHECK(InColumn(path) == 3);
  CHECK(IsIn(path, "intent of " + std::to_string(2 * kEach + 1) + "; and later"));
  CHECK_FALSE(IsIn(path, "the end of a long one"));
  CHECK_FALSE(IsIn(path, "....."));
  for (const std::int64_t seq : all) {
    CAPTURE(seq);
    CHECK_FALSE(IsIn(path, "ip of " + std::to_string(seq) + ";"));
    CHECK_FALSE(IsIn(path, "intent of " + std::to_string(seq) + ";"));
  }
}

TEST_CASE("erased values of busy tenants are nowhere in the file, also where runs were cut and pruned") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  constexpr int kTenants = 3, kBatches = 40, kBatch = 100;
  std::vector<std::vector<std::string>> hashes(kTenants);
  {
    const std::shared_ptr<SqliteStore> store = Opened(path);
    for (int round = 0; round < kBatches; ++round) {
      for (int t = 0; t < kTenants; ++t) {
        audit::TenantBatch batch{"tenant-" + std::to_string(t), {}};
        std::vector<std::string>& chain = hashes[static_cast<std::size_t>(t)];
        for (int i = 0; i < kBatch; ++i) {
          AuditEvent event;
          event.tenant = batch.tenant;
          event.ts_micros = 1'000;
          if (chain.empty()) event.kind = EventKind::kGenesis;
          audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false);
          audit::Place(draft, static_cast<std::int64_t>(chain.size()), chain.empty() ? "" : chain.back(), draft.stored.record);
          chain.push_back(draft.stored.record.hash);
          draft.stored.private_values.push_back({"remote_ip", {}, "tenant " + std::to_string(t) + " ip " + std::to_string(chain.size()) + ";"});
          batch.events.push_back(std::move(draft.stored));
        }
        REQUIRE(store->Append(std::vector{std::move(batch)}).ok());
      }
    }
    audit::RetentionStore& retention = *store;
    for (const std::size_t first : {777u, 1'500u}) {
      REQUIRE(retention.Prune("tenant-0", audit::PrunePoint{static_cast<std::int64_t>(first), hashes[0][first - 1]}).ok());
    }
    std::vector<std::int64_t> some;
    for (std::int64_t seq = 0; seq < kBatches * kBatch; ++seq) {
      if (seq % 5 != 0) some.push_back(seq);
    }
    REQUIRE(store->ErasePrivateValues("tenant-1", some).value() == static_cast<std::int64_t>(some.size()));
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const auto is_in = [&bytes](int tenant, int number) {
    return bytes.find("tenant " + std::to_string(tenant) + " ip " + std::to_string(number) + ";") != std::string::npos;
  };
  int left = 0;
  for (int number = 1; number <= kBatches * kBatch; ++number) {
    CHECK(is_in(0, number) == (number > 1'500));
    if (number % 5 != 1) left += is_in(1, number) ? 1 : 0;
    else CHECK(is_in(1, number));
    CHECK(is_in(2, number));
  }
  CHECK(left == 0);
}

TEST_CASE("the values of a batch of many statements come back each with its event") {
  const test::ScratchFolder folder;
  const std::shared_ptr<SqliteStore> store = Opened(folder.File("gate.db"));
  audit::TenantBatch batch{"acme", {}};
  std::string prev;
  for (int i = 0; i < 150; ++i) {
    AuditEvent event;
    event.tenant = "acme";
    event.ts_micros = 1'000;
    if (i == 0) event.kind = EventKind::kGenesis;
    audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false);
    audit::Place(draft, i, prev, draft.stored.record);
    prev = draft.stored.record.hash;
    if (i % 4 != 3) draft.stored.private_values.push_back({"remote_ip", {}, std::string(static_cast<std::size_t>(i * 37 % 500), 'x') + std::to_string(i)});
    if (i % 4 == 1) draft.stored.private_values.push_back({"details", {}, std::to_string(i)});
    batch.events.push_back(std::move(draft.stored));
  }
  REQUIRE(store->Append(std::vector{batch}).ok());
  for (std::int64_t seq = 0; seq < 150; ++seq) {
    CAPTURE(seq);
    std::vector<std::string> wanted;
    const auto& values = batch.events[static_cast<std::size_t>(seq)].private_values;
    for (auto v = values.rbegin(); v != values.rend(); ++v) wanted.push_back(std::to_string(seq) + " " + v->member + ": " + v->value);
    CHECK(Told(*store, {seq}) == wanted);
  }
  const auto stored = store->ScanStored("acme", 0, 150);
  REQUIRE(stored.ok());
  CHECK(stored->at(1).private_values.empty());
}

TEST_CASE("what somebody writes into the column is found by verification, and hides no other event") {
  const test::ScratchFolder folder;
  const std::string made = folder.File("made.db"), path = folder.File("gate.db");
  Append(Opened(made), 5);
  struct Case {
    const char* sql;
    std::int64_t values;   // that event 3 then has
    bool found;
  };
  const std::vector<Case> cases = {
      {"UPDATE audit_runs SET private = NULL WHERE first_seq = 3", 0, false},   // as erased
      {"UPDATE audit_runs SET private = x'' WHERE first_seq = 3", 0, false},
      {"UPDATE audit_runs SET private = (SELECT private FROM audit_runs WHERE first_seq = 4) WHERE first_seq = 3", 2, true},
      {"UPDATE audit_runs SET private = substr(private, 1, length(private) - 1) || x'00' WHERE first_seq = 3", 2, true},
      {"UPDATE audit_runs SET private = substr(private, 1, length(private) - 1) WHERE first_seq = 3", 1, true},
      {"UPDATE audit_runs SET private = x'02' || substr(private, 2) WHERE first_seq = 3", 1, true},
      {"UPDATE audit_runs SET private = x'01ffffffffff' || substr(private, 3) WHERE first_seq = 3", 1, true},
      {"UPDATE audit_runs SET private = zeroblob(100000) WHERE first_seq = 3", 1, true},
      {"UPDATE audit_runs SET private = 'text' WHERE first_seq = 3", 1, true},
      {"UPDATE audit_runs SET private = 7.5 WHERE first_seq = 3", 1, true},
      {"INSERT INTO private_values VALUES ('acme', 3, 'remote_ip', x'00', 'ip of 3;')", 3, true},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.sql));
    std::filesystem::copy_file(made, path, std::filesystem::copy_options::overwrite_existing);
    RunSql(path, c.sql);
    const std::shared_ptr<SqliteStore> store = Opened(path);
    const std::vector<std::int64_t> all{1, 2, 3, 4, 5};
    CHECK(static_cast<std::int64_t>(Told(*store, all).size()) == 8 + c.values);
    const VerifyReport report = Verified(*store);
    CHECK(report.ok != c.found);
    if (c.found) {
      CHECK(report.problem.substr(0, report.problem.find(':')) == "value");
      CHECK(report.broken_seq == 3);
    }
    CHECK(store->ErasePrivateValues("acme", std::vector<std::int64_t>{3}).value() == c.values);
    CHECK(Verified(*store).ok);
    CHECK(Told(*store, all).size() == 8);
  }
}

}  // namespace intentgate::store
