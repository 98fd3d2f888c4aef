// OPA's order of terms, by which it writes the elements of sets and the keys of objects down.
#pragma once

#include "rego/syntax/ast.h"

namespace intentgate::rego {

// Below 0, 0 or above 0.
int CompareTerms(const Term& a, const Term& b);

}  // namespace intentgate::rego
