#include "rego/builtins/json_paths.h"

#include <string>
#include <string_view>

#include "rego/builtins/args.h"

namespace intentgate::rego::builtins {
namespace {

// One element of a pointer: "~1" is "/", "~0" is "~".
std::string Unescape(std::string_view element) {
  std::string out;
  for (std::size_t i = 0; i < element.size(); ++i) {
    const bool pair = element[i] == '~' && i + 1 < element.size();
    if (pair && element[i + 1] == '1') {
      out += '/';
      ++i;
    } else if (pair && element[i + 1] == '0') {
      out += '~';
      ++i;
    } else {
      out += element[i];
    }
  }
  return out;
}

void CheckDepth(int depth) {
  if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "the paths or the document nest too deep"};
}

// The tree with one path more. A path that ends on the way covers everything below.
Value AddPath(BuiltinContext& context, const Value& tree, std::span<const Value> path, int depth) {
  CheckDepth(depth);
  if (path.empty() || tree.is_null()) return Value::Null();
  context.Charge(1 + tree.size());
  const Value below = tree.Get(path[0]);
  ObjectBuilder out(context.arena);
  for (const Entry& entry : tree.entries()) (void)out.Insert(entry.key, entry.value);
  out.Set(path[0], AddPath(context, below.defined() ? below : Value::EmptyObject(), path.subspan(1), depth + 1));
  return out.Finish();
}

Value IndexKey(BuiltinContext& context, std::size_t index) {
  return Value::StringCopy(context.arena, std::to_string(index));
}

}  // namespace

std::optional<std::vector<Value>> ParsePath(BuiltinContext& context, const Value& path) {
  if (path.is_array()) {
    context.Charge(path.size());
    return std::vector<Value>(path.elements().begin(), path.elements().end());
  }
  if (!path.is_string()) return std::nullopt;
  std::vector<Value> out;
  std::string_view rest = path.string();
  ChargeBytes(context, rest.size());
  if (rest.empty()) return out;
  if (rest[0] == '/') rest.remove_prefix(1);
  for (;;) {
    const std::size_t slash = rest.find('/');
    out.push_back(Value::StringCopy(context.arena, Unescape(rest.substr(0, slash))));
    if (slash == std::string_view::npos) return out;
    rest.remove_prefix(slash + 1);
  }
}

Value PathTypeError(BuiltinContext& context, const Value& path) {
  return context.TypeError("operand 2 must be one of {set, array} containing string paths or array of path segments but got " +
                           std::string(TypeName(path.type())));
}

std::optional<Value> PathTree(BuiltinContext& context, const Value& paths) {
  Value tree = Value::EmptyObject();
  for (const Value& path : paths.elements()) {
    const std::optional<std::vector<Value>> keys = ParsePath(context, path);
    if (!keys) {
      (void)PathTypeError(context, path);
      return std::nullopt;
    }
    if (!keys->empty()) tree = AddPath(context, tree, *keys, 0);
  }
  return tree;
}

Value KeepPaths(BuiltinContext& context, const Value& document, const Value& tree, int depth) {
  CheckDepth(depth);
  if (tree.is_null() || !document.is_collection()) return document;
  context.Charge(1 + document.size());
  if (document.is_array()) {
    ArrayBuilder out(context.arena);
    for (std::size_t i = 0; i < document.size(); ++i) {
      const Value below = tree.Get(IndexKey(context, i));
      if (below.defined()) out.Add(KeepPaths(context, document.elements()[i], below, depth + 1));
    }
    return out.Finish();
  }
  if (document.is_set()) {
    SetBuilder out(context.arena);
    for (const Value& member : document.elements()) {
      const Value below = tree.Get(member);
      if (below.defined()) out.Add(KeepPaths(context, member, below, depth + 1));
    }
    return out.Finish();
  }
  ObjectBuilder out(context.arena);
  for (const Entry& entry : document.entries()) {
    const Value below = tree.Get(entry.key);
    if (below.defined()) (void)out.Insert(entry.key, KeepPaths(context, entry.value, below, depth + 1));
  }
  return out.Finish();
}

Value DropPaths(BuiltinContext& context, const Value& document, const Value& tree, int depth) {
  CheckDepth(depth);
  if (!document.is_collection()) return document;
  context.Charge(1 + document.size());
  // Undefined where a path ends, else what remains.
  const auto remains = [&](const Value& key, const Value& value) {
    const Value below = tree.Get(key);
    if (!below.defined()) return value;
    return below.is_null() ? Value() : DropPaths(context, value, below, depth + 1);
  };
  if (document.is_array()) {
    ArrayBuilder out(context.arena);
    for (std::size_t i = 0; i < document.size(); ++i) {
      const Value rest = remains(IndexKey(context, i), document.elements()[i]);
      if (rest.defined()) out.Add(rest);
    }
    return out.Finish();
  }
  if (document.is_set()) {
    SetBuilder out(context.arena);
    for (const Value& member : document.elements()) {
      const Value rest = remains(member, member);
      if (rest.defined()) out.Add(rest);
    }
    return out.Finish();
  }
  ObjectBuilder out(context.arena);
  for (const Entry& entry : document.entries()) {
    const Value rest = remains(entry.key, entry.value);
    if (rest.defined()) (void)out.Insert(entry.key, rest);
  }
  return out.Finish();
}

}  // namespace intentgate::rego::builtins
