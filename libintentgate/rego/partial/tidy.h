// Takes out variables that stand for one thing: x = input.a; x > 3 becomes input.a > 3.
#pragma once

#include <set>
#include <vector>

#include "rego/partial/terms.h"

namespace intentgate::rego::partial {

// `keep`: variables that stay. `heads`: terms that are evaluated behind the body.
void Tidy(std::vector<Expr>& body, const std::vector<Term*>& heads, const std::set<std::int32_t>& keep, Budget& budget);
void TidyRule(Rule& rule, Budget& budget);

}  // namespace intentgate::rego::partial
