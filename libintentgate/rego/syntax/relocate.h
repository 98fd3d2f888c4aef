// A module's tree for another place among the files of a compilation: every place in it names its file by number.
#pragma once

#include <cstdint>

#include "rego/syntax/ast.h"

namespace intentgate::rego {

// Shares nothing with `module`.
ModuleAst CopyForFile(const ModuleAst& module, std::uint32_t file);

}  // namespace intentgate::rego
