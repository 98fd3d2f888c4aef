// count, sum, product, max, min, sort, and v0's any and all.
#include <algorithm>
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

Value Fold(BuiltinContext& context, const Value& collection, Value total, NumberOperation operation) {
  context.Charge(collection.size());
  for (const Value& element : collection.elements()) {
    if (!element.is_number()) return ElementError(context, 1, collection, "number", element);
    total = operation(context.arena, total, element);
  }
  return total;
}

Value Sum(BuiltinContext& context, std::span<const Value> args) { return Fold(context, args[0], Value::Int(0), NumberAdd); }
Value Product(BuiltinContext& context, std::span<const Value> args) {
  return Fold(context, args[0], Value::Int(1), NumberMul);
}

Value Max(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size());
  const std::span<const Value> items = args[0].elements();
  return items.empty() ? Value() : *std::max_element(items.begin(), items.end());
}
Value Min(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(args[0].size());
  const std::span<const Value> items = args[0].elements();
  return items.empty() ? Value() : *std::min_element(items.begin(), items.end());
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
