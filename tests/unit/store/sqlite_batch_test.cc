// A batch that meets a row in its way.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"
#include "support/sqlite_file.h"

namespace intentgate::store {
namespace {

using test::RunSql;

audit::TenantBatch Behind(const std::string& tenant, const ChainHead& head, int count) {
  audit::TenantBatch batch{tenant, {}};
  std::string prev = head.hash;
  for (int i = 0; i < count; ++i) {
    AuditEvent event;
    event.tenant = tenant;
    event.event_id = tenant + "-" + std::to_string(head.next_seq + i);
    event.ts_micros = 1'000;
    if (head.next_seq + i == 0) event.kind = EventKind::kGenesis;
    audit::EventDraft draft = audit::MakeDraft(std::move(event), "test", false);
    audit::Place(draft, head.next_seq + i, prev, draft.stored.record);
    prev = draft.stored.record.hash;
    batch.events.push_back(std::move(draft.stored));
  }
  return batch;
}

std::int64_t Rows(SqliteStore& store, const std::string& tenant) {
  AuditFilter filter;
  filter.tenant = tenant;
  return store.Count(filter).value();
}

}  // namespace

TEST_CASE("a batch may rest between its rows") {
  const test::ScratchFolder folder;
  const auto store = *SqliteStore::Open(folder.File("gate.db"), {});
  int pauses = 0;
  REQUIRE(store->AppendPausing(std::vector{Behind("acme", {}, 40)}, [&pauses] { ++pauses; }).ok());
  // At each step of the rows, at one of the postings at least, and before the commit.
  CHECK(pauses >= 40 / static_cast<int>(audit::kRowsBetweenPauses) + 2);
  CHECK(audit::VerifyChain(*store, "acme")->verified == 40);
}

TEST_CASE("a row in the way of a batch undoes all of it, and the store goes on") {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  const auto opened = SqliteStore::Open(path, {});
  REQUIRE(opened.ok());
  SqliteStore& store = **opened;
  for (int i = 0; i < 6; ++i) REQUIRE(store.Append(std::vector{Behind("acme", *store.Head("acme"), 1)}).ok());
  // Somebody who cut the chain to three events has left the sixth.
  RunSql(path, "DELETE FROM audit_runs WHERE first_seq IN (3, 4);"
            "UPDATE audit_heads SET next_seq = 3, hash = (SELECT lower(hex(hashes)) FROM audit_runs WHERE first_seq = 2)");

  // The other tenant's are in by then.
  const std::vector both = {Behind("aaaa", {}, 9), Behind("acme", *store.Head("acme"), 8)};
  const Status refused = store.Append(both);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kCorrupt);
  CHECK(refused.error().message.find("events of tenant acme up to 5 where number 3 belongs") != std::string::npos);
  CHECK(store.Head("aaaa")->next_seq == 0);
  CHECK(store.Head("acme")->next_seq == 3);
  CHECK(Rows(store, "aaaa") == 0);
  CHECK(Rows(store, "acme") == 4);

  RunSql(path, "DELETE FROM audit_runs WHERE first_seq = 5");
  REQUIRE(store.Append(both).ok());
  CHECK(audit::VerifyChain(store, "aaaa")->verified == 9);
  CHECK(audit::VerifyChain(store, "acme")->verified == 11);
}

}  // namespace intentgate::store
