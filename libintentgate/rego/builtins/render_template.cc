// strings.render_template: Go's text/template over a policy's values.
//
// A template becomes a tree of nodes, which is walked with the value of "." and the variables. Numbers of the policy are
// text to Go's comparisons, as they are in OPA; literals and indexes are numbers. There are no named templates: define,
// template and block are errors.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rego/builtins/args.h"
#include "rego/builtins/families.h"

namespace intentgate::rego {
namespace {

using Args = std::span<const Value>;

constexpr int kMaxNesting = 100;
constexpr std::string_view kUndefined = "<undefined>";

struct TemplateError {
  std::string message;
};

// A value of the policy, or a number that the template made.
struct Item {
  Value value;
  bool native = false;
};

struct Pipeline;

struct Operand {
  enum class Kind : std::uint8_t { kDot, kVariable, kConstant, kFunction, kPipeline } kind = Kind::kDot;
  std::string name;                 // kVariable, kFunction
  Item constant;                    // kConstant
  std::shared_ptr<Pipeline> inner;  // kPipeline
  std::vector<std::string> fields;
};

struct Command {
  std::vector<Operand> operands;
};

struct Pipeline {
  std::vector<std::string> variables;
  bool declares = false;
  std::vector<Command> commands;
};

struct Node {
  enum class Kind : std::uint8_t { kText, kAction, kIf, kRange, kWith, kBreak, kContinue } kind = Kind::kText;
  std::string text;
  Pipeline pipeline;
  std::vector<Node> body;
  std::vector<Node> otherwise;
};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

constexpr std::array<std::string_view, 14> kFunctions = {"and", "or", "not", "len", "index", "print", "println", "printf", "eq", "ne", "lt", "le", "gt", "ge"};

class TemplateParser {
 public:
  TemplateParser(BuiltinContext& context, std::string_view text) : context_(context), text_(text) {}

  std::vector<Node> Read() {
    std::vector<Node> out = ReadNodes(0);
    if (!stop_.empty()) throw TemplateError{"unexpected {{" + stop_ + "}}"};
    return out;
  }

 private:
  // Nodes up to {{end}} or {{else}}, whose word is left in stop_, or the end of the text.
  std::vector<Node> ReadNodes(int depth) {
    if (depth > kMaxNesting) throw TemplateError{"the template nests too deep"};
    std::vector<Node> out;
    for (;;) {
      stop_.clear();
      std::size_t open = text_.find("{{", pos_);
      const bool more = open != std::string_view::npos;
      std::string_view plain = text_.substr(pos_, more ? open - pos_ : std::string_view::npos);
      if (trim_next_) plain.remove_prefix(std::min(plain.find_first_not_of(" \t\r\n"), plain.size()));
      trim_next_ = false;
      if (more && text_.substr(open + 2, 1) == "-" && open + 3 < text_.size() && IsSpace(text_[open + 3])) {
        while (!plain.empty() && IsSpace(plain.back())) plain.remove_suffix(1);
        open += 2;
        pos_ = open + 1;
      } else {
        pos_ = open + 2;
      }
      if (!plain.empty()) {
        Node text;
        text.text = plain;
        out.push_back(std::move(text));
      }
      if (!more) {
        pos_ = text_.size();
        return out;
      }
      context_.Charge(4);
      if (!ReadAction(out, depth)) return out;
    }
  }

  // False if it was {{end}} or {{else...}}.
  bool ReadAction(std::vector<Node>& out, int depth) {
    Skip();
    if (text_.substr(pos_, 2) == "/*") {
      const std::size_t end = text_.find("*/", pos_);
      if (end == std::string_view::npos) throw TemplateError{"unclosed comment"};
      pos_ = end + 2;
      Close();
      return true;
    }
    const std::string word = PeekWord();
    if (word == "end" || word == "else") {
      pos_ += word.size();
      stop_ = word;
      if (word == "end") Close();
      return false;
    }
    Node node;
    if (word == "if" || word == "range" || word == "with") {
      pos_ += word.size();
      node.kind = word == "if" ? Node::Kind::kIf : word == "range" ? Node::Kind::kRange : Node::Kind::kWith;
      node.pipeline = ReadPipeline(0);
      Close();
      ranges_ += word == "range" ? 1 : 0;
      ReadBranches(node, depth);
      ranges_ -= word == "range" ? 1 : 0;
    } else if (word == "break" || word == "continue") {
      pos_ += word.size();
      node.kind = word == "break" ? Node::Kind::kBreak : Node::Kind::kContinue;
      if (ranges_ == 0) throw TemplateError{"template:" + std::to_string(Line()) + ": {{" + word + "}} outside {{range}}"};
      Close();
    } else if (word == "define" || word == "template" || word == "block") {
      throw TemplateError{"{{" + word + "}} is not there"};
    } else {
      node.kind = Node::Kind::kAction;
      node.pipeline = ReadPipeline(0);
      Close();
    }
    out.push_back(std::move(node));
    return true;
  }

