#include <condition_variable>
#include <thread>

#include "gate/approval_desk.h"
#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

const AdminContext kAnn{.actor = "ann", .remote_ip = "198.51.100.7", .elevation_id = "e1"};

struct Asked : World {
  Asked() { settings.approval_poll_ms = 10; }

  Decision Again(const std::string& with, const std::string& id, const std::string& tool = "human_tool",
                 const std::string& arguments = R"({"amount":12.50})", const std::string& server = "") {
    const Result<json::Value> args = json::Parse(arguments);
    return gate->Authorize({.token = with, .tool = tool, .arguments = &*args, .server = server, .approval_id = id});
  }
  // Escalates the usual call and gives back the approval's id.
  std::string Escalate(const std::string& with) {
    const Decision d = Again(with, "");
    CHECK(Said(d) == "escalate policy policy.escalated");
    CHECK_FALSE(d.approval_id.empty());
    return d.approval_id;
  }
  Result<Approval> Answer(const std::string& id, ApprovalAnswer answer, const std::string& tenant = "") {
    return gate->DecideApproval({.tenant = tenant, .id = id, .answer = answer, .claimed_by = "Ann A.", .note = "secret note"}, kAnn);
  }
  std::string Approved(const std::string& with) {
    const std::string id = Escalate(with);
    REQUIRE(Answer(id, ApprovalAnswer::kApprove).ok());
    return id;
  }
  void Use(const std::string& rego) {
    const rego::SourceFile file{"p.rego", "package intentgate.policy\nimport rego.v1\n" + rego};
    const policy::CompileOutcome compiled = Policy::Compile({&file, 1});
    REQUIRE(compiled.ok());
    REQUIRE(gate->SetPolicy(compiled.policy, kAnn).ok());
  }
};

