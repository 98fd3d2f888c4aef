// A decimal number taken apart: sign, digits, power of ten. Exact; for comparing, hashing and
// recognising integers without rounding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace intentgate::rego {

struct Decimal {
  bool negative = false;
  std::string digits;         // no leading or trailing zeros; empty for zero
  std::int64_t exponent = 0;  // value = digits * 10^exponent

  // nullopt if this is no JSON number or the exponent is beyond +-1,000,000.
  static std::optional<Decimal> Parse(std::string_view text);

  bool IsZero() const { return digits.empty(); }
  bool IsIntegral() const { return digits.empty() || exponent >= 0; }
  std::optional<std::int64_t> ToInt64() const;
  // The digits of an integral value with sign. REQUIRES: IsIntegral() and a sane length.
  std::string IntegerText() const;
  // Digits of the integer when written out.
  std::size_t IntegerLength() const { return digits.size() + static_cast<std::size_t>(exponent < 0 ? 0 : exponent); }

  static int Compare(const Decimal& a, const Decimal& b);
};

// The nearest double; +-infinity beyond the range.
double ParseDouble(std::string_view text);
long double ParseLongDouble(std::string_view text);
// Go's %g with the shortest digits that read back: exponent form below 1e-4 and from 1e21 for integers.
std::string FormatGo(double d);

}  // namespace intentgate::rego
