// units.parse and units.parse_bytes: "10Ki", "1.5GiB", with the amount computed exactly.
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
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

// The amount as a number value, from digits with one optional point; undefined if it is none.
Value ReadNumber(BuiltinContext& context, std::string_view text) {
  std::string json(text.starts_with('+') ? text.substr(1) : text);
  const std::size_t first = json.starts_with('-') ? 1 : 0;
  if (json.size() > first && json[first] == '.') json.insert(first, "0");
  const std::size_t point = json.find('.');
  const bool bare_point = point != std::string::npos && (point + 1 == json.size() || json[point + 1] < '0' || json[point + 1] > '9');
  if (bare_point) json.erase(point, 1);
  while (json.size() > first + 1 && json[first] == '0' && json[first + 1] >= '0' && json[first + 1] <= '9') json.erase(first, 1);
  const Result<json::Value> number = json::Value::NumberFromText(json);
  return number.ok() ? Value::NumberCopy(context.arena, json) : Value();
}

Value Scale(BuiltinContext& context, const Value& amount, std::int64_t factor) {
  return NumberMul(context.arena, amount, Value::Int(factor));
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
  builtins::ChargeBytes(context, text.size());
  if (text.find(' ') != std::string::npos) return context.Error("units.parse: spaces not allowed in resource strings");
  const Amount parts = SplitAmount(text);
  if (parts.number.empty()) return context.Error("units.parse: no amount provided");
  const Value amount = ReadNumber(context, parts.number);
  if (!amount.defined()) return context.Error("units.parse: could not parse amount to a number");
  if (parts.unit.empty()) return Scale(context, amount, 1);
  if (parts.unit == "m") return NumberDiv(context.arena, amount, Value::Int(1000));
  const std::optional<std::int64_t> factor = PrefixFactor(Lower(parts.unit));
  if (!factor) return context.Error("units.parse: unit " + std::string(parts.unit) + " not recognized");
  return Scale(context, amount, *factor);
}

// Whole bytes; a part of one is cut off.
Value ParseBytes(BuiltinContext& context, Args args) {
  const std::string text = Lower(WithoutQuotes(args[0].string()));
  builtins::ChargeBytes(context, text.size());
  if (text.find(' ') != std::string::npos) return context.Error("units.parse_bytes: spaces not allowed in resource strings");
  const Amount parts = SplitAmount(text);
  if (parts.number.empty()) return context.Error("units.parse_bytes: no byte amount provided");
  const Value amount = ReadNumber(context, parts.number);
  if (!amount.defined()) return context.Error("units.parse_bytes: could not parse byte amount to a number");
  std::string_view unit = parts.unit;
  const bool has_b = unit.size() > 1 && unit.ends_with('b');
  if (has_b) unit.remove_suffix(1);
  const std::optional<std::int64_t> factor = unit.empty() ? std::int64_t{1} : PrefixFactor(unit);
  if (!factor) return context.Error("units.parse_bytes: byte unit " + std::string(parts.unit) + " not recognized");
  const Value bytes = Scale(context, amount, *factor);
  return NumberCompare(bytes, Value::Int(0)) < 0 ? NumberCeil(context.arena, bytes) : NumberFloor(context.arena, bytes);
}

constexpr Builtin kTable[] = {
    MakeBuiltin("units.parse", Parse, ty::Number, kBuiltinPlain, ty::String),
    MakeBuiltin("units.parse_bytes", ParseBytes, ty::Number, kBuiltinPlain, ty::String),
};

}  // namespace

std::span<const Builtin> UnitBuiltins() { return kTable; }

}  // namespace intentgate::rego
