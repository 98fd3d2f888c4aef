// OPA's order of terms, by which it writes the elements of sets and the keys of objects down.
#pragma once

#include "rego/syntax/ast.h"

namespace intentgate::rego {

// Below 0, 0 or above 0.
int CompareTerms(const Term& a, const Term& b);

// Of an object's items (key, value, key, value...) with the same key the first keeps its place and gets the last one's value. The other
// values are not there for the passes behind "resolve", so that they need not be safe.
void DropRepeatedKeys(std::vector<Term>& items);

}  // namespace intentgate::rego
