// bits.*: integers of any size in two's complement, as if sign bits went on for ever.
//
// Operands of 64 bits take the short way. Larger ones become limbs of 32 bits, with a last limb that
// holds nothing but the sign; kMaxLimbs bounds them.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/number.h"

namespace intentgate::rego {
namespace {

using Limbs = std::vector<std::uint32_t>;

constexpr std::int64_t kLimbBase = std::int64_t{1} << 32;
constexpr std::size_t kMaxLimbs = 512;
constexpr std::int64_t kMaxShift = static_cast<std::int64_t>(kMaxLimbs) * 32;

bool CheckInteger(BuiltinContext& context, std::size_t position, const Value& value) {
  if (!value.is_number()) return (void)context.OperandError(position, "integer", value), false;
  if (value.IsIntegral()) return true;
  (void)context.TypeError("operand " + std::to_string(position) + " must be integer number but got floating-point number");
  return false;
}

// Turns x into -x - 1, whose bits are the complement of x.
Value Complement(Arena& arena, const Value& x) { return NumberSub(arena, Value::Int(-1), x); }

std::optional<Limbs> ToLimbs(BuiltinContext& context, const Value& value) {
  Arena& arena = context.arena;
  const bool negative = NumberCompare(value, Value::Int(0)) < 0;
  Value rest = negative ? Complement(arena, value) : NumberAdd(arena, value, Value::Int(0));
  Limbs out;
  while (!NumberIsZero(rest)) {
    context.Charge(4 + out.size());
    if (out.size() == kMaxLimbs) {
      (void)context.Error("numbers of more than " + std::to_string(kMaxLimbs * 32) + " bits are not supported");
      return std::nullopt;
    }
    const Value low = NumberRem(arena, rest, Value::Int(kLimbBase));
    out.push_back(static_cast<std::uint32_t>(low.ToInt64().value_or(0)));
    rest = NumberDivExact(arena, NumberSub(arena, rest, low), Value::Int(kLimbBase));
  }
  out.push_back(0);
  if (negative) std::transform(out.begin(), out.end(), out.begin(), [](std::uint32_t limb) { return ~limb; });
  return out;
}

Value FromLimbs(BuiltinContext& context, Limbs limbs) {
  Arena& arena = context.arena;
  const bool negative = (limbs.back() >> 31) != 0;
  if (negative) std::transform(limbs.begin(), limbs.end(), limbs.begin(), [](std::uint32_t limb) { return ~limb; });
  Value out = Value::Int(0);
  for (std::size_t i = limbs.size(); i-- > 0;) {
    context.Charge(4 + (limbs.size() - i));
    out = NumberAdd(arena, NumberMul(arena, out, Value::Int(kLimbBase)), Value::Int(limbs[i]));
  }
  return negative ? Complement(arena, out) : out;
}

template <typename Operation>
Value Combine(BuiltinContext& context, std::span<const Value> args, Operation operation) {
  if (!CheckInteger(context, 1, args[0]) || !CheckInteger(context, 2, args[1])) return {};
  const std::optional<std::int64_t> small_a = args[0].ToInt64();
  const std::optional<std::int64_t> small_b = args[1].ToInt64();
  if (small_a && small_b) return Value::Int(operation(*small_a, *small_b));
  std::optional<Limbs> a = ToLimbs(context, args[0]);
  std::optional<Limbs> b = a ? ToLimbs(context, args[1]) : std::nullopt;
  if (!b) return {};
  const std::size_t size = std::max(a->size(), b->size());
  a->resize(size, a->back());
  b->resize(size, b->back());
  for (std::size_t i = 0; i < size; ++i) (*a)[i] = operation((*a)[i], (*b)[i]);
  return FromLimbs(context, *std::move(a));
}

Value BitsAnd(BuiltinContext& context, std::span<const Value> args) {
  return Combine(context, args, [](auto a, auto b) { return a & b; });
}
Value BitsOr(BuiltinContext& context, std::span<const Value> args) {
  return Combine(context, args, [](auto a, auto b) { return a | b; });
}
Value BitsXor(BuiltinContext& context, std::span<const Value> args) {
  return Combine(context, args, [](auto a, auto b) { return a ^ b; });
}

Value BitsNegate(BuiltinContext& context, std::span<const Value> args) {
  if (!CheckInteger(context, 1, args[0])) return {};
  return Complement(context.arena, args[0]);
}

// The shift distance, of which OPA takes the low 64 bits; nullopt with the error recorded.
std::optional<Value> ShiftOperand(BuiltinContext& context, const Value& value) {
  if (!CheckInteger(context, 2, value)) return std::nullopt;
  if (NumberCompare(value, Value::Int(0)) < 0) {
    (void)context.TypeError("operand 2 must be an unsigned integer number but got a negative integer");
    return std::nullopt;
  }
  return NumberRem(context.arena, value, Value::NumberRef("18446744073709551616"));
}

Value PowerOfTwo(BuiltinContext& context, std::int64_t exponent) {
  Value out = Value::Int(std::int64_t{1} << (exponent % 32));
  for (std::int64_t i = 0; i < exponent / 32; ++i) {
    context.Charge(2 + static_cast<std::uint64_t>(i));
    out = NumberMul(context.arena, out, Value::Int(kLimbBase));
  }
  return out;
}

Value BitsLsh(BuiltinContext& context, std::span<const Value> args) {
  if (!CheckInteger(context, 1, args[0])) return {};
  const std::optional<Value> shift = ShiftOperand(context, args[1]);
  if (!shift) return {};
  if (NumberCompare(*shift, Value::Int(kMaxShift)) > 0) {
    return context.Error("shifts by more than " + std::to_string(kMaxShift) + " bits are not supported");
  }
  return NumberMul(context.arena, args[0], PowerOfTwo(context, shift->int_value()));
}

// Rounds towards minus infinity, as an arithmetic shift does.
Value BitsRsh(BuiltinContext& context, std::span<const Value> args) {
  if (!CheckInteger(context, 1, args[0])) return {};
  const std::optional<Value> shift = ShiftOperand(context, args[1]);
  if (!shift) return {};
  Arena& arena = context.arena;
  const bool negative = NumberCompare(args[0], Value::Int(0)) < 0;
  // No number that is computed with has more bits.
  if (NumberCompare(*shift, Value::Int(static_cast<std::int64_t>(kMaxNumberDigits) * 4)) > 0) return Value::Int(negative ? -1 : 0);
  const std::int64_t places = shift->int_value();
  const std::optional<std::int64_t> small = args[0].ToInt64();
  if (small) return Value::Int(places > 63 ? (negative ? -1 : 0) : *small >> places);
  const Value size = negative ? Complement(arena, args[0]) : args[0];
  const Value power = PowerOfTwo(context, places);
  const Value quotient = NumberDivExact(arena, NumberSub(arena, size, NumberRem(arena, size, power)), power);
  return negative ? Complement(arena, quotient) : quotient;
}

constexpr Builtin kTable[] = {
    MakeBuiltin("bits.and", BitsAnd, ty::Number, kBuiltinUncheckedArgs, ty::Number, ty::Number),
    MakeBuiltin("bits.or", BitsOr, ty::Number, kBuiltinUncheckedArgs, ty::Number, ty::Number),
    MakeBuiltin("bits.xor", BitsXor, ty::Number, kBuiltinUncheckedArgs, ty::Number, ty::Number),
    MakeBuiltin("bits.negate", BitsNegate, ty::Number, kBuiltinUncheckedArgs, ty::Number),
    MakeBuiltin("bits.lsh", BitsLsh, ty::Number, kBuiltinUncheckedArgs, ty::Number, ty::Number),
    MakeBuiltin("bits.rsh", BitsRsh, ty::Number, kBuiltinUncheckedArgs, ty::Number, ty::Number),
};

}  // namespace

std::span<const Builtin> BitBuiltins() { return kTable; }

}  // namespace intentgate::rego
