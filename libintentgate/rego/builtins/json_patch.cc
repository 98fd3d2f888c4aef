// json.patch: RFC 6902 over Rego values, sets and keys that are no strings included. Every operation
// rebuilds the collections on its path and shares all others.
#include <optional>
#include <string>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/json_paths.h"

namespace intentgate::rego {
namespace {

using Path = std::span<const Value>;

enum class Edit { kInsert, kReplace, kRemove };

// One call of json.patch. A failed step records its error and gives undefined.
class Patcher {
 public:
  explicit Patcher(BuiltinContext& context) : context_(context) {}

  Value Apply(const Value& document, const Value& operation) {
    const Value op = Attribute(operation, "op");
    const Value path_text = op.defined() ? Attribute(operation, "path") : Value();
    if (!path_text.defined()) return {};
    const std::optional<std::vector<Value>> path = PathOf(path_text);
    if (!path) return {};
    const std::string_view name = op.is_string() ? op.string() : std::string_view();
    if (name == "remove") return Change(document, *path, Edit::kRemove, {});
    if (name == "add" || name == "replace" || name == "test") return ApplyWithValue(document, operation, name, *path);
    if (name == "move" || name == "copy") return ApplyWithFrom(document, operation, name, *path);
    return context_.Error("unrecognized op: '" + std::string(name) + "'");
  }

 private:
  Value Attribute(const Value& operation, std::string_view name) {
    const Value found = operation.GetMember(name);
    return found.defined() ? found : context_.Error("missing required attribute '" + std::string(name) + "'");
  }

  std::optional<std::vector<Value>> PathOf(const Value& path) {
    std::optional<std::vector<Value>> out = builtins::ParsePath(context_, path);
    if (!out) (void)builtins::PathTypeError(context_, path);
    return out;
  }

  Value ApplyWithValue(const Value& document, const Value& operation, std::string_view name, Path path) {
    const Value value = Attribute(operation, "value");
    if (!value.defined()) return {};
    if (name == "add") return Change(document, path, Edit::kInsert, value);
    if (name == "replace") return Change(document, path, Edit::kReplace, value);
    const Value found = Lookup(document, path);
    if (!found.defined()) return {};
    if (found == value) return document;
    return context_.Error("test: the value at the path is " + builtins::ShortText(found) + ", not " + builtins::ShortText(value));
  }

  Value ApplyWithFrom(const Value& document, const Value& operation, std::string_view name, Path path) {
    const Value from_text = Attribute(operation, "from");
    if (!from_text.defined()) return {};
    const std::optional<std::vector<Value>> from = PathOf(from_text);
    const Value moved = from ? Lookup(document, *from) : Value();
    if (!moved.defined()) return {};
    if (name == "copy") return Change(document, path, Edit::kInsert, moved);
    const Value without = Change(document, *from, Edit::kRemove, {});
    // Moving the root leaves nothing to move into but the root itself.
    if (!without.defined()) return from->empty() && path.empty() ? document : Value();
    return Change(without, path, Edit::kInsert, moved);
  }

  Value Lookup(const Value& document, Path path) {
    Value at = document;
    for (const Value& step : path) {
      context_.Charge(1);
      at = Child(at, step);
      if (!at.defined()) return {};
    }
    return at;
  }

  // The element under `key`; undefined with the error recorded if there is none.
  Value Child(const Value& parent, const Value& key) {
    Value found;
    if (parent.is_array()) {
      const std::optional<std::size_t> index = Index(key, parent.size(), false);
      if (!index) return {};
      if (*index < parent.size()) found = parent.elements()[*index];
    } else if (parent.is_collection()) {
      found = parent.Get(key);
    } else {
      return context_.Error("expected composite type, found value: " + builtins::ShortText(parent));
    }
    return found.defined() ? found : context_.Error("path " + builtins::ShortText(key) + " does not exist");
  }

  // An array index as number or decimal digits; "-" is the end where `end_allowed`.
  std::optional<std::size_t> Index(const Value& key, std::size_t size, bool end_allowed) {
    if (key.is_string() && key.string() == "-" && end_allowed) return size;
    std::optional<std::int64_t> index;
    if (key.is_number()) index = key.ToInt64();
    if (key.is_string()) index = IndexFromDigits(key.string());
    if (index && *index >= 0) return static_cast<std::size_t>(*index);
    if (!context_.failed()) (void)context_.Error("invalid array index " + builtins::ShortText(key));
    return std::nullopt;
  }
  std::optional<std::int64_t> IndexFromDigits(std::string_view digits) {
    if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string_view::npos) {
      return std::nullopt;
    }
    if (digits.size() > 1 && digits[0] == '0') {
      (void)context_.Error("leading zeros are not allowed in JSON paths");
      return std::nullopt;
    }
    return std::stoll(std::string(digits));
  }

