// object.*, json.filter, json.remove.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/json_paths.h"

namespace intentgate::rego {
namespace {

// With an array as key the look-up walks a path; the empty path is the object itself.
Value ObjectGet(BuiltinContext& context, std::span<const Value> args) {
  if (!args[1].is_array()) {
    const Value found = args[0].Get(args[1]);
    return found.defined() ? found : args[2];
  }
  Value at = args[0];
  for (const Value& step : args[1].elements()) {
    context.Charge(1);
    at = at.Get(step);
    if (!at.defined()) return args[2];
  }
  return at;
}

Value ObjectKeys(BuiltinContext& context, std::span<const Value> args) {
  context.Charge(2 * args[0].size());
  SetBuilder out(context.arena);
  for (const Entry& entry : args[0].entries()) out.Add(entry.key);
  return out.Finish();
}

// The keys named by an array, a set or an object's keys.
Value KeySet(BuiltinContext& context, const Value& names) {
  context.Charge(3 * names.size());
  SetBuilder keys(context.arena);
  if (names.is_object()) {
    for (const Entry& entry : names.entries()) keys.Add(entry.key);
  } else {
    for (const Value& name : names.elements()) keys.Add(name);
  }
  return keys.Finish();
}

Value KeepKeys(BuiltinContext& context, std::span<const Value> args, bool keep_named) {
  const Value keys = KeySet(context, args[1]);
  context.Charge(3 * args[0].size());
  ObjectBuilder out(context.arena);
  for (const Entry& entry : args[0].entries()) {
    if (keys.Contains(entry.key) == keep_named) (void)out.Insert(entry.key, entry.value);
  }
  return out.Finish();
}

// Both operands, in the words that these builtins have for a wrong one.
bool CheckOperands(BuiltinContext& context, std::span<const Value> args, bool second_fits, std::string_view second) {
  if (!args[0].is_object()) return (void)context.OperandError(1, "object", args[0]), false;
  if (!second_fits) (void)context.OperandError(2, second, args[1]);
  return second_fits;
}
bool CheckKeyOperands(BuiltinContext& context, std::span<const Value> args) {
  return CheckOperands(context, args, args[1].is_collection(), "one of {object, set, array}");
}
bool CheckPathOperands(BuiltinContext& context, std::span<const Value> args) {
  return CheckOperands(context, args, args[1].is_array() || args[1].is_set(), "one of {set, array}");
}

Value ObjectFilter(BuiltinContext& context, std::span<const Value> args) {
  return CheckKeyOperands(context, args) ? KeepKeys(context, args, true) : Value();
}
Value ObjectRemove(BuiltinContext& context, std::span<const Value> args) {
  return CheckKeyOperands(context, args) ? KeepKeys(context, args, false) : Value();
}

// `right` wins; objects under the same key are merged. The depth is that of the shallower operand.
Value Merge(BuiltinContext& context, const Value& left, const Value& right, int depth) {
  if (!left.is_object() || !right.is_object()) return right;
  if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "object.union: values nest too deep"};
  context.Charge(3 * (left.size() + right.size()));
  ObjectBuilder out(context.arena);
  for (const Entry& entry : left.entries()) {
    const Value other = right.Get(entry.key);
    (void)out.Insert(entry.key, other.defined() ? Merge(context, entry.value, other, depth + 1) : entry.value);
  }
  for (const Entry& entry : right.entries()) {
    if (!left.Contains(entry.key)) (void)out.Insert(entry.key, entry.value);
  }
  return out.Finish();
}

Value ObjectUnion(BuiltinContext& context, std::span<const Value> args) { return Merge(context, args[0], args[1], 0); }

Value ObjectUnionN(BuiltinContext& context, std::span<const Value> args) {
  Value out = Value::EmptyObject();
  for (const Value& object : args[0].elements()) {
    if (!object.is_object()) return builtins::ElementError(context, 1, args[0], "object", object);
    out = Merge(context, out, object, 0);
  }
  return out;
}

bool ArrayContainsRun(BuiltinContext& context, std::span<const Value> super, std::span<const Value> sub) {
  for (std::size_t start = 0; start + sub.size() <= super.size(); ++start) {
    std::size_t same = 0;
    while (same < sub.size() && super[start + same] == sub[same]) ++same;
    context.Charge(1 + same);
    if (same == sub.size()) return true;
  }
  return false;
}

bool ContainsAll(BuiltinContext& context, const Value& super, const Value& set) {
  context.Charge(2 * super.size());
  SetBuilder members(context.arena);
  for (const Value& v : super.elements()) members.Add(v);
  for (const Value& v : set.elements()) {
    context.Charge(1);
    if (!members.Has(v)) return false;
  }
  return true;
}

bool ObjectSubsetOf(BuiltinContext& context, const Value& super, const Value& sub, int depth) {
  if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "object.subset: values nest too deep"};
  for (const Entry& entry : sub.entries()) {
    context.Charge(1);
    const Value other = super.Get(entry.key);
    if (!other.defined()) return false;
    bool fits = false;
    if (entry.value.is_object() && other.is_object()) {
      fits = ObjectSubsetOf(context, other, entry.value, depth + 1);
    } else if (entry.value.is_set() && other.is_set()) {
      fits = ContainsAll(context, other, entry.value);
    } else if (entry.value.is_array() && other.is_array()) {
      fits = ArrayContainsRun(context, other.elements(), entry.value.elements());
    } else {
      fits = entry.value == other;
    }
    if (!fits) return false;
  }
  return true;
}

