// Numbers. Two 64-bit integers take the fast path, then integers of 128 bits; larger ones go through a schoolbook
// big integer in base 10^9 (no conversion from and to text beyond cutting it into groups); the rest is
// long double, whose x86 mantissa is the 64 bits that OPA's big.Float uses.
// Tested by tests/unit/rego/value_test.cc and tests/unit/rego/cases.

#include "rego/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "rego/bigint.h"
#include "rego/decimal.h"
#include "rego/meter.h"

namespace intentgate::rego {
namespace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

// The sum of two such numbers, and the product of two 64-bit ones, fit in 127 bits.
constexpr std::size_t kWideDigits = 37;

// The largest long double has 4933 digits.
constexpr std::size_t kLongestFixed = 5000;

[[noreturn]] void TooLong() { throw EvalAbort{"eval_limit_error", "a number has more than 20000 digits"}; }

Decimal Exact(const Value& v) {
  std::string scratch;
  const std::string_view text = v.number_text(scratch);
  Meter::CountElements(text.size() / kDigitsPerElement);
  std::optional<Decimal> d = Decimal::Parse(text);
  if (!d) throw EvalAbort{"eval_limit_error", "a number's exponent is beyond 1000000"};
  return std::move(*d);
}

// The number if it is written as a plain integer of not too many digits.
std::optional<Int128> Wide(const Value& v) {
  if (v.is_int()) return v.int_value();
  std::string scratch;
  std::string_view text = v.number_text(scratch);
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.size() > kWideDigits) return std::nullopt;
  constexpr std::size_t kHalf = 18;
  std::uint64_t high = 0, low = 0, scale = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned char>(text[i] - '0');
    if (digit > 9) return std::nullopt;
    if (i < kHalf) high = high * 10 + digit;
    else low = low * 10 + digit, scale *= 10;
  }
  const Int128 wide = static_cast<Int128>(high) * scale + low;
  return negative ? -wide : wide;
}

Value FromWide(Arena& arena, Int128 wide) {
  if (wide >= INT64_MIN && wide <= INT64_MAX) return Value::Int(static_cast<std::int64_t>(wide));
  constexpr std::uint64_t kGroup = 10'000'000'000'000'000'000U;
  constexpr std::size_t kGroupDigits = 19;
  Uint128 rest = wide < 0 ? -static_cast<Uint128>(wide) : static_cast<Uint128>(wide);
  char text[48];
  char* const end = text + sizeof text;
  char* first = end;
  while (rest != 0) {
    auto group = static_cast<std::uint64_t>(rest % kGroup);
    rest /= kGroup;
    for (std::size_t i = 0; i < kGroupDigits && (rest != 0 || group != 0); ++i, group /= 10) *--first = static_cast<char>('0' + group % 10);
  }
  if (wide < 0) *--first = '-';
  return Value::NumberCopy(arena, {first, static_cast<std::size_t>(end - first)});
}

// nullopt if the number is not integral. Throws if it is too long to compute with.
std::optional<BigInt> Integer(const Value& v) {
  if (v.is_int()) return BigInt::FromInt64(v.int_value());
  std::string scratch;
  const std::string_view text = v.number_text(scratch);
  if (v.IsPlainInteger()) {
    Meter::CountElements(text.size() / kDigitsPerElement);
    if (text.size() > kMaxNumberDigits + (text.front() == '-' ? 1 : 0)) TooLong();
    return BigInt::FromText(text);
  }
  const Decimal d = Exact(v);
  if (!d.IsIntegral()) return std::nullopt;
  if (d.IntegerLength() > kMaxNumberDigits) TooLong();
  return BigInt::FromText(d.IntegerText());
}

Value FromBig(Arena& arena, const BigInt& b) {
  const std::string text = b.ToText();
  if (text.size() > kMaxNumberDigits + 1) TooLong();
  return Value::NumberCopy(arena, text);
}

long double Float(const Value& v) { return NumberToLongDouble(v); }

enum class Op { kAdd, kSub, kMul };

long double FloatOp(Op op, long double a, long double b) {
  switch (op) {
    case Op::kAdd: return a + b;
    case Op::kSub: return a - b;
    case Op::kMul: break;
  }
  return a * b;
}

