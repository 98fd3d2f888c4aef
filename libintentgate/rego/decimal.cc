#include "rego/decimal.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace intentgate::rego {
namespace {
constexpr std::int64_t kMaxExponent = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void Strip(Decimal& d) {
  const std::size_t first = d.digits.find_first_not_of('0');
  d.digits.erase(0, first == std::string::npos ? d.digits.size() : first);
  while (!d.digits.empty() && d.digits.back() == '0') {
    d.digits.pop_back();
    ++d.exponent;
  }
  if (d.digits.empty()) {
    d.exponent = 0;
    d.negative = false;
  }
}

template <typename Float>
Float ParseFloat(std::string_view text) {
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    const std::optional<Decimal> d = Decimal::Parse(text);
    const bool negative = !text.empty() && text.front() == '-';
    const bool tiny = d && (d->IsZero() || static_cast<std::int64_t>(d->digits.size()) + d->exponent < 0);
    if (tiny) return negative ? -Float{0} : Float{0};
    return negative ? -std::numeric_limits<Float>::infinity() : std::numeric_limits<Float>::infinity();
  }
  return value;
}
}  // namespace

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  Decimal d;
  std::size_t i = 0;
  if (i < text.size() && text[i] == '-') d.negative = true, ++i;
  const std::size_t start = i;
  while (i < text.size() && IsDigit(text[i])) d.digits += text[i++];
  if (i == start) return std::nullopt;
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && IsDigit(text[i]); ++i) {
      d.digits += text[i];
      --d.exponent;
    }
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    std::int64_t power = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), power);
    if (error != std::errc() || power > kMaxExponent || power < -kMaxExponent) return std::nullopt;
    i = static_cast<std::size_t>(end - text.data());
    d.exponent += power;
  }
  if (i != text.size()) return std::nullopt;
  Strip(d);
  return d;
}

std::optional<std::int64_t> Decimal::ToInt64() const {
  if (!IsIntegral() || IntegerLength() > 19) return std::nullopt;
  const std::string text = IntegerText();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::string Decimal::IntegerText() const {
  if (digits.empty()) return "0";
  return (negative ? "-" : "") + digits + std::string(static_cast<std::size_t>(exponent), '0');
}

int Decimal::Compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int sign = a.negative ? -1 : 1;
  if (a.IsZero() || b.IsZero()) return a.IsZero() ? (b.IsZero() ? 0 : -sign) : sign;
  const std::int64_t top_a = static_cast<std::int64_t>(a.digits.size()) + a.exponent;
  const std::int64_t top_b = static_cast<std::int64_t>(b.digits.size()) + b.exponent;
  if (top_a != top_b) return top_a < top_b ? -sign : sign;
  // Same magnitude and no trailing zeros: the digits decide as text does.
  const int order = a.digits.compare(b.digits);
  return order == 0 ? 0 : (order < 0 ? -sign : sign);
}

double ParseDouble(std::string_view text) { return ParseFloat<double>(text); }
long double ParseLongDouble(std::string_view text) { return ParseFloat<long double>(text); }

std::string FormatGo(double d) {
  char buffer[64];
  const auto sci = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(sci.ptr - buffer));
  int exponent = 0;
  const std::size_t e = text.find('e');
  if (e == std::string_view::npos) return "0";
  const std::size_t digits = e + (text[e + 1] == '+' ? 2U : 1U);
  std::from_chars(text.data() + digits, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 21) return std::string(text);
  const auto fixed = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::fixed);
  return std::string(buffer, fixed.ptr);
}

}  // namespace intentgate::rego
