// strings.render_template: Go's text/template over a policy's values.
//
// The tree of template_parser.h is walked with the value of "." and the variables. Numbers of the policy are text to Go's comparisons, as they
// are in OPA; literals and indexes are numbers.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "rego/builtins/args.h"
#include "rego/builtins/families.h"
#include "rego/builtins/go_quote.h"
#include "rego/builtins/template_parser.h"
#include "rego/builtins/url_text.h"

namespace intentgate::rego {
namespace {

using text_template::Command;
using text_template::Item;
using text_template::kMaxTemplateNesting;
using text_template::Node;
using text_template::Operand;
using text_template::Pipeline;
using text_template::TemplateError;
using text_template::Templates;

using Args = std::span<const Value>;

constexpr std::string_view kUndefined = "<undefined>";

class TemplateWriter {
 public:
  TemplateWriter(BuiltinContext& context, const Value& data, const Templates& templates) : context_(context), data_(data), templates_(templates) {
    variables_.push_back({"", {data, false}});
  }

  std::string Write(const std::vector<Node>& nodes) {
    Walk(nodes, {data_, false});
    return std::move(out_);
  }

 private:
  enum class Flow : std::uint8_t { kNext, kBreak, kContinue };
  struct Variable {
    std::string name;
    Item item;
  };

  static bool IsTrue(const Item& item) {
    const Value& v = item.value;
    if (v.is_number()) return !item.native || v.ToDouble() != 0;
    if (v.is_string()) return !v.string().empty();
    if (v.is_collection()) return v.size() > 0;
    return v.is_bool() && v.bool_value();
  }

  void Append(std::string_view text) {
    builtins::ChargeBytes(context_, text.size());
    context_.arena.CheckRoom(out_.size() + text.size());
    out_ += text;
  }

  // As fmt.Print writes it.
  void Print(const Value& v, std::string& out, bool inside) const {
    context_.Charge(1);
    context_.arena.CheckRoom(out.size());
    std::string scratch;
    if (v.is_string()) {
      out += v.string();
    } else if (v.is_number()) {
      out += v.number_text(scratch);
    } else if (v.is_bool()) {
      out += v.bool_value() ? "true" : "false";
    } else if (v.is_object()) {
      out += "map[";
      for (const Entry& entry : v.entries()) {
        if (out.back() != '[') out += ' ';
        Print(entry.key, out, true);
        out += ':';
        Print(entry.value, out, true);
      }
      out += ']';
    } else if (v.is_collection()) {
      out += '[';
      bool first = true;
      for (const Value& element : v.elements()) {
        if (!first) out += ' ';
        first = false;
        Print(element, out, true);
      }
      out += ']';
    } else {
      out += inside ? std::string_view("<nil>") : kUndefined;
    }
  }

  Flow Walk(const std::vector<Node>& nodes, const Item& dot) {
    const std::size_t scope = variables_.size();
    Flow flow = Flow::kNext;
    for (const Node& node : nodes) {
      context_.Charge(2);
      flow = Visit(node, dot);
      if (flow != Flow::kNext) break;
    }
    variables_.resize(scope);
    return flow;
  }

  Flow Visit(const Node& node, const Item& dot) {
    switch (node.kind) {
      case Node::Kind::kText: Append(node.text); return Flow::kNext;
      case Node::Kind::kBreak: return Flow::kBreak;
      case Node::Kind::kContinue: return Flow::kContinue;
      case Node::Kind::kAction: {
        const Item item = Evaluate(node.pipeline, dot);
        Assign(node.pipeline, item);
        if (!node.pipeline.variables.empty()) return Flow::kNext;
        std::string text;
        Print(item.value, text, false);
        Append(text);
        return Flow::kNext;
      }
      case Node::Kind::kRange: return Range(node, dot);
      case Node::Kind::kTemplate: Include(node, dot); return Flow::kNext;
      case Node::Kind::kIf:
      case Node::Kind::kWith: break;
    }
    const std::size_t scope = variables_.size();
    const Item item = Evaluate(node.pipeline, dot);
    Assign(node.pipeline, item);
    const bool with = node.kind == Node::Kind::kWith;
    const Flow flow = IsTrue(item) ? Walk(node.body, with ? item : dot) : Walk(node.otherwise, dot);
    variables_.resize(scope);
    return flow;
  }

