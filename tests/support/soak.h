// Tests that run in two lengths: short in `make test`, long in `make soak`, which sets INTENTGATE_SOAK.
#pragma once

#include <cstdlib>

namespace intentgate::test {

inline bool IsSoak() { return std::getenv("INTENTGATE_SOAK") != nullptr; }

// How often, by the length of this run.
inline int Rounds(int in_test, int in_soak) { return IsSoak() ? in_soak : in_test; }

}  // namespace intentgate::test
