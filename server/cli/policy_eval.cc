// policy eval, policy check, policy deps. What is left by policy eval --partial is shown by policy_partial.cc.

#include <fmt/format.h>

#include <ostream>
#include <utility>

#include "cli/policy_common.h"
#include "cli/watch.h"

namespace intentgate::cli {
namespace {

constexpr std::size_t kShownProfileLines = 10;

json::Value ToJson(const rego::QueryAnswer& answer) {
  json::Array expressions;
  for (const json::Value& value : answer.expressions) expressions.push_back(json::MakeObject({{"value", value}}));
  json::Value out = json::MakeObject({{"expressions", json::Value(std::move(expressions))}});
  if (!answer.bindings.empty()) {
    json::Value bindings = json::Object{};
    for (const auto& [name, value] : answer.bindings) bindings.Set(name, value);
    out.Set("bindings", std::move(bindings));
  }
  return out;
}

void PrintAnswers(const rego::QueryResult& result, std::ostream& out) {
  if (result.answers.empty()) out << "undefined\n";
  for (const rego::QueryAnswer& answer : result.answers) {
    for (const auto& [name, value] : answer.bindings) out << name << " = " << json::Write(value) << "\n";
    if (!answer.bindings.empty()) continue;
    for (const json::Value& value : answer.expressions) out << json::Write(value) << "\n";
  }
}

void PrintProfile(const std::vector<rego::ProfileLine>& lines, std::ostream& out) {
  out << fmt::format("{:>10} {:>8} {:>8}  {}\n", "time", "evals", "redos", "place");
  for (std::size_t i = 0; i < lines.size() && i < kShownProfileLines; ++i) {
    const rego::ProfileLine& line = lines[i];
    out << fmt::format("{:>10} {:>8} {:>8}  {}:{}\n", ShowNanos(line.nanos), line.evals, line.redos, line.file, line.line);
  }
}

void PrintCoverage(const std::vector<rego::FileCoverage>& files, std::ostream& out) {
  for (const rego::FileCoverage& file : files) out << fmt::format("{:6.2f} %  {}\n", file.percent(), file.file);
  out << fmt::format("{:6.2f} %  overall\n", rego::OverallPercent(files));
}

// What was asked to be observed, and how it is shown.
class Observed {
 public:
  Observed(const PolicyEvalOptions& options, const PolicyFiles& files)
      : options_(options), trace_(files.sources),
        list_({&printed_, options.explain.empty() ? nullptr : &trace_, options.coverage ? &coverage_ : nullptr,
               options.profile ? &profile_ : nullptr}) {}

  rego::EvalObserver* observer() { return &list_; }
  void Stop() { profile_.Stop(); }

  void ShowBefore(const Streams& streams) {
    streams.err << printed_.Take();
    if (!options_.explain.empty()) streams.out << trace_.Text(TraceLevelOf(options_.explain), options_.query);
  }
  void ShowAfter(const rego::CompiledPolicy& policy, std::ostream& out) const {
    if (options_.coverage) PrintCoverage(coverage_.Report(policy), out);
    if (options_.profile) PrintProfile(profile_.Report(), out);
  }
  void Add(const rego::CompiledPolicy& policy, json::Value& document) {
    if (!options_.explain.empty()) document.Set("explanation", trace_.Text(TraceLevelOf(options_.explain), options_.query));
    if (options_.coverage) document.Set("coverage", CoverageJson(coverage_.Report(policy)));
    if (options_.profile) document.Set("profile", ProfileJson(profile_.Report()));
  }

