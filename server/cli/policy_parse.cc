// policy parse: the syntax tree, as JSON or to read.

#include <ostream>

#include <intentgate/rego_parse.h>

#include "cli/policy_common.h"

namespace intentgate::cli {
namespace {

// A line for each node, indented by its depth.
class TreePrinter {
 public:
  explicit TreePrinter(std::ostream& out) : out_(out) {}

  void Module(const json::Value& module) {
    Line(0, "module");
    Line(1, "package");
    Line(2, "ref");
    Terms(module.Find("package")->Find("path")->array(), 3);
    if (const json::Value* imports = module.Find("imports")) {
      for (const json::Value& import : imports->array()) {
        Line(1, "import");
        Term(*import.Find("path"), 2);
        if (const json::Value* alias = import.Find("alias")) Line(2, alias->string_value());
      }
    }
    if (const json::Value* rules = module.Find("rules")) {
      for (const json::Value& rule : rules->array()) Rule(rule, 1, "rule");
    }
  }

 private:
  void Line(int depth, const std::string& text) { out_ << std::string(static_cast<std::size_t>(depth), ' ') << text << "\n"; }

  void Rule(const json::Value& rule, int depth, const char* name) {
    Line(depth, name);
    const json::Value& head = *rule.Find("head");
    Line(depth + 1, "head");
    Line(depth + 2, "ref");
    Terms(head.Find("ref")->array(), depth + 3);
    if (const json::Value* args = head.Find("args")) {
      Line(depth + 2, "args");
      Terms(args->array(), depth + 3);
    }
    for (const char* part : {"key", "value"}) {
      if (const json::Value* term = head.Find(part)) Term(*term, depth + 2);
    }
    Body(*rule.Find("body"), depth + 1);
    if (const json::Value* other = rule.Find("else")) Rule(*other, depth + 1, "else");
  }

  void Body(const json::Value& body, int depth) {
    Line(depth, "body");
    for (const json::Value& expr : body.array()) Expr(expr, depth + 1);
  }

  void Expr(const json::Value& expr, int depth) {
    Line(depth, std::string(expr.Find("negated") != nullptr ? "expr negated index=" : "expr index=") + expr.Find("index")->number_text());
    const json::Value& terms = *expr.Find("terms");
    if (terms.is_array()) {
      Terms(terms.array(), depth + 1);
    } else if (const json::Value* symbols = terms.Find("symbols")) {
      Line(depth + 1, "somedecl");
      Terms(symbols->array(), depth + 2);
    } else if (terms.Find("domain") != nullptr) {
      Every(terms, depth + 1);
    } else if (terms.Find("lhs") != nullptr) {
      Line(depth + 1, terms.Find("type")->string_value());
      Body(*terms.Find("lhs"), depth + 2);
      Body(*terms.Find("rhs"), depth + 2);
    } else if (const json::Value* body = terms.Find("body")) {
      Line(depth + 1, "not");
      Body(*body, depth + 2);
    } else {
      Term(terms, depth + 1);
    }
    if (const json::Value* withs = expr.Find("with")) {
      for (const json::Value& with : withs->array()) {
        Line(depth + 1, "with");
        Term(*with.Find("target"), depth + 2);
        Term(*with.Find("value"), depth + 2);
      }
    }
  }

  void Every(const json::Value& every, int depth) {
    Line(depth, "every");
    if (!every.Find("key")->is_null()) Term(*every.Find("key"), depth + 1);
    Term(*every.Find("value"), depth + 1);
    Term(*every.Find("domain"), depth + 1);
    Body(*every.Find("body"), depth + 1);
  }

  void Terms(const json::Array& terms, int depth) {
    for (const json::Value& term : terms) Term(term, depth);
  }

  // A part of a template may be an expression.
  void Part(const json::Value& part, int depth) { part.Find("index") != nullptr ? Expr(part, depth) : Term(part, depth); }

  void Term(const json::Value& term, int depth) {
    const std::string& type = term.Find("type")->string_value();
    const json::Value& value = *term.Find("value");
    if (type == "var") return Line(depth, value.string_value().starts_with('$') ? "_" : value.string_value());
    if (type == "null") return Line(depth, "null");
    if (type == "string" || type == "number" || type == "boolean") return Line(depth, json::Write(value));
    Line(depth, type);
    if (type == "object") {
      for (const json::Value& entry : value.array()) Terms(entry.array(), depth + 1);
    } else if (type == "templatestring") {
      for (const json::Value& part : value.Find("parts")->array()) Part(part, depth + 1);
    } else if (value.is_array()) {
      Terms(value.array(), depth + 1);
    } else {
      for (const char* part : {"term", "key", "value"}) {
        if (const json::Value* head = value.Find(part)) Term(*head, depth + 1);
      }
      Body(*value.Find("body"), depth + 1);
    }
  }

  std::ostream& out_;
};

// "comments", "-comments".
Result<bool> IncludesComments(const std::string& include) {
  if (include.empty() || include == "comments") return true;
  if (include == "-comments") return false;
  return Error{ErrorCode::kInvalidArgument, "--json-include: '" + include + "' is neither comments nor -comments; places are not written"};
}

}  // namespace

int PolicyParse(const PolicyParseOptions& options, const Streams& streams) {
  const Result<bool> comments = IncludesComments(options.include);
  if (!comments.ok()) return Fail(streams, comments.error());
  Result<std::string> text = ReadInput(options.file, streams);
  if (!text.ok()) return ReportUnreadable(text.error(), streams);
  rego::ParseJsonOptions parse;
  parse.version = options.v0 ? rego::LanguageVersion::kV0 : rego::LanguageVersion::kV1;
  parse.comments = *comments;
  const rego::ParsedModule parsed = rego::ParseModuleToJson({options.file, *std::move(text)}, parse);
  if (!parsed.ok()) return ReportDiagnostics(parsed.diagnostics, options.format == "json", streams, kExitPolicy);
  if (options.format == "json") {
    streams.out << parsed.json << "\n";
    return kExitOk;
  }
  constexpr std::size_t kMaxTreeBytes = std::size_t{1} << 30;
  constexpr std::size_t kMaxTreeDepth = 4'096;
  const Result<json::Value> module = json::Parse(parsed.json, {.max_bytes = kMaxTreeBytes, .max_depth = kMaxTreeDepth});
  if (!module.ok()) return Fail(streams, module.error());
  TreePrinter(streams.out).Module(*module);
  return kExitOk;
}

}  // namespace intentgate::cli