BigInt BigOp(Op op, const BigInt& a, const BigInt& b) {
  switch (op) {
    case Op::kAdd: return BigInt::Add(a, b);
    case Op::kSub: return BigInt::Sub(a, b);
    case Op::kMul: break;
  }
  return BigInt::Mul(a, b);
}

bool FastOp(Op op, std::int64_t a, std::int64_t b, std::int64_t* out) {
  switch (op) {
    case Op::kAdd: return !__builtin_add_overflow(a, b, out);
    case Op::kSub: return !__builtin_sub_overflow(a, b, out);
    case Op::kMul: break;
  }
  return !__builtin_mul_overflow(a, b, out);
}

std::optional<Int128> WideOp(Op op, const Value& a, const Value& b) {
  if (op == Op::kMul) {
    if (!a.is_int() || !b.is_int()) return std::nullopt;
    return Int128{a.int_value()} * b.int_value();
  }
  const std::optional<Int128> x = Wide(a);
  const std::optional<Int128> y = x ? Wide(b) : std::nullopt;
  if (!y) return std::nullopt;
  return op == Op::kAdd ? *x + *y : *x - *y;
}

Value Arithmetic(Arena& arena, Op op, const Value& a, const Value& b) {
  std::int64_t fast = 0;
  if (a.is_int() && b.is_int() && FastOp(op, a.int_value(), b.int_value(), &fast)) return Value::Int(fast);
  if (const std::optional<Int128> wide = WideOp(op, a, b)) return FromWide(arena, *wide);
  const std::optional<BigInt> x = Integer(a);
  const std::optional<BigInt> y = x ? Integer(b) : std::nullopt;
  if (x && y) return FromBig(arena, BigOp(op, *x, *y));
  return NumberFromLongDouble(arena, FloatOp(op, Float(a), Float(b)));
}

}  // namespace

Value NumberAdd(Arena& arena, const Value& a, const Value& b) { return Arithmetic(arena, Op::kAdd, a, b); }
Value NumberSub(Arena& arena, const Value& a, const Value& b) { return Arithmetic(arena, Op::kSub, a, b); }
Value NumberMul(Arena& arena, const Value& a, const Value& b) { return Arithmetic(arena, Op::kMul, a, b); }

Value NumberDiv(Arena& arena, const Value& a, const Value& b) {
  if (NumberIsZero(b)) return {};
  // Zero divided by less than zero is -0.
  const bool whole = a.is_int() && b.is_int() && a.int_value() != 0 && b.int_value() != -1 && a.int_value() % b.int_value() == 0;
  if (whole) return Value::Int(a.int_value() / b.int_value());
  const long double x = Float(a), y = Float(b);
  return std::isfinite(x) && std::isfinite(y) ? NumberFromLongDouble(arena, x / y) : NumberDivExact(arena, a, b);
}

Value NumberDivExact(Arena& arena, const Value& a, const Value& b) {
  if (NumberIsZero(b)) return {};
  if (a.is_int() && b.is_int() && b.int_value() != -1 && a.int_value() % b.int_value() == 0) {
    return Value::Int(a.int_value() / b.int_value());
  }
  const std::optional<Int128> wide = Wide(a);
  if (const std::optional<Int128> by = wide ? Wide(b) : std::nullopt) {
    if (*wide % *by == 0) return FromWide(arena, *wide / *by);
    return NumberFromLongDouble(arena, Float(a) / Float(b));
  }
  const std::optional<BigInt> x = Integer(a);
  const std::optional<BigInt> y = x ? Integer(b) : std::nullopt;
  if (x && y) {
    const auto [quotient, rest] = BigInt::DivMod(*x, *y);
    if (rest.IsZero()) return FromBig(arena, quotient);
  }
  return NumberFromLongDouble(arena, Float(a) / Float(b));
}

Value NumberRem(Arena& arena, const Value& a, const Value& b) {
  if (NumberIsZero(b)) return {};
  if (a.is_int() && b.is_int()) return Value::Int(b.int_value() == -1 ? 0 : a.int_value() % b.int_value());
  const std::optional<Int128> wide = Wide(a);
  if (const std::optional<Int128> by = wide ? Wide(b) : std::nullopt) return FromWide(arena, *wide % *by);
  const std::optional<BigInt> x = Integer(a);
  const std::optional<BigInt> y = Integer(b);
  if (!x || !y) return {};
  return FromBig(arena, BigInt::DivMod(*x, *y).second);
}

