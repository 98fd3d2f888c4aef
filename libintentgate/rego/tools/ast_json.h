// A module's syntax tree as JSON text, for the builtin rego.parse_module and for rego_parse.h.
#pragma once

#include <string>
#include <string_view>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

// `file` names the module in the places of its comments. Metadata blocks are comments here and nothing more.
std::string ModuleJson(ModuleAst module, std::string_view file);
// A list of expressions.
std::string QueryJson(Body body);

}  // namespace intentgate::rego
