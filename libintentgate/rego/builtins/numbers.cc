// abs, ceil, floor, round, numbers.*, rand.intn, format_int.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "crypto/hash.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/number.h"

namespace intentgate::rego {
namespace {

using builtins::IntOperand;

Value Abs(BuiltinContext& context, std::span<const Value> args) { return NumberAbs(context.arena, args[0]); }
Value Ceil(BuiltinContext& context, std::span<const Value> args) { return NumberCeil(context.arena, args[0]); }
Value Floor(BuiltinContext& context, std::span<const Value> args) { return NumberFloor(context.arena, args[0]); }
Value Round(BuiltinContext& context, std::span<const Value> args) { return NumberRound(context.arena, args[0]); }

bool AreIntegers(BuiltinContext& context, std::span<const Value> args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!args[i].is_number()) return (void)context.OperandError(i + 1, "integer", args[i]), false;
    if (args[i].IsIntegral()) continue;
    (void)context.TypeError("operand " + std::to_string(i + 1) + " must be integer number but got floating-point number");
    return false;
  }
  return true;
}

// The integers from `from` to `to`, both included, upwards or downwards by `step` (positive).
Value MakeRange(BuiltinContext& context, const Value& from, const Value& to, const Value& step) {
  const bool down = NumberCompare(from, to) > 0;
  ArrayBuilder out(context.arena);
  // Adding zero gives bounds such as 1e3 their plain spelling.
  Value next = NumberAdd(context.arena, from, Value::Int(0));
  while (down ? NumberCompare(next, to) >= 0 : NumberCompare(next, to) <= 0) {
    context.Charge(2);
    out.Add(next);
    next = down ? NumberSub(context.arena, next, step) : NumberAdd(context.arena, next, step);
  }
  return out.Finish();
}

Value Range(BuiltinContext& context, std::span<const Value> args) {
  return AreIntegers(context, args) ? MakeRange(context, args[0], args[1], Value::Int(1)) : Value();
}

Value RangeStep(BuiltinContext& context, std::span<const Value> args) {
  if (!AreIntegers(context, args)) return {};
  if (NumberCompare(args[2], Value::Int(0)) <= 0) {
    return context.Error("numbers.range_step: step must be a positive integer");
  }
  return MakeRange(context, args[0], args[1], args[2]);
}

// A pure function of the evaluation's seed and the arguments, so that equal calls agree.
Value RandIntn(BuiltinContext& context, std::span<const Value> args) {
  const std::optional<std::int64_t> bound = IntOperand(context, 2, args[1]);
  if (!bound) return {};
  if (*bound == 0) return Value::Int(0);
  context.Charge(1 + args[0].string().size() / 16);
  const std::string key = std::to_string(context.seed) + ' ' + std::to_string(*bound) + ' ' + std::string(args[0].string());
  const crypto::Digest digest = crypto::Sha256({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()});
  std::uint64_t random = 0;
  for (std::size_t i = 0; i < 8; ++i) random = random << 8 | digest[i];
  const auto size = static_cast<std::uint64_t>(*bound < 0 ? -(*bound + 1) : *bound - 1) + 1;
  return Value::Int(static_cast<std::int64_t>(random % size));
}

bool IsOneOf(const Value& number, std::initializer_list<std::int64_t> wanted) {
  return number.is_int() && std::find(wanted.begin(), wanted.end(), number.int_value()) != wanted.end();
}

Value FormatInt(BuiltinContext& context, std::span<const Value> args) {
  // The base in another spelling, 10.0, is none of them.
  if (!IsOneOf(args[1], {2, 8, 10, 16})) return context.TypeError("operand 2 must be one of {2, 8, 10, 16}");
  Arena& arena = context.arena;
  Value rest = args[0].IsPlainInteger() ? args[0] : NumberTruncated(arena, NumberToLongDouble(args[0]));
  if (args[1].int_value() == 10) return builtins::MakeString(context, NumberIntegerText(rest));
  const bool negative = NumberCompare(rest, Value::Int(0)) < 0;
  if (negative) rest = NumberSub(arena, Value::Int(0), rest);
  std::string digits;
  while (!NumberIsZero(rest)) {
    context.Charge(1 + digits.size() / 16);
    const Value digit = NumberRem(arena, rest, args[1]);
    digits += "0123456789abcdef"[static_cast<std::size_t>(digit.ToInt64().value_or(0))];
    rest = NumberDivExact(arena, NumberSub(arena, rest, digit), args[1]);
  }
  if (digits.empty()) digits = "0";
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return builtins::MakeString(context, digits);
}

constexpr Builtin kTable[] = {
    MakeBuiltin("abs", Abs, ty::Number, kBuiltinPlain, ty::Number),
    MakeBuiltin("ceil", Ceil, ty::Number, kBuiltinPlain, ty::Number),
    MakeBuiltin("floor", Floor, ty::Number, kBuiltinPlain, ty::Number),
    MakeBuiltin("round", Round, ty::Number, kBuiltinPlain, ty::Number),
    MakeBuiltin("numbers.range", Range, ty::ArrayOf(ty::kNumber), kBuiltinUncheckedArgs, ty::Number, ty::Number),
    MakeBuiltin("numbers.range_step", RangeStep, ty::ArrayOf(ty::kNumber), kBuiltinUncheckedArgs, ty::Number, ty::Number,
                ty::Number),
    MakeBuiltin("rand.intn", RandIntn, ty::Number, kBuiltinNondeterministic, ty::String, ty::Number),
    MakeBuiltin("format_int", FormatInt, ty::String, kBuiltinPlain, ty::Number, ty::Number),
};

}  // namespace

std::span<const Builtin> NumberBuiltins() { return kTable; }

}  // namespace intentgate::rego
