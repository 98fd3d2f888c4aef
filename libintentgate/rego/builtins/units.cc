// units.parse and units.parse_bytes: "10Ki", "1.5GiB", with the amount computed exactly.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rego/bigint.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/decimal.h"
#include "rego/number.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// The factor of a prefix in "kmgtpe" with an optional "i": a power of 1000 or 1024. nullopt if it is none.
std::optional<std::int64_t> PrefixFactor(std::string_view lower) {
  const bool binary = lower.size() == 2 && lower[1] == 'i';
  if (lower.size() != 1 && !binary) return std::nullopt;
  const std::size_t power = std::string_view("kmgtpe").find(lower[0]);
  if (power == std::string_view::npos) return std::nullopt;
  std::int64_t factor = 1;
  for (std::size_t i = 0; i <= power; ++i) factor *= binary ? 1024 : 1000;
  return factor;
}

struct Amount {
  std::string_view number;
  std::string_view unit;
};

// The leading part that looks like a number, exponent included, and the rest.
Amount SplitAmount(std::string_view text) {
  std::size_t pos = 0;
  const auto digits = [&] {
    while (pos < text.size() && ((text[pos] >= '0' && text[pos] <= '9') || text[pos] == '.')) ++pos;
  };
  if (pos < text.size() && (text[pos] == '-' || text[pos] == '+')) ++pos;
  digits();
  const std::size_t mantissa_end = pos;
  if (pos > 0 && pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    ++pos;
    if (pos < text.size() && (text[pos] == '-' || text[pos] == '+')) ++pos;
    const std::size_t exponent = pos;
    digits();
    if (pos == exponent) pos = mantissa_end;
  }
  return {text.substr(0, pos), text.substr(pos)};
}

// mantissa / 10^decimals, exactly.
struct Exact {
  BigInt mantissa;
  std::int64_t decimals = 0;
};

BigInt PowerOfTen(std::int64_t exponent) {
  return BigInt::FromText("1" + std::string(static_cast<std::size_t>(exponent), '0'));
}

constexpr int kMaxExponent = 1000;

bool ExponentTooLarge(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return false;
  std::string_view digits = text.substr(e + 1);
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits.size() > 4 || (digits.size() == 4 && digits > "1000");
}

// Digits with at most one point and an exponent of at most kMaxExponent either way; nullopt for other text.
std::optional<Exact> ReadExact(std::string_view text) {
  constexpr std::size_t kMaxDigits = 1000;
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  int exponent = 0;
  if (e < text.size()) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
    if (exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
  }
  std::string digits;
  std::int64_t decimals = 0;
  bool point = false;
  std::string_view mantissa = text.substr(0, e);
  const bool negative = mantissa.starts_with('-');
  if (negative || mantissa.starts_with('+')) mantissa.remove_prefix(1);
  for (const char c : mantissa) {
    if (c == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    digits += c;
    decimals += point ? 1 : 0;
  }
  if (digits.empty() || digits.size() > kMaxDigits) return std::nullopt;
  Exact out{BigInt::FromText((negative ? "-" : "") + digits), decimals - exponent};
  if (out.decimals < 0) {
    out.mantissa = BigInt::Mul(out.mantissa, PowerOfTen(-out.decimals));
    out.decimals = 0;
  }
  return out;
}

void Scale(Exact& amount, std::int64_t factor) { amount.mantissa = BigInt::Mul(amount.mantissa, BigInt::FromInt64(factor)); }

// An integer, or a fraction rounded to ten places, which are all written.
std::string FractionText(const Exact& amount) {
  constexpr std::int64_t kPlaces = 10;
  const BigInt divisor = PowerOfTen(amount.decimals);
  const auto [whole, rest] = BigInt::DivMod(amount.mantissa, divisor);
  if (rest.IsZero()) return whole.ToText();
  const bool negative = amount.mantissa.negative();
  // Half of the divisor is added before dividing, away from zero.
  BigInt scaled = BigInt::Mul(amount.mantissa, BigInt::Mul(PowerOfTen(kPlaces), BigInt::FromInt64(2)));
  scaled = negative ? BigInt::Sub(scaled, divisor) : BigInt::Add(scaled, divisor);
  std::string digits = BigInt::DivMod(scaled, BigInt::Mul(divisor, BigInt::FromInt64(2))).first.ToText();
  if (digits.starts_with('-')) digits.erase(0, 1);
  if (digits.size() <= kPlaces) digits.insert(0, kPlaces + 1 - digits.size(), '0');
  digits.insert(digits.size() - kPlaces, ".");
  return negative ? "-" + digits : digits;
}

std::string WithoutQuotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '"') out += c;
  }
  return out;
}

// "m" is a thousandth and "M" a million; the other prefixes may be written in both cases.
Value Parse(BuiltinContext& context, Args args) {
  const std::string text = WithoutQuotes(args[0].string());
  builtins::ChargeBytes(context, text.size() * 8);
  if (text.find(' ') != std::string::npos) return context.Error("units.parse: spaces not allowed in resource strings");
  const Amount parts = SplitAmount(text);
  if (parts.number.empty()) return context.Error("units.parse: no amount provided");
  if (ExponentTooLarge(parts.number)) return context.Error("units.parse: exponent too large");
  std::optional<Exact> amount = ReadExact(parts.number);
  if (!amount) return context.Error("units.parse: could not parse amount to a number");
  if (parts.unit == "m") {
    amount->decimals += 3;
  } else if (!parts.unit.empty()) {
    const std::optional<std::int64_t> factor = PrefixFactor(Lower(parts.unit));
    if (!factor) return context.Error("units.parse: unit " + std::string(parts.unit) + " not recognized");
    Scale(*amount, *factor);
  }
  return Value::NumberCopy(context.arena, FractionText(*amount));
}

// Whole bytes; a part of one is cut off.
Value ParseBytes(BuiltinContext& context, Args args) {
  const std::string text = Lower(WithoutQuotes(args[0].string()));
  builtins::ChargeBytes(context, text.size() * 8);
  if (text.find(' ') != std::string::npos) return context.Error("units.parse_bytes: spaces not allowed in resource strings");
  const Amount parts = SplitAmount(text);
  if (parts.number.empty()) return context.Error("units.parse_bytes: no byte amount provided");
  if (ExponentTooLarge(parts.number)) return context.Error("units.parse_bytes: exponent too large");
  std::optional<Exact> amount = ReadExact(parts.number);
  if (!amount) return context.Error("units.parse_bytes: could not parse byte amount to a number");
  std::string_view unit = parts.unit;
  const bool has_b = unit.size() > 1 && unit.ends_with('b');
  if (has_b) unit.remove_suffix(1);
  const std::optional<std::int64_t> factor = unit.empty() ? std::int64_t{1} : PrefixFactor(unit);
  if (!factor) return context.Error("units.parse_bytes: byte unit " + std::string(parts.unit) + " not recognized");
  // Through a float of 64 bits, as in OPA: 0.001m are 999 bytes.
  return NumberTruncated(context.arena, ParseLongDouble(parts.number) * static_cast<long double>(*factor));
}

constexpr Builtin kTable[] = {
    MakeBuiltin("units.parse", Parse, ty::Number, kBuiltinPlain, ty::String),
    MakeBuiltin("units.parse_bytes", ParseBytes, ty::Number, kBuiltinPlain, ty::String),
};

}  // namespace

std::span<const Builtin> UnitBuiltins() { return kTable; }

}  // namespace intentgate::rego