bool Leaks(const Decision& d) {
  for (const std::string_view secret : {"ann", "Ann", "note"}) {
    if (d.reason.find(secret) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an escalated call is approved by a person and goes once") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string id = w.Escalate(token);
  CHECK(Text(w.LastEvent(), "pending_id") == id);
  CHECK(Text(*w.LastEvent().Find("details"), "approval") == "requested");
  CHECK(w.Again(token, id).verdict == Verdict::kEscalate);   // nobody has answered
  CHECK(w.Again(token, id).approval_id == id);

  const Result<Approval> approved = w.Answer(id, ApprovalAnswer::kApprove);
  REQUIRE(approved.ok());
  CHECK(approved->state == ApprovalState::kApproved);
  json::Value event = w.LastEvent();
  CHECK(Text(event, "tool") == "admin/approve");
  CHECK(Text(event, "kind") == "admin");
  CHECK(Text(event, "decision") == "allow");
  CHECK(Text(event, "actor") == "ann");
  CHECK(Text(event, "decided_by") == "ann");
  CHECK(Text(event, "pending_id") == id);
  CHECK(Text(event, "agent_id") == "bot");
  CHECK(Text(event, "elevation_id") == "e1");
  CHECK(Text(*event.Find("details"), "note") == "secret note");
  CHECK(Text(*event.Find("details"), "claimed_by") == "Ann A.");
  CHECK(Text(*event.Find("details"), "tool") == "human_tool");

  const Decision d = w.Again(token, id);
  CHECK(Said(d) == "allow  allowed");
  CHECK(d.approval_id == id);
  CHECK_FALSE(Leaks(d));
  event = w.LastEvent();
  CHECK(Text(event, "pending_id") == id);
  CHECK(Text(event, "decided_by") == "ann");
  CHECK(Text(*event.Find("details"), "approval") == "used");
  CHECK(w.gate->GetApproval("", id)->state == ApprovalState::kUsed);

  const Decision replay = w.Again(token, id);
  CHECK(Said(replay) == "block policy policy.approval_used");
  CHECK(replay.approval_id.empty());
  CHECK_FALSE(Leaks(replay));
  CHECK(Text(w.LastEvent(), "decided_by").empty());
}

TEST_CASE("the person sees the exact arguments and who asks") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const Decision d = w.Again(token, "", "human_tool", R"({"to":"x","amount":12.50,"big":123456789012345678901234567890})", "bank");
  const Result<Approval> shown = w.gate->GetApproval("default", d.approval_id);
  REQUIRE(shown.ok());
  CHECK(shown->arguments == R"({"amount":12.50,"big":123456789012345678901234567890,"to":"x"})");
  CHECK(shown->args_sha256 == Text(w.LastEvent(), "args_sha256"));
  CHECK(shown->tool == "human_tool");
  CHECK(shown->server == "bank");
  CHECK(shown->method == "tools/call");
  CHECK(shown->agent_id == "bot");
  CHECK(shown->root_jti == d.root_jti);
  CHECK(shown->reason == "a human decides");
  CHECK(shown->requires_step_up);
  CHECK(shown->deadline_micros - shown->created_at_micros == 900 * 1'000'000);
  CHECK(w.gate->GetApproval("acme", d.approval_id).error().code == ErrorCode::kNotFound);
}

TEST_CASE("an approval holds for no other arguments, tool, server, method, token or tenant") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string id = w.Approved(token);
  const std::string mismatch = "block policy policy.approval_mismatch";
  CHECK(Said(w.Again(token, id, "human_tool", R"({"amount":12.5})")) == mismatch);   // numbers by their text
  CHECK(Said(w.Again(token, id, "human_tool", R"({"amount":12.50,"more":1})")) == mismatch);
  CHECK(Said(w.Again(token, id, "human_tool", "{}")) == mismatch);
  CHECK(Said(w.gate->Authorize({.token = token, .tool = "human_tool", .approval_id = id})) == mismatch);
  CHECK(Said(w.Again(token, id, "read_file")) == mismatch);
  CHECK(Said(w.Again(token, id, "human_tool", R"({"amount":12.50})", "elsewhere")) == mismatch);
  const Result<json::Value> args = json::Parse(R"({"amount":12.50})");
  CHECK(Said(w.gate->Authorize({.token = token, .tool = "human_tool", .arguments = &*args, .method = "prompts/get", .approval_id = id})) == mismatch);
  CHECK(Said(w.Again(w.Token(), id)) == mismatch);   // another root of the same agent
  MintRequest acme;
  acme.tenant = "acme";
  CHECK(Said(w.Again(w.Token({}, acme), id)) == mismatch);
  const Decision unknown = w.Again(token, "0190b7c2-0000-7000-8000-000000000000");
  CHECK(Said(unknown) == mismatch);
  CHECK(unknown.approval_id.empty());
  CHECK(unknown.reason == w.Again(w.Token(), id).reason);   // no telling an id that exists from one that does not
  CHECK(Said(w.Again(token, std::string(10'000, 'x'))) == mismatch);
  const json::Value event = w.LastEvent();
  CHECK(Text(*event.Find("details"), "approval_named") == std::string(kMaxApprovalIdBytes, 'x'));
  CHECK(event.Find("pending_id") == nullptr);
  // None of that has used it up; member order does not matter, and a child of the root may come with it.
  const Decision d = w.Again(w.Child(token, {Caveat::MaxCalls(5)}), id);
  CHECK(d.allowed());
}

TEST_CASE("a rejection and an expiry are refusals that say nothing of the person") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string rejected = w.Escalate(token);
  REQUIRE(w.Answer(rejected, ApprovalAnswer::kReject).ok());
  CHECK(Text(w.LastEvent(), "tool") == "admin/reject");
  CHECK(Text(w.LastEvent(), "decision") == "block");
  Decision d = w.Again(token, rejected);
  CHECK(Said(d) == "block policy policy.approval_rejected");
  CHECK_FALSE(Leaks(d));
  CHECK(d.approval_id.empty());
  CHECK(Text(w.LastEvent(), "decided_by") == "ann");

  const std::string pending = w.Escalate(token);
  CHECK(pending != rejected);
  w.Seconds(900);
  d = w.Again(token, pending);
  CHECK(Said(d) == "block policy policy.approval_expired");
  const std::string approved = w.Approved(token);
  w.Seconds(899);
  CHECK(w.gate->GetApproval("", approved)->state == ApprovalState::kApproved);
  w.Seconds(1);
  CHECK(Said(w.Again(token, approved)) == "block policy policy.approval_expired");
  CHECK(w.gate->GetApproval("", approved)->state == ApprovalState::kExpired);
}

TEST_CASE("what has expired is recorded, once") {
  Asked w;
  w.Open();
  const std::string id = w.Escalate(w.Token());
  w.Seconds(1'000);
  std::vector<std::string> expired;
  while (expired.empty()) {
    std::this_thread::yield();
    for (const json::Value& event : w.Events()) {
      if (Text(event, "tool") == "admin/expire") expired.push_back(Text(event, "pending_id") + " " + Text(event, "actor") + " " + Text(event, "code"));
    }
  }
  CHECK(expired == std::vector<std::string>{id + " intentgate policy.approval_expired"});
}

TEST_CASE("an equal call finds the approval that is there; other calls are limited") {
  Asked w;
  w.settings.approval_max_pending_per_token = 2;
  w.settings.approval_max_pending_per_tenant = 3;
  w.Open();
  const std::string token = w.Token(), second = w.Token(), third = w.Token();
  const std::string id = w.Escalate(token);
  CHECK(w.Escalate(token) == id);
  CHECK(Text(*w.LastEvent().Find("details"), "approval") == "pending");
  CHECK(w.Escalate(w.Child(token, {Caveat::MaxCalls(5)})) == id);
  CHECK(w.Again(token, "", "human_tool", "{}").verdict == Verdict::kEscalate);
  CHECK(Said(w.Again(token, "", "human_tool", R"({"n":1})")) == "block policy policy.approval_limit");
  CHECK(w.Again(second, "", "human_tool", R"({"n":1})").verdict == Verdict::kEscalate);
  CHECK(Said(w.Again(third, "")) == "block policy policy.approval_limit");
  CHECK(w.gate->ListApprovals({}, "", 10)->approvals.size() == 3);
  // Approved and not yet used: who asks without it is told the same one.
  REQUIRE(w.Answer(id, ApprovalAnswer::kApprove).ok());
  CHECK(w.Escalate(token) == id);
  CHECK(w.Again(token, id).allowed());
}

TEST_CASE("arguments too large to be shown to a person are refused") {
  Asked w;
  w.settings.approval_max_argument_bytes = 64;
  w.Open();
  CHECK(Said(w.Again(w.Token(), "", "human_tool", R"({"x":")" + std::string(100, 'y') + "\"}")) == "block policy policy.approval_limit");
}

TEST_CASE("everything is asked again when an approval is used") {
  Asked w;
  w.Open();
  SUBCASE("the policy's block is a block, and the approval stays") {
    const std::string token = w.Token();
    const std::string id = w.Approved(token);
    w.Use("decision := {\"allow\": false, \"reason\": \"closed\"}");
    CHECK(w.Again(token, id).reason == "closed");
    w.Use("decision := {\"allow\": false, \"escalate\": true}");
    CHECK(w.Again(token, id).allowed());
  }
  SUBCASE("the policy sees that a person has approved") {
    const std::string token = w.Token();
    const std::string id = w.Approved(token);
    w.Use("default decision := {\"allow\": false, \"escalate\": true}\n"
          "decision := {\"allow\": false, \"reason\": \"seen\"} if input.approved");
    CHECK(w.Again(token, id).reason == "seen");
    CHECK(w.Again(token, "").verdict == Verdict::kEscalate);
    const std::string pending = w.Again(token, "", "human_tool", "{}").approval_id;
    CHECK(w.Again(token, pending, "human_tool", "{}").verdict == Verdict::kEscalate);
  }
  SUBCASE("the budget") {
    const std::string token = w.Token({Caveat::MaxCalls(1)});
    const std::string id = w.Approved(token);
    CHECK(w.Ask(token).allowed());
    CHECK(Said(w.Again(token, id)) == "block budget budget.exhausted");
    CHECK(w.gate->GetApproval("", id)->state == ApprovalState::kApproved);
  }
  SUBCASE("the token") {
    const std::string token = w.Token();
    const std::string id = w.Approved(token);
    REQUIRE(w.gate->Revoke({.tenant = {}, .id = Decode(token)->jti, .reason = {}, .actor = {}}, kAnn).ok());
    CHECK(Said(w.Again(token, id)) == "block capability capability.token_revoked");
    CHECK(w.gate->GetApproval("", id)->state == ApprovalState::kApproved);
  }
}

TEST_CASE("of calls that race with one approval, one goes and is charged") {
  Asked w;
  w.Open();
  const std::string token = w.Token({Caveat::MaxCalls(2)});
  const std::string id = w.Approved(token);
  std::atomic<int> allowed{0}, used{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Decision d = w.Again(token, id);
      if (d.allowed()) ++allowed;
      // The loser may also meet the winner's charge and its own wish for one at the same time.
      else if (d.code == Reason::kApprovalUsed || d.code == Reason::kBudgetExhausted) ++used;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(allowed == 1);
  CHECK(used == 7);
  CHECK(w.Ask(token).allowed());   // of two calls one is left
  CHECK_FALSE(w.Ask(token).allowed());
}

TEST_CASE("a second gateway's use between look and use is found out, and costs the loser nothing") {
  Asked w;
  w.Open();
  const std::string token = w.Token({Caveat::MaxCalls(2)});
  const std::string id = w.Approved(token);
  Decision winner;
  w.approvals->before_replace = [&] { winner = w.Again(token, id); };
  const Decision d = w.Again(token, id);
  CHECK(winner.allowed());
  CHECK(Said(d) == "block policy policy.approval_used");
  CHECK(w.Ask(token).allowed());
  CHECK_FALSE(w.Ask(token).allowed());
}

TEST_CASE("an approval is its tenant's even where nothing else differs") {
  const GateSettings settings;
  const auto store = std::make_shared<FaultyApprovals>();
  ApprovalDesk desk(settings, store, SystemClock(), SystemRandom());
  Judged acme, other;
  acme.tenant = "acme";
  other.tenant = "other";
  acme.refused = Refused{Check::kPolicy, Reason::kPolicyEscalated, "ask", Verdict::kEscalate};
  Call call{.tool = "pay"};
  desk.Settle(call, acme);
  REQUIRE(acme.approval != nullptr);
  call.approval_id = acme.approval->row.id;
  Judged again;
  again.tenant = "acme";
  CHECK_FALSE(desk.Look(call, again).has_value());
  const std::optional<Refused> refused = desk.Look(call, other);
  REQUIRE(refused.has_value());
  CHECK(refused->code == Reason::kApprovalMismatch);
}

TEST_CASE("later rounds of a call share the approval that its first one has used") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string id = w.Approved(token);
  const Result<json::Value> args = json::Parse(R"({"amount":12.50})");
  const Call round{.token = token, .tool = "human_tool", .arguments = &*args, .continues = true, .approval_id = id};
  CHECK(w.Again(token, id).allowed());
  CHECK(w.gate->Authorize(round).allowed());
  CHECK(Said(w.Again(token, id)) == "block policy policy.approval_used");
  Call other = round;
  other.tool = "read_file";
  CHECK(Said(w.gate->Authorize(other)) == "block policy policy.approval_mismatch");
}

TEST_CASE("of two people who answer, the first counts") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string id = w.Escalate(token);
  REQUIRE(w.Answer(id, ApprovalAnswer::kReject).ok());
  const Result<Approval> late = w.Answer(id, ApprovalAnswer::kApprove);
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == ErrorCode::kConflict);
  CHECK(late.error().message == "the approval is rejected, no longer pending");
  const std::string raced = w.Escalate(token);
  w.approvals->before_replace = [&] { REQUIRE(w.Answer(raced, ApprovalAnswer::kReject).ok()); };
  CHECK(w.Answer(raced, ApprovalAnswer::kApprove).error().code == ErrorCode::kConflict);
  CHECK(w.gate->GetApproval("", raced)->state == ApprovalState::kRejected);
  CHECK(w.Answer("nobody", ApprovalAnswer::kApprove).error().code == ErrorCode::kNotFound);
  CHECK(w.Answer(w.Escalate(token), ApprovalAnswer::kApprove, "acme").error().code == ErrorCode::kNotFound);
  CHECK(w.gate->DecideApproval({.id = w.Escalate(token), .answer = ApprovalAnswer::kApprove}, {}).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("an answer that cannot be recorded is none, and a call that cannot be recorded uses nothing up") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string id = w.Escalate(token);
  w.store->audit_fails = true;
  CHECK(w.Answer(id, ApprovalAnswer::kApprove).error().code == ErrorCode::kUnavailable);
  CHECK(w.gate->GetApproval("", id)->state == ApprovalState::kPending);
  w.store->audit_fails = false;
  CHECK(w.Again(token, id).code != Reason::kAllowed);   // proves the log well again
  CHECK(w.Again(token, id).verdict == Verdict::kEscalate);
  REQUIRE(w.Answer(id, ApprovalAnswer::kApprove).ok());
  w.store->audit_fails = true;
  CHECK_FALSE(w.Ask(token).allowed());   // from here the log is known to be unwell
  CHECK(Said(w.Again(token, id)) == "block  gate.audit_unavailable");
  w.store->audit_fails = false;
  CHECK_FALSE(w.Ask(token, "blocked_tool").allowed());
  CHECK(w.Again(token, id).allowed());
}

TEST_CASE("when the store of approvals is down, escalated and approved calls are refused") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  const std::string id = w.Approved(token);
  w.approvals->fails = true;
  CHECK(Said(w.Again(token, "")) == "block policy policy.approval_unavailable");
  CHECK(Said(w.Again(token, id)) == "block policy policy.approval_unavailable");
  CHECK(w.Ask(token).allowed());
  w.approvals->fails = false;
  w.approvals->before_replace = [&] { w.approvals->fails = true; };
  CHECK(Said(w.Again(token, id)) == "block policy policy.approval_unavailable");
  w.approvals->fails = false;
  CHECK(w.Again(token, id).allowed());
}

TEST_CASE("without approvals an escalated call is refused as before, and an id is worth nothing") {
  Asked w;
  w.settings.approvals = false;
  w.Open();
  const std::string token = w.Token();
  const Decision d = w.Again(token, "");
  CHECK(Said(d) == "escalate policy policy.escalated");
  CHECK(d.approval_id.empty());
  CHECK(Said(w.Again(token, "0190b7c2-0000-7000-8000-000000000000")) == "block policy policy.approval_mismatch");
  CHECK(w.gate->ListApprovals({}, "", 10).error().code == ErrorCode::kUnavailable);
  CHECK(w.gate->GetApproval("", "x").error().code == ErrorCode::kUnavailable);
  CHECK(w.Answer("x", ApprovalAnswer::kApprove).error().code == ErrorCode::kUnavailable);
  bool told = false;
  CHECK(w.gate->WaitApproval("", "x", [&](const Result<Approval>& r) { told = !r.ok(); }) == 0);
  CHECK(told);
}

TEST_CASE("lists go back in time page by page") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(w.Again(token, "", "human_tool", "{\"n\":" + std::to_string(i) + "}").approval_id);
    w.Seconds(1);
  }
  const Result<ApprovalPage> first = w.gate->ListApprovals({}, "", 2);
  REQUIRE(first->approvals.size() == 2);
  CHECK(first->approvals[0].id == ids[2]);
  const Result<ApprovalPage> second = w.gate->ListApprovals({}, first->next, 2);
  REQUIRE(second->approvals.size() == 1);
  CHECK(second->approvals[0].id == ids[0]);
  CHECK(second->next.empty());
  CHECK(w.gate->ListApprovals({}, "", 0).error().code == ErrorCode::kInvalidArgument);
  CHECK(w.gate->ListApprovals({}, "", kMaxApprovalPage + 1).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("asynchronous calls and waits come together") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> said;
  const auto tell = [&](std::string what) {
    const std::lock_guard lock(mutex);
    said.push_back(std::move(what));
    changed.notify_all();
  };
  const auto heard = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return said.size() >= count; });
    return said.back();
  };
  std::string id;
  w.gate->AuthorizeAsync({.token = token, .tool = "human_tool"}, [&](const Decision& d) {
    id = d.approval_id;
    tell(Said(d));
  });
  CHECK(heard(1) == "escalate policy policy.escalated");
  CHECK(w.gate->WaitApproval("default", id, [&](const Result<Approval>& r) { tell(std::string(ApprovalStateName(r->state))); }) != 0);
  REQUIRE(w.Answer(id, ApprovalAnswer::kApprove).ok());
  CHECK(heard(2) == "approved");
  for (const char* expected : {"allow  allowed", "block policy policy.approval_used"}) {
    const std::size_t next = said.size() + 1;
    w.gate->AuthorizeAsync({.token = token, .tool = "human_tool", .approval_id = id}, [&](const Decision& d) { tell(Said(d)); });
    CHECK(heard(next) == expected);
  }
}

TEST_CASE("Explain shows what an approval changes and uses nothing up") {
  Asked w;
  w.Open();
  const std::string token = w.Token();
  CHECK(w.gate->Explain({.token = token, .tool = "human_tool"}).verdict == Verdict::kEscalate);
  CHECK(w.gate->ListApprovals({}, "", 10)->approvals.empty());
  const std::string id = w.Approved(token);
  const Result<json::Value> args = json::Parse(R"({"amount":12.50})");
  for (int i = 0; i < 2; ++i) {
    CHECK(w.gate->Explain({.token = token, .tool = "human_tool", .arguments = &*args, .approval_id = id}).allowed());
  }
  CHECK(w.Again(token, id).allowed());
}

}  // namespace intentgate::gate
