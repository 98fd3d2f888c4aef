// Rego text of what partial evaluation leaves. Every variable gets a name that no rule and no builtin has.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rego/partial/terms.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego::partial {

// An identifier that may name a rule.
bool IsName(std::string_view text);

// `keep`: variables whose names stay as they are.
std::string QueryText(const std::vector<Expr>& body, const Names& names, const std::set<std::int32_t>& keep);
std::string ModuleText(const std::vector<std::string>& package, const std::vector<Rule>& rules, const Names& names);

}  // namespace intentgate::rego::partial
