// IG_CHECK: a programming error ends the process with file and line. Never for bad input.
#pragma once

namespace intentgate::base {
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);
}

#define IG_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::intentgate::base::CheckFailed(#expression, __FILE__, __LINE__))
