#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include <intentgate/policy.h>

namespace intentgate::policy {
namespace {

CompileOutcome CompileText(std::string text, const PolicyOptions& options = {}) {
  const rego::SourceFile file{"policy.rego", std::move(text)};
  return Policy::Compile({&file, 1}, json::Value(), options);
}

std::shared_ptr<const Policy> MustCompile(std::string text, const PolicyOptions& options = {}) {
  CompileOutcome outcome = CompileText(std::move(text), options);
  REQUIRE_MESSAGE(outcome.ok(), (outcome.diagnostics.empty() ? "" : outcome.diagnostics[0].ToString()));
  return outcome.policy;
}

// A policy whose decision is the given Rego term.
PolicyVerdict DecideWith(const std::string& term) {
  PolicyInput input;
  input.tool = "t";
  return MustCompile("package intentgate.policy\n\ndecision := " + term + "\n")->Decide(input);
}

std::string Written(const PolicyInput& input) { return json::Write(InputDocument(input)); }

}  // namespace

TEST_CASE("allow, block and escalate are read from the decision, and escalate beats allow") {
  CHECK(DecideWith(R"({"allow": true, "reason": "fine"})").effect == Effect::kAllow);
  CHECK(DecideWith(R"({"allow": true, "reason": "fine"})").reason == "fine");
  CHECK(DecideWith(R"({"allow": false})").effect == Effect::kBlock);
  CHECK(DecideWith(R"({"allow": false})").failure == Failure::kNone);
  CHECK(DecideWith(R"({"allow": true, "escalate": true})").effect == Effect::kEscalate);
  CHECK(DecideWith(R"({"allow": false, "escalate": true})").effect == Effect::kEscalate);
  CHECK(DecideWith(R"({"allow": true, "escalate": false})").effect == Effect::kAllow);
  CHECK(DecideWith(R"({"allow": true, "requires_step_up": true})").requires_step_up);
  CHECK_FALSE(DecideWith(R"({"allow": true})").requires_step_up);
  CHECK(DecideWith(R"({"allow": true, "something": {"else": 1}})").effect == Effect::kAllow);
}

TEST_CASE("a decision without a reason gets one") {
  CHECK(DecideWith(R"({"allow": true})").reason == "allowed by policy");
  CHECK(DecideWith(R"({"allow": false, "reason": ""})").reason == "blocked by policy");
  CHECK(DecideWith(R"({"allow": false, "escalate": true})").reason == "the policy wants a person to decide");
}

TEST_CASE("a reason is valid UTF-8, whatever bytes the policy decodes") {
  CHECK(DecideWith(R"({"allow": false, "reason": hex.decode("61ff62")})").reason == "a\xef\xbf\xbd" "b");
}

TEST_CASE("what is no decision blocks and says why") {
  const struct {
    const char* term;
    const char* detail;
  } rows[] = {
      {"true", "must be an object but is boolean"},
      {"\"allow\"", "must be an object but is string"},
      {"[{\"allow\": true}]", "must be an object but is array"},
      {"{\"allow\"}", "must be an object but is array"},
      {"null", "must be an object but is null"},
      {"{}", "has no member \"allow\""},
      {R"({"Allow": true})", "has no member \"allow\""},
      {R"({"allow": "true"})", "has a member \"allow\" that must be a boolean but is string"},
      {R"({"allow": 1})", "has a member \"allow\" that must be a boolean but is number"},
      {R"({"allow": null})", "has a member \"allow\" that must be a boolean but is null"},
      {R"({"allow": true, "escalate": "yes"})", "has a member \"escalate\" that must be a boolean but is string"},
      {R"({"allow": true, "escalate": null})", "has a member \"escalate\" that must be a boolean but is null"},
      {R"({"allow": true, "requires_step_up": 1})", "has a member \"requires_step_up\" that must be a boolean but is number"},
      {R"({"allow": true, "reason": 5})", "has a member \"reason\" that must be a string but is number"},
  };
  for (const auto& row : rows) {
    INFO(row.term);
    const PolicyVerdict verdict = DecideWith(row.term);
    CHECK(verdict.effect == Effect::kBlock);
    CHECK(verdict.failure == Failure::kBadDecision);
    CHECK(verdict.reason == "the policy's decision is not understood");
    CHECK(verdict.detail == "data.intentgate.policy.decision " + std::string(row.detail));
  }
}

TEST_CASE("an undefined decision blocks") {
  const auto policy = MustCompile("package intentgate.policy\n\ndecision := {\"allow\": true} if input.tool == \"known\"\n");
  PolicyInput input;
  input.tool = "unknown";
  const PolicyVerdict verdict = policy->Decide(input);
  CHECK(verdict.effect == Effect::kBlock);
  CHECK(verdict.failure == Failure::kUndefined);
  CHECK(verdict.reason == "no decision of the policy applies to this call");
  input.tool = "known";
  CHECK(policy->Decide(input).effect == Effect::kAllow);
}

TEST_CASE("rules that contradict each other block, also when one of them allows") {
  const auto policy = MustCompile(R"(package intentgate.policy
decision := {"allow": true} if input.tool == "t"
decision := {"allow": false} if startswith(input.tool, "t")
)");
  PolicyInput input;
  input.tool = "t";
  const PolicyVerdict verdict = policy->Decide(input);
  CHECK(verdict.effect == Effect::kBlock);
  CHECK(verdict.failure == Failure::kConflict);
  CHECK(verdict.reason == "the policy's rules contradict each other");
  CHECK(verdict.detail.find("eval_conflict_error") != std::string::npos);
}

TEST_CASE("a policy that takes too many steps or too much memory blocks, and cannot catch it") {
  const std::string bomb = R"(package intentgate.policy
default decision := {"allow": true, "reason": "the default"}
decision := {"allow": false} if count(numbers.range(1, 100000000)) == 3
decision := {"allow": true} if not big
big if count([1 | some x in numbers.range(1, 3000); some y in numbers.range(1, 3000); x + y == 0]) > 0
)";
  PolicyInput input;
  input.tool = "t";
  PolicyVerdict verdict = MustCompile(bomb)->Decide(input);
  CHECK(verdict.effect == Effect::kBlock);
  CHECK(verdict.failure == Failure::kLimit);
  CHECK(verdict.reason == "the policy took more than an evaluation may");
  PolicyOptions options;
  options.limits.max_memory_bytes = 1 << 20;
  const std::string text_bomb = R"(package intentgate.policy
decision := {"allow": true} if count(replace(sprintf("%100000d", [1]), " ", sprintf("%1000d", [1]))) > 0
)";
  verdict = MustCompile(text_bomb, options)->Decide(input);
  CHECK(verdict.effect == Effect::kBlock);
  CHECK(verdict.failure == Failure::kLimit);
}

