// Tests written in Rego, and what observers hear.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <intentgate/rego_observe.h>
#include <intentgate/rego_test.h>

namespace intentgate::rego {
namespace {

using Lines = std::vector<std::uint32_t>;

constexpr const char* kPolicy = R"(package p
allow if input.x == 1
allow if {
  input.y > 3
  print("y is", input.y, input.zz)
}
unused if input.q
)";

constexpr const char* kTests = R"(package p_test
import data.p
test_allow if p.allow with input as {"x": 1}
test_deny if not p.allow with input as {"x": 2}
test_deny if p.allow with input as {"y": 5}
test_bad if p.allow with input as {"x": 3}
todo_test_later if false
test_value := "not a boolean"
test_conflict := x if { some x in [true, false] }
test_cases[note] if {
  some note, tc in {"one": 1, "two": 2}
  tc == 1
}
test_deep[a][b] if {
  some a in ["l", "m"]; some b in ["x", "y"]
  a != "m"
}
group.test_inside if true
test_helper(x) := x
)";

struct Compiled {
  std::vector<SourceFile> files;
  std::shared_ptr<const CompiledPolicy> policy;
};

Compiled CompileTests(std::vector<SourceFile> files) {
  CompileOptions options;
  options.tests = options.print = true;
  CompileResult compiled = CompiledPolicy::Compile(files, json::Value(), options);
  for (const Diagnostic& d : compiled.diagnostics) MESSAGE(d.ToString());
  REQUIRE(compiled.ok());
  return {std::move(files), compiled.policy};
}

Compiled Both() { return CompileTests({{"p.rego", kPolicy}, {"p_test.rego", kTests}}); }

const TestResult& Named(const std::vector<TestResult>& results, std::string_view name) {
  const auto found = std::find_if(results.begin(), results.end(), [&](const TestResult& r) { return r.rule.name == name; });
  REQUIRE(found != results.end());
  return *found;
}

json::Value Parsed(std::string_view text) { return *json::Parse(text); }

}  // namespace

TEST_CASE("each rule that is a test runs by itself and says how it ended") {
  const Compiled c = Both();
  const auto results = RunTests(*c.policy);
  REQUIRE(results.ok());
  CHECK(results->size() == 10);
  const auto outcome = [&](std::string_view name) { return Named(*results, name).outcome; };
  CHECK(outcome("test_allow") == TestOutcome::kPass);
  CHECK(outcome("test_deny") == TestOutcome::kPass);
  CHECK(outcome("test_deny#01") == TestOutcome::kPass);
  CHECK(outcome("test_bad") == TestOutcome::kFail);
  CHECK(outcome("test_value") == TestOutcome::kFail);
  CHECK(outcome("todo_test_later") == TestOutcome::kSkip);
  CHECK(outcome("group.test_inside") == TestOutcome::kPass);
  CHECK(outcome("test_conflict") == TestOutcome::kError);
  CHECK(Named(*results, "test_conflict").error->code == "eval_conflict_error");
  const TestRule& second = Named(*results, "test_deny#01").rule;
  CHECK(second.package == "data.p_test");
  CHECK(second.file == "p_test.rego");
  CHECK(second.line == 5);
  CHECK(Named(*results, "test_deny#01").output == "y is 5 <undefined>\n");
  CHECK(Named(*results, "test_allow").output.empty());
}

TEST_CASE("the keys of a test are cases, also those that the body gives up on") {
  const Compiled c = Both();
  const auto results = RunTests(*c.policy, {.run = "test_(cases|deep)"});
  REQUIRE(results.ok());
  REQUIRE(results->size() == 2);
  const TestResult& flat = Named(*results, "test_cases");
  CHECK(flat.outcome == TestOutcome::kFail);
  REQUIRE(flat.cases.size() == 2);
  CHECK(flat.cases[0].name == "one");
  CHECK_FALSE(flat.cases[0].failed);
  CHECK(flat.cases[1].name == "two");
  CHECK(flat.cases[1].failed);
  const TestResult& deep = Named(*results, "test_deep");
  REQUIRE(deep.cases.size() == 2);
  CHECK_FALSE(deep.cases[0].failed);
  CHECK(deep.cases[0].cases.size() == 2);
  CHECK(deep.cases[1].failed);
  REQUIRE(deep.cases[1].cases.size() == 2);
  CHECK(deep.cases[1].cases[1].name == "y");
}