  void ReadBranches(Node& node, int depth) {
    node.body = ReadNodes(depth + 1);
    if (stop_ == "else") {
      Skip();
      const std::string word = PeekWord();
      if (word == "if" || word == "with") {
        // {{else if}} is an if inside the else that shares its end.
        pos_ += word.size();
        Node inner;
        inner.kind = word == "if" ? Node::Kind::kIf : Node::Kind::kWith;
        inner.pipeline = ReadPipeline(0);
        Close();
        if (depth + 1 > kMaxNesting) throw TemplateError{"the template nests too deep"};
        ReadBranches(inner, depth + 1);
        node.otherwise.push_back(std::move(inner));
        return;
      }
      Close();
      node.otherwise = ReadNodes(depth + 1);
    }
    if (stop_ != "end") throw TemplateError{"unexpected EOF"};
    stop_.clear();
  }

  std::ptrdiff_t Line() const { return 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(pos_), '\n'); }

  void Skip() {
    while (pos_ < text_.size() && IsSpace(text_[pos_])) ++pos_;
  }
  std::string PeekWord() const {
    std::size_t end = pos_;
    while (end < text_.size() && (IsLetter(text_[end]) || IsDigit(text_[end]))) ++end;
    return std::string(text_.substr(pos_, end - pos_));
  }
  bool Accept(std::string_view sign) {
    if (text_.substr(pos_, sign.size()) != sign) return false;
    pos_ += sign.size();
    return true;
  }
  bool AtClose() const { return text_.substr(pos_, 2) == "}}" || text_.substr(pos_, 3) == "-}}"; }

  void Close() {
    Skip();
    trim_next_ = Accept("-}}");
    if (!trim_next_ && !Accept("}}")) throw TemplateError{"unexpected " + (pos_ < text_.size() ? "\"" + std::string(text_.substr(pos_, 1)) + "\"" : "EOF") + " in command"};
  }

  Pipeline ReadPipeline(int depth) {
    if (depth > kMaxNesting) throw TemplateError{"the template nests too deep"};
    Pipeline out;
    Skip();
    const std::size_t start = pos_;
    while (pos_ < text_.size() && text_[pos_] == '$') {
      ++pos_;
      out.variables.push_back(PeekWord());
      pos_ += out.variables.back().size();
      Skip();
      if (!Accept(",")) break;
      Skip();
    }
    out.declares = Accept(":=");
    if (!out.declares && (out.variables.empty() || text_.substr(pos_, 1) != "=")) {
      out.variables.clear();
      pos_ = start;
    } else if (!out.declares) {
      ++pos_;
    }
    do {
      out.commands.push_back(ReadCommand(depth));
      Skip();
    } while (Accept("|"));
    return out;
  }

  Command ReadCommand(int depth) {
    Command out;
    for (Skip(); pos_ < text_.size() && !AtClose() && text_[pos_] != '|' && text_[pos_] != ')'; Skip()) {
      context_.Charge(2);
      out.operands.push_back(ReadOperand(depth));
    }
    if (out.operands.empty()) throw TemplateError{"missing value for command"};
    const Operand& first = out.operands[0];
    if (first.kind == Operand::Kind::kConstant && first.constant.value.is_undefined() && out.operands.size() == 1) {
      throw TemplateError{"nil is not a command"};
    }
    return out;
  }

  Operand ReadOperand(int depth) {
    Operand out;
    const char c = text_[pos_];
    if (c == '(') {
      ++pos_;
      out.kind = Operand::Kind::kPipeline;
      out.inner = std::make_shared<Pipeline>(ReadPipeline(depth + 1));
      Skip();
      if (!Accept(")")) throw TemplateError{"unclosed left paren"};
    } else if (c == '$') {
      ++pos_;
      out.kind = Operand::Kind::kVariable;
      out.name = PeekWord();
      pos_ += out.name.size();
    } else if (c == '"' || c == '`') {
      ReadString(out, c);
      return out;
    } else if (IsDigit(c) || ((c == '-' || c == '+') && pos_ + 1 < text_.size() && IsDigit(text_[pos_ + 1]))) {
      ReadNumber(out);
      return out;
    } else if (IsLetter(c)) {
      ReadWord(out);
      if (out.kind == Operand::Kind::kConstant) return out;
    } else if (c != '.') {
      throw TemplateError{"unexpected \"" + std::string(1, c) + "\" in operand"};
    } else if (pos_ + 1 >= text_.size() || !IsLetter(text_[pos_ + 1])) {
      ++pos_;
      return out;
    }
    while (pos_ + 1 < text_.size() && text_[pos_] == '.' && IsLetter(text_[pos_ + 1])) {
      ++pos_;
      out.fields.push_back(PeekWord());
      pos_ += out.fields.back().size();
    }
    return out;
  }