  // `document` with the place at the end of `path` changed.
  Value Change(const Value& document, Path path, Edit edit, const Value& value) {
    if (path.size() > static_cast<std::size_t>(kMaxValueDepth)) return context_.Error("the path is too long");
    if (path.empty()) return edit == Edit::kRemove ? Value() : value;
    const Value& key = path[0];
    if (path.size() == 1) return ChangeHere(document, key, edit, value);
    const Value child = Child(document, key);
    if (!child.defined()) return {};
    const Value changed = Change(child, path.subspan(1), edit, value);
    if (!changed.defined()) return {};
    // A member of a set is found by its old value and comes back as the new one.
    if (document.is_set()) return RebuildSet(document, child, changed);
    return ChangeHere(document, key, Edit::kReplace, changed);
  }

  Value ChangeHere(const Value& parent, const Value& key, Edit edit, const Value& value) {
    if (!parent.is_collection()) return context_.Error("expected composite type, found value: " + builtins::ShortText(parent));
    context_.Charge(1 + 3 * parent.size());
    if (parent.is_array()) return ChangeArray(parent, key, edit, value);
    if (edit != Edit::kInsert && !parent.Contains(key)) {
      return context_.Error("cannot delete child key " + builtins::ShortText(key) + " that does not exist");
    }
    if (parent.is_set()) {
      if (edit == Edit::kRemove) return RebuildSet(parent, key, {});
      if (key == value) return RebuildSet(parent, {}, value);
      return context_.Error("set key " + builtins::ShortText(key) + " does not equal value to be inserted " + builtins::ShortText(value));
    }
    return ChangeObject(parent, key, edit, value);
  }

  Value ChangeArray(const Value& parent, const Value& key, Edit edit, const Value& value) {
    const std::span<const Value> items = parent.elements();
    const std::optional<std::size_t> index = Index(key, items.size(), edit == Edit::kInsert);
    if (!index) return {};
    if (*index > items.size() || (edit != Edit::kInsert && *index == items.size())) {
      return context_.Error(edit == Edit::kInsert ? "index for array insertion out of bounds"
                                                  : "index for array delete out of bounds");
    }
    ArrayBuilder out(context_.arena);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i == *index && edit != Edit::kRemove) out.Add(value);
      if (i != *index || edit == Edit::kInsert) out.Add(items[i]);
    }
    if (*index == items.size()) out.Add(value);
    return out.Finish();
  }

  Value ChangeObject(const Value& parent, const Value& key, Edit edit, const Value& value) {
    ObjectBuilder out(context_.arena);
    for (const Entry& entry : parent.entries()) {
      if (!(entry.key == key)) (void)out.Insert(entry.key, entry.value);
    }
    if (edit != Edit::kRemove) (void)out.Insert(key, value);
    return out.Finish();
  }

  Value RebuildSet(const Value& set, const Value& without, const Value& with) {
    SetBuilder out(context_.arena);
    for (const Value& member : set.elements()) {
      if (!(member == without)) out.Add(member);
    }
    if (with.defined()) out.Add(with);
    return out.Finish();
  }

  BuiltinContext& context_;
};

Value JsonPatch(BuiltinContext& context, std::span<const Value> args) {
  Patcher patcher(context);
  Value document = args[0];
  for (const Value& operation : args[1].elements()) {
    context.Charge(1);
    // The root has been removed.
    if (!document.defined()) return context.Error("nil value encountered where composite value was expected");
    if (!operation.is_object()) return builtins::ElementError(context, 2, args[1], "object", operation);
    document = patcher.Apply(document, operation);
    if (context.failed()) return {};
  }
  return document;
}

constexpr Builtin kTable[] = {
    MakeBuiltin("json.patch", JsonPatch, ty::Any, kBuiltinPlain, ty::Any, ty::ArrayOf(ty::kObject)),
};

}  // namespace

std::span<const Builtin> PatchBuiltins() { return kTable; }

}  // namespace intentgate::rego