TEST_CASE("which tests run is said by an expression; a callback may end the run") {
  const Compiled c = Both();
  CHECK(RunTests(*c.policy, {.run = "^data.p_test.test_allow$"})->size() == 1);
  CHECK(RunTests(*c.policy, {.run = "nothing"})->empty());
  const auto bad = RunTests(*c.policy, {.run = "("});
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().code == ErrorCode::kInvalidArgument);
  TestOptions options;
  options.on_result = [](const TestResult& r) { return r.rule.name != "test_deny"; };
  CHECK(RunTests(*c.policy, options)->size() == 2);
}

TEST_CASE("a test that does not end runs into its limit and the others go on") {
  const Compiled c = CompileTests({{"t.rego", "package t\ntest_long if { some i in numbers.range(1, 1000000); i < 0 }\ntest_ok if true\n"}});
  TestOptions options;
  options.eval.limits.max_steps = 1'000;
  const auto results = RunTests(*c.policy, options);
  REQUIRE(results->size() == 2);
  CHECK((*results)[0].outcome == TestOutcome::kError);
  CHECK((*results)[0].error->code == "eval_limit_error");
  CHECK((*results)[1].outcome == TestOutcome::kPass);
}

TEST_CASE("without the option tests are plain rules, and print is left out") {
  const std::vector<SourceFile> files = {{"p.rego", kPolicy}, {"p_test.rego", kTests}};
  const CompileResult compiled = CompiledPolicy::Compile(files);
  REQUIRE(compiled.ok());
  CHECK(compiled.policy->Tests().empty());
  PrintedText printed;
  EvalOptions options;
  options.observer = &printed;
  CHECK(compiled.policy->Eval("data.p.allow", Parsed(R"({"y": 5})"), options).defined);
  CHECK(printed.Take().empty());
}

TEST_CASE("print shows each combination of its arguments' values, and what is undefined") {
  const Compiled c = CompileTests({{"p.rego", "package p\na if { xs := {1, 2}; print(\"x\", xs[_], {\"k\": 1}, input.no) }\n"}});
  PrintedText printed;
  EvalOptions options;
  options.observer = &printed;
  CHECK(c.policy->Eval("data.p.a", options).defined);
  CHECK(printed.Take() == "x 1 {\"k\": 1} <undefined>\nx 2 {\"k\": 1} <undefined>\n");
  CHECK(printed.Take().empty());
}

TEST_CASE("coverage: a head is covered by an answer, an expression by being tried") {
  const Compiled c = CompileTests({{"p.rego", kPolicy}});
  Coverage coverage;
  EvalOptions options;
  options.observer = &coverage;
  c.policy->Eval("data.p.allow", Parsed(R"({"y": 1})"), options);
  const std::vector<FileCoverage> files = coverage.Report(*c.policy);
  REQUIRE(files.size() == 1);
  CHECK(files[0].file == "p.rego");
  CHECK(files[0].covered == Lines{2, 4});
  CHECK(files[0].not_covered == Lines{3, 5, 7});
  CHECK(files[0].percent() == doctest::Approx(40));
  c.policy->Eval("data.p.allow", Parsed(R"({"y": 5})"), options);
  CHECK(coverage.Report(*c.policy)[0].not_covered == Lines{7});
  CHECK(OverallPercent(coverage.Report(*c.policy)) == doctest::Approx(80));
}

TEST_CASE("a trace shows rules, expressions from the source, failures and notes") {
  const Compiled c = CompileTests({{"p.rego", "package p\nallow if {\n  some r in input.roles\n  trace(\"looking\")\n  r == \"admin\"\n}\n"}});
  Trace trace(c.files);
  EvalOptions options;
  options.observer = &trace;
  CHECK_FALSE(c.policy->Eval("data.p.allow", Parsed(R"({"roles": ["dev"]})"), options).defined);
  CHECK(trace.Text(TraceLevel::kFull) ==
        "p.rego:2 Enter allow if\n"
        "p.rego:3 | Eval some r in input.roles\n"
        "p.rego:4 | Eval trace(\"looking\")\n"
        "p.rego:4 | Note \"looking\"\n"
        "p.rego:5 | Eval r == \"admin\"\n"
        "p.rego:5 | Fail r == \"admin\"\n"
        "p.rego:3 | Redo some r in input.roles\n");
  CHECK(trace.Text(TraceLevel::kNotes) == "p.rego:2 Enter allow if\np.rego:4 | Note \"looking\"\n");
  CHECK(trace.Text(TraceLevel::kFails) == "p.rego:2 Enter allow if\np.rego:5 | Fail r == \"admin\"\n");
  trace.Clear();
  const json::Value nobody = Parsed("{}");
  CHECK(c.policy->Query("data.p.allow", &nobody, options).answers.empty());
  CHECK(trace.Text(TraceLevel::kFull, "data.p.allow") ==
        "query:1  Eval data.p.allow\n"
        "p.rego:2 Enter allow if\n"
        "p.rego:3 | Eval some r in input.roles\n"
        "p.rego:3 | Fail some r in input.roles\n"
        "query:1  Fail data.p.allow\n");
}

