#include "rego/builtins/template_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rego/builtins/args.h"

namespace intentgate::rego::text_template {
namespace {

// Bytes of code points beyond ASCII count as letters.
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

constexpr std::array<std::string_view, 18> kFunctions = {"and", "or", "not", "len",  "index", "slice", "print", "println",  "printf",
                                                       "eq",  "ne", "lt",  "le",   "gt",    "ge",    "html",  "js",       "urlquery"};

class TemplateParser {
 public:
  TemplateParser(BuiltinContext& context, std::string_view text) : context_(context), text_(text) {}

  Template Read() {
    std::vector<Node> nodes = ReadNodes(0);
    if (!stop_.empty()) throw TemplateError{"unexpected {{" + stop_ + "}}"};
    return {std::move(nodes), std::move(templates_)};
  }

 private:
  // Nodes up to {{end}} or {{else}}, whose word is left in stop_, or the end of the text.
  std::vector<Node> ReadNodes(int depth) {
    if (depth > kMaxTemplateNesting) throw TemplateError{"the template nests too deep"};
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
    // A comment stands right behind the braces, or behind "- ".
    const std::size_t start = pos_;
    Skip();
    if (text_.substr(pos_, 2) == "/*" && (start == pos_ || text_[start - 1] == '-')) {
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
      pos_ += word.size();
      ReadNamed(node, word, depth);
      if (word == "define") return true;
    } else {
      node.kind = Node::Kind::kAction;
      node.pipeline = ReadPipeline(0);
      Close();
    }
    out.push_back(std::move(node));
    return true;
  }

  // {{define "x"}}...{{end}}, {{template "x" value}}, {{block "x" value}}...{{end}}: the last is both of the others.
  void ReadNamed(Node& node, const std::string& word, int depth) {
    if (word == "define" && depth > 0) throw TemplateError{"unexpected {{define}}"};
    Skip();
    Operand name;
    if (pos_ >= text_.size() || (text_[pos_] != '"' && text_[pos_] != '`')) throw TemplateError{"{{" + word + "}} has no name"};
    ReadString(name, text_[pos_]);
    node.kind = Node::Kind::kTemplate;
    node.text = name.constant.value.string();
    Skip();
    if (word == "block" || (word == "template" && !AtClose())) node.pipeline = ReadPipeline(0);
    Close();
    if (word == "template") return;
    const int ranges = std::exchange(ranges_, 0);
    std::vector<Node> body = ReadNodes(depth + 1);
    ranges_ = ranges;
    if (stop_ != "end") throw TemplateError{"unexpected EOF"};
    stop_.clear();
    templates_.insert_or_assign(node.text, std::move(body));
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
        if (depth + 1 > kMaxTemplateNesting) throw TemplateError{"the template nests too deep"};
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
    if (depth > kMaxTemplateNesting) throw TemplateError{"the template nests too deep"};
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
  Templates templates_;
};

}  // namespace

Template ParseTemplate(BuiltinContext& context, std::string_view text) { return TemplateParser(context, text).Read(); }

}  // namespace intentgate::rego::text_template
