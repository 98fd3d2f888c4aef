// Writes a module down as OPA's JSON syntax tree. The text is written directly: as a tree of values it would take a
// multiple of its own, large, size.
// Tested by tests/conformance/ast_compare.py, which compares with `opa parse` over the modules of OPA's conformance cases.

#include <algorithm>
#include <optional>
#include <span>

#include <intentgate/rego_parse.h>

#include "base/encoding.h"
#include "rego/compile/annotations.h"
#include "rego/syntax/order.h"
#include "rego/syntax/parser.h"
#include "rego/syntax/visit.h"
#include "rego/tools/ast_json.h"
#include "rego/tools/wildcards.h"
#include "rego/value.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kAnnotationMemory = std::size_t{64} << 20;

class AstWriter {
 public:
  explicit AstWriter(ModuleAst& module, std::string& out) : module_(module), out_(out) {}

  void Write(std::string_view file, const std::vector<Annotations::Standing>& annotations) {
    out_ += "{\"package\":{\"path\":";
    WriteRefItems(module_.package);
    out_ += '}';
    if (!module_.imports.empty()) Imports();
    Annotated(annotations, [](const Annotations::Standing&) { return true; });
    if (!module_.rules.empty()) {
      out_ += ",\"rules\":";
      List(module_.rules, 0, [&](Rule& rule) { WriteRule(rule, annotations); });
    }
    if (!module_.comments.empty()) WriteComments(file);
    out_ += '}';
  }

  // A query's body, handed over as that of a rule.
  void WriteQuery(Rule& query) {
    wildcards_.NameRule(query);
    WriteBody(*query.body);
  }

 private:
  template <typename Items, typename Each>
  void List(Items& items, std::size_t from, const Each& each) {
    out_ += '[';
    for (std::size_t i = from; i < items.size(); ++i) {
      if (i > from) out_ += ',';
      each(items[i]);
    }
    out_ += ']';
  }

  void Text(std::string_view text) { out_ += Value::StringRef(text).ToJsonText(); }

  void Imports() {
    out_ += ",\"imports\":";
    List(module_.imports, 0, [&](const Import& import) {
      out_ += "{\"path\":";
      WriteRef(import.path);
      if (!import.alias.empty()) {
        out_ += ",\"alias\":";
        Text(import.alias);
      }
      out_ += '}';
    });
  }

  template <typename Wanted>
  void Annotated(const std::vector<Annotations::Standing>& all, const Wanted& wanted) {
    bool first = true;
    for (const Annotations::Standing& one : all) {
      if (!wanted(one)) continue;
      out_ += first ? ",\"annotations\":[" : ",";
      WriteAnnotation(one.content);
      first = false;
    }
    if (!first) out_ += ']';
  }

  void WriteAnnotation(const Value& content) {
    char before = '{';
    for (const Entry& entry : content.entries()) {
      out_ += before + entry.key.ToJsonText() + ':';
      if (entry.key.string() == "schemas" && entry.value.is_array()) {
        const std::span<const Value> schemas = entry.value.elements();
        List(schemas, 0, [&](const Value& schema) { WriteSchema(schema); });
      } else {
        out_ += entry.value.ToJsonText();
      }
      before = ',';
    }
    out_ += before == '{' ? "{}" : "}";
  }

  // Its path and the schema's name are references in the tree, and lists of names in rego.metadata.
  void WriteSchema(const Value& schema) {
    char before = '{';
    for (const Entry& entry : schema.entries()) {
      out_ += before + entry.key.ToJsonText() + ':';
      if (entry.value.is_array() && (entry.key.string() == "path" || entry.key.string() == "schema")) {
        WriteNames(entry.value.elements());
      } else {
        out_ += entry.value.ToJsonText();
      }
      before = ',';
    }
    out_ += before == '{' ? "{}" : "}";
  }

