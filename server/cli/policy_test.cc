// policy test.

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <sstream>

#include <intentgate/rego_test.h>

#include "cli/policy_bench.h"
#include "cli/policy_common.h"
#include "cli/watch.h"

namespace intentgate::cli {
namespace {

using rego::TestCase;
using rego::TestOutcome;
using rego::TestResult;

const std::string kRule(80, '-');

struct Counts {
  std::size_t passed = 0, failed = 0, skipped = 0, errors = 0;
  std::size_t all() const { return passed + failed + skipped + errors; }
};

// Of a rule with cases, each case at a leaf counts.
void Count(const std::vector<TestCase>& cases, Counts& counts) {
  for (const TestCase& one : cases) {
    if (!one.cases.empty()) {
      Count(one.cases, counts);
    } else {
      ++(one.failed ? counts.failed : counts.passed);
    }
  }
}

void Count(const TestResult& result, Counts& counts) {
  switch (result.outcome) {
    case TestOutcome::kSkip: ++counts.skipped; return;
    case TestOutcome::kError: ++counts.errors; return;
    case TestOutcome::kPass:
    case TestOutcome::kFail: break;
  }
  if (!result.cases.empty()) return Count(result.cases, counts);
  ++(result.outcome == TestOutcome::kFail ? counts.failed : counts.passed);
}

std::string Headline(const TestResult& result) {
  std::string out = result.rule.package + "." + result.rule.name + ": " + std::string(rego::TestOutcomeName(result.outcome));
  if (result.outcome != TestOutcome::kSkip) out += " (" + ShowNanos(result.duration_nanos) + ")";
  return out;
}

std::string Indented(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += "  " + line + "\n";
  return out;
}

class Reporter {
 public:
  Reporter(const PolicyTestOptions& options, const rego::Trace& trace, std::ostream& out) : options_(options), trace_(trace), out_(out) {}

  void Report(const TestResult& result) {
    Count(result, counts_);
    if (result.outcome == TestOutcome::kFail && options_.verbose) {
      failures_ += Headline(result) + "\n\n" + Indented(trace_.Text(TraceLevelOf(options_.explain))) + "\n";
    }
    if (!options_.verbose && (result.outcome == TestOutcome::kPass)) return;
    if (!file_.empty() && file_ != result.rule.file) out_ << "\n";
    file_ = result.rule.file;
    out_ << result.rule.file << ":" << result.rule.line << ":\n" << Headline(result) << "\n";
    ShowCases(result.cases, 1);
    if (result.error) out_ << "  " << result.error->ToString() << "\n";
    if (!result.output.empty()) out_ << "\n" << Indented(result.output) << "\n";
    shown_ = true;
  }

  void Finish() const {
    if (!failures_.empty()) out_ << kRule << "\nFAILURES\n" << kRule << "\n" << failures_;
    if (shown_) out_ << kRule << "\n";
    const auto line = [&](const char* name, std::size_t count) {
      if (count > 0) out_ << name << ": " << count << "/" << counts_.all() << "\n";
    };
    line("PASS", counts_.passed);
    line("FAIL", counts_.failed);
    line("SKIPPED", counts_.skipped);
    line("ERROR", counts_.errors);
    if (counts_.all() == 0) out_ << "no tests\n";
  }
  void NoteShown() { shown_ = true; }
  const Counts& counts() const { return counts_; }

 private:
  void ShowCases(const std::vector<TestCase>& cases, std::size_t depth) {
    for (const TestCase& one : cases) {
      if (!one.failed && !options_.verbose) continue;
      out_ << std::string(depth * 2, ' ') << one.name << ": " << (one.failed ? "FAIL" : "PASS") << "\n";
      ShowCases(one.cases, depth + 1);
    }
  }

  const PolicyTestOptions& options_;
  const rego::Trace& trace_;
  std::ostream& out_;
  Counts counts_;
  std::string file_, failures_;
  bool shown_ = false;
};

json::Value CasesJson(const std::vector<TestCase>& cases) {
  json::Value out = json::Object{};
  for (const TestCase& one : cases) {
    json::Value entry = json::MakeObject({{"name", one.name}});
    if (one.failed) entry.Set("fail", true);
    if (!one.cases.empty()) entry.Set("sub_results", CasesJson(one.cases));
    out.Set(one.name, std::move(entry));
  }
  return out;
}

json::Value ToJson(const TestResult& result) {
  json::Value out = json::MakeObject({{"location", PlaceJson(result.rule.file, result.rule.line, result.rule.column)},
                                      {"package", result.rule.package},
                                      {"name", result.rule.name}});
  if (result.outcome == TestOutcome::kFail) out.Set("fail", true);
  if (result.outcome == TestOutcome::kSkip) out.Set("skip", true);
  if (result.error) out.Set("error", json::MakeObject({{"code", result.error->code}, {"message", result.error->message}}));
  out.Set("duration", result.duration_nanos);
  if (!result.output.empty()) out.Set("output", result.output);
  if (!result.cases.empty()) out.Set("sub_results", CasesJson(result.cases));
  return out;
}

class TestCommand {
 public:
  TestCommand(const PolicyTestOptions& options, const PolicyFiles& files, const rego::CompiledPolicy& policy, const rego::HostAccess* host,
              std::int64_t timeout, const Streams& streams)
      : options_(options), policy_(policy), host_(host), streams_(streams), watch_(timeout), trace_(files.sources), reporter_(options, trace_, streams.out) {}