int NumberCompare(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.int_value() < b.int_value() ? -1 : (a.int_value() > b.int_value() ? 1 : 0);
  const std::optional<Int128> wide = Wide(a);
  if (const std::optional<Int128> other = wide ? Wide(b) : std::nullopt) return *wide < *other ? -1 : (*wide > *other ? 1 : 0);
  return Decimal::Compare(Exact(a), Exact(b));
}

bool NumberIsZero(const Value& a) {
  if (const std::optional<Int128> wide = Wide(a)) return *wide == 0;
  return Exact(a).IsZero();
}

// OPA counts with integers where they fit in 32 bits; all others it takes for floats.
Value NumberAbs(Arena& arena, const Value& a) {
  if (a.is_int() && a.int_value() >= INT32_MIN && a.int_value() <= INT32_MAX) return Value::Int(std::abs(a.int_value()));
  return NumberFromLongDouble(arena, std::fabs(Float(a)));
}

namespace {
Value Rounded(Arena& arena, const Value& a, long double (*round)(long double)) {
  return a.is_int() ? a : NumberTruncated(arena, round(Float(a)));
}
}  // namespace

Value NumberTruncated(Arena& arena, long double d) {
  if (!std::isfinite(d)) TooLong();
  d = std::trunc(d);
  if (d == 0) return Value::Int(0);
  char buffer[kLongestFixed];
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::fixed, 0);
  return Value::NumberCopy(arena, {buffer, static_cast<std::size_t>(fixed.ptr - buffer)});
}

// Of a number between -1 and 0 OPA takes the integral part, which has no sign, for the one below it.
Value NumberCeil(Arena& arena, const Value& a) {
  return Rounded(arena, a, [](long double d) { return d < 0 && d > -1 ? 1.0L : std::ceil(d); });
}
Value NumberFloor(Arena& arena, const Value& a) {
  return Rounded(arena, a, [](long double d) { return d < 0 && d > -1 ? 0.0L : std::floor(d); });
}
Value NumberRound(Arena& arena, const Value& a) {
  return Rounded(arena, a, [](long double d) { return d + (std::signbit(d) ? -0.5L : 0.5L); });
}

long double NumberToLongDouble(const Value& v) {
  if (v.is_int()) return static_cast<long double>(v.int_value());
  std::string scratch;
  return ParseLongDouble(v.number_text(scratch));
}

std::string NumberIntegerText(const Value& a) {
  if (a.is_int()) return std::to_string(a.int_value());
  const Decimal d = Exact(a);
  if (!d.IsIntegral() || d.IntegerLength() > kMaxNumberDigits) return {};
  return d.IntegerText();
}

namespace {
template <typename Float>
Value Shortest(Arena& arena, Float d) {
  if (!std::isfinite(d)) throw EvalAbort{"eval_limit_error", "a computed number is too large"};
  if (d == 0) return std::signbit(d) ? Value::NumberCopy(arena, "-0") : Value::Int(0);
  char buffer[kLongestFixed];
  const auto sci = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(sci.ptr - buffer));
  const std::size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  // Integers in full: the shortest digits that read back, and zeros behind them. Others as %g with the exponent from 1e6 on.
  if (d == std::floor(d)) {
    std::string digits(text.substr(0, e));
    std::erase(digits, '.');
    const std::size_t sign = digits[0] == '-' ? 1 : 0;
    digits.resize(std::max(digits.size(), sign + static_cast<std::size_t>(exponent) + 1), '0');
    return Value::NumberCopy(arena, digits);
  }
  if (exponent < -4 || exponent >= 6) return Value::NumberCopy(arena, text);
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::fixed);
  return Value::NumberCopy(arena, {buffer, static_cast<std::size_t>(fixed.ptr - buffer)});
}

}  // namespace

Value NumberFromLongDouble(Arena& arena, long double d) { return Shortest(arena, d); }
Value NumberFromDouble(Arena& arena, double d) { return Shortest(arena, d); }

}  // namespace intentgate::rego