 private:
  const PolicyEvalOptions& options_;
  rego::PrintedText printed_;
  rego::Trace trace_;
  rego::Coverage coverage_;
  rego::Profile profile_;
  rego::ObserverList list_;
};

// The query, where it is on standard input; the input's path, where --stdin-input says so.
Status ReadQuery(PolicyEvalOptions& options, const Streams& streams) {
  if (options.input_from_stdin) options.input = "-";
  if (!options.query_from_stdin) return {};
  Result<std::string> query = ReadInput("-", streams);
  if (!query.ok()) return query.error();
  options.query = *std::move(query);
  return {};
}

void ShowJson(const rego::QueryResult& result, Observed& observed, const rego::CompiledPolicy& policy, std::ostream& out) {
  json::Value document = json::Object{};
  json::Array answers;
  for (const rego::QueryAnswer& answer : result.answers) answers.push_back(ToJson(answer));
  if (!answers.empty()) document.Set("result", json::Value(std::move(answers)));
  if (result.error) {
    const rego::EvalError& e = *result.error;
    json::Value error = json::MakeObject({{"code", e.code}, {"message", e.message}, {"location", PlaceJson(e.file, e.line, e.column)}});
    document.Set("errors", json::Value(json::Array{std::move(error)}));
  }
  observed.Add(policy, document);
  out << json::Write(document) << "\n";
}

}  // namespace

int PolicyEval(const PolicyEvalOptions& given, const Streams& streams) {
  const Result<std::int64_t> timeout = ParseTimeout(given.timeout);
  if (!timeout.ok()) return Fail(streams, timeout.error());
  PolicyEvalOptions options = given;
  options.json = options.json || options.format == "json";
  const bool for_scripts = !options.json && !options.format.empty() && options.format != "pretty" && options.format != "source";
  if (options.format == "source" && !options.partial) {
    streams.err << "intentgate: --format source shows what partial evaluation leaves: give --partial as well\n";
    return kExitUsage;
  }
  if (for_scripts && options.partial) {
    streams.err << "intentgate: --format " << options.format << " shows answers, and --partial has none: pretty, json or source\n";
    return kExitUsage;
  }
  if (const Status read = ReadQuery(options, streams); !read.ok()) return ReportUnreadable(read.error(), streams, kExitFailed);
  const Result<PolicyFiles> files = ReadPolicyFiles(options.source, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams, kExitFailed);
  const Result<std::optional<json::Value>> input = ReadPolicyInput(options.input, streams);
  if (!input.ok()) return ReportUnreadable(input.error(), streams, kExitFailed);
  Result<rego::EngineOptions> engine = PolicyEngine(options.source, streams);
  if (!engine.ok()) return ReportUnreadable(engine.error(), streams, kExitFailed);
  engine->compile.print = true;
  const rego::CompileResult compiled = CompilePolicyFiles(*files, *engine);
  if (!compiled.ok()) return ReportDiagnostics(compiled.diagnostics, options.json, streams, kExitFailed);
  Observed observed(options, *files);
  rego::EvalOptions eval;
  eval.host = engine->host.get();
  eval.observer = observed.observer();
  eval.strict_builtin_errors = options.strict;
  eval.limits.max_steps = static_cast<std::uint64_t>(options.max_steps);
  eval.limits.max_memory_bytes = static_cast<std::size_t>(options.max_memory_mib) << 20;
  EvalWatch watch(*timeout);
  eval.cancel = watch.token();
  if (options.partial) return PolicyEvalPartial(options, *compiled.policy, input->has_value() ? &**input : nullptr, eval, streams);
  rego::QueryResult result = compiled.policy->Query(options.query, input->has_value() ? &**input : nullptr, eval);
  observed.Stop();
  SayCause(watch, result.error);
  if (!result.diagnostics.empty()) return ReportDiagnostics(result.diagnostics, options.json, streams, kExitFailed);
  if (options.json) {
    ShowJson(result, observed, *compiled.policy, streams.out);
  } else {
    observed.ShowBefore(streams);
    if (result.error) {
      streams.err << "intentgate: " << result.error->ToString() << "\n";
    } else if (for_scripts) {
      PrintAnswersAs(options.format, result, streams.out);
    } else {
      PrintAnswers(result, streams.out);
    }
    observed.ShowAfter(*compiled.policy, streams.out);
  }
  if (result.error) return kExitFailed;
  const bool defined = !result.answers.empty();
  return (options.fail && !defined) || (options.fail_defined && defined) ? kExitNo : kExitOk;
}

int PolicyCheck(const PolicyCheckOptions& options, const Streams& streams) {
  const Result<PolicyFiles> files = ReadPolicyFiles(options.source, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  const Result<rego::EngineOptions> engine = PolicyEngine(options.source, streams);
  if (!engine.ok()) return ReportUnreadable(engine.error(), streams);
  const rego::CompileResult compiled = CompilePolicyFiles(*files, *engine);
  if (!compiled.ok()) return ReportDiagnostics(compiled.diagnostics, options.json, streams, kExitPolicy);
  if (options.json) {
    streams.out << "{}\n";
  } else {
    const std::size_t packages = compiled.policy->Packages().size();
    streams.err << "good: " << compiled.policy->RuleNames().size() << " rules in " << packages << (packages == 1 ? " package\n" : " packages\n");
  }
  return kExitOk;
}

int PolicyDeps(const PolicyDepsOptions& options, const Streams& streams) {
  const Result<PolicyFiles> files = ReadPolicyFiles(options.source, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  const Result<rego::EngineOptions> engine = PolicyEngine(options.source, streams);
  if (!engine.ok()) return ReportUnreadable(engine.error(), streams);
  const rego::CompileResult compiled = CompilePolicyFiles(*files, *engine);
  if (!compiled.ok()) return ReportDiagnostics(compiled.diagnostics, options.json, streams, kExitPolicy);
  const Result<rego::Dependencies> found = compiled.policy->DependenciesOf(options.query);
  if (!found.ok()) return ReportUnreadable(found.error(), streams);
  if (options.json) {
    const auto list = [](const std::vector<std::string>& names) { return json::Value(json::Array(names.begin(), names.end())); };
    streams.out << json::Write(json::MakeObject({{"base", list(found->base)}, {"virtual", list(found->rules)}})) << "\n";
    return kExitOk;
  }
  streams.out << "base documents:\n";
  for (const std::string& name : found->base) streams.out << "  " << name << "\n";
  streams.out << "rules:\n";
  for (const std::string& name : found->rules) streams.out << "  " << name << "\n";
  return kExitOk;
}

}  // namespace intentgate::cli