TEST_CASE("a builtin that fails makes its rule undefined and nothing else") {
  const auto policy = MustCompile(R"(package intentgate.policy
default decision := {"allow": false, "reason": "fallback"}
decision := {"allow": true} if to_number(input.args.n) > 0
)");
  const json::Value args = json::MakeObject({{"n", "not a number"}});
  PolicyInput input;
  input.tool = "t";
  input.args = &args;
  const PolicyVerdict verdict = policy->Decide(input);
  CHECK(verdict.effect == Effect::kBlock);
  CHECK(verdict.reason == "fallback");
  CHECK(verdict.failure == Failure::kNone);
}

TEST_CASE("sources that do not compile come back with all findings and their places") {
  const CompileOutcome outcome = CompileText("package intentgate.policy\n\ndecision := {\"allow\": x}\nother := {\"allow\": y}\n");
  REQUIRE_FALSE(outcome.ok());
  REQUIRE(outcome.diagnostics.size() == 2);
  CHECK(outcome.diagnostics[0].code == "rego_unsafe_var_error");
  CHECK(outcome.diagnostics[0].file == "policy.rego");
  CHECK(outcome.diagnostics[0].line == 3);
  CHECK(outcome.diagnostics[1].line == 4);
}

TEST_CASE("sources without the decision rule do not compile, because they would block every call") {
  for (const char* text : {"package other\n\ndecision := {\"allow\": true}\n", "package intentgate.policy\n\nallow := true\n",
                           "package intentgate.policy\n\ndecisions := {\"allow\": true}\n"}) {
    INFO(text);
    const CompileOutcome outcome = CompileText(text);
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.diagnostics[0].message == "the policy has no rule data.intentgate.policy.decision and would block every call");
  }
}