  void WriteNames(std::span<const Value> names) {
    bool head = true;
    List(names, 0, [&](const Value& name) {
      Open(head ? "var" : "string");
      out_ += name.ToJsonText() + "}";
      head = false;
    });
  }

  void WriteComments(std::string_view file) {
    bool first = true;
    out_ += ",\"comments\":[";
    for (const auto& [place, text] : module_.comments) {
      std::string_view shown = text;
      if (shown.ends_with('\r')) shown.remove_suffix(1);
      out_ += first ? "{\"Text\":\"" : ",{\"Text\":\"";
      out_ += base::Base64Encode(base::AsBytes(shown)) + "\",\"Location\":{\"file\":";
      Text(file);
      out_ += ",\"row\":" + std::to_string(place.first) + ",\"col\":" + std::to_string(place.second) + "}}";
      first = false;
    }
    out_ += ']';
  }

  void WriteRule(Rule& rule, const std::vector<Annotations::Standing>& annotations) {
    wildcards_.NameRule(rule);
    out_ += rule.is_default ? "{\"default\":true," : "{";
    if (!rule.otherwise.empty()) {
      out_ += "\"else\":";
      WriteBranch(rule, 0);
      out_ += ',';
    }
    WriteHead(rule, rule.args, rule.value, rule.assign);
    WriteRuleBody(rule.body);
    Annotated(annotations, [&](const Annotations::Standing& one) { return Describes(one, rule); });
    out_ += '}';
  }

  // One of scope document speaks for every rule of the name.
  static bool Describes(const Annotations::Standing& one, const Rule& rule) {
    if (one.rule == nullptr) return false;
    return one.rule == &rule || (one.document && CompareTerms(one.rule->ref, rule.ref) == 0);
  }

  void WriteBranch(Rule& rule, std::size_t at) {
    Rule& branch = rule.otherwise[at];
    std::vector<Term> args = rule.args;
    wildcards_.NameBranch(args, branch);
    if (at + 1 < rule.otherwise.size()) {
      out_ += "{\"else\":";
      WriteBranch(rule, at + 1);
      out_ += ',';
    } else {
      out_ += '{';
    }
    WriteHead(rule, args, branch.value, branch.assign);
    WriteRuleBody(branch.body);
    out_ += '}';
  }

  void WriteHead(const Rule& rule, const std::vector<Term>& args, const std::optional<Term>& value, bool assign) {
    const bool two_parts = rule.ref.items.size() == 2 && !rule.multi_value && !rule.is_default;
    const bool short_ref = two_parts && args.empty();
    const bool named = rule.ref.items.size() == 1 || (two_parts && (rule.has_if ? rule.own_value || !args.empty() : args.empty()));
    out_ += "\"head\":{";
    if (named) {
      out_ += "\"name\":";
      Text(rule.ref.items[0].text);
      out_ += ',';
    }
    out_ += "\"ref\":";
    WriteRefItems(rule.ref);
    if (!args.empty()) {
      out_ += ",\"args\":";
      List(args, 0, [&](const Term& t) { WriteTerm(t); });
    }
    const Term* key = rule.key ? &*rule.key : nullptr;
    if (short_ref && (!rule.has_if || !IsGround(rule.ref.items[1]) || rule.ref.items[1].IsRef())) key = &rule.ref.items[1];
    if (key != nullptr) {
      out_ += ",\"key\":";
      WriteTerm(*key);
    }
    if (value && !rule.multi_value) {
      out_ += ",\"value\":";
      WriteTerm(*value);
    }
    out_ += assign ? ",\"assign\":true}" : "}";
  }

  static bool IsGround(const Term& term) {
    bool ground = true;
    VisitTerms(term, [&](const Term& t) {
      // A reference's first name is no variable of the rule's.
      if (t.IsVar()) ground = false;
      return ground && !t.IsComprehension();
    });
    return ground;
  }

