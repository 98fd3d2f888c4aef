// Packages, imports and rules.

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "rego/syntax/parser.h"
#include "rego/syntax/parser_state.h"

namespace intentgate::rego {

Parser::Parser(std::string_view text, Location start, Dialect dialect, Diagnostics& diagnostics, std::size_t max_tokens, Comments* comments)
    : lexer_(text, start, &metadata_, comments), dialect_(dialect), diagnostics_(diagnostics), max_tokens_(max_tokens) {
  constexpr std::size_t kScansPerByte = 30;
  scans_left_ = 10'000 + text.size() * kScansPerByte;
  if (dialect != Dialect::kV0) keywords_ = {true, true, true, true, false, false};
  Scan();
}

void Parser::Scan() {
  if (scans_left_ == 0 || tokens_ == max_tokens_) {
    // Always an error, also inside an attempt: the rest of the text is not read.
    if (!std::exchange(exhausted_, true)) {
      diagnostics_.Parse(token_.at, scans_left_ == 0 ? "the text is too ambiguous to read" : "compiling takes more memory than it may (max_memory_bytes)");
    }
    failed_ = true;
    token_ = Token{};
    return;
  }
  --scans_left_;
  ++tokens_;
  token_ = lexer_.Next(keywords_);
}

bool Parser::Accept(Tok kind) {
  if (!Is(kind)) return false;
  Scan();
  return true;
}

bool Parser::Expect(Tok kind, std::string_view what) {
  if (Accept(kind)) return true;
  return Fail("expected " + std::string(what) + ", not " + Found());
}

std::string Parser::Found() const {
  if (AtEnd()) return "the end of the text";
  if (Is(Tok::kError)) return "'" + std::string(token_.raw) + "' (" + token_.text + ")";
  return "'" + std::string(token_.raw.substr(0, 40)) + "'";
}

bool Parser::Fail(std::string message, std::string suggestion) {
  return FailAt(token_.at, std::move(message), std::move(suggestion));
}

bool Parser::FailAt(Location at, std::string message, std::string suggestion) {
  if (!failed_ && !silent_) diagnostics_.Parse(at, std::move(message), std::move(suggestion));
  failed_ = true;
  return false;
}

// Behind an error: the next token that starts a line is taken for the start of a rule.
void Parser::SkipToNextRule() {
  failed_ = false;
  do {
    Scan();
  } while (!AtEnd() && !(token_.newline_before && token_.at.column == 1 && (Is(Tok::kIdent) || Is(Tok::kDefault))));
}

ModuleAst Parser::ParseModule() {
  ModuleAst module;
  module.file = token_.at.file;
  module.dialect = dialect_;
  if (!ParsePackage(module)) return module;
  while (Is(Tok::kImport)) {
    if (!ParseImport(module)) return module;
  }
  while (!AtEnd() && !diagnostics_.full()) {
    if (!ParseRules(module)) SkipToNextRule();
  }
  module.metadata = std::move(metadata_);
  return module;
}

ModuleAst Parser::ParseModuleHead() {
  ModuleAst module;
  ParsePackage(module);
  return module;
}

bool Parser::ParsePackage(ModuleAst& module) {
  if (!Is(Tok::kPackage)) return Fail(AtEnd() ? "empty module" : "package expected", "start the file with `package name`");
  const Location at = token_.at;
  Scan();
  std::vector<Term> items;
  items.push_back(MakeVar("data", at));
  if (!Is(Tok::kIdent)) return Fail("expected the package's name, not " + Found());
  std::optional<Term> path = ParseTerm();
  if (!path) return false;
  if (path->IsVar()) {
    items.push_back(MakeString(path->text, path->at));
  } else if (path->IsRef() && path->items[0].IsVar() && IsGroundStrings(*path, 1)) {
    items.push_back(MakeString(path->items[0].text, path->at));
    items.insert(items.end(), path->items.begin() + 1, path->items.end());
  } else {
    return FailAt(path->at, "a package's name is made of names and constant strings");
  }
  module.package = MakeComposite(TermKind::kRef, std::move(items), at);
  return true;
}

bool Parser::ParseImport(ModuleAst& module) {
  Import import;
  import.at = token_.at;
  Scan();
  if (!Is(Tok::kIdent)) return Fail("expected a path after `import`, not " + Found());
  std::optional<Term> path = ParseTerm();
  if (!path) return false;
  import.path = std::move(*path);
  if (Accept(Tok::kAs)) {
    if (!Is(Tok::kIdent)) return Fail("expected a name after `as`, not " + Found());
    import.alias = token_.text;
    Scan();
  }
  const std::string& root = import.path.IsVar() ? import.path.text : import.path.items.empty() ? import.path.text : import.path.items[0].text;
  if (!IsGroundStrings(import.path, 1) || !(root == "data" || root == "input" || root == "future" || root == "rego")) {
    return FailAt(import.path.at, "unexpected import path", "it must begin with one of: {data, future, input, rego}");
  }
  const bool named = root == "future" || root == "rego" ? TurnOnKeywords(module, import) : true;
  if (named) module.imports.push_back(std::move(import));
  return named;
}

bool Parser::TurnOnKeywords(ModuleAst& module, const Import& import) {
  const std::string text = TermText(import.path);
  // The rules before it were read by other words.
  if (!module.rules.empty() && module.dialect == Dialect::kV0) return FailAt(import.path.at, "import " + text + " must stand before the rules");
  if (text == "rego.v1" || text == "rego.v2" || text == "future.keywords") {
    const bool newest = text != "rego.v1";
    keywords_ = {true, true, true, true, keywords_.and_ || newest, keywords_.or_ || newest};
    if (newest) module.new_not = new_not_ = true;
    if (text != "future.keywords" && module.dialect == Dialect::kV0) module.dialect = dialect_ = Dialect::kV0RegoV1;
  } else if (text == "future.keywords.and") {
    keywords_.and_ = true;
  } else if (text == "future.keywords.or") {
    keywords_.or_ = true;
  } else if (text == "future.keywords.in") {
    keywords_.in = true;
  } else if (text == "future.keywords.every") {
    keywords_.every = keywords_.in = true;
  } else if (text == "future.keywords.if") {
    keywords_.if_ = true;
  } else if (text == "future.keywords.contains") {
    keywords_.contains = true;
  } else if (text == "future.keywords.not") {
    module.new_not = new_not_ = true;
  } else {
    return FailAt(import.path.at, "invalid import " + text, "known: rego.v1, rego.v2, future.keywords and in, every, if, contains, not, and, or below it");
  }
  // The token behind the import was read before the keywords changed.
  if (Is(Tok::kIdent)) {
    if (keywords_.every && token_.text == "every") token_.kind = Tok::kEvery;
    if (keywords_.if_ && token_.text == "if") token_.kind = Tok::kIf;
    if (keywords_.in && token_.text == "in") token_.kind = Tok::kIn;
    if (keywords_.contains && token_.text == "contains") token_.kind = Tok::kContains;
  }
  return true;
}

bool Parser::ParseRules(ModuleAst& module) {
  failed_ = false;
  while (Accept(Tok::kSemicolon)) {
  }
  if (AtEnd()) return true;
  if (Is(Tok::kImport)) return ParseImport(module);
  if (Is(Tok::kDefault)) return ParseDefault(module);
  return ParseRule(module);
}

bool Parser::ParseDefault(ModuleAst& module) {
  Rule rule;
  rule.at = token_.at;
  rule.is_default = true;
  Scan();
  if (!ParseHeadRef(rule)) return false;
  rule.assign = Is(Tok::kAssign);
  rule.own_value = true;
  if (!Accept(Tok::kAssign) && !Accept(Tok::kUnify)) return Fail("expected := and a value in a default rule, not " + Found());
  std::optional<Term> value = ParseInfix();
  if (!value) return false;
  rule.value = std::move(value);
  module.rules.push_back(std::move(rule));
  if (!AtEnd() && !token_.newline_before && !Is(Tok::kSemicolon)) return Fail("unexpected " + Found() + " after a default rule");
  return true;
}

bool Parser::ParseArgs(std::vector<Term>& args) {
  Scan();
  return ParseTermList(args, Tok::kRParen);
}

bool Parser::ParseHeadRef(Rule& rule) {
  if (!Is(Tok::kIdent) && !Is(Tok::kContains)) return Fail("expected the name of a rule, not " + Found());
  Term name = MakeVar(token_.text, token_.at);
  Scan();
  // Unlike in any other reference, a blank or a new line may stand behind the first name: f (x) { ... }
  rule.spaced = token_.space_before && (Is(Tok::kDot) || Is(Tok::kLBrack) || Is(Tok::kLParen));
  if (rule.spaced) token_.space_before = false;
  std::optional<Term> head = ParseTail(std::move(name));
  if (!head) return false;
  if (head->IsCall()) {
    rule.is_function = head->items.size() > 1;  // f() = 1 is a plain rule
    rule.args.assign(std::make_move_iterator(head->items.begin() + 1), std::make_move_iterator(head->items.end()));
    Term called = std::move(head->items[0]);
    head = std::move(called);
  }
  if (head->IsVar()) {
    const Location at = head->at;
    std::vector<Term> items;
    items.push_back(std::move(*head));
    rule.ref = MakeComposite(TermKind::kRef, std::move(items), at);
    return true;
  }
  if (!head->IsRef() || !head->items[0].IsVar()) return FailAt(head->at, "this cannot be the name of a rule");
  rule.ref = std::move(*head);
  return true;
}

bool Parser::ParseHead(Rule& rule) {
  if (!ParseHeadRef(rule)) return false;
  if (keywords_.contains && Accept(Tok::kContains)) {
    rule.multi_value = true;
    if (rule.is_function) return Fail("a function cannot be a set rule (contains)");
    std::optional<Term> key = ParseInfix();
    if (!key) return false;
    rule.key = std::move(key);
  } else if (Is(Tok::kAssign) || Is(Tok::kUnify)) {
    rule.assign = Is(Tok::kAssign);
    Scan();
    std::optional<Term> value = ParseInfix();
    if (!value) return false;
    rule.value = std::move(value);
    rule.own_value = true;
  }
  rule.has_if = keywords_.if_ && Accept(Tok::kIf);
  return true;
}

// What the head means, by the dialect: v0's p[x] is a set, with `if` or in v1 it is an object.
bool Parser::FinishHead(Rule& rule, bool has_body) {
  const bool has_if = rule.has_if;
  const bool strict = dialect_ != Dialect::kV0;
  const bool contains = rule.multi_value;
  if (!rule.value && !rule.multi_value && !rule.is_function && rule.ref.items.size() == 2 && !has_if) {
    if (strict) {
      return FailAt(rule.at, "`contains` keyword is required for partial set rules",
                    "write: " + rule.ref.items[0].text + " contains " + TermText(rule.ref.items[1]) + (has_body ? " if { ... }" : ""));
    }
    rule.multi_value = true;
    rule.key = std::move(rule.ref.items[1]);
    rule.ref.items.pop_back();
  }
  if (strict && has_body && !has_if) {
    return FailAt(rule.at, "`if` keyword is required before rule body", "write: " + TermText(rule.ref) + " if { ... }");
  }
  if (!has_body && ((!rule.value && !rule.multi_value) || (rule.spaced && !contains))) {
    return FailAt(rule.at, "var cannot be used for rule name", "a rule needs a value (:=) or a body (if)");
  }
  if (!rule.value && !rule.multi_value) rule.value = MakeBool(true, rule.at);
  return true;
}

bool Parser::ParseBracedBody(Body& body) {
  const Location at = token_.at;
  Scan();
  std::optional<Body> parsed = ParseBody(Tok::kRBrace);
  if (!parsed) return false;
  if (parsed->exprs.empty()) return FailAt(at, "found empty body", "write `true` if the rule has no condition");
  Scan();
  body = std::move(*parsed);
  return true;
}

bool Parser::ParseIfBody(Body& body) {
  if (Is(Tok::kLBrace)) {
    // A brace may also open a set or object in a one-line body.
    Mark mark = Save();
    silent_ = true;
    const bool ok = ParseBracedBody(body);
    const bool ends = ok && (AtEnd() || token_.newline_before || Is(Tok::kElse) || Is(Tok::kSemicolon) || Is(Tok::kLBrace));
    silent_ = mark.silent;
    if (ends) {
      failed_ = false;
      return true;
    }
    Mark again = mark;
    Restore(std::move(mark));
    silent_ = true;
    std::optional<Expr> expr = ParseLiteral();
    silent_ = again.silent;
    if (!expr) {
      Restore(std::move(again));
      return ParseBracedBody(body);
    }
    body.exprs.clear();
    body.at = expr->at;
    body.exprs.push_back(std::move(*expr));
    failed_ = false;
    return true;
  }
  body.at = token_.at;
  std::optional<Expr> expr = ParseLiteral();
  if (!expr) return false;
  body.exprs.push_back(std::move(*expr));
  return true;
}

bool Parser::ParseRule(ModuleAst& module) {
  Rule rule;
  rule.at = token_.at;
  if (!ParseHead(rule)) return false;
  const bool has_body = rule.has_if || Is(Tok::kLBrace);
  if (!FinishHead(rule, has_body)) return false;
  if (!has_body) {
    if (!AtEnd() && !token_.newline_before && !Is(Tok::kSemicolon) && !Is(Tok::kElse)) return Fail("unexpected " + Found() + " after a rule");
    module.rules.push_back(std::move(rule));
    return true;
  }
  return ParseRuleBodies(module, std::move(rule));
}

bool Parser::ParseRuleBodies(ModuleAst& module, Rule rule) {
  const Rule head = rule;
  Body body;
  if (rule.has_if ? !ParseIfBody(body) : !ParseBracedBody(body)) return false;
  rule.body = std::move(body);
  while (Is(Tok::kElse)) {
    if (!ParseElse(rule)) return false;
  }
  const bool chained_allowed = rule.otherwise.empty();
  module.rules.push_back(std::move(rule));
  // p { ... } { ... }: further bodies of the same head.
  while (Is(Tok::kLBrace) && chained_allowed) {
    Rule next = head;
    next.at = token_.at;
    Body more;
    if (!ParseBracedBody(more)) return false;
    next.body = std::move(more);
    module.rules.push_back(std::move(next));
  }
  if (!AtEnd() && !token_.newline_before && !Is(Tok::kSemicolon)) return Fail("unexpected " + Found() + " after a rule");
  return true;
}

bool Parser::ParseElse(Rule& rule) {
  Rule other;
  other.at = token_.at;
  Scan();
  if (rule.multi_value) return FailAt(other.at, "`else` cannot be used on a set rule");
  other.assign = rule.assign;
  if (Is(Tok::kAssign) || Is(Tok::kUnify)) {
    other.assign = Is(Tok::kAssign);
    Scan();
    std::optional<Term> value = ParseInfix();
    if (!value) return false;
    other.value = std::move(value);
  }
  const bool has_if = keywords_.if_ && Accept(Tok::kIf);
  if (has_if || Is(Tok::kLBrace)) {
    if (!has_if && dialect_ != Dialect::kV0) return Fail("`if` keyword is required before rule body");
    Body body;
    if (has_if ? !ParseIfBody(body) : !ParseBracedBody(body)) return false;
    other.body = std::move(body);
  } else if (!other.value) {
    return Fail("expected a value or a body after `else`, not " + Found());
  }
  if (!other.value) other.value = MakeBool(true, other.at);
  rule.otherwise.push_back(std::move(other));
  return true;
}

Body Parser::ParseQueryText() {
  std::optional<Body> body = ParseBody(Tok::kEof);
  if (body && body->exprs.empty()) Fail("the query is empty");
  return body ? std::move(*body) : Body{};
}

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The mark may stand before a module, and nowhere else: nobody would see it.
bool HasByteOrderMark(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  const std::size_t at = text.find(kByteOrderMark);
  if (at == std::string_view::npos) return false;
  const std::string_view before = text.substr(0, at);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  diagnostics.Parse({file, line, static_cast<std::uint32_t>(at - line_start) + 1}, "illegal byte-order mark; write \\ufeff in a string");
  return true;
}

}  // namespace

