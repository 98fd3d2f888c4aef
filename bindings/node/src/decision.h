// A decision on its way to JavaScript.
#pragma once

#include <string>

#include <intentgate/gate.h>

namespace intentgate::node {

// Compact JSON whose first member is `verdict`: lib/decision.js reads its first letter without parsing the rest.
std::string DecisionJson(const Decision& decision);

}  // namespace intentgate::node
