#include <doctest/doctest.h>

#include "audit/audit_log.h"
#include "contract/stores.h"

namespace intentgate::test {
namespace {

using audit::PrunePoint;
using audit::TenantBatch;

// Appends `count` events and gives back all hashes of the chain in order.
std::vector<std::string> Fill(Stores& s, const std::string& tenant, int count) {
  const std::vector<TenantBatch> batches{MakeBatch(tenant, *s.audit->Head(tenant), count)};
  REQUIRE(s.audit->Append(batches).ok());
  std::vector<std::string> hashes;
  for (const audit::StoredEvent& e : batches[0].events) hashes.push_back(e.record.hash);
  return hashes;
}

// What evidence/retention appends before it prunes.
void AppendPruned(Stores& s, const std::string& tenant, const PrunePoint& point) {
  const ChainHead head = *s.audit->Head(tenant);
  AuditEvent event;
  event.kind = EventKind::kControl;
  event.tool = "audit/pruned";
  event.details = json::MakeObject({{"first_seq", point.first_seq}, {"prev_hash", point.prev_hash}});
  const std::vector<TenantBatch> batches{{tenant, {MakeStored(tenant, head.next_seq, head.hash, std::move(event))}}};
  REQUIRE(s.audit->Append(batches).ok());
}

}  // namespace

TEST_CASE("a pruned chain begins later, keeps its head, goes on and verifies") {
  ForEachStore([](Stores& s) {
    // More than a store deletes in one transaction.
    const std::vector<std::string> hashes = Fill(s, "acme", 5'000);
    Fill(s, "other", 3);
    const PrunePoint point{4'608, hashes[4'607]};
    AppendPruned(s, "acme", point);
    const ChainHead head = *s.audit->Head("acme");
    REQUIRE(s.retention->Prune("acme", point).ok());

    CHECK(s.audit->Pruned("acme")->first_seq == 4'608);
    CHECK(s.audit->Pruned("acme")->prev_hash == hashes[4'607]);
    CHECK(s.audit->Head("acme")->next_seq == head.next_seq);
    CHECK(s.audit->Head("acme")->hash == head.hash);
    CHECK(s.audit->Scan("acme", 0, 1)->front().seq == 4'608);
    CHECK(*s.audit->Count({.tenant = "acme"}) == 393);
    CHECK(*s.audit->Count({.tenant = "other"}) == 3);
    Fill(s, "acme", 2);
    const auto report = audit::VerifyChain(*s.audit, "acme");
    REQUIRE(report.ok());
    CHECK(report->ok);
    CHECK(report->verified == 395);
    CHECK(audit::VerifyChain(*s.audit, "acme", 4'900)->ok);
  });
}

TEST_CASE("events that are gone without a word in the chain are found") {
  ForEachStore([](Stores& s) {
    const std::vector<std::string> hashes = Fill(s, "acme", 20);
    REQUIRE(s.retention->Prune("acme", {10, hashes[9]}).ok());
    const auto report = audit::VerifyChain(*s.audit, "acme");
    REQUIRE(report.ok());
    CHECK_FALSE(report->ok);
    CHECK(report->broken_seq == 10);
    CHECK(report->problem.rfind("pruned: ", 0) == 0);
  });
}

TEST_CASE("a prune point that the chain does not name, or with another hash, is found") {
  ForEachStore([](Stores& s) {
    const std::vector<std::string> hashes = Fill(s, "acme", 20);
    AppendPruned(s, "acme", {8, hashes[7]});
    REQUIRE(s.retention->Prune("acme", {10, hashes[9]}).ok());
    CHECK(audit::VerifyChain(*s.audit, "acme")->problem.rfind("pruned: ", 0) == 0);

    const std::vector<std::string> more = Fill(s, "other", 20);
    AppendPruned(s, "other", {10, more[8]});
    REQUIRE(s.retention->Prune("other", {10, more[9]}).ok());
    CHECK(audit::VerifyChain(*s.audit, "other")->problem.rfind("pruned: ", 0) == 0);
  });
}

TEST_CASE("an interrupted pruning verifies") {
  ForEachStore([](Stores& s) {
    const std::vector<std::string> hashes = Fill(s, "acme", 20);
    AppendPruned(s, "acme", {10, hashes[9]});
    REQUIRE(s.retention->Prune("acme", {6, hashes[5]}).ok());
    CHECK(audit::VerifyChain(*s.audit, "acme")->ok);
  });
}

TEST_CASE("pruning never goes back, never beyond the head, and not under a legal hold") {
  ForEachStore([](Stores& s) {
    const std::vector<std::string> hashes = Fill(s, "acme", 20);
    const Status beyond = s.retention->Prune("acme", {21, "x"});
    REQUIRE_FALSE(beyond.ok());
    CHECK(beyond.error().code == ErrorCode::kInvalidArgument);
    CHECK_FALSE(s.retention->Prune("nobody", {1, "x"}).ok());

    REQUIRE(s.retention->AddHold({"acme", "case-7", "court order", "counsel", 5}).ok());
    const Status held = s.retention->Prune("acme", {10, hashes[9]});
    REQUIRE_FALSE(held.ok());
    CHECK(held.error().code == ErrorCode::kConflict);
    CHECK(held.error().message.find("case-7") != std::string::npos);
    CHECK(s.audit->Scan("acme", 0, 1)->front().seq == 0);

    REQUIRE(s.retention->RemoveHold("acme", "case-7").ok());
    REQUIRE(s.retention->Prune("acme", {10, hashes[9]}).ok());
    REQUIRE(s.retention->Prune("acme", {4, hashes[3]}).ok());
    CHECK(s.audit->Pruned("acme")->first_seq == 10);
  });
}

TEST_CASE("legal holds are listed by tenant, placed once and lifted once") {
  ForEachStore([](Stores& s) {
    REQUIRE(s.retention->AddHold({"acme", "b", "why", "who", 5}).ok());
    REQUIRE(s.retention->AddHold({"acme", "a", "why", "who", 6}).ok());
    REQUIRE(s.retention->AddHold({"beta", "a", "why", "who", 7}).ok());
    CHECK(s.retention->AddHold({"acme", "b", "again", "who", 8}).error().code == ErrorCode::kAlreadyExists);
    const auto holds = s.retention->Holds("acme");
    REQUIRE(holds.ok());
    REQUIRE(holds->size() == 2);
    CHECK(holds->front().id == "a");
    CHECK(holds->back().reason == "why");
    CHECK(holds->back().placed_at_micros == 5);
    CHECK(s.retention->Holds("")->size() == 3);
    CHECK(s.retention->RemoveHold("acme", "z").error().code == ErrorCode::kNotFound);
    CHECK(s.retention->RemoveHold("acme", "a").ok());
    CHECK(s.retention->RemoveHold("acme", "a").error().code == ErrorCode::kNotFound);
  });
}

}  // namespace intentgate::test