Value ObjectSubset(BuiltinContext& context, std::span<const Value> args) {
  const Value& super = args[0];
  const Value& sub = args[1];
  if (super.is_object() && sub.is_object()) return Value::Bool(ObjectSubsetOf(context, super, sub, 0));
  if (super.is_array() && sub.is_array()) return Value::Bool(ArrayContainsRun(context, super.elements(), sub.elements()));
  const bool set_in_list = (super.is_set() || super.is_array()) && sub.is_set();
  // An empty array holds nothing to OPA, not even the empty set.
  if (set_in_list && super.is_array() && super.size() == 0) return Value::Bool(false);
  if (set_in_list) return Value::Bool(ContainsAll(context, super, sub));
  return context.TypeError("both arguments object.subset must be of the same type or array and set");
}

Value JsonFilter(BuiltinContext& context, std::span<const Value> args) {
  if (!CheckPathOperands(context, args)) return {};
  const std::optional<Value> tree = builtins::PathTree(context, args[1]);
  return tree ? builtins::KeepPaths(context, args[0], *tree) : Value();
}

Value JsonRemove(BuiltinContext& context, std::span<const Value> args) {
  if (!CheckPathOperands(context, args)) return {};
  const std::optional<Value> tree = builtins::PathTree(context, args[1]);
  return tree ? builtins::DropPaths(context, args[0], *tree) : Value();
}

constexpr std::uint16_t kStringOrArray = ty::kString | ty::kArray;

constexpr Builtin kTable[] = {
    MakeBuiltin("object.get", ObjectGet, ty::Any, kBuiltinPlain, ty::Object, ty::Any, ty::Any),
    MakeBuiltin("object.keys", ObjectKeys, ty::Set, kBuiltinPlain, ty::Object),
    MakeBuiltin("object.filter", ObjectFilter, ty::Object, kBuiltinUncheckedArgs, ty::Object, ty::Collection),
    MakeBuiltin("object.remove", ObjectRemove, ty::Object, kBuiltinUncheckedArgs, ty::Object, ty::Collection),
    MakeBuiltin("object.union", ObjectUnion, ty::Object, kBuiltinPlain, ty::Object, ty::Object),
    MakeBuiltin("object.union_n", ObjectUnionN, ty::Object, kBuiltinPlain, ty::ArrayOf(ty::kObject)),
    MakeBuiltin("object.subset", ObjectSubset, ty::Boolean, kBuiltinPlain, ty::Collection, ty::Collection),
    MakeBuiltin("json.filter", JsonFilter, ty::Object, kBuiltinUncheckedArgs, ty::Object, ty::ArrayOrSetOf(kStringOrArray)),
    MakeBuiltin("json.remove", JsonRemove, ty::Object, kBuiltinUncheckedArgs, ty::Object, ty::ArrayOrSetOf(kStringOrArray)),
};

}  // namespace

std::span<const Builtin> ObjectBuiltins() { return kTable; }

}  // namespace intentgate::rego