  void WriteRuleBody(const std::optional<Body>& body) {
    out_ += ",\"body\":";
    if (body) return WriteBody(*body);
    out_ += "[{\"index\":0,\"generated\":true,\"terms\":{\"type\":\"boolean\",\"value\":true}}]";
  }

  void WriteBody(const Body& body) {
    std::size_t index = 0;
    List(body.exprs, 0, [&](const Expr& expr) { WriteExpr(expr, index++); });
  }

  void WriteExpr(const Expr& expr, std::size_t index) {
    // Parentheses around an expression with `with` are a group of one.
    const bool group = expr.kind == ExprKind::kAnd && expr.operands.size() == 1;
    if (group && expr.withs.empty() && !expr.negated) return WriteExpr(expr.operands[0]->exprs[0], index);
    out_ += "{\"index\":" + std::to_string(index);
    const bool block = expr.kind == ExprKind::kBlock;
    const bool new_form = expr.negated && (block || module_.new_not);
    if (expr.negated && !new_form) out_ += ",\"negated\":true";
    out_ += ",\"terms\":";
    if (new_form) {
      WriteNegation(expr);
    } else {
      WriteExprTerms(expr);
    }
    if (!expr.withs.empty()) {
      out_ += ",\"with\":";
      List(expr.withs, 0, [&](const With& with) {
        out_ += "{\"target\":";
        WriteTerm(with.target);
        out_ += ",\"value\":";
        WriteTerm(with.value);
        out_ += '}';
      });
    }
    out_ += '}';
  }

  void WriteNegation(const Expr& expr) {
    out_ += "{\"type\":\"not\",\"body\":";
    if (expr.kind == ExprKind::kBlock) {
      WriteBody(*expr.body);
      out_ += expr.body->implicit ? ",\"explicit_body\":false}" : ",\"explicit_body\":true}";
      return;
    }
    out_ += "[{\"index\":0,\"terms\":";
    WriteExprTerms(expr);
    out_ += "}],\"explicit_body\":false}";
  }

