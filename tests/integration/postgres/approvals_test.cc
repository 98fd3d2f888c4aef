// Two gateways ask for approvals of one tenant at the same time.
#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "integration/postgres/fixture.h"

namespace intentgate::test {
namespace {

approval::StoredApproval Asked(const std::string& id, const std::string& binding) {
  approval::StoredApproval a;
  a.row.id = id;
  a.row.tenant = "acme";
  a.row.root_jti = "root";
  a.row.deadline_micros = 1;
  a.binding = binding;
  return a;
}

}  // namespace

TEST_CASE("two replicas make one approval of equal calls, and keep the limit together") {
  PostgresServer& server = PostgresServer::Shared();
  const std::string schema = server.FreshSchema();
  const auto one = OpenStore(OptionsFor(server.Url(), schema));
  const auto two = OpenStore(OptionsFor(server.Url(), schema));
  constexpr int kRounds = 60;
  std::atomic<int> created{0}, failed{0};
  std::barrier turn(2);
  const auto replica = [&](approval::ApprovalStore& store, const std::string& name) {
    for (int round = 0; round < kRounds; ++round) {
      turn.arrive_and_wait();
      const auto equal = store.RequestApproval(Asked(name + std::to_string(round), "b" + std::to_string(round)), {1'000, 1'000});
      if (!equal.ok()) ++failed;
      else if (equal->result == approval::RequestResult::kCreated) ++created;
    }
  };
  std::thread first([&] { replica(*one, "one"); });
  std::thread second([&] { replica(*two, "two"); });
  first.join();
  second.join();
  CHECK(failed == 0);
  CHECK(created == kRounds);
  CHECK(server.Sql("SELECT count(*) FROM " + schema + ".approvals") == std::to_string(kRounds));
  // One place is left.
  std::atomic<int> last{0};
  const auto ask = [&](approval::ApprovalStore& store, const std::string& name) {
    turn.arrive_and_wait();
    const auto more = store.RequestApproval(Asked(name, name), {kRounds + 1, 1'000});
    if (more.ok() && more->result == approval::RequestResult::kCreated) ++last;
  };
  std::thread third([&] { ask(*one, "x"); });
  std::thread fourth([&] { ask(*two, "y"); });
  third.join();
  fourth.join();
  CHECK(last == 1);
}

}  // namespace intentgate::test
