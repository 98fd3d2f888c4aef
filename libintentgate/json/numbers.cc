#include "json/numbers.h"

#include <intentgate/json.h>

#include <charconv>

namespace intentgate::json {
namespace {

constexpr std::int64_t kMaxExponent = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A decimal number without spelling: sign, significant digits without zeros at either end, and the
// power of ten of the first digit. Zero has no digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
};

std::optional<Decimal> ReadDecimal(std::string_view text) {
  Decimal out;
  std::size_t pos = 0;
  if (text[pos] == '-') {
    out.negative = true;
    ++pos;
  }
  std::int64_t point = 0;
  bool after_point = false;
  for (; pos < text.size() && (IsDigit(text[pos]) || text[pos] == '.'); ++pos) {
    if (text[pos] == '.') {
      after_point = true;
    } else {
      out.digits += text[pos];
      if (!after_point) ++point;
    }
  }
  std::int64_t exponent = 0;
  if (pos < text.size()) {
    ++pos;
    if (text[pos] == '+') ++pos;
    const auto [end, error] = std::from_chars(text.data() + pos, text.data() + text.size(), exponent);
    if (error != std::errc() || exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
  }
  const std::size_t first = out.digits.find_first_not_of('0');
  if (first == std::string::npos) return Decimal{};
  out.digits.erase(0, first);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  out.exponent = point - static_cast<std::int64_t>(first) + exponent;
  return out;
}

}  // namespace

bool IsJsonNumber(std::string_view text) {
  std::size_t pos = 0;
  const auto digits = [&] {
    const std::size_t start = pos;
    while (pos < text.size() && IsDigit(text[pos])) ++pos;
    return pos > start;
  };
  if (pos < text.size() && text[pos] == '-') ++pos;
  if (pos < text.size() && text[pos] == '0') {
    ++pos;
  } else if (!digits()) {
    return false;
  }
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    if (!digits()) return false;
  }
  if (pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    ++pos;
    if (pos < text.size() && (text[pos] == '+' || text[pos] == '-')) ++pos;
    if (!digits()) return false;
  }
  return pos == text.size() && pos > 0;
}

std::optional<int> CompareNumbers(std::string_view a, std::string_view b) {
  if (!IsJsonNumber(a) || !IsJsonNumber(b)) return std::nullopt;
  const std::optional<Decimal> x = ReadDecimal(a);
  const std::optional<Decimal> y = ReadDecimal(b);
  if (!x || !y) return std::nullopt;
  const bool x_zero = x->digits.empty();
  const bool y_zero = y->digits.empty();
  if (x_zero || y_zero) {
    if (x_zero && y_zero) return 0;
    return x_zero ? (y->negative ? 1 : -1) : (x->negative ? -1 : 1);
  }
  if (x->negative != y->negative) return x->negative ? -1 : 1;
  int order = 0;
  if (x->exponent != y->exponent) {
    order = x->exponent < y->exponent ? -1 : 1;
  } else {
    const int by_digits = x->digits.compare(y->digits);
    order = by_digits < 0 ? -1 : by_digits > 0 ? 1 : 0;
  }
  return x->negative ? -order : order;
}

std::string FormatDoubleEs6(double d) {
  if (d == 0) return "0";
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const Decimal value = *ReadDecimal(text);
  const auto count = static_cast<std::int64_t>(value.digits.size());
  const std::int64_t n = value.exponent;
  std::string out = value.negative ? "-" : "";
  if (count <= n && n <= 21) {
    out += value.digits;
    out.append(static_cast<std::size_t>(n - count), '0');
  } else if (0 < n && n <= 21) {
    out.append(value.digits, 0, static_cast<std::size_t>(n));
    out += '.';
    out.append(value.digits, static_cast<std::size_t>(n));
  } else if (-6 < n && n <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-n), '0');
    out += value.digits;
  } else {
    out += value.digits[0];
    if (count > 1) {
      out += '.';
      out.append(value.digits, 1);
    }
    out += n - 1 < 0 ? "e-" : "e+";
    out += std::to_string(n - 1 < 0 ? 1 - n : n - 1);
  }
  return out;
}

}  // namespace intentgate::json
