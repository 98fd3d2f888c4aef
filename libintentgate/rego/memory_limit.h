// Which EvalAbort is an arena's ceiling: compiling has one of its own name.
#pragma once

#include "rego/arena.h"

namespace intentgate::rego {

bool IsMemoryLimit(const EvalAbort& abort);

}  // namespace intentgate::rego
