#include <doctest/doctest.h>

#include <set>

#include "approval/states.h"

namespace intentgate::approval {
namespace {

StoredApproval Pending() {
  StoredApproval a;
  a.row.deadline_micros = 1'000;
  return a;
}

StoredApproval Approved(bool recorded = true) {
  StoredApproval a = *Answered(Pending(), {.answer = ApprovalAnswer::kApprove, .by = "ann", .at_micros = 900, .use_until_micros = 2'000});
  a.recorded = recorded;
  return a;
}

std::string Why(const Result<StoredApproval>& result) {
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kConflict);
  return result.error().message;
}

}  // namespace

TEST_CASE("every name of a state is read back") {
  for (const char* name : {"pending", "approved", "rejected", "expired", "used"}) {
    REQUIRE(ParseApprovalState(name));
    CHECK(ApprovalStateName(*ParseApprovalState(name)) == name);
  }
  CHECK_FALSE(ParseApprovalState("timeout"));
  CHECK_FALSE(ParseApprovalState(""));
}

TEST_CASE("a binding changes with each part, and parts do not run into each other") {
  const Subject subject{"root", "tools/call", "files", "pay", "aa"};
  std::set<std::string> seen{BindingOf(subject)};
  for (auto member : {&Subject::root_jti, &Subject::method, &Subject::server, &Subject::tool, &Subject::args_sha256}) {
    Subject other = subject;
    other.*member = "x";
    CHECK(seen.insert(BindingOf(other)).second);
    other.*member = "";
    CHECK(seen.insert(BindingOf(other)).second);
  }
  CHECK(BindingOf({"a", "b\n1:c", "", "", ""}) != BindingOf({"a", "b", "c", "", ""}));
  CHECK(BindingOf(subject) == BindingOf(subject));
}

TEST_CASE("an answer is taken while the approval is pending and its deadline is not over") {
  const Answer yes{.answer = ApprovalAnswer::kApprove, .by = "ann", .claimed_by = "Ann", .note = std::string(5'000, 'n'), .at_micros = 999,
                   .use_until_micros = 5'000};
  const Result<StoredApproval> approved = Answered(Pending(), yes);
  REQUIRE(approved.ok());
  CHECK(approved->row.state == ApprovalState::kApproved);
  CHECK(approved->row.decided_by == "ann");
  CHECK(approved->row.claimed_by == "Ann");
  CHECK(approved->row.note.size() == kMaxApprovalNoteBytes);
  CHECK(approved->row.deadline_micros == 5'000);
  CHECK_FALSE(approved->recorded);
  Answer late = yes;
  late.at_micros = 1'000;
  CHECK(Why(Answered(Pending(), late)) == "the approval is expired, no longer pending");
  const Result<StoredApproval> rejected = Answered(Pending(), {.answer = ApprovalAnswer::kReject, .at_micros = 1});
  CHECK(rejected->row.state == ApprovalState::kRejected);
  StoredApproval recorded = *rejected;
  recorded.recorded = true;
  CHECK(Why(Answered(recorded, yes)) == "the approval is rejected, no longer pending");
  CHECK_FALSE(Answered(*rejected, yes).ok());   // somebody is answering it at this moment
}

TEST_CASE("an approval is used once, after its answer is in the chain, before its deadline") {
  const Result<StoredApproval> used = Used(Approved(), 1'999);
  REQUIRE(used.ok());
  CHECK(used->row.state == ApprovalState::kUsed);
  CHECK(used->row.used_at_micros == 1'999);
  CHECK(Why(Used(*used, 1'999)) == "the approval is used, no longer approved");
  CHECK(Why(Used(Approved(), 2'000)) == "the approval is expired, no longer approved");
  CHECK(Why(Used(Approved(false), 1'000)) == "the approval is pending, no longer approved");
  CHECK_FALSE(Used(Pending(), 1).ok());
}

TEST_CASE("what is pending or approved expires at its deadline; what is closed stays") {
  CHECK_FALSE(Expired(Pending(), 999).ok());
  CHECK(Expired(Pending(), 1'000)->row.state == ApprovalState::kExpired);
  CHECK(Expired(Approved(), 2'000)->row.state == ApprovalState::kExpired);
  CHECK_FALSE(Expired(*Used(Approved(), 1'000), 9'000).ok());
  CHECK(StateAt(Pending(), 1'000) == ApprovalState::kExpired);
  CHECK(Shown(Approved(false), 1'000).state == ApprovalState::kPending);
  CHECK(Shown(Approved(), 1'000).state == ApprovalState::kApproved);
}

}  // namespace intentgate::approval
