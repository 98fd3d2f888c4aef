// json.marshal, json.marshal_with_options, json.unmarshal, json.is_valid.
//
// Reading is strict, as everywhere in this product: an object that names a member twice is an error, where
// OPA takes the last one.
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_json_error.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

Value Marshal(BuiltinContext& context, Args args) {
  return builtins::MakeString(context, args[0].ToJsonText());
}

struct Layout {
  std::string_view prefix;
  std::string_view indent = "\t";
};

// Writes a value over several lines. Thread-compatible.
class PrettyWriter {
 public:
  PrettyWriter(BuiltinContext& context, const Layout& layout) : context_(context), layout_(layout) {}

  std::string Write(const Value& value) {
    out_ = layout_.prefix;
    Append(value, 0);
    return std::move(out_);
  }

 private:
  void NewLine(int depth) {
    const std::size_t blank = layout_.prefix.size() + static_cast<std::size_t>(depth) * layout_.indent.size();
    builtins::ChargeBytes(context_, blank);
    context_.arena.CheckRoom(3 * (out_.size() + blank));
    out_ += '\n';
    out_ += layout_.prefix;
    for (int i = 0; i < depth; ++i) out_ += layout_.indent;
  }

  void Append(const Value& value, int depth) {
    if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "json.marshal_with_options: the value nests too deep"};
    if (!value.is_collection() || value.size() == 0) {
      out_ += value.ToJsonText();
      return;
    }
    out_ += value.is_object() ? '{' : '[';
    bool first = true;
    const auto begin_item = [&] {
      if (!first) out_ += ',';
      first = false;
      NewLine(depth + 1);
    };
    if (value.is_object()) {
      for (const Entry& entry : value.entries()) {
        begin_item();
        const std::string key = entry.key.ToJsonText();
        out_ += entry.key.is_string() ? key : Value::StringRef(key).ToJsonText();
        out_ += ": ";
        Append(entry.value, depth + 1);
      }
    } else {
      for (const Value& element : value.elements()) {
        begin_item();
        Append(element, depth + 1);
      }
    }
    NewLine(depth);
    out_ += value.is_object() ? '}' : ']';
  }

  BuiltinContext& context_;
  Layout layout_;
  std::string out_;
};

Value MarshalWithOptions(BuiltinContext& context, Args args) {
  Layout layout;
  bool pretty = false;
  for (const Entry& entry : args[1].entries()) {
    const std::string_view name = entry.key.is_string() ? entry.key.string() : std::string_view();
    const bool is_text = name == "prefix" || name == "indent";
    if (!is_text && name != "pretty") {
      return context.TypeError("operand 2 object contained unknown key " + builtins::ShortText(entry.key));
    }
    if (is_text != entry.value.is_string() || (!is_text && !entry.value.is_bool())) {
      return context.TypeError("operand 2 key " + builtins::ShortText(entry.key) + " failed cast to " + (is_text ? "string" : "bool"));
    }
    if (name == "prefix") layout.prefix = entry.value.string();
    if (name == "indent") layout.indent = entry.value.string();
    // An indent or a prefix asks for it too; "pretty" comes last in sorted order and decides.
    pretty = is_text || entry.value.bool_value();
  }
  if (!pretty) return Marshal(context, args);
  builtins::ChargeTree(context, args[0]);
  return builtins::MakeString(context, base::ReplaceInvalidUtf8(PrettyWriter(context, layout).Write(args[0])));
}

Value Unmarshal(BuiltinContext& context, Args args) {
  const Result<Value> value = builtins::ReadJson(context, args[0].string());
  return value.ok() ? *value : context.Error(builtins::JsonProblem(args[0].string(), value.error().message));
}

Value IsValid(BuiltinContext& context, Args args) {
  if (!args[0].is_string()) return Value::Bool(false);
  return Value::Bool(builtins::ReadJson(context, args[0].string()).ok());
}

constexpr Builtin kTable[] = {
    MakeBuiltin("json.marshal", Marshal, ty::String, kBuiltinPlain, ty::Any),
    MakeBuiltin("json.marshal_with_options", MarshalWithOptions, ty::String, kBuiltinPlain, ty::Any, ty::Object),
    MakeBuiltin("json.unmarshal", Unmarshal, ty::Any, kBuiltinPlain, ty::String),
    MakeBuiltin("json.is_valid", IsValid, ty::Boolean, kBuiltinUncheckedArgs, ty::String),
};

}  // namespace

std::span<const Builtin> JsonBuiltins() { return kTable; }

}  // namespace intentgate::rego
