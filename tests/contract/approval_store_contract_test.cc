#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "contract/stores.h"

namespace intentgate::test {
namespace {

using approval::PendingLimits;
using approval::Requested;
using approval::RequestResult;
using approval::StoredApproval;

constexpr PendingLimits kMany{1'000, 1'000};

// Ids sort as they are given here.
StoredApproval Asked(const std::string& id, const std::string& binding, std::int64_t at = 100) {
  StoredApproval a;
  a.row.id = id;
  a.row.tenant = "acme";
  a.row.root_jti = "root";
  a.row.jti = "leaf";
  a.row.agent_id = "bot";
  a.row.method = "tools/call";
  a.row.server = "files";
  a.row.tool = "pay";
  a.row.arguments = R"({"amount":12.50,"to":"café \u0000"})";
  a.row.args_sha256 = "aa";
  a.row.intent_summary = "pay the bill";
  a.row.reason = "over 10";
  a.row.requires_step_up = true;
  a.row.created_at_micros = at;
  a.row.deadline_micros = at + 1'000;
  a.binding = binding;
  return a;
}

RequestResult Ask(Stores& s, const StoredApproval& a, const PendingLimits& limits = kMany) {
  const Result<Requested> requested = s.approvals->RequestApproval(a, limits);
  if (!requested.ok()) FAIL(requested.error().ToString());
  return requested->result;
}

StoredApproval Read(Stores& s, const std::string& id) {
  const auto found = s.approvals->FindApproval("", id);
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  return **found;
}

// As the gate does it.
void Approve(Stores& s, const std::string& id) {
  StoredApproval a = Read(s, id);
  a.row.state = ApprovalState::kApproved;
  a.recorded = true;
  REQUIRE(s.approvals->ReplaceApproval(a).value());
}

std::string Ids(const Result<std::vector<StoredApproval>>& rows) {
  REQUIRE(rows.ok());
  std::string ids;
  for (const StoredApproval& a : *rows) ids += a.row.id;
  return ids;
}

}  // namespace

TEST_CASE("an approval comes back as it was stored, for its tenant only") {
  ForEachStore([](Stores& s) {
    const StoredApproval asked = Asked("a", "b1");
    CHECK(Ask(s, asked) == RequestResult::kCreated);
    const StoredApproval read = Read(s, "a");
    CHECK(read.row.arguments == asked.row.arguments);
    CHECK(read.row.tenant == "acme");
    CHECK(read.row.root_jti == "root");
    CHECK(read.row.jti == "leaf");
    CHECK(read.row.agent_id == "bot");
    CHECK(read.row.method == "tools/call");
    CHECK(read.row.server == "files");
    CHECK(read.row.tool == "pay");
    CHECK(read.row.args_sha256 == "aa");
    CHECK(read.row.intent_summary == "pay the bill");
    CHECK(read.row.reason == "over 10");
    CHECK(read.row.requires_step_up);
    CHECK(read.row.state == ApprovalState::kPending);
    CHECK(read.row.created_at_micros == 100);
    CHECK(read.row.deadline_micros == 1'100);
    CHECK(read.binding == "b1");
    CHECK_FALSE(read.recorded);
    CHECK(read.revision == 0);
    CHECK(s.approvals->FindApproval("acme", "a")->has_value());
    CHECK_FALSE(s.approvals->FindApproval("other", "a")->has_value());
    CHECK_FALSE(s.approvals->FindApproval("acme", "z")->has_value());
  });
}

TEST_CASE("an equal call finds the approval that is live, whether it is pending or approved") {
  ForEachStore([](Stores& s) {
    CHECK(Ask(s, Asked("a", "b1")) == RequestResult::kCreated);
    const auto again = s.approvals->RequestApproval(Asked("b", "b1", 200), kMany);
    CHECK(again->result == RequestResult::kExists);
    CHECK(again->approval.row.id == "a");
    CHECK(Ask(s, Asked("c", "b2")) == RequestResult::kCreated);
    StoredApproval other = Asked("d", "b1");
    other.row.tenant = "else";
    CHECK(Ask(s, other) == RequestResult::kCreated);
    Approve(s, "a");
    CHECK(Ask(s, Asked("e", "b1", 300)) == RequestResult::kExists);
    StoredApproval used = Read(s, "a");
    used.row.state = ApprovalState::kUsed;
    REQUIRE(s.approvals->ReplaceApproval(used).value());
    CHECK(Ask(s, Asked("f", "b1", 300)) == RequestResult::kCreated);
    CHECK(Ask(s, Asked("g", "b2", 1'100)) == RequestResult::kCreated);   // the deadline of c is over
  });
}

TEST_CASE("pending approvals are limited for a root token and for a tenant; an equal call is none more") {
  ForEachStore([](Stores& s) {
    const PendingLimits limits{2, 3};
    CHECK(Ask(s, Asked("a", "1"), limits) == RequestResult::kCreated);
    CHECK(Ask(s, Asked("b", "2"), limits) == RequestResult::kCreated);
    CHECK(Ask(s, Asked("c", "3"), limits) == RequestResult::kTokenLimit);
    CHECK(Ask(s, Asked("d", "2"), limits) == RequestResult::kExists);
    StoredApproval other = Asked("e", "5");
    other.row.root_jti = "root2";
    CHECK(Ask(s, other, limits) == RequestResult::kCreated);
    other = Asked("f", "6");
    other.row.root_jti = "root3";
    CHECK(Ask(s, other, limits) == RequestResult::kTenantLimit);
    other.row.tenant = "else";
    CHECK(Ask(s, other, limits) == RequestResult::kCreated);
    Approve(s, "a");   // no longer pending
    CHECK(Ask(s, Asked("g", "7"), limits) == RequestResult::kCreated);
    CHECK(Ask(s, Asked("h", "8", 5'000), limits) == RequestResult::kCreated);   // all others are over
    CHECK_FALSE(s.approvals->FindApproval("", "c")->has_value());
  });
}

TEST_CASE("of two changes of one revision the first counts") {
  ForEachStore([](Stores& s) {
    Ask(s, Asked("a", "1"));
    StoredApproval first = Read(s, "a"), second = first;
    first.row.state = ApprovalState::kApproved;
    first.row.decided_by = "ann";
    first.row.claimed_by = "Ann";
    first.row.note = "fine";
    first.row.decided_at_micros = 200;
    first.row.deadline_micros = 2'000;
    second.row.state = ApprovalState::kRejected;
    CHECK(s.approvals->ReplaceApproval(first).value());
    CHECK_FALSE(s.approvals->ReplaceApproval(second).value());
    const StoredApproval now = Read(s, "a");
    CHECK(now.row.state == ApprovalState::kApproved);
    CHECK(now.row.decided_by == "ann");
    CHECK(now.row.claimed_by == "Ann");
    CHECK(now.row.note == "fine");
    CHECK(now.row.decided_at_micros == 200);
    CHECK(now.row.deadline_micros == 2'000);
    CHECK(now.revision == 1);
    CHECK_FALSE(s.approvals->ReplaceApproval(Asked("none", "1")).value());
  });
}

TEST_CASE("of many that use an approval at once, one wins") {
  ForEachStore([](Stores& s) {
    Ask(s, Asked("a", "1"));
    Approve(s, "a");
    StoredApproval used = Read(s, "a");
    used.row.state = ApprovalState::kUsed;
    std::atomic<int> won{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const Result<bool> replaced = s.approvals->ReplaceApproval(used);
        if (replaced.ok() && *replaced) ++won;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(won == 1);
  });
}

TEST_CASE("of many equal calls at once, one makes the approval and the others find it") {
  ForEachStore([](Stores& s) {
    std::atomic<int> created{0}, existed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto requested = s.approvals->RequestApproval(Asked("id" + std::to_string(i), "1"), kMany);
        if (!requested.ok()) return;
        ++(requested->result == RequestResult::kCreated ? created : existed);
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(created == 1);
    CHECK(existed == 7);
  });
}

TEST_CASE("pages go back in time, and a state is the one of the moment") {
  ForEachStore([](Stores& s) {
    for (const std::string id : {"a", "b", "c", "d"}) Ask(s, Asked(id, id, id == "d" ? 5'000 : 100));
    StoredApproval other = Asked("e", "e", 5'000);
    other.row.tenant = "else";
    other.row.agent_id = "bot2";
    other.row.tool = "wipe";
    other.row.root_jti = "root2";
    Ask(s, other);
    Approve(s, "a");
    StoredApproval rejected = Read(s, "b");
    rejected.row.state = ApprovalState::kRejected;
    REQUIRE(s.approvals->ReplaceApproval(rejected).value());
    CHECK(Ids(s.approvals->ListApprovals({}, "", 10, 5'000)) == "edcba");
    CHECK(Ids(s.approvals->ListApprovals({}, "", 2, 5'000)) == "ed");
    CHECK(Ids(s.approvals->ListApprovals({}, "d", 2, 5'000)) == "cb");
    CHECK(Ids(s.approvals->ListApprovals({.tenant = "acme"}, "", 10, 5'000)) == "dcba");
    CHECK(Ids(s.approvals->ListApprovals({.state = ApprovalState::kPending}, "", 10, 5'000)) == "ed");
    CHECK(Ids(s.approvals->ListApprovals({.state = ApprovalState::kExpired}, "", 10, 5'000)) == "ca");
    CHECK(Ids(s.approvals->ListApprovals({.state = ApprovalState::kApproved}, "", 10, 200)) == "a");
    CHECK(Ids(s.approvals->ListApprovals({.state = ApprovalState::kRejected}, "", 10, 5'000)) == "b");
    CHECK(Ids(s.approvals->ListApprovals({.agent_id = "bot2"}, "", 10, 5'000)) == "e");
    CHECK(Ids(s.approvals->ListApprovals({.tool = "wipe"}, "", 10, 5'000)) == "e");
    CHECK(Ids(s.approvals->ListApprovals({.root_jti = "root2"}, "", 10, 5'000)) == "e");
    const std::vector<std::string> ids{"b", "nobody", "a"};
    CHECK(s.approvals->FindApprovals(ids)->size() == 2);
    CHECK(s.approvals->FindApprovals({})->empty());
  });
}

TEST_CASE("what is overdue is found, and what is closed can be forgotten") {
  ForEachStore([](Stores& s) {
    Ask(s, Asked("a", "a", 300));
    Ask(s, Asked("b", "b", 200));
    Ask(s, Asked("c", "c", 100));
    Approve(s, "c");
    Ask(s, Asked("d", "d", 5'000));
    CHECK(Ids(s.approvals->DueApprovals(1'050, 10)).empty());
    CHECK(Ids(s.approvals->DueApprovals(1'300, 10)) == "cba");
    CHECK(Ids(s.approvals->DueApprovals(1'300, 2)) == "cb");
    StoredApproval expired = Read(s, "a");
    expired.row.state = ApprovalState::kExpired;
    REQUIRE(s.approvals->ReplaceApproval(expired).value());
    CHECK(Ids(s.approvals->DueApprovals(1'300, 10)) == "cb");
    REQUIRE(s.approvals->ForgetApprovals(300).ok());
    CHECK(Ids(s.approvals->ListApprovals({}, "", 10, 0)) == "dcba");
    REQUIRE(s.approvals->ForgetApprovals(301).ok());
    CHECK(Ids(s.approvals->ListApprovals({}, "", 10, 0)) == "dcb");
  });
}

TEST_CASE("approvals are erased by id, of one tenant, in every state, and counted") {
  ForEachStore([](Stores& s) {
    for (const char* id : {"a", "b", "c", "d"}) Ask(s, Asked(id, id, 5'000));
    StoredApproval foreign = Asked("x", "x", 5'000);
    foreign.row.tenant = "other";
    Ask(s, foreign);
    Approve(s, "b");
    StoredApproval expired = Read(s, "c");
    expired.row.state = ApprovalState::kExpired;
    REQUIRE(s.approvals->ReplaceApproval(expired).value());
    const std::vector<std::string> ids{"a", "b", "c", "x", "nobody", "it's"};
    const std::string tenant = Read(s, "d").row.tenant;
    CHECK(s.approvals->EraseApprovals(tenant, ids).value() == 3);
    CHECK(Ids(s.approvals->ListApprovals({}, "", 10, 0)) == "xd");
    CHECK(s.approvals->EraseApprovals(tenant, ids).value() == 0);
    CHECK(s.approvals->EraseApprovals(tenant, {}).value() == 0);
  });
}

}  // namespace intentgate::test
