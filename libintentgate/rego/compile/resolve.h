// Pass "resolve": names become references (to rules, imports, builtins) or numbered variables.
//
// A variable is local to the body that declares it (:=, some, every, arguments); one that nobody declares belongs
// to its rule. Afterwards every kVar term is either a variable with a number, or "data" / "input" at
// the head of a kRef, or the name of a builtin at the head of a kCall.
// Tested by tests/unit/rego/cases.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "rego/compile/annotations.h"
#include "rego/compile/diagnostics.h"
#include "rego/compile/rule_tree.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego {

// The first names of all rules of a package, over all its modules.
using PackageNames = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;

PackageNames CollectNames(const std::vector<ModuleAst>& modules);
// Resolves the modules' rules into the tree. `annotations` may be null: then no module asks for them. `unused`: what is named and never read is an error.
void ResolveModules(std::vector<ModuleAst>& modules, const PackageNames& names, const Annotations* annotations, bool unused, RuleTree& tree,
                    Diagnostics& diagnostics);
// Resolves a query in place, as a body of a package of no rules. Returns the variables: index is the number.
std::vector<std::string> ResolveQuery(Body& body, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace intentgate::rego
