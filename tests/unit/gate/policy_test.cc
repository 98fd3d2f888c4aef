#include "unit/gate/world.h"

namespace intentgate::gate {
namespace {

std::shared_ptr<const Policy> Compiled(const std::string& text, std::uint64_t max_steps = 1'000'000) {
  const rego::SourceFile file{"p.rego", text};
  policy::PolicyOptions options;
  options.limits.max_steps = max_steps;
  return Policy::Compile({&file, 1}, json::Value(), options).policy;
}

}  // namespace

TEST_CASE("the policy's word is the decision, with its reason") {
  World w;
  w.Open();
  const std::string token = w.Token();
  Decision d = w.Ask(token, "blocked_tool");
  CHECK(Said(d) == "block policy policy.blocked");
  CHECK(d.reason == "not for agents");
  d = w.Ask(token, "human_tool");
  CHECK(Said(d) == "escalate policy policy.escalated");
  CHECK(d.reason == "a human decides");
  CHECK(d.requires_step_up);
  CHECK_FALSE(d.allowed());
  CHECK(Text(w.LastEvent(), "decision") == "escalate");
  CHECK(w.Ask(token, "read_file").reason == "the test's policy allows it");
  CHECK(w.Ask(token, "whoami").reason == "bot s1");
}

TEST_CASE("without a policy every call is refused") {
  World w;
  w.policy = nullptr;
  w.Open();
  CHECK(Said(w.Ask(w.Token())) == "block policy policy.missing");
  CHECK_FALSE(w.gate->Health().ready);
}

TEST_CASE("a policy that fails or takes too long refuses, and the operator finds out why") {
  World w;
  w.policy = Compiled("package intentgate.policy\nimport rego.v1\ndecision := {\"allow\": true} if input.args.x == 1\n");
  w.Open();
  CHECK(Said(w.Ask(w.Token())) == "block policy policy.failed");
  w.policy = Compiled("package intentgate.policy\nimport rego.v1\ndecision := {\"allow\": count([x | some x in numbers.range(1, 100000)]) > 0}\n", 500);
  REQUIRE(w.policy != nullptr);
  w.Open();
  CHECK(Said(w.Ask(w.Token())) == "block policy policy.limit");
  CHECK_FALSE(Text(*w.LastEvent().Find("details"), "policy_error").empty());
}

TEST_CASE("a new policy holds for the next call and its change is in the chain with its digest") {
  World w;
  w.Open();
  const std::string token = w.Token();
  CHECK(w.Ask(token).allowed());
  const std::string before = Text(w.LastEvent(), "policy_sha256");
  CHECK(before == w.policy->Digest());
  const auto strict = Compiled("package intentgate.policy\nimport rego.v1\ndecision := {\"allow\": false, \"reason\": \"closed\"}\n");
  REQUIRE(w.gate->SetPolicy(strict, {.actor = "superadmin"}).ok());
  CHECK(Text(w.LastEvent(), "tool") == "admin/policy");
  CHECK(Text(w.LastEvent(), "policy_sha256") == strict->Digest());
  CHECK(w.Ask(token).reason == "closed");
  CHECK_FALSE(w.gate->SetPolicy(nullptr, {}).ok());
  w.store->audit_fails = true;
  CHECK_FALSE(w.gate->SetPolicy(TestPolicy(), {}).ok());
  w.store->audit_fails = false;
  CHECK_FALSE(w.Ask(token).allowed());
}

TEST_CASE("Explain tells every question and its answer, and leaves no trace") {
  World w;
  w.Open();
  const std::string token = w.Token();
  const Decision d = w.gate->Explain({.token = token, .tool = "blocked_tool"});
  CHECK(Said(d) == "block policy policy.blocked");
  CHECK(d.event_id.empty());
  REQUIRE(d.trace.size() == 3);
  CHECK(d.trace[0].passed);
  CHECK(d.trace[2].check == Check::kPolicy);
  CHECK_FALSE(d.trace[2].passed);
  CHECK(d.trace[2].detail == "not for agents");
  CHECK(w.gate->Explain({.token = token, .tool = "read_file"}).trace.size() == 4);
  CHECK(w.Events().empty());
}

}  // namespace intentgate::gate
