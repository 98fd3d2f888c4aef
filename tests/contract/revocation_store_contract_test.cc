#include <doctest/doctest.h>

#include "contract/stores.h"

namespace intentgate::test {

TEST_CASE("a repeated revocation changes the reason and keeps the first time and person") {
  ForEachStore([](Stores& s) {
    REQUIRE(s.revocations->Add({"acme", "jti", "lost laptop", "ann", 100}).ok());
    REQUIRE(s.revocations->Add({"acme", "jti", "stolen laptop", "bob", 200}).ok());
    const auto all = s.revocations->All();
    REQUIRE(all->revocations.size() == 1);
    CHECK(all->revocations[0].reason == "stolen laptop");
    CHECK(all->revocations[0].revoked_by == "ann");
    CHECK(all->revocations[0].revoked_at_micros == 100);
  });
}

TEST_CASE("the version grows with every change and pages carry it") {
  ForEachStore([](Stores& s) {
    CHECK(s.revocations->Version().value() == 0);
    CHECK(s.revocations->All()->version == 0);
    REQUIRE(s.revocations->Add({"acme", "a", "", "", 1}).ok());
    const std::int64_t first = s.revocations->Version().value();
    CHECK(first > 0);
    REQUIRE(s.revocations->Add({"acme", "a", "again", "", 1}).ok());
    CHECK(s.revocations->Version().value() > first);
    CHECK(s.revocations->List("acme", 10, 0)->version == s.revocations->Version().value());
    CHECK(s.revocations->List("nobody", 10, 0)->version == s.revocations->Version().value());
  });
}

TEST_CASE("revocations are listed newest first, per tenant or all, in pages") {
  ForEachStore([](Stores& s) {
    REQUIRE(s.revocations->Add({"a", "1", "", "", 10}).ok());
    REQUIRE(s.revocations->Add({"b", "2", "", "", 30}).ok());
    REQUIRE(s.revocations->Add({"a", "3", "", "", 20}).ok());
    REQUIRE(s.revocations->Add({"", "4", "", "", 5}).ok());
    const auto all = s.revocations->List("", 10, 0);
    REQUIRE(all->revocations.size() == 4);
    CHECK(all->revocations[0].id == "2");
    CHECK(all->revocations[3].tenant == "");
    const auto a = s.revocations->List("a", 1, 1);
    REQUIRE(a->revocations.size() == 1);
    CHECK(a->revocations[0].id == "1");
    CHECK(s.revocations->List("a", 10, 5)->revocations.empty());
  });
}

TEST_CASE("a revocation of nothing is refused") {
  ForEachStore([](Stores& s) {
    const Status status = s.revocations->Add({"acme", "", "", "", 1});
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().code == ErrorCode::kInvalidArgument);
    CHECK(s.revocations->Version().value() == 0);
  });
}

}  // namespace intentgate::test
