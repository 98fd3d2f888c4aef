// Arithmetic on Rego numbers: integers exact at any size, everything else in binary floating point
// with a 64-bit mantissa, printed as the shortest decimal that reads back, as OPA does.
// Pure functions; thread-safe. REQUIRES: arguments are numbers.
#pragma once

#include <string>
#include <string_view>

#include "rego/value.h"

namespace intentgate::rego {

// Digits a computed integer may have; beyond it the evaluation ends with EvalAbort.
inline constexpr std::size_t kMaxNumberDigits = 20'000;
// Digits that are read for the work of one element (meter.h).
inline constexpr std::size_t kDigitsPerElement = 4;

Value NumberAdd(Arena& arena, const Value& a, const Value& b);
Value NumberSub(Arena& arena, const Value& a, const Value& b);
Value NumberMul(Arena& arena, const Value& a, const Value& b);
// Undefined when b is zero. Exact where two 64-bit integers divide, else a float, as in OPA.
Value NumberDiv(Arena& arena, const Value& a, const Value& b);
// The same, exact for integers of any size that divide.
Value NumberDivExact(Arena& arena, const Value& a, const Value& b);
// Undefined when b is zero or either is not integral. The sign is the dividend's.
Value NumberRem(Arena& arena, const Value& a, const Value& b);
int NumberCompare(const Value& a, const Value& b);
bool NumberIsZero(const Value& a);
// abs, ceil, floor, round half away from zero.
Value NumberAbs(Arena& arena, const Value& a);
Value NumberCeil(Arena& arena, const Value& a);
Value NumberFloor(Arena& arena, const Value& a);
Value NumberRound(Arena& arena, const Value& a);
// The plain decimal digits of an integral number ("1e3" gives "1000"); empty if it is not integral or too long.
std::string NumberIntegerText(const Value& a);
// The nearest number with a mantissa of 64 bits.
long double NumberToLongDouble(const Value& v);
// The integral part, in all its digits.
Value NumberTruncated(Arena& arena, long double d);
// OPA's spelling of a number with a mantissa of 64 bits, and of one with 53.
Value NumberFromLongDouble(Arena& arena, long double d);
Value NumberFromDouble(Arena& arena, double d);

}  // namespace intentgate::rego