  // A template sees its value and no variables of the one around it.
  void Include(const Node& node, const Item& dot) {
    const auto found = templates_.find(node.text);
    if (found == templates_.end()) throw TemplateError{"template \"" + node.text + "\" not defined"};
    if (depth_ == kMaxTemplateNesting) throw TemplateError{"templates include one another too deep"};
    const Item value = node.pipeline.commands.empty() ? Item{} : Evaluate(node.pipeline, dot);
    std::vector<Variable> outer = std::exchange(variables_, {{"", value}});
    ++depth_;
    Walk(found->second, value);
    --depth_;
    variables_ = std::move(outer);
  }

  Flow Range(const Node& node, const Item& dot) {
    const Item over = Evaluate(node.pipeline, dot);
    const Value& v = over.value;
    const bool counts = v.is_number() && over.native;
    const bool fits = v.is_collection() || v.is_null() || v.is_undefined() || counts;
    if (!fits) throw TemplateError{"range can't iterate over " + builtins::ShortText(v)};
    std::int64_t index = 0;
    const auto turn = [&](const Item& key, const Item& value) {
      const std::size_t scope = variables_.size();
      const auto& names = node.pipeline.variables;
      if (names.size() == 1) variables_.push_back({names[0], counts ? key : value});
      if (names.size() == 2) {
        variables_.push_back({names[0], key});
        variables_.push_back({names[1], value});
      }
      const Flow flow = Walk(node.body, value);
      variables_.resize(scope);
      return flow == Flow::kBreak;
    };
    for (const Entry& entry : v.entries()) {
      if (turn({entry.key, false}, {entry.value, false})) return Flow::kNext;
    }
    for (const Value& element : v.elements()) {
      if (turn({Value::Int(index++), true}, {element, false})) return Flow::kNext;
    }
    const std::int64_t count = counts ? v.ToInt64().value_or(0) : 0;
    for (; index < count; ++index) {
      if (turn({Value::Int(index), true}, {Value::Int(index), true})) return Flow::kNext;
    }
    if (v.size() == 0 && count == 0) Walk(node.otherwise, dot);
    return Flow::kNext;
  }

  void Assign(const Pipeline& pipeline, const Item& item) {
    if (pipeline.variables.empty()) return;
    if (pipeline.declares) {
      variables_.push_back({pipeline.variables.back(), item});
      return;
    }
    Find(pipeline.variables.back()) = item;
  }

  Item& Find(const std::string& name) {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(), [&](const Variable& v) { return v.name == name; });
    if (found == variables_.rend()) throw TemplateError{"undefined variable \"$" + name + "\""};
    return found->item;
  }

  Item Evaluate(const Pipeline& pipeline, const Item& dot) {
    std::optional<Item> last;
    for (const Command& command : pipeline.commands) last = Run(command, dot, last);
    return *last;
  }

  Item Run(const Command& command, const Item& dot, const std::optional<Item>& piped) {
    const Operand& first = command.operands[0];
    if (first.kind != Operand::Kind::kFunction) {
      if (command.operands.size() > 1 || piped) throw TemplateError{"can't give argument to non-function"};
      return Get(first, dot);
    }
    if (first.name == "and" || first.name == "or") return Decide(command, dot, piped, first.name == "or");
    std::vector<Item> args;
    for (std::size_t i = 1; i < command.operands.size(); ++i) args.push_back(Get(command.operands[i], dot));
    if (piped) args.push_back(*piped);
    return Call(first.name, args);
  }

