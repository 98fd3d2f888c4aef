// The operators, membership and walk: what the language itself cannot do without.

#include "rego/builtins/families.h"
#include "rego/number.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

Value Equal(BuiltinContext&, Args a) { return Value::Bool(a[0] == a[1]); }
Value NotEqual(BuiltinContext&, Args a) { return Value::Bool(!(a[0] == a[1])); }
Value Less(BuiltinContext&, Args a) { return Value::Bool(Value::Compare(a[0], a[1]) < 0); }
Value LessEqual(BuiltinContext&, Args a) { return Value::Bool(Value::Compare(a[0], a[1]) <= 0); }
Value Greater(BuiltinContext&, Args a) { return Value::Bool(Value::Compare(a[0], a[1]) > 0); }
Value GreaterEqual(BuiltinContext&, Args a) { return Value::Bool(Value::Compare(a[0], a[1]) >= 0); }

Value Plus(BuiltinContext& c, Args a) { return NumberAdd(c.arena, a[0], a[1]); }
Value Times(BuiltinContext& c, Args a) { return NumberMul(c.arena, a[0], a[1]); }

Value Minus(BuiltinContext& c, Args a) {
  if (a[0].is_number() && a[1].is_number()) return NumberSub(c.arena, a[0], a[1]);
  if (a[0].is_set() && a[1].is_set()) return SetDifference(c.arena, a[0], a[1]);
  return a[0].is_number() ? c.OperandError(2, "number", a[1]) : c.OperandError(2, "set", a[1]);
}

Value Divide(BuiltinContext& c, Args a) {
  if (NumberIsZero(a[1])) return c.Error("divide by zero");
  return NumberDiv(c.arena, a[0], a[1]);
}

Value Remainder(BuiltinContext& c, Args a) {
  if (!a[0].IsIntegral() || !a[1].IsIntegral()) return c.Error("modulo on floating-point number");
  if (NumberIsZero(a[1])) return c.Error("modulo by zero");
  return NumberRem(c.arena, a[0], a[1]);
}

Value Intersection(BuiltinContext& c, Args a) { return SetIntersection(c.arena, a[0], a[1]); }
Value Union(BuiltinContext& c, Args a) { return SetUnion(c.arena, a[0], a[1]); }

bool HasElement(BuiltinContext& c, const Value& collection, const Value& wanted) {
  if (collection.is_set()) return collection.Contains(wanted);
  c.Charge(collection.size());
  for (const Value& e : collection.elements()) {
    if (e == wanted) return true;
  }
  for (const Entry& e : collection.entries()) {
    if (e.value == wanted) return true;
  }
  return false;
}

Value Member2(BuiltinContext& c, Args a) { return Value::Bool(HasElement(c, a[1], a[0])); }

Value Member3(BuiltinContext&, Args a) {
  const Value found = a[2].Get(a[0]);
  return Value::Bool(found.defined() && found == a[1]);
}

void Walk(BuiltinContext& c, const Value& at, ArrayBuilder& path, ArrayBuilder& out, int depth);

void WalkChild(BuiltinContext& c, const Value& path, const Value& key, const Value& child, ArrayBuilder& out, int depth) {
  ArrayBuilder longer(c.arena);
  for (const Value& part : path.elements()) longer.Add(part);
  longer.Add(key);
  Walk(c, child, longer, out, depth);
}

void Walk(BuiltinContext& c, const Value& at, ArrayBuilder& path, ArrayBuilder& out, int depth) {
  if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "a value is nested deeper than 1000 levels"};
  c.Charge(1 + path.size());
  const Value here = path.Finish();
  const Value pair[] = {here, at};
  out.Add(Value::Array(c.arena, pair));
  std::int64_t index = 0;
  if (at.is_array()) {
    for (const Value& e : at.elements()) WalkChild(c, here, Value::Int(index++), e, out, depth + 1);
  }
  if (at.is_set()) {
    for (const Value& e : at.elements()) WalkChild(c, here, e, e, out, depth + 1);
  }
  for (const Entry& e : at.entries()) WalkChild(c, here, e.key, e.value, out, depth + 1);
}

Value WalkAll(BuiltinContext& c, Args a) {
  ArrayBuilder path(c.arena);
  ArrayBuilder out(c.arena);
  Walk(c, a[0], path, out, 0);
  return out.Finish();
}

constexpr TypeSpec kNumberOrSet = ty::OneOf(ty::kNumber | ty::kSet);

constexpr Builtin kTable[] = {
    MakeBuiltin("eq", Equal, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("equal", Equal, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("neq", NotEqual, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("lt", Less, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("lte", LessEqual, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("gt", Greater, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("gte", GreaterEqual, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("plus", Plus, ty::Number, kBuiltinPlain, ty::Number, ty::Number),
    MakeBuiltin("minus", Minus, kNumberOrSet, kBuiltinPlain, kNumberOrSet, kNumberOrSet),
    MakeBuiltin("mul", Times, ty::Number, kBuiltinPlain, ty::Number, ty::Number),
    MakeBuiltin("div", Divide, ty::Number, kBuiltinPlain, ty::Number, ty::Number),
    MakeBuiltin("rem", Remainder, ty::Number, kBuiltinPlain, ty::Number, ty::Number),
    MakeBuiltin("and", Intersection, ty::Set, kBuiltinPlain, ty::Set, ty::Set),
    MakeBuiltin("or", Union, ty::Set, kBuiltinPlain, ty::Set, ty::Set),
    MakeBuiltin("internal.member_2", Member2, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any),
    MakeBuiltin("internal.member_3", Member3, ty::Boolean, kBuiltinPlain, ty::Any, ty::Any, ty::Any),
    MakeBuiltin("walk", WalkAll, ty::Array, kBuiltinRelation, ty::Any),
};

}  // namespace

std::span<const Builtin> CoreBuiltins() { return kTable; }

}  // namespace intentgate::rego
