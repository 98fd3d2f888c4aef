// The syntax tree of Rego. Plain data, built by the parser and rewritten by the compiler's passes.
// Its depth is bounded by the parser (kMaxTermDepth), so passes may recurse over it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace intentgate::rego {

inline constexpr std::uint16_t kMaxTermDepth = 300;

struct Location {
  std::uint32_t file = 0;  // index into the compiled sources
  std::uint32_t line = 0;  // from 1
  std::uint32_t column = 0;
};

enum class TermKind : std::uint8_t {
  kNull,
  kBool,
  kNumber,
  kString,
  kVar,
  kRef,     // items: head, then operands
  kArray,
  kObject,  // items: key, value, key, value...
  kSet,
  kCall,    // items: operator (var or ref), then arguments
  kArrayComprehension,   // items: head
  kSetComprehension,     // items: head
  kObjectComprehension,  // items: key, value
  kTemplate,             // items: literal strings (flag set) and expressions
};

struct Body;

inline constexpr std::int32_t kNoVar = -1;

struct Term {
  TermKind kind = TermKind::kNull;
  bool flag = false;            // kBool: the value; kString inside kTemplate: literal text; kTemplate: in backquotes
  std::uint16_t depth = 1;
  std::int32_t var = kNoVar;    // kVar, once resolved: number of the variable in its rule
  Location at;
  std::string text;             // names, strings, number spellings
  std::vector<Term> items;
  std::shared_ptr<Body> body;   // comprehensions

  bool IsVar() const { return kind == TermKind::kVar; }
  bool IsVar(std::string_view name) const { return kind == TermKind::kVar && text == name; }
  bool IsRef() const { return kind == TermKind::kRef; }
  bool IsCall() const { return kind == TermKind::kCall; }
  bool IsString() const { return kind == TermKind::kString; }
  bool IsWildcard() const { return kind == TermKind::kVar && text == "_"; }
  bool IsComprehension() const {
    return kind == TermKind::kArrayComprehension || kind == TermKind::kSetComprehension ||
           kind == TermKind::kObjectComprehension;
  }
  bool IsScalar() const { return kind <= TermKind::kString; }
};

struct With {
  Term target;
  Term value;
  Location at;
};

enum class ExprKind : std::uint8_t {
  kTerm,    // term: a test, or a call of eq / assign / any function
  kSome,    // some x, y: terms are variables
  kSomeIn,  // some k, v in domain: terms = [key or none, value, domain]
  kEvery,   // every k, v in domain { body }: terms as kSomeIn
  kBlock,   // not { body }
  kAnd,     // each of `operands` has an answer
  kOr,      // one of `operands` has an answer
};

struct Expr {
  ExprKind kind = ExprKind::kTerm;
  bool negated = false;
  bool has_key = false;        // kSomeIn, kEvery
  std::vector<Term> terms;
  std::shared_ptr<Body> body;  // kEvery, kBlock
  std::vector<std::shared_ptr<Body>> operands;  // kAnd, kOr: each a scope of its own
  std::vector<With> withs;
  Location at;
};

struct Body {
  std::vector<Expr> exprs;
  Location at;
  bool implicit = false;  // an operand of `and` or `or` without braces: one expression that binds nothing
};

struct Rule {
  Location at;
  bool is_default = false;
  bool is_function = false;
  bool multi_value = false;        // contains, or v0's p[x]
  bool assign = false;             // the value stands behind :=
  bool has_if = false;             // `if` stands before the body
  bool spaced = false;             // a blank stands behind the first name: only with a body, contains or default
  bool own_value = false;          // the value is written, not the `true` of a rule without one
  Term ref;                        // kRef: name and path, without the set's element
  std::vector<Term> args;
  std::optional<Term> key;         // the element of a multi-value rule
  std::optional<Term> value;
  std::optional<Body> body;        // absent: true
  std::vector<Rule> otherwise;     // else, else, ...: value and body only
};

struct Import {
  Location at;
  Term path;
  std::string alias;  // empty: the last part of the path
};

enum class Dialect : std::uint8_t { kV0, kV0RegoV1, kV1 };

struct ModuleAst {
  std::uint32_t file = 0;
  Dialect dialect = Dialect::kV1;
  bool new_not = false;  // import future.keywords.not
  std::size_t tokens = 0;  // that were read
  Term package;          // kRef starting with data
  std::vector<Import> imports;
  std::vector<Rule> rules;
  std::map<std::uint32_t, std::string> metadata;  // lines of comment from "# METADATA" on, without their sign
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> comments;  // all, by line and column, if they were asked for
};

Term MakeVar(std::string_view name, Location at);
Term MakeString(std::string_view text, Location at);
Term MakeBool(bool value, Location at);
// kRef and kCall and other composites: sets the depth.
Term MakeComposite(TermKind kind, std::vector<Term> items, Location at);

// Rego text of a term, for messages.
std::string TermText(const Term& term);
// "data.a.b" of a ground reference.
bool IsGroundStrings(const Term& ref, std::size_t from);

}  // namespace intentgate::rego