TEST_CASE("a profile gives each expression the time until the next event") {
  // Each reading of the clock is a microsecond later.
  class Ticking final : public Clock {
   public:
    std::int64_t UnixMicros() const override { return 0; }
    std::int64_t MonotonicNanos() const override { return now_ += 1'000; }

   private:
    mutable std::int64_t now_ = 0;
  };
  const Compiled c = CompileTests({{"p.rego", "package p\nallow if {\n  some x in [1, 2]\n  x > 1\n}\n"}});
  Profile profile(std::make_shared<Ticking>());
  EvalOptions options;
  options.observer = &profile;
  CHECK(c.policy->Eval("data.p.allow", options).defined);
  profile.Stop();
  const std::vector<ProfileLine> lines = profile.Report();
  REQUIRE(lines.size() == 2);
  const ProfileLine& loop = lines[lines[0].line == 3 ? 0 : 1];
  const ProfileLine& test = lines[lines[0].line == 3 ? 1 : 0];
  CHECK(loop.evals == 1);
  CHECK(loop.redos == 1);
  CHECK(test.evals == 2);
  CHECK(loop.nanos == 2'000);
  CHECK(test.nanos == 4'000);
}

TEST_CASE("dependencies: input and base documents, and the rules on the way") {
  const std::vector<SourceFile> files = {
      {"p.rego", "package p\nimport data.q\nallow if { q.role[input.user] == data.wanted.role; data.q.any[input.k[_]] }\nother if input.z\n"},
      {"q.rego", "package q\nrole[u] := r if { some u; r := data.roles[u] }\nany[x] := x if { some x in input.list }\n"}};
  const CompileResult compiled = CompiledPolicy::Compile(files);
  REQUIRE(compiled.ok());
  const auto found = compiled.policy->DependenciesOf("data.p.allow");
  REQUIRE(found.ok());
  CHECK(found->base == std::vector<std::string>{"data.roles", "data.wanted.role", "input.k", "input.list", "input.user"});
  CHECK(found->rules == std::vector<std::string>{"data.p.allow", "data.q.any", "data.q.role"});
  CHECK(compiled.policy->DependenciesOf("data.p")->rules.size() == 4);
  const auto bad = compiled.policy->DependenciesOf("data.p[");
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("data documents are read as JSON or YAML by the file's name") {
  CHECK(json::Write(*ParseData("a.json", R"({"x": 1.10})")) == R"({"x":1.10})");
  CHECK(json::Write(*ParseData("a.yaml", "x: [1, true]\ny: \"true\"\n")) == R"({"x":[1,true],"y":"true"})");
  CHECK(ParseData("a.json", "x: 1").error().code == ErrorCode::kMalformed);
  CHECK(ParseData("a.yml", "x: [").error().code == ErrorCode::kMalformed);
}

TEST_CASE("an error in a query is placed in the query") {
  const Compiled c = CompileTests({{"p.rego", "package p\nf(x) := x\n"}});
  const QueryResult unsafe = c.policy->Query("x > 1", nullptr);
  REQUIRE_FALSE(unsafe.diagnostics.empty());
  CHECK(unsafe.diagnostics[0].file == "query");
  CHECK(unsafe.diagnostics[0].source_line == "x > 1");
  EvalOptions strict;
  strict.strict_builtin_errors = true;
  const QueryResult failed = c.policy->Query("1 / 0", nullptr, strict);
  REQUIRE(failed.error);
  CHECK(failed.error->file == "query");
}

}  // namespace intentgate::rego
