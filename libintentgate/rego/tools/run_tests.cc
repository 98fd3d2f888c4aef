#include <algorithm>
#include <utility>

#include <re2/re2.h>

#include <intentgate/rego_observe.h>
#include <intentgate/rego_test.h>

namespace intentgate::rego {
namespace {

// The values of test_x[a][b], and the keys that its body came to.
std::vector<TestCase> CasesOf(const json::Value& values) {
  std::vector<TestCase> out;
  if (!values.is_object()) return out;
  for (const auto& [name, value] : values.object()) {
    TestCase one{name, true, CasesOf(value)};
    if (value.is_object()) {
      one.failed = std::any_of(one.cases.begin(), one.cases.end(), [](const TestCase& c) { return c.failed; });
    } else {
      one.failed = !(value.is_bool() && value.bool_value());
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::string NameOf(const json::Value& key) { return key.is_string() ? key.string_value() : json::Write(key); }

// A case that gave no value has failed, and so have those around it.
void AddReached(std::vector<TestCase>& cases, const json::Array& keys, std::size_t at) {
  const std::string name = NameOf(keys[at]);
  auto found = std::find_if(cases.begin(), cases.end(), [&](const TestCase& c) { return c.name == name; });
  if (found == cases.end()) {
    cases.push_back({name, true, {}});
    found = cases.end() - 1;
  }
  if (at + 1 < keys.size()) {
    AddReached(found->cases, keys, at + 1);
    found->failed = std::any_of(found->cases.begin(), found->cases.end(), [](const TestCase& c) { return c.failed; });
  }
}

void Sort(std::vector<TestCase>& cases) {
  std::sort(cases.begin(), cases.end(), [](const TestCase& a, const TestCase& b) { return a.name < b.name; });
  for (TestCase& one : cases) Sort(one.cases);
}

class Runner {
 public:
  Runner(const CompiledPolicy& policy, const TestOptions& options)
      : policy_(policy), options_(options), clock_(options.clock != nullptr ? options.clock : SystemClock()) {}

  TestResult Run(const TestRule& rule) {
    TestResult result;
    result.rule = rule;
    if (rule.skip) {
      result.outcome = TestOutcome::kSkip;
      return result;
    }
    ObserverList observers({&printed_, options_.eval.observer});
    EvalOptions eval = options_.eval;
    eval.observer = &observers;
    const std::int64_t start = clock_->MonotonicNanos();
    const EvalResult value = policy_.Eval(rule.reference, eval);
    result.duration_nanos = clock_->MonotonicNanos() - start;
    result.steps = value.steps;
    result.output = printed_.Take();
    result.error = value.error;
    if (!value.ok()) {
      result.outcome = TestOutcome::kError;
    } else if (!rule.cases_reference.empty()) {
      RunCases(result, value.value);
    } else {
      const bool passed = value.defined && value.value.is_bool() && value.value.bool_value();
      result.outcome = passed ? TestOutcome::kPass : TestOutcome::kFail;
    }
    return result;
  }

 private:
  void RunCases(TestResult& result, const json::Value& values) {
    result.cases = CasesOf(values);
    EvalOptions eval = options_.eval;
    eval.observer = nullptr;
    const EvalResult reached = policy_.Eval(result.rule.cases_reference, eval);
    if (!reached.ok()) {
      result.error = reached.error;
      result.outcome = TestOutcome::kError;
      return;
    }
    if (reached.defined) {
      for (const json::Value& keys : reached.value.array()) AddReached(result.cases, keys.array(), 0);
    }
    Sort(result.cases);
    const bool failed = std::any_of(result.cases.begin(), result.cases.end(), [](const TestCase& c) { return c.failed; });
    result.outcome = failed ? TestOutcome::kFail : TestOutcome::kPass;
  }

  const CompiledPolicy& policy_;
  const TestOptions& options_;
  std::shared_ptr<const Clock> clock_;
  PrintedText printed_;
};

}  // namespace

std::string_view TestOutcomeName(TestOutcome outcome) {
  switch (outcome) {
    case TestOutcome::kPass: return "PASS";
    case TestOutcome::kFail: return "FAIL";
    case TestOutcome::kError: return "ERROR";
    case TestOutcome::kSkip: break;
  }
  return "SKIPPED";
}

Result<std::vector<TestResult>> RunTests(const CompiledPolicy& policy, const TestOptions& options) {
  const RE2 wanted(options.run, RE2::Quiet);
  if (!wanted.ok()) return Error{ErrorCode::kInvalidArgument, "the tests to run: " + wanted.error()};
  std::vector<TestResult> results;
  Runner runner(policy, options);
  for (const TestRule& rule : policy.Tests()) {
    if (!RE2::PartialMatch(rule.package + "." + rule.name, wanted)) continue;
    results.push_back(runner.Run(rule));
    if (options.on_result && !options.on_result(results.back())) break;
  }
  return results;
}

}  // namespace intentgate::rego
