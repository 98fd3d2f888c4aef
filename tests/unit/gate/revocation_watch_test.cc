#include "unit/gate/world.h"

#include "gate/revocation_watch.h"

namespace intentgate::gate {
namespace {

// Counts its readers.
class CountingStore final : public token::RevocationStore {
 public:
  Status Add(const token::Revocation& r) override { return store.Add(r); }
  Result<token::RevocationPage> List(std::string_view t, std::size_t limit, std::size_t offset) override {
    return store.List(t, limit, offset);
  }
  Result<token::RevocationPage> All() override { return store.All(); }
  Result<std::int64_t> Version() override {
    ++asked;
    return store.Version();
  }
  FaultyStore store;
  std::atomic<int> asked{0};
};

}  // namespace

TEST_CASE("callers read an old list again only when the last reading went well") {
  const auto clock = std::make_shared<ManualClock>(kNow * 1'000'000);
  const auto store = std::make_shared<CountingStore>();
  // No reading of its own within the life of the test.
  auto watch = RevocationWatch::Start(store, clock, {.max_age_ms = 1'000, .refresh_ms = 3'600'000});
  REQUIRE(watch.ok());
  const std::vector<std::string> ids = {"tok1"};
  for (int i = 0; i < 10; ++i) CHECK((*watch)->Ask("acme", ids) == RevocationAnswer::kGood);
  CHECK(store->asked == 1);
  clock->AdvanceMicros(2'000'000);
  CHECK((*watch)->Ask("acme", ids) == RevocationAnswer::kGood);
  CHECK(store->asked == 2);
  store->store.revocations_fail = true;
  clock->AdvanceMicros(2'000'000);
  for (int i = 0; i < 10; ++i) CHECK((*watch)->Ask("acme", ids) == RevocationAnswer::kUnavailable);
  CHECK(store->asked == 3);
}

TEST_CASE("a pair of tenant and id is not taken for another pair with the same letters") {
  const auto clock = std::make_shared<ManualClock>(kNow * 1'000'000);
  const auto store = std::make_shared<CountingStore>();
  auto watch = RevocationWatch::Start(store, clock, {});
  REQUIRE(watch.ok());
  REQUIRE((*watch)->Revoke({"acme", "x1", "", "", 1}).ok());
  const auto ask = [&](const std::string& tenant, const std::string& id) {
    return (*watch)->Ask(tenant, std::vector<std::string>{id});
  };
  CHECK(ask("acme", "x1") == RevocationAnswer::kRevoked);
  CHECK(ask("acm", "ex1") == RevocationAnswer::kGood);
  CHECK(ask("acmex", "1") == RevocationAnswer::kGood);
  CHECK(ask("", "x1") == RevocationAnswer::kGood);
}

}  // namespace intentgate::gate
