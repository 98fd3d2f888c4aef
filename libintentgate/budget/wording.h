// What a refused caller is told about a counter.
#pragma once

#include <string>

#include "budget/ledger.h"

namespace intentgate::budget {

Reason ReasonFor(const Counter& counter);
// REQUIRES: every other member of `refusal` is set.
std::string Sentence(const Counter& counter, const Refusal& refusal);

}  // namespace intentgate::budget
