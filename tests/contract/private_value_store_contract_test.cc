#include <doctest/doctest.h>

#include "audit/audit_log.h"
#include "audit/commitments.h"
#include "contract/chains.h"
#include "contract/stores.h"

namespace intentgate::test {
namespace {

// Event n of the batch commits to two values, one of them with bytes that are no text for most.
audit::TenantBatch WithValues(const std::string& tenant, int count) {
  audit::TenantBatch batch = MakeBatch(tenant, {}, count);
  for (audit::StoredEvent& event : batch.events) {
    const std::string seq = std::to_string(event.record.seq);
    PrivateValue ip{"remote_ip", {}, "192.0.2." + seq}, values{"arg_values", {}, std::string("{\"a\":\"\0\xe2\x80\xa8\"}", 13) + seq};
    ip.salt.fill(0);
    values.salt.fill(0xff);
    event.private_values = {values, ip};
  }
  return batch;
}

std::vector<std::string> Told(Stores& s, const std::string& tenant, const std::vector<std::int64_t>& seqs) {
  const auto values = s.values->PrivateValues(tenant, seqs);
  REQUIRE_MESSAGE(values.ok(), (values.ok() ? "" : values.error().message));
  std::vector<std::string> told;
  for (const audit::PlacedValue& placed : *values) told.push_back(std::to_string(placed.seq) + " " + placed.value.member);
  return told;
}

}  // namespace

TEST_CASE("private values are stored with their events and come back as they were, by event and member") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{WithValues("acme", 4), MakeBatch("other", {}, 4)};
    REQUIRE(s.audit->Append(batches).ok());
    CHECK(Told(s, "acme", {2, 1, 9}) == std::vector<std::string>{"1 arg_values", "1 remote_ip", "2 arg_values", "2 remote_ip"});
    CHECK(Told(s, "other", {0, 1, 2, 3}).empty());
    CHECK(Told(s, "nobody", {0}).empty());
    const std::vector<std::int64_t> three{3};
    const auto values = s.values->PrivateValues("acme", three);
    const auto& stored = batches[0].events[3].private_values;
    REQUIRE(values->size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK((*values)[i].value.value == stored[i].value);
      CHECK((*values)[i].value.salt == stored[i].salt);
    }
  });
}

TEST_CASE("a batch that is refused leaves no private value behind") {
  ForEachStore([](Stores& s) {
    const audit::TenantBatch first = MakeBatch("acme", {}, 2);
    REQUIRE(s.audit->Append(std::span(&first, 1)).ok());
    const audit::TenantBatch again = WithValues("acme", 2);
    CHECK(s.audit->Append(std::span(&again, 1)).error().code == ErrorCode::kConflict);
    CHECK(Told(s, "acme", {0, 1}).empty());
  });
}

TEST_CASE("erased values are gone, others stay, and the chain verifies") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{WithValues("acme", 5), WithValues("other", 5)};
    REQUIRE(s.audit->Append(batches).ok());
    const std::vector<std::int64_t> some{1, 3, 77};
    const auto erased = s.values->ErasePrivateValues("acme", some);
    REQUIRE_MESSAGE(erased.ok(), (erased.ok() ? "" : erased.error().message));
    CHECK(*erased == 4);
    CHECK(*s.values->ErasePrivateValues("acme", some) == 0);
    CHECK(Told(s, "acme", {0, 1, 2, 3, 4}).size() == 6);
    CHECK(Told(s, "acme", {1, 3}).empty());
    CHECK(Told(s, "other", {1, 3}).size() == 4);
    CHECK(audit::VerifyChain(*s.audit, "acme")->ok);
  });
}

TEST_CASE("pruning takes the values of the pruned events along") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{WithValues("acme", 6)};
    REQUIRE(s.audit->Append(batches).ok());
    REQUIRE(s.retention->Prune("acme", {4, batches[0].events[3].record.hash}).ok());
    CHECK(Told(s, "acme", {0, 1, 2, 3, 4, 5}) ==
          std::vector<std::string>{"4 arg_values", "4 remote_ip", "5 arg_values", "5 remote_ip"});
  });
}

TEST_CASE("nothing is erased while a hold covers one of the events") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{WithValues("acme", 6), WithValues("other", 2)};
    REQUIRE(s.audit->Append(batches).ok());
    LegalHold hold{"acme", "case 7", "court", "ann", 1};
    hold.from_micros = batches[0].events[2].ts_micros;
    hold.to_micros = batches[0].events[3].ts_micros;
    REQUIRE(s.retention->AddHold(hold).ok());
    const std::vector<std::int64_t> held{1, 3}, free{0, 1, 4};
    const auto refused = s.values->ErasePrivateValues("acme", held);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kConflict);
    CHECK(refused.error().message.find("case 7") != std::string::npos);
    CHECK(Told(s, "acme", held).size() == 4);
    CHECK(*s.values->ErasePrivateValues("acme", free) == 6);
    CHECK(*s.values->ErasePrivateValues("other", held) == 2);
    REQUIRE(s.retention->RemoveHold("acme", "case 7").ok());
    CHECK(*s.values->ErasePrivateValues("acme", held) == 2);
  });
}

TEST_CASE("a hold of a span of time stops the pruning of what it covers, and of nothing else") {
  ForEachStore([](Stores& s) {
    const std::vector<audit::TenantBatch> batches{WithValues("acme", 10)};
    REQUIRE(s.audit->Append(batches).ok());
    const auto point = [&](std::size_t seq) {
      return audit::PrunePoint{static_cast<std::int64_t>(seq), batches[0].events[seq - 1].record.hash};
    };
    LegalHold hold{"acme", "case 7", "court", "ann", 1};
    hold.from_micros = hold.to_micros = batches[0].events[5].ts_micros;
    REQUIRE(s.retention->AddHold(hold).ok());
    const auto holds = s.retention->Holds("acme");
    REQUIRE(holds.ok());
    CHECK(holds->front().from_micros == hold.from_micros);
    CHECK(holds->front().to_micros == hold.to_micros);
    CHECK(s.retention->Prune("acme", point(5)).ok());
    const Status refused = s.retention->Prune("acme", point(6));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kConflict);
    CHECK(refused.error().message.find("case 7") != std::string::npos);
    CHECK(s.audit->Pruned("acme")->first_seq == 5);
    REQUIRE(s.retention->RemoveHold("acme", "case 7").ok());
    CHECK(s.retention->Prune("acme", point(6)).ok());
  });
}

}  // namespace intentgate::test
