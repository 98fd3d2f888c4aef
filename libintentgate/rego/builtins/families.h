// The families of builtins, each a table in the file of the same name. Registered in registry.cc.
#pragma once

#include <span>

#include "rego/builtins/registry.h"

namespace intentgate::rego {

// Operators, membership, walk: builtins/core.cc.
std::span<const Builtin> CoreBuiltins();

}  // namespace intentgate::rego
