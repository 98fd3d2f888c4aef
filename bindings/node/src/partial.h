// Policy.partial: what is left of a query when a part of the input is known.
#pragma once

#include <memory>
#include <string>

#include <intentgate/policy.h>

#include "promised.h"

namespace intentgate::node {

// `request` is the JSON of lib/partial.js: {input, unknowns, disableInlining, shallowInlining, nondeterministicBuiltins,
// supportNamespace, maxQueries, maxRules, maxTextBytes, maxAlternatives}, all optional. `cancel` may be null.
// Gives JSON {value: {queries, support, always, never, source, steps}}, or {code, message, details}.
Job PartialJob(std::shared_ptr<const policy::Policy> policy, const rego::EvalLimits& limits, std::string query, std::string request,
               std::shared_ptr<rego::CancelToken> cancel);

}  // namespace intentgate::node