  void WriteExprTerms(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kTerm: return WriteTop(expr.terms[0]);
      case ExprKind::kSome:
        out_ += "{\"symbols\":";
        List(expr.terms, 0, [&](const Term& t) { WriteTerm(t); });
        out_ += '}';
        return;
      case ExprKind::kSomeIn:
        out_ += "{\"symbols\":[{\"type\":\"call\",\"value\":[";
        WriteOperator(expr.has_key ? "internal.member_3" : "internal.member_2");
        for (const Term& term : expr.terms) {
          out_ += ',';
          WriteTerm(term);
        }
        out_ += "]}]}";
        return;
      case ExprKind::kEvery: return WriteEvery(expr);
      case ExprKind::kBlock: return WriteNegation(expr);
      case ExprKind::kAnd: return WriteLogic("and", expr.operands, expr.operands.size());
      case ExprKind::kOr: return WriteLogic("or", expr.operands, expr.operands.size());
    }
  }

  // A call is written as the list of its operator and arguments.
  void WriteTop(const Term& term) {
    if (!term.IsCall()) return WriteTerm(term);
    WriteCallItems(term);
  }

  void WriteCallItems(const Term& term) {
    out_ += '[';
    if (term.items[0].IsVar()) {
      WriteOperator(term.items[0].text);
    } else {
      WriteTerm(term.items[0]);
    }
    for (std::size_t i = 1; i < term.items.size(); ++i) {
      out_ += ',';
      WriteTerm(term.items[i]);
    }
    out_ += ']';
  }

  // "internal.member_2" is a reference of two parts.
  void WriteOperator(std::string_view name) {
    const std::size_t dot = name.find('.');
    out_ += "{\"type\":\"ref\",\"value\":[{\"type\":\"var\",\"value\":";
    Text(name.substr(0, dot));
    if (dot != std::string_view::npos) {
      out_ += "},{\"type\":\"string\",\"value\":";
      Text(name.substr(dot + 1));
    }
    out_ += "}]}";
  }

  void WriteEvery(const Expr& expr) {
    out_ += "{\"key\":";
    if (expr.has_key) {
      WriteTerm(expr.terms[0]);
    } else {
      out_ += "null";
    }
    out_ += ",\"value\":";
    WriteTerm(expr.terms[expr.terms.size() - 2]);
    out_ += ",\"domain\":";
    WriteTerm(expr.terms.back());
    out_ += ",\"body\":";
    WriteBody(*expr.body);
    out_ += '}';
  }

  // a and b and c is (a and b) and c.
  void WriteLogic(std::string_view name, const std::vector<std::shared_ptr<Body>>& operands, std::size_t count) {
    if (count == 1) return WriteExprTerms(operands[0]->exprs[0]);
    out_ += "{\"type\":\"" + std::string(name) + "\",\"lhs\":";
    if (count == 2) {
      WriteBody(*operands[0]);
    } else {
      out_ += "[{\"index\":0,\"terms\":";
      WriteLogic(name, operands, count - 1);
      out_ += "}]";
    }
    out_ += ",\"rhs\":";
    WriteBody(*operands[count - 1]);
    if (count == 2 && !operands[0]->implicit) out_ += ",\"explicit_lhs\":true";
    if (!operands[count - 1]->implicit) out_ += ",\"explicit_rhs\":true";
    out_ += '}';
  }

  void Open(std::string_view type) {
    out_ += "{\"type\":\"";
    out_ += type;
    out_ += "\",\"value\":";
  }

  // As a reference, also where it is a name alone.
  void WriteRef(const Term& term) {
    if (!term.IsVar()) return WriteTerm(term);
    Open("ref");
    out_ += '[';
    WriteVar(term);
    out_ += "]}";
  }

  void WriteVar(const Term& term) {
    Open("var");
    Text(term.text);
    out_ += '}';
  }

  void WriteRefItems(const Term& term) {
    bool first = true;
    List(term.items, 0, [&](const Term& t) {
      if (first && t.IsVar()) {
        WriteVar(t);
      } else {
        WriteTerm(t);
      }
      first = false;
    });
  }

  void WriteTerm(const Term& term) {
    switch (term.kind) {
      case TermKind::kNull: out_ += "{\"type\":\"null\",\"value\":{}}"; return;
      case TermKind::kBool: out_ += term.flag ? "{\"type\":\"boolean\",\"value\":true}" : "{\"type\":\"boolean\",\"value\":false}"; return;
      case TermKind::kNumber: Open("number"); out_ += term.text; break;
      case TermKind::kString: Open("string"); Text(term.text); break;
      case TermKind::kVar: return term.text == "input" || term.text == "data" ? WriteRef(term) : WriteVar(term);
      case TermKind::kRef: Open("ref"); WriteRefItems(term); break;
      case TermKind::kArray: Open("array"); List(term.items, 0, [&](const Term& t) { WriteTerm(t); }); break;
      case TermKind::kObject: Open("object"); WriteObject(term); break;
      case TermKind::kSet: Open("set"); WriteSet(term); break;
      case TermKind::kCall: Open("call"); WriteCallItems(term); break;
      case TermKind::kArrayComprehension: Open("arraycomprehension"); WriteComprehension(term); break;
      case TermKind::kSetComprehension: Open("setcomprehension"); WriteComprehension(term); break;
      case TermKind::kObjectComprehension: Open("objectcomprehension"); WriteComprehension(term); break;
      case TermKind::kTemplate: Open("templatestring"); WriteTemplate(term); break;
    }
    out_ += '}';
  }

  void WriteSet(const Term& term) {
    std::vector<const Term*> items;
    for (const Term& item : term.items) items.push_back(&item);
    std::stable_sort(items.begin(), items.end(), [](const Term* a, const Term* b) { return CompareTerms(*a, *b) < 0; });
    items.erase(std::unique(items.begin(), items.end(), [](const Term* a, const Term* b) { return CompareTerms(*a, *b) == 0; }), items.end());
    List(items, 0, [&](const Term* t) { WriteTerm(*t); });
  }

  void WriteObject(const Term& term) {
    std::vector<const Term*> keys;
    for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) keys.push_back(&term.items[i]);
    std::stable_sort(keys.begin(), keys.end(), [](const Term* a, const Term* b) { return CompareTerms(*a, *b) < 0; });
    List(keys, 0, [&](const Term* key) {
      out_ += '[';
      WriteTerm(*key);
      out_ += ',';
      WriteTerm(*(key + 1));
      out_ += ']';
    });
  }

  void WriteComprehension(const Term& term) {
    const bool object = term.kind == TermKind::kObjectComprehension;
    out_ += object ? "{\"key\":" : "{\"term\":";
    WriteTerm(term.items[0]);
    if (object) {
      out_ += ",\"value\":";
      WriteTerm(term.items[1]);
    }
    out_ += ",\"body\":";
    WriteBody(*term.body);
    out_ += '}';
  }

  void WriteTemplate(const Term& term) {
    out_ += "{\"parts\":";
    if (term.items.empty()) out_ += "null";
    if (!term.items.empty()) List(term.items, 0, [&](const Term& part) { WritePart(part); });
    out_ += term.flag ? ",\"multi_line\":true}" : ",\"multi_line\":false}";
  }

  void WritePart(const Term& part) {
    if (part.IsScalar()) return WriteTerm(part);
    out_ += "{\"index\":0,\"terms\":";
    const bool with = part.kind == TermKind::kSetComprehension && part.flag;
    if (!with) {
      WriteTop(part);
      out_ += '}';
      return;
    }
    // {x with input as y} is kept as the set of its outcomes.
    const Expr& expr = part.body->exprs[0];
    WriteTop(expr.terms[0].items[2]);
    out_ += ",\"with\":";
    List(expr.withs, 0, [&](const With& one) {
      out_ += "{\"target\":";
      WriteTerm(one.target);
      out_ += ",\"value\":";
      WriteTerm(one.value);
      out_ += '}';
    });
    out_ += '}';
  }

  ModuleAst& module_;
  std::string& out_;
  WildcardNames wildcards_;
};

}  // namespace