  // The first argument that decides; the others are not computed.
  Item Decide(const Command& command, const Item& dot, const std::optional<Item>& piped, bool until) {
    Item item;
    bool any = false;
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      any = true;
      item = Get(command.operands[i], dot);
      if (IsTrue(item) == until) return item;
    }
    if (piped) return *piped;
    if (!any) throw TemplateError{"wrong number of args"};
    return item;
  }

  Item Get(const Operand& operand, const Item& dot) {
    Item item = dot;
    if (operand.kind == Operand::Kind::kVariable) item = Find(operand.name);
    if (operand.kind == Operand::Kind::kConstant) item = operand.constant;
    if (operand.kind == Operand::Kind::kPipeline) item = Evaluate(*operand.inner, dot);
    if (operand.kind == Operand::Kind::kFunction) item = Call(operand.name, {});
    for (const std::string& field : operand.fields) {
      const Value& v = item.value;
      if (!v.is_object() && v.defined()) throw TemplateError{"can't evaluate field " + field + " in type " + std::string(TypeName(v.type()))};
      item = {v.defined() ? v.GetMember(field) : Value(), false};
    }
    return item;
  }

  Item Call(const std::string& name, const std::vector<Item>& args) {
    const auto need = [&](std::size_t least) {
      if (args.size() < least) throw TemplateError{"wrong number of args for " + name + ": want at least " + std::to_string(least) + " got " + std::to_string(args.size())};
    };
    const auto only = [&](std::size_t most) {
      if (args.size() != most) throw TemplateError{"wrong number of args for " + name + ": want " + std::to_string(most) + " got " + std::to_string(args.size())};
    };
    if (name == "print" || name == "println") return Joined(args, name == "println");
    if (name == "html" || name == "js" || name == "urlquery") return Escaped(name, Joined(args, false).value.string());
    need(1);
    if (name == "not") return only(1), Item{Value::Bool(!IsTrue(args[0])), false};
    if (name == "len") return only(1), Length(args[0]);
    if (name == "printf") return Formatted(args);
    if (name == "index") return Indexed(args);
    if (name == "slice") return Sliced(args);
    need(2);
    if (name == "eq") {
      return {Value::Bool(std::any_of(args.begin() + 1, args.end(), [&](const Item& other) { return Equal(args[0], other); })), false};
    }
    only(2);
    if (name == "ne") return {Value::Bool(!Equal(args[0], args[1])), false};
    const int order = Order(args[0], args[1], false);
    const bool holds = name == "lt" ? order < 0 : name == "le" ? order <= 0 : name == "gt" ? order > 0 : order >= 0;
    return {Value::Bool(holds), false};
  }

  static bool IsNil(const Item& item) { return item.value.is_null() || item.value.is_undefined(); }

  static bool Equal(const Item& a, const Item& b) { return IsNil(a) || IsNil(b) ? IsNil(a) && IsNil(b) : Order(a, b, true) == 0; }

  Item Indexed(const std::vector<Item>& args) const {
    Item item = args[0];
    for (std::size_t i = 1; i < args.size(); ++i) {
      const Value& from = item.value;
      const Value& key = args[i].value;
      if (IsNil(item)) throw TemplateError{"error calling index: index of untyped nil"};
      if (from.is_object() ? !key.is_string() : !(key.is_number() && args[i].native)) {
        throw TemplateError{"error calling index: cannot index " + std::string(TypeName(from.type())) + " with type " + std::string(TypeName(key.type()))};
      }
      if (from.is_string()) {
        const std::size_t at = Bound(key, from.string().size() - std::min<std::size_t>(from.string().size(), 1), "index");
        if (at >= from.string().size()) throw TemplateError{"error calling index: index out of range"};
        item = {Value::Int(static_cast<unsigned char>(from.string()[at])), true};
        continue;
      }
      if (!from.is_object() && !from.is_array()) throw TemplateError{"error calling index: can't index item of type " + std::string(TypeName(from.type()))};
      const bool list = from.is_array();
      item = {from.Get(key), false};
      if (list && !item.value.defined()) throw TemplateError{"error calling index: index out of range"};
    }
    return item;
  }

