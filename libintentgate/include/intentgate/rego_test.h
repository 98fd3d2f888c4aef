// Tests that are written in Rego, run as `opa test` runs them.
//
//   rego::CompileOptions compile;
//   compile.tests = compile.print = true;
//   rego::CompileResult compiled = rego::CompiledPolicy::Compile(files, data, compile);
//   auto results = rego::RunTests(*compiled.policy, {.run = "authz"});
//
// A test is a rule whose name begins with test_. It passes if it is true. A rule test_x[case] passes if each case that
// its body comes to is true. todo_test_ rules are listed and not run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/rego.h>
#include <intentgate/result.h>

namespace intentgate::rego {

enum class TestOutcome : std::uint8_t { kPass, kFail, kError, kSkip };
// "PASS", "FAIL", "ERROR", "SKIPPED".
std::string_view TestOutcomeName(TestOutcome outcome);

// One case of a test_x[case] rule; with several keys, a tree.
struct TestCase {
  std::string name;
  bool failed = false;
  std::vector<TestCase> cases;  // by name; empty at a leaf
};

struct TestResult {
  TestRule rule;
  TestOutcome outcome = TestOutcome::kPass;
  std::optional<EvalError> error;  // with kError
  std::vector<TestCase> cases;     // by name
  std::string output;              // what print wrote
  std::int64_t duration_nanos = 0;
  std::uint64_t steps = 0;
};

struct TestOptions {
  // Only tests whose full name ("data.p_test.test_x") this regular expression (RE2) finds something in; empty: all.
  std::string run;
  EvalOptions eval;                    // of each test; its observer hears them all
  std::shared_ptr<const Clock> clock;  // for durations; the system's if null
  // Called after each test, on the calling thread; false: the rest is not run.
  std::function<bool(const TestResult&)> on_result;
};

// The results in the order of CompiledPolicy::Tests(). kInvalidArgument: `run` is no regular expression.
Result<std::vector<TestResult>> RunTests(const CompiledPolicy& policy, const TestOptions& options = {});

}  // namespace intentgate::rego
