// The places that an observer may hear of: what coverage is measured against.
#pragma once

#include <span>
#include <vector>

#include "rego/vm/plan.h"

namespace intentgate::rego {

// Of heads and expressions, comprehensions included; unordered, with repetitions.
std::vector<Location> ReachablePlaces(std::span<const RuleSet* const> sets);

}  // namespace intentgate::rego