std::string ModuleJson(ModuleAst module, std::string_view file) {
  std::string out;
  AstWriter(module, out).Write(file, {});
  return out;
}

std::string QueryJson(Body body) {
  ModuleAst module;
  Rule query;
  query.body = std::move(body);
  std::string out;
  AstWriter(module, out).WriteQuery(query);
  return out;
}

ParsedModule ParseModuleToJson(const SourceFile& file, const ParseJsonOptions& options) {
  ParsedModule result;
  Diagnostics diagnostics({&file, 1}, CompileLimits().max_errors);
  if (file.text.size() > CompileLimits().max_source_bytes) diagnostics.Parse({}, "the file is larger than 16 MiB");
  const Dialect dialect = file.version.value_or(options.version) == LanguageVersion::kV0 ? Dialect::kV0 : Dialect::kV1;
  std::vector<ModuleAst> modules;
  if (diagnostics.empty()) modules.push_back(ParseModule(file.text, 0, dialect, diagnostics, {.keep_comments = options.comments}));
  Arena arena(kAnnotationMemory);
  std::optional<Annotations> annotations;
  try {
    if (diagnostics.empty() && options.annotations) annotations.emplace(arena, modules, diagnostics);
    if (diagnostics.empty()) {
      AstWriter(modules[0], result.json).Write(file.name, annotations ? annotations->all() : std::vector<Annotations::Standing>());
    }
  } catch (const EvalAbort& abort) {
    diagnostics.Parse({}, abort.message);
  }
  result.diagnostics = diagnostics.Take();
  return result;
}

}  // namespace intentgate::rego