  // A place from 0 to `most`.
  static std::size_t Bound(const Value& at, std::size_t most, std::string_view function) {
    const std::optional<std::int64_t> place = at.ToInt64();
    if (!place || *place < 0 || static_cast<std::uint64_t>(*place) > most) throw TemplateError{"error calling " + std::string(function) + ": index out of range: " + at.ToText()};
    return static_cast<std::size_t>(*place);
  }

  Item Sliced(const std::vector<Item>& args) const {
    const Value& from = args[0].value;
    if (IsNil(args[0])) throw TemplateError{"error calling slice: slice of untyped nil"};
    if (!IsText(args[0]) && !from.is_array()) throw TemplateError{"error calling slice: can't slice item of type " + std::string(TypeName(from.type()))};
    if (args.size() > (from.is_array() ? 4 : 3)) throw TemplateError{"error calling slice: too many slice indexes: " + std::to_string(args.size() - 1)};
    std::string scratch;
    const std::string_view text = from.is_array() ? std::string_view() : from.is_string() ? from.string() : from.number_text(scratch);
    const std::size_t size = from.is_array() ? from.size() : text.size();
    std::size_t places[3] = {0, size, size};
    for (std::size_t i = 1; i < args.size(); ++i) {
      if (!args[i].native) throw TemplateError{"error calling slice: cannot index slice/array with type " + std::string(TypeName(args[i].value.type()))};
      places[i - 1] = Bound(args[i].value, size, "slice");
    }
    if (places[0] > places[1] || places[1] > places[2]) throw TemplateError{"error calling slice: invalid slice index: " + std::to_string(places[0]) + " > " + std::to_string(places[1])};
    if (!from.is_array()) return {builtins::MakeString(context_, base::ReplaceInvalidUtf8(text.substr(places[0], places[1] - places[0]))), false};
    context_.Charge(places[1] - places[0]);
    return {Value::Array(context_.arena, from.elements().subspan(places[0], places[1] - places[0])), false};
  }

  Item Escaped(const std::string& function, std::string_view text) const {
    builtins::ChargeBytes(context_, text.size() * 8);
    context_.arena.CheckRoom(text.size() * 6);
    if (function == "urlquery") return {builtins::MakeString(context_, builtins::EscapeQuery(text)), false};
    std::string out;
    for (std::size_t pos = 0; pos < text.size();) {
      const std::size_t from = pos;
      const std::uint32_t rune = builtins::NextRune(text, pos);
      const std::string escaped = function == "html" ? HtmlEscape(rune) : JsEscape(rune);
      out += escaped.empty() ? text.substr(from, pos - from) : escaped;
    }
    return {builtins::MakeString(context_, out), false};
  }

  // Empty: as it is.
  static std::string HtmlEscape(std::uint32_t rune) {
    switch (rune) {
      case 0: return "\uFFFD";
      case '"': return "&#34;";
      case '\'': return "&#39;";
      case '&': return "&amp;";
      case '<': return "&lt;";
      case '>': return "&gt;";
      default: return {};
    }
  }

  static std::string JsEscape(std::uint32_t rune) {
    if (rune == '\\' || rune == '\'' || rune == '"') return std::string("\\") + static_cast<char>(rune);
    const bool marked = rune == '<' || rune == '>' || rune == '&' || rune == '=';
    if (!marked && rune >= ' ' && (rune < 0x7F || (rune > 0x7F && builtins::IsPrintRune(rune)))) return {};
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out = "\\u";
    const int least = rune > 0xFFFF ? 16 : 12;
    for (int shift = rune > 0xFFFFF ? 20 : least; shift >= 0; shift -= 4) out += kHex[(rune >> static_cast<unsigned>(shift)) & 15U];
    return out;
  }

