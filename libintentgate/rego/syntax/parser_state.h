// The parser's insides, shared by parse_module.cc, parse_body.cc and parse_term.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/syntax/ast.h"
#include "rego/syntax/lexer.h"

namespace intentgate::rego {

// A failed parse function returns nullopt and has left an error; callers pass it on.
class Parser {
 public:
  Parser(std::string_view text, Location start, Dialect dialect, Diagnostics& diagnostics, std::size_t max_tokens = static_cast<std::size_t>(-1),
         Comments* comments = nullptr);

  ModuleAst ParseModule();
  // Its package alone.
  ModuleAst ParseModuleHead();
  Body ParseQueryText();
  std::size_t tokens() const { return tokens_; }

 private:
  struct Mark {
    Lexer lexer;
    Token token;
    bool silent;
  };
  // Tries something that may be given up: errors are dropped.
  Mark Save() const { return {lexer_, token_, silent_}; }
  void Restore(Mark mark) {
    lexer_ = std::move(mark.lexer);
    token_ = std::move(mark.token);
    silent_ = mark.silent;
    failed_ = false;
  }

  void Scan();
  bool Is(Tok kind) const { return token_.kind == kind; }
  bool Accept(Tok kind);
  bool Expect(Tok kind, std::string_view what);
  // Leaves an error unless one is there; false.
  bool Fail(std::string message, std::string suggestion = {});
  bool FailAt(Location at, std::string message, std::string suggestion = {});
  std::string Found() const;
  bool AtEnd() const { return Is(Tok::kEof); }
  void SkipToNextRule();

  // parse_module.cc
  bool ParsePackage(ModuleAst& module);
  bool ParseImport(ModuleAst& module);
  bool TurnOnKeywords(ModuleAst& module, const Import& import);
  bool ParseRules(ModuleAst& module);
  bool ParseDefault(ModuleAst& module);
  bool ParseRule(ModuleAst& module);
  bool ParseHead(Rule& rule);
  bool ParseHeadRef(Rule& rule);
  bool ParseArgs(std::vector<Term>& args);
  bool ParseRuleBodies(ModuleAst& module, Rule rule);
  bool ParseElse(Rule& rule);
  bool FinishHead(Rule& rule, bool has_body);
  bool ParseIfBody(Body& body);
  bool ParseBracedBody(Body& body);

  // parse_body.cc
  std::optional<Body> ParseBody(Tok end);
  std::optional<Expr> ParseSome();
  std::optional<Expr> ParseEvery();
  std::optional<Expr> ParseNotBlock();
  static bool StartsWithUnion(const Body& body);
  bool ParseWiths(Expr& expr);
  std::optional<Term> ParseExpression();

  // parse_logic.cc
  std::optional<Expr> ParseLiteral();
  bool LogicIsOn() const { return keywords_.and_ || keywords_.or_; }
  bool AtLogic() const { return Is(Tok::kLogicAnd) || Is(Tok::kLogicOr); }
  std::optional<Expr> ParseUnit();
  std::optional<Expr> ParseOperandForm(bool negated);
  std::optional<Expr> ParseGroup();
  std::shared_ptr<Body> ParseBraceOperand();
  std::shared_ptr<Body> ParseOperand();
  std::optional<Expr> ParseLogic(std::shared_ptr<Body> first);
  std::shared_ptr<Body> ParseAnds(std::shared_ptr<Body> first);

  // parse_term.cc
  std::optional<Term> ParseInfix(bool allow_pair = true, std::optional<Term> first = std::nullopt);
  std::optional<Term> ComprehensionOrUnion(TermKind kind, const std::vector<Term>& head, Tok end, Location at);
  std::optional<Term> ParseBinary(int level, std::optional<Term> first = std::nullopt);
  std::optional<Term> ParseTerm();
  std::optional<Term> ParseTermHead();
  std::optional<Term> ParseTail(Term head);
  std::optional<Term> ParseNumber(bool negative);
  std::optional<Term> ParseArray();
  std::optional<Term> ParseBraces();
  std::optional<Term> ParseSetRest(Term first, Location at);
  std::optional<Term> ParseObjectRest(Term first_key, Location at);
  std::optional<Term> ParseComprehension(TermKind kind, std::vector<Term> head, Tok end, Location at);
  std::optional<Term> ParseTemplate();
  std::optional<Term> ParseTemplateWith(Term value);
  bool AddTemplateText(std::vector<Term>& parts, std::string_view raw, bool is_raw, Location at);
  bool ParseTermList(std::vector<Term>& out, Tok end);
  std::optional<Term> Composite(TermKind kind, std::vector<Term> items, Location at);
  std::optional<Term> BinaryCall(std::string_view name, Term left, Term right, Location at);

  std::map<std::uint32_t, std::string> metadata_;
  Lexer lexer_;
  Token token_;
  Keywords keywords_;
  Dialect dialect_;
  Diagnostics& diagnostics_;
  bool failed_ = false;
  bool silent_ = false;
  bool new_not_ = false;
  int nesting_ = 0;
  std::size_t scans_left_ = 0;  // ambiguous text is read more than once; this bounds how often
  std::size_t tokens_ = 0;
  std::size_t max_tokens_;
  bool exhausted_ = false;  // one of the two, and it was said

  friend struct NestingGuard;
};

// Counts nested constructs; false beyond the limit.
struct NestingGuard {
  explicit NestingGuard(Parser& p) : parser(p) { ++parser.nesting_; }
  ~NestingGuard() { --parser.nesting_; }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;
  bool ok() const { return parser.nesting_ <= kMaxNesting; }
  static constexpr int kMaxNesting = 100;
  Parser& parser;
};

}  // namespace intentgate::rego