TEST_CASE("a decision may be put together from rules for its members") {
  const auto policy = MustCompile(R"(package intentgate.policy
decision.allow := input.tool == "t"
decision.reason := "by parts"
)");
  PolicyInput input;
  input.tool = "t";
  CHECK(policy->Decide(input).effect == Effect::kAllow);
  CHECK(policy->Decide(input).reason == "by parts");
}

TEST_CASE("network builtins are not granted") {
  const CompileOutcome outcome = CompileText(
      "package intentgate.policy\n\ndecision := {\"allow\": http.send({\"method\": \"get\", \"url\": \"http://h\"}).status_code == 200}\n");
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.diagnostics[0].message.find("http.send") != std::string::npos);
}

TEST_CASE("v1 and v0 sources both compile, and so does v0 with import rego.v1") {
  const auto v1 = MustCompile("package intentgate.policy\n\ndecision := {\"allow\": true} if input.tool == \"t\"\n");
  CHECK(v1->language_version() == rego::LanguageVersion::kV1);
  const auto v0 = MustCompile("package intentgate.policy\n\ndecision = {\"allow\": true} { input.tool == \"t\" }\n");
  CHECK(v0->language_version() == rego::LanguageVersion::kV0);
  const auto both = MustCompile("package intentgate.policy\n\nimport rego.v1\n\ndecision := {\"allow\": true} if input.tool == \"t\"\n");
  CHECK(both->language_version() == rego::LanguageVersion::kV1);
  PolicyInput input;
  input.tool = "t";
  for (const auto& policy : {v1, v0, both}) CHECK(policy->Decide(input).effect == Effect::kAllow);
}

TEST_CASE("when neither reading compiles, the findings are those of the reading that got further") {
  const CompileOutcome v0 = CompileText("package intentgate.policy\n\ndecision = {\"allow\": x} { input.tool == \"t\" }\n");
  REQUIRE_FALSE(v0.ok());
  CHECK(v0.diagnostics[0].code == "rego_unsafe_var_error");
  const CompileOutcome neither = CompileText("package intentgate.policy\n\ndecision := {\n");
  REQUIRE_FALSE(neither.ok());
  CHECK(neither.diagnostics[0].code == "rego_parse_error");
}