  static Item Length(const Item& item) {
    const Value& v = item.value;
    std::string scratch;
    if (IsText(item)) return {Value::Int(static_cast<std::int64_t>(v.is_string() ? v.string().size() : v.number_text(scratch).size())), true};
    if (!v.is_collection()) throw TemplateError{"error calling len: len of type " + std::string(TypeName(v.type()))};
    return {Value::Int(static_cast<std::int64_t>(v.size())), true};
  }

  Item Joined(const std::vector<Item>& args, bool line) const {
    std::string text;
    for (std::size_t i = 0; i < args.size(); ++i) {
      const bool texts = i > 0 && (IsText(args[i - 1]) || IsText(args[i]));
      if (i > 0 && (line || !texts)) text += ' ';
      Print(args[i].value, text, true);
    }
    if (line) text += '\n';
    return {builtins::MakeString(context_, text), false};
  }

  Item Formatted(const std::vector<Item>& args) const {
    if (!args[0].value.is_string()) throw TemplateError{"error calling printf: the format is no string"};
    ArrayBuilder rest(context_.arena);
    for (std::size_t i = 1; i < args.size(); ++i) {
      std::string text;
      if (args[i].value.is_collection() || IsNil(args[i])) Print(args[i].value, text, true);
      rest.Add(text.empty() ? args[i].value : builtins::MakeString(context_, text));
    }
    const Value list[] = {args[0].value, rest.Finish()};
    const Value text = FindBuiltin("sprintf")->function(context_, std::span<const Value>(list, 2));
    return {text, false};
  }

  static bool IsText(const Item& item) { return item.value.is_string() || (item.value.is_number() && !item.native); }

  // Of equal kinds only: a number of the policy is text here.
  static int Order(const Item& a, const Item& b, bool equality) {
    const auto kind = [](const Item& item) { return IsText(item) ? 's' : item.value.is_number() ? 'n' : item.value.is_bool() ? 'b' : '-'; };
    const char left = kind(a);
    if (left != kind(b) || left == '-' || (left == 'b' && !equality)) throw TemplateError{"incompatible types for comparison"};
    if (left != 's') return Value::Compare(a.value, b.value);
    std::string first;
    std::string second;
    const std::string_view x = a.value.is_string() ? a.value.string() : a.value.number_text(first);
    const std::string_view y = b.value.is_string() ? b.value.string() : b.value.number_text(second);
    return x.compare(y);
  }

  BuiltinContext& context_;
  Value data_;
  const Templates& templates_;
  int depth_ = 0;  // of templates that include one another
  std::string out_;
  std::vector<Variable> variables_;
};

// Go's values have no sets.
bool HoldsSet(BuiltinContext& context, const Value& value, int depth = 0) {
  if (depth > kMaxValueDepth) throw EvalAbort{"eval_limit_error", "a value nests too deep"};
  context.Charge(1);
  if (value.is_set()) return true;
  if (value.is_array()) {
    return std::any_of(value.elements().begin(), value.elements().end(), [&](const Value& v) { return HoldsSet(context, v, depth + 1); });
  }
  if (!value.is_object()) return false;
  return std::any_of(value.entries().begin(), value.entries().end(), [&](const Entry& e) { return HoldsSet(context, e.value, depth + 1); });
}

Value RenderTemplate(BuiltinContext& context, Args args) {
  builtins::ChargeBytes(context, args[0].string().size() * 4);
  if (HoldsSet(context, args[1])) return context.Error("a template's values cannot hold a set");
  try {
    const text_template::Template parsed = text_template::ParseTemplate(context, args[0].string());
    return builtins::MakeString(context, TemplateWriter(context, args[1], parsed.named).Write(parsed.nodes));
  } catch (const TemplateError& error) {
    return context.Error("template: " + error.message);
  }
}

constexpr Builtin kTable[] = {
    MakeBuiltin("strings.render_template", RenderTemplate, ty::String, kBuiltinPlain, ty::String, ty::Object),
};

}  // namespace

std::span<const Builtin> TemplateBuiltins() { return kTable; }

}  // namespace intentgate::rego