  void ReadString(Operand& out, char quote) {
    out.kind = Operand::Kind::kConstant;
    std::size_t end = pos_ + 1;
    while (end < text_.size() && text_[end] != quote) end += quote == '"' && text_[end] == '\\' ? 2U : 1U;
    if (end >= text_.size()) throw TemplateError{"unterminated quoted string"};
    const std::string_view raw = text_.substr(pos_, end + 1 - pos_);
    pos_ = end + 1;
    if (quote == '`') {
      out.constant.value = Value::StringCopy(context_.arena, raw.substr(1, raw.size() - 2));
      return;
    }
    const Result<Value> parsed = Value::ParseJson(context_.arena, raw);
    if (!parsed.ok()) throw TemplateError{"invalid syntax in a string"};
    out.constant.value = *parsed;
  }

  void ReadNumber(Operand& out) {
    std::size_t end = pos_ + 1;
    while (end < text_.size() && (IsDigit(text_[end]) || text_[end] == '.' || text_[end] == 'e')) ++end;
    std::string_view raw = text_.substr(pos_, end - pos_);
    if (raw.starts_with('+')) raw.remove_prefix(1);
    const Result<Value> parsed = Value::ParseJson(context_.arena, raw);
    if (!parsed.ok()) throw TemplateError{"bad number syntax: \"" + std::string(raw) + "\""};
    pos_ = end;
    out.kind = Operand::Kind::kConstant;
    out.constant = {*parsed, true};
  }

  void ReadWord(Operand& out) {
    const std::string word = PeekWord();
    pos_ += word.size();
    out.kind = Operand::Kind::kConstant;
    if (word == "true" || word == "false") {
      out.constant.value = Value::Bool(word == "true");
    } else if (word != "nil") {
      if (std::find(kFunctions.begin(), kFunctions.end(), word) == kFunctions.end()) throw TemplateError{"function \"" + word + "\" not defined"};
      out.kind = Operand::Kind::kFunction;
      out.name = word;
    }
  }

  BuiltinContext& context_;
  std::string_view text_;
  std::size_t pos_ = 0;
  bool trim_next_ = false;
  std::string stop_;
  int ranges_ = 0;  // that are open
};

class TemplateWriter {
 public:
  TemplateWriter(BuiltinContext& context, const Value& data) : context_(context), data_(data) { variables_.push_back({"", {data, false}}); }

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
    if (name == "print" || name == "println") return Joined(args, name == "println");
    need(1);
    if (name == "not") return {Value::Bool(!IsTrue(args[0])), false};
    if (name == "len") return Length(args[0].value);
    if (name == "printf") return Formatted(args);
    if (name == "index") {
      Item item = args[0];
      for (std::size_t i = 1; i < args.size(); ++i) {
        const bool list = item.value.is_array();
        item = {item.value.Get(args[i].value), false};
        if (list && !item.value.defined()) throw TemplateError{"error calling index: index out of range"};
      }
      return item;
    }
    need(2);
    if (name == "eq") {
      return {Value::Bool(std::any_of(args.begin() + 1, args.end(), [&](const Item& other) { return Order(args[0], other, true) == 0; })), false};
    }
    const int order = Order(args[0], args[1], name == "ne");
    const bool holds = name == "ne" ? order != 0 : name == "lt" ? order < 0 : name == "le" ? order <= 0 : name == "gt" ? order > 0 : order >= 0;
    return {Value::Bool(holds), false};
  }

  static Item Length(const Value& v) {
    if (!v.is_string() && !v.is_collection()) throw TemplateError{"error calling len: len of type " + std::string(TypeName(v.type()))};
    return {Value::Int(static_cast<std::int64_t>(v.is_string() ? v.string().size() : v.size())), true};
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
    for (std::size_t i = 1; i < args.size(); ++i) rest.Add(args[i].value.defined() ? args[i].value : Value::Null());
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
    const std::vector<Node> nodes = TemplateParser(context, args[0].string()).Read();
    return builtins::MakeString(context, TemplateWriter(context, args[1]).Write(nodes));
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
