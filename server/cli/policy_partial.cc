// policy eval --partial.

#include <algorithm>
#include <ostream>
#include <utility>

#include <intentgate/rego_partial.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

void PrintPretty(const rego::PartialResult& left, std::ostream& out) {
  if (left.never()) out << "undefined\n";
  std::size_t number = 0;
  for (const std::string& query : left.queries) {
    out << "query " << ++number << ":\n";
    std::size_t start = 0;
    while (start < query.size()) {
      const std::size_t end = std::min(query.find('\n', start), query.size());
      out << "  " << query.substr(start, end - start) << "\n";
      start = end + 1;
    }
    if (query.empty()) out << "  always true\n";
  }
  for (const rego::SourceFile& module : left.support) out << module.name << ":\n" << module.text;
}

}  // namespace

int PolicyEvalPartial(const PolicyEvalOptions& options, const rego::CompiledPolicy& policy, const json::Value* input, const rego::EvalOptions& eval,
                      const Streams& streams) {
  rego::PartialOptions partial;
  partial.input = input;
  partial.eval = eval;
  if (!options.unknowns.empty()) partial.unknowns = options.unknowns;
  partial.disable_inlining = options.disable_inlining;
  partial.shallow_inlining = options.shallow_inlining;
  partial.nondeterministic_builtins = options.nondeterministic_builtins;
  const rego::PartialResult left = policy.PartialEval(options.query, partial);
  if (!left.diagnostics.empty()) return ReportDiagnostics(left.diagnostics, options.json, streams, kExitFailed);
  if (left.error && options.json) {
    const rego::EvalError& e = *left.error;
    json::Value error = json::MakeObject({{"code", e.code}, {"message", e.message}, {"location", PlaceJson(e.file, e.line, e.column)}});
    streams.out << json::Write(json::MakeObject({{"errors", json::Value(json::Array{std::move(error)})}})) << "\n";
  } else if (left.error) {
    streams.err << "intentgate: " << left.error->ToString() << "\n";
  } else if (options.json) {
    streams.out << "{\"partial\":" << left.ToJson() << "}\n";
  } else if (options.format == "source") {
    streams.out << left.ToSource();
  } else {
    PrintPretty(left, streams.out);
  }
  if (left.error) return kExitFailed;
  return (options.fail && left.never()) || (options.fail_defined && !left.never()) ? kExitNo : kExitOk;
}

}  // namespace intentgate::cli
