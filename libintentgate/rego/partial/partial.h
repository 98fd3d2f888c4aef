// Partial evaluation of a query that has been read (CompiledPolicy::PartialEval).
#pragma once

#include <set>
#include <string>
#include <vector>

#include <intentgate/rego_partial.h>

#include "rego/partial/evaluator.h"

namespace intentgate::rego::partial {

struct Query {
  Body body;  // resolved, in an order in which each variable is bound before it is read
  std::vector<std::string> names;
  std::set<std::int32_t> shown;  // variables that are part of the answers
};

// Errors go into the result; EvalAbort of the machine does as well.
PartialResult Evaluate(const Query& query, const RuleTree& tree, const json::Value& data, const PartialOptions& options, RunKnown run);

}  // namespace intentgate::rego::partial