ModuleAst ParseModule(std::string_view text, std::uint32_t file, Dialect default_dialect, Diagnostics& diagnostics, const ParseOptions& options) {
  if (!base::IsValidUtf8(text)) {
    diagnostics.Parse({file, 1, 1}, "the text is not valid UTF-8");
    return {};
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (HasByteOrderMark(text, file, diagnostics)) return {};
  Comments comments;
  Parser parser(text, {file, 1, 1}, default_dialect, diagnostics, options.max_tokens, options.keep_comments ? &comments : nullptr);
  ModuleAst module = parser.ParseModule();
  module.comments = std::move(comments);
  module.tokens = parser.tokens();
  return module;
}

std::optional<std::vector<std::string>> PackageOf(std::string_view text) {
  Diagnostics ignored({}, 1);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const ModuleAst module = Parser(text, {0, 1, 1}, Dialect::kV1, ignored).ParseModuleHead();
  if (!ignored.empty() || !module.package.IsRef()) return std::nullopt;
  std::vector<std::string> names;
  for (std::size_t i = 1; i < module.package.items.size(); ++i) names.push_back(module.package.items[i].text);
  return names;
}

Body ParseQuery(std::string_view text, std::uint32_t file, Diagnostics& diagnostics) {
  if (!base::IsValidUtf8(text)) {
    diagnostics.Parse({file, 1, 1}, "the query is not valid UTF-8");
    return {};
  }
  if (HasByteOrderMark(text, file, diagnostics)) return {};
  Parser parser(text, {file, 1, 1}, Dialect::kV1, diagnostics);
  return parser.ParseQueryText();
}

}  // namespace intentgate::rego