TEST_CASE("the input document has the public names and leaves out what is empty") {
  PolicyInput input;
  CHECK(Written(input) == R"({"tool":""})");
  const json::Value args = *json::Parse(R"({"amount":1.10,"big":9007199254740993})");
  const std::vector<std::string> allowed = {"a", "b"};
  const std::vector<std::string> forbidden = {"c"};
  IntentInput intent{"pay", allowed, forbidden, 0.5};
  CapabilityInput capability{"agent", "issuer", "acme", "eu", 1'700'000'000, "j", "r"};
  input = {"transfer", &args, "agent", "s", "tools/call", &intent, &capability};
  input.server = "bank";
  CHECK(Written(input) ==
        R"({"tool":"transfer","args":{"amount":1.10,"big":9007199254740993},"agent_id":"agent","session_id":"s",)"
        R"("method":"tools/call","server":"bank","intent":{"summary":"pay","allowed_tools":["a","b"],"forbidden_tools":["c"],"confidence":0.5},)"
        R"("capability":{"subject":"agent","issuer":"issuer","tenant":"acme","zone":"eu","step_up_at":1700000000,"jti":"j","root_jti":"r"}})");
  const json::Value empty = json::Value(json::Object{});
  intent = {};
  capability = {};
  input = {"t", &empty, "", "", "", &intent, &capability};
  CHECK(Written(input) == R"({"tool":"t","intent":{"confidence":0},"capability":{}})");
}

TEST_CASE("numbers of the arguments are compared as they were sent, not as doubles") {
  const auto policy = MustCompile(R"(package intentgate.policy
decision := {"allow": input.args.n == 9007199254740993}
)");
  PolicyInput input;
  input.tool = "t";
  const json::Value exact = *json::Parse(R"({"n":9007199254740993})");
  const json::Value rounded = *json::Parse(R"({"n":9007199254740992})");
  input.args = &exact;
  CHECK(policy->Decide(input).effect == Effect::kAllow);
  input.args = &rounded;
  CHECK(policy->Decide(input).effect == Effect::kBlock);
}

TEST_CASE("a decision built of shared parts blocks with the limit as its reason") {
  std::string chains;
  for (const std::string name : {"a", "b"}) {
    std::string before = "1";
    for (int i = 0; i <= 7; ++i) {
      const std::string self = name + std::to_string(i);
      chains += self + " := [";
      for (int n = 0; n < 10; ++n) chains += before + ", ";
      chains += "]\n";
      before = self;
    }
  }
  PolicyInput input;
  input.tool = "t";
  for (const char* decision : {R"({"allow": true, "more": a7})", R"({"allow": a7 == b7})", R"({"allow": a7 != b7})",
                               R"({"allow": true, "reason": sprintf("%v", [a7])})", R"({"allow": count({a7, b7}) > 0})"}) {
    INFO(std::string(decision));
    const PolicyVerdict verdict = MustCompile("package intentgate.policy\n\n" + chains + "decision := " + decision + "\n")->Decide(input);
    CHECK(verdict.effect == Effect::kBlock);
    CHECK(verdict.failure == Failure::kLimit);
    CHECK(verdict.detail.find("eval_limit_error") != std::string::npos);
  }
}

TEST_CASE("a rule that blocks below a confidence sees a confidence of zero") {
  const auto policy = MustCompile(R"(package intentgate.policy
default decision := {"allow": true}
decision := {"allow": false, "reason": "unsure"} if input.intent.confidence < 0.3
)");
  IntentInput intent;
  PolicyInput input;
  input.tool = "t";
  input.intent = &intent;
  CHECK(policy->Decide(input).reason == "unsure");
}

TEST_CASE("time comes from the clock that the policy was given") {
  const auto clock = std::make_shared<ManualClock>(1'700'000'000'000'000);
  PolicyOptions options;
  options.clock = clock;
  const auto policy = MustCompile("package intentgate.policy\n\ndecision := {\"allow\": true, \"reason\": time.format(time.now_ns())}\n", options);
  PolicyInput input;
  input.tool = "t";
  CHECK(policy->Decide(input).reason == "2023-11-14T22:13:20Z");
}

TEST_CASE("the digest names the sources and the data") {
  const rego::SourceFile a{"a.rego", "package intentgate.policy\n\ndecision := {\"allow\": data.x}\n"};
  rego::SourceFile renamed = a;
  renamed.name = "b.rego";
  const json::Value data = json::MakeObject({{"x", true}});
  const std::string digest = Policy::Compile({&a, 1}, data).policy->Digest();
  CHECK(digest.size() == 64);
  CHECK(Policy::Compile({&a, 1}, data).policy->Digest() == digest);
  CHECK(Policy::Compile({&renamed, 1}, data).policy->Digest() != digest);
  CHECK(Policy::Compile({&a, 1}, json::MakeObject({{"x", false}})).policy->Digest() != digest);
}

TEST_CASE("one policy decides for many threads") {
  const auto policy = MustCompile(R"(package intentgate.policy
decision := {"allow": true, "reason": sprintf("%s %v", [input.tool, regex.match("^t[0-9]+$", input.tool)])}
)");
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      const std::string tool = "t" + std::to_string(t);
      PolicyInput input;
      input.tool = tool;
      for (int i = 0; i < 500; ++i) {
        if (policy->Decide(input).reason != tool + " true") ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

}  // namespace intentgate::policy
