// count, sum, product, max, min, sort, and v0's any and all.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/number.h"

namespace intentgate::rego {
namespace {

using builtins::ElementError;

constexpr std::uint16_t kArrayOrSet = ty::kArray | ty::kSet;

Value Count(BuiltinContext& context, std::span<const Value> args) {
  if (!args[0].is_string()) return Value::Int(static_cast<std::int64_t>(args[0].size()));
  builtins::ChargeRunes(context, args[0].string().size());
  return Value::Int(static_cast<std::int64_t>(builtins::CountRunes(args[0].string())));
}

using NumberOperation = Value (*)(Arena&, const Value&, const Value&);

// a * b, rounded once.
long double RoundTo53Bits(long double a, long double b) {
  const long double product = a * b;
  const long double missed = std::fma(a, b, -product);
  // Rounding twice is wrong where the first result lies halfway between two of the second: what was missed decides there.
  const auto rounded = static_cast<double>(product);
  const long double half = product - rounded;
  const double other = std::nextafter(rounded, half > 0 ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity());
  const bool halfway = half != 0 && half == (static_cast<long double>(other) - rounded) / 2;
  return halfway && missed != 0 && (missed > 0) == (half > 0) ? other : rounded;
}

Value FoldFloats(BuiltinContext& context, std::span<const Value> items, const Value& start, NumberOperation operation) {
  long double total = NumberToLongDouble(start);
  for (const Value& element : items) {
    const long double number = NumberToLongDouble(element);
    // OPA's product starts from a float of 53 bits and keeps to them; its sum takes the elements' 64.
    total = operation == NumberAdd ? total + number : RoundTo53Bits(total, number);
  }
  return operation == NumberAdd ? NumberFromLongDouble(context.arena, total) : NumberFromDouble(context.arena, static_cast<double>(total));
}

// One element that is no integer makes OPA count all of them as floats.
Value Fold(BuiltinContext& context, const Value& collection, Value total, NumberOperation operation) {
  context.Charge(collection.size());
  const std::span<const Value> items = collection.elements();
  for (const Value& element : items) {
    if (!element.is_number()) return ElementError(context, 1, collection, "number", element);
  }
  const bool exact = std::all_of(items.begin(), items.end(), [](const Value& v) { return v.is_int() || v.IsIntegral(); });
  if (!exact) return FoldFloats(context, items, total, operation);
  for (const Value& element : items) total = operation(context.arena, total, element);
  return total;
}

Value Sum(BuiltinContext& context, std::span<const Value> args) { return Fold(context, args[0], Value::Int(0), NumberAdd); }
Value Product(BuiltinContext& context, std::span<const Value> args) {
  return Fold(context, args[0], Value::Int(1), NumberMul);
}

// Of several that are equal, 1 and 1.0, the last.
Value Max(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size());
  const std::span<const Value> items = args[0].elements();
  return items.empty() ? Value() : *std::max_element(items.rbegin(), items.rend());
}
Value Min(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size());
  const std::span<const Value> items = args[0].elements();
  return items.empty() ? Value() : *std::min_element(items.rbegin(), items.rend());
}

Value Sort(BuiltinContext& context, std::span<const Value> args) {
  const std::span<const Value> items = args[0].elements();
  context.Charge(items.size() * 3);
  context.arena.CheckRoom(2 * items.size_bytes());
  std::vector<Value> sorted(items.begin(), items.end());
  if (args[0].is_array()) std::sort(sorted.begin(), sorted.end());
  return Value::Array(context.arena, sorted);
}

Value All(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size());
  const std::span<const Value> items = args[0].elements();
  return Value::Bool(std::all_of(items.begin(), items.end(), [](const Value& v) { return v == Value::Bool(true); }));
}
Value Any(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size());
  const std::span<const Value> items = args[0].elements();
  return Value::Bool(std::any_of(items.begin(), items.end(), [](const Value& v) { return v == Value::Bool(true); }));
}

constexpr Builtin kTable[] = {
    MakeBuiltin("count", Count, ty::Number, kBuiltinPlain, ty::OneOf(ty::kString | ty::kCollection)),
    MakeBuiltin("sum", Sum, ty::Number, kBuiltinPlain, ty::ArrayOrSetOf(ty::kNumber)),
    MakeBuiltin("product", Product, ty::Number, kBuiltinPlain, ty::ArrayOrSetOf(ty::kNumber)),
    MakeBuiltin("max", Max, ty::Any, kBuiltinPlain, ty::OneOf(kArrayOrSet)),
    MakeBuiltin("min", Min, ty::Any, kBuiltinPlain, ty::OneOf(kArrayOrSet)),
    MakeBuiltin("sort", Sort, ty::Array, kBuiltinPlain, ty::OneOf(kArrayOrSet)),
    MakeBuiltin("all", All, ty::Boolean, kBuiltinDeprecated, ty::OneOf(kArrayOrSet)),
    MakeBuiltin("any", Any, ty::Boolean, kBuiltinDeprecated, ty::OneOf(kArrayOrSet)),
};

}  // namespace

std::span<const Builtin> AggregateBuiltins() { return kTable; }

}  // namespace intentgate::rego