  int Run() {
    rego::ObserverList observers({options_.coverage ? &coverage_ : nullptr, options_.verbose ? &trace_ : nullptr});
    rego::TestOptions run;
    run.run = options_.run;
    run.eval.limits.max_steps = static_cast<std::uint64_t>(options_.max_steps);
    run.eval.host = host_;
    run.eval.cancel = watch_.token();
    run.eval.observer = options_.coverage || options_.verbose ? &observers : nullptr;
    run.on_result = [this](const TestResult& result) { return Take(result); };
    for (std::int64_t i = 0; i < options_.count && !Interrupted(); ++i) {
      const auto results = rego::RunTests(policy_, run);
      if (!results.ok()) return Fail(streams_, results.error());
    }
    return Finish();
  }

 private:
  bool Interrupted() const { return watch_.cause() == EvalWatch::Cause::kInterrupt; }

  bool Take(const TestResult& taken) {
    TestResult result = taken;
    SayCause(watch_, result.error);
    if (options_.json) {
      Count(result, counts_);
      results_.push_back(ToJson(result));
    } else if (!options_.coverage) {
      reporter_.Report(result);
    } else {
      Count(result, counts_);
      if (result.outcome == TestOutcome::kFail || result.outcome == TestOutcome::kError) streams_.err << Headline(result) << "\n";
    }
    if (options_.bench && result.outcome == TestOutcome::kPass) Measure(result);
    trace_.Clear();
    watch_.Restart();
    return !Interrupted();
  }

  void Measure(const TestResult& result) {
    const std::string name = result.rule.package + "." + result.rule.name;
    const Measured measured = MeasureQuery(policy_, result.rule.reference, nullptr, kTestMeasureNanos, static_cast<std::uint64_t>(options_.max_steps), host_, watch_);
    if (options_.json) {
      results_.back().Set("bench", MeasuredJson(measured));
    } else {
      streams_.out << fmt::format("{}\t{:8} {:12} ns/op {:8} steps/op {:8} B/op\n", name, measured.samples, measured.median, measured.steps,
                                  measured.memory_bytes);
      reporter_.NoteShown();
    }
  }

  int Finish() {
    const Counts counts = options_.json || options_.coverage ? counts_ : reporter_.counts();
    double percent = 100;
    if (options_.coverage) {
      const std::vector<rego::FileCoverage> files = coverage_.Report(policy_);
      percent = rego::OverallPercent(files);
      streams_.out << json::Write(CoverageJson(files)) << "\n";
    } else if (options_.json) {
      streams_.out << json::Write(json::Value(std::move(results_))) << "\n";
    } else {
      reporter_.Finish();
    }
    if (options_.coverage && percent < options_.threshold) {
      streams_.err << fmt::format("code coverage threshold not met: got {:.2f} instead of {:.2f}\n", percent, options_.threshold);
      return kExitFailed;
    }
    if (Interrupted()) streams_.err << "intentgate: interrupted; the rest was not run\n";
    if (Interrupted() || counts.failed > 0 || counts.errors > 0 || (options_.fail_on_empty && counts.all() == 0)) return kExitFailed;
    return counts.skipped > 0 && !options_.exit_zero_on_skipped ? kExitFailed : kExitOk;
  }

  const PolicyTestOptions& options_;
  const rego::CompiledPolicy& policy_;
  const rego::HostAccess* host_;
  const Streams& streams_;
  EvalWatch watch_;
  rego::Trace trace_;
  rego::Coverage coverage_;
  Reporter reporter_;
  Counts counts_;
  json::Array results_;
};

}  // namespace

int PolicyTest(const PolicyTestOptions& options, const Streams& streams) {
  const Result<std::int64_t> timeout = ParseTimeout(options.timeout);
  if (!timeout.ok()) return Fail(streams, timeout.error());
  const Result<PolicyFiles> files = ReadPolicyFiles(options.source, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  Result<rego::EngineOptions> engine = PolicyEngine(options.source, streams);
  if (!engine.ok()) return ReportUnreadable(engine.error(), streams);
  engine->compile.tests = engine->compile.print = true;
  const rego::CompileResult compiled = CompilePolicyFiles(*files, *engine);
  if (!compiled.ok()) return ReportDiagnostics(compiled.diagnostics, options.json, streams, kExitPolicy);
  return TestCommand(options, *files, *compiled.policy, engine->host.get(), *timeout, streams).Run();
}

}  // namespace intentgate::cli
