// Partial evaluation: what a query comes to when only a part of the input and of the data is known.
//
//   rego::PartialOptions options;
//   options.unknowns = {"input.resource"};
//   options.input = &input;  // the known part: input.user, say
//   rego::PartialResult left = policy->PartialEval("data.p.allow == true", options);
//   if (!left.ok()) return Show(left);
//   if (left.never()) return Deny();
//   if (left.always()) return Allow();
//   for (const std::string& query : left.queries) AddToFilter(query);
//
// The queries and modules are Rego: evaluated together, with the rest of the input and the unknown data and nothing else, they
// answer as the policy does with all of it. Each query is one way for the whole to hold: as the body of a rule, or with other
// expressions beside it; alone, an expression that is false is an answer, too. Rules that cannot be written
// into a query (else, defaults, sets as a whole) are kept as modules below `data.partial`, which hold all that the queries read.
// An answer may come from several queries, or several times; which answers there are does not change.
//
// Nothing that depends on the time, on chance or on the network is evaluated early. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {

struct PartialLimits {
  std::size_t max_queries = 1'000;
  std::size_t max_rules = 20'000;                          // of all support modules
  std::size_t max_text_bytes = std::size_t{4} << 20;       // queries and modules together
  // A rule or collection with more ways than these is not written out one by one: it is kept as a rule.
  std::size_t max_alternatives = 100;
};

struct PartialOptions {
  // The known part of the input; null for none. What it says at or below an unknown is passed over.
  const json::Value* input = nullptr;
  // "input", "input.resource", "data.rows": names below input and data that only the later evaluation knows.
  std::vector<std::string> unknowns = {"input"};
  // "data.p.allow", "data.p": rules at and below these stay rules.
  std::vector<std::string> disable_inlining;
  // All rules that depend on unknowns stay rules.
  bool shallow_inlining = false;
  // Evaluates what depends on the time, on chance and on the host now, where the arguments are known.
  bool nondeterministic_builtins = false;
  // The package of the rules that are kept. A name; the policy must not have rules or data there.
  std::string support_namespace = "partial";
  PartialLimits limits;
  // Steps and memory are those of the whole partial evaluation; what is left is checked by compiling it, which is not counted.
  EvalOptions eval;
};

struct PartialResult {
  std::vector<Diagnostic> diagnostics;  // the query's text is wrong
  // eval_limit_error names the limit; rego_partial_error says what cannot be evaluated in part, and the way out; other codes
  // are those of an evaluation.
  std::optional<EvalError> error;
  std::vector<std::string> queries;  // an empty one holds always
  std::vector<SourceFile> support;
  std::uint64_t steps = 0;

  bool ok() const { return diagnostics.empty() && !error.has_value(); }
  bool never() const { return ok() && queries.empty(); }
  bool always() const;
  // As `opa eval --partial` prints them: `# Query 1`, `# Module 1` and the text.
  std::string ToSource() const;
  // {"queries": [...], "modules": [...]} as syntax trees of OPA's form. REQUIRES: ok().
  std::string ToJson() const;
};

}  // namespace intentgate::rego
