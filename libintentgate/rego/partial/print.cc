#include "rego/partial/print.h"

#include <algorithm>
#include <array>
#include <map>

#include "rego/builtins/registry.h"
#include "rego/syntax/visit.h"
#include "rego/value.h"

namespace intentgate::rego::partial {
namespace {

constexpr std::array<std::string_view, 20> kKeywords = {"as",   "default", "else", "false", "import", "package", "not",  "null", "true",  "with",
                                                        "some", "in",      "if",   "every", "contains", "and",   "or",   "data", "input", "_"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kInfix = {{{"eq", "="},
                                                                                   {"equal", "=="},
                                                                                   {"neq", "!="},
                                                                                   {"lt", "<"},
                                                                                   {"lte", "<="},
                                                                                   {"gt", ">"},
                                                                                   {"gte", ">="},
                                                                                   {"plus", "+"},
                                                                                   {"minus", "-"},
                                                                                   {"mul", "*"},
                                                                                   {"div", "/"},
                                                                                   {"rem", "%"},
                                                                                   {"and", "&"},
                                                                                   {"or", "|"}}};

std::string_view InfixOf(const Term& call) {
  if (!call.items[0].IsVar() || call.items.size() != 3) return {};
  for (const auto& [name, sign] : kInfix) {
    if (call.items[0].text == name) return sign;
  }
  return {};
}

std::string Quoted(std::string_view text) { return Value::StringRef(text).ToText(); }

class Printer {
 public:
  Printer(const Names& names, std::set<std::string> taken) : names_(names), taken_(std::move(taken)) {}

  void Keep(std::int32_t var) {
    shown_[var] = names_[var];
    taken_.insert(names_[var]);
  }

  std::string Body(const std::vector<Expr>& exprs, const std::string& indent) {
    std::string out;
    for (const Expr& expr : exprs) out += indent + Text(expr) + "\n";
    return out;
  }

  std::string Text(const Rule& rule) {
    std::string out = rule.is_default ? "default " : "";
    out += Text(rule.ref);
    if (rule.is_function) out += "(" + List(rule.args, 0) + ")";
    if (rule.multi_value) {
      out += " contains " + Text(*rule.key);
    } else {
      out += " := " + Text(*rule.value);
    }
    out += If(rule);
    for (const Rule& other : rule.otherwise) out += " else := " + Text(*other.value) + If(other);
    return out + "\n";
  }

 private:
  std::string If(const Rule& rule) { return rule.body && !rule.body->exprs.empty() ? " if {\n" + Body(rule.body->exprs, "\t") + "}" : ""; }

  std::string Name(const Term& var) {
    if (var.var == kNoVar || var.text == "_") return var.text;
    const auto found = shown_.find(var.var);
    if (found != shown_.end()) return found->second;
    std::string base = names_[var.var];
    while (base.size() > 1 && base[0] == '_') base.erase(0, 1);
    if (!IsName(base)) base = "v";
    std::string name = base;
    for (int i = 1; taken_.count(name) > 0 || !IsName(name) || IsBuiltinName(name); ++i) name = base + "_" + std::to_string(i);
    taken_.insert(name);
    return shown_[var.var] = name;
  }

  static bool IsBuiltinName(const std::string& name) {
    const auto& all = AllBuiltins();
    const auto at = all.lower_bound(name);
    if (at == all.end() || at->first.substr(0, name.size()) != name) return false;
    return at->first.size() == name.size() || at->first[name.size()] == '.';
  }

  std::string List(const std::vector<Term>& items, std::size_t from) {
    std::string out;
    for (std::size_t i = from; i < items.size(); ++i) out += (i > from ? ", " : "") + Nested(items[i]);
    return out;
  }

  // Inside of something else: what has an operator stands in parentheses.
  std::string Nested(const Term& term) {
    const bool operators = term.IsCall() && (!InfixOf(term).empty() || IsMember(term));
    return operators ? "(" + Text(term) + ")" : Text(term);
  }

  static bool IsMember(const Term& call) { return call.items[0].IsVar("internal.member_2") || call.items[0].IsVar("internal.member_3"); }

  std::string CallText(const Term& call) {
    if (const std::string_view sign = InfixOf(call); !sign.empty()) return Nested(call.items[1]) + " " + std::string(sign) + " " + Nested(call.items[2]);
    if (call.items[0].IsVar("internal.member_2") && call.items.size() == 3) return Nested(call.items[1]) + " in " + Nested(call.items[2]);
    if (call.items[0].IsVar("internal.member_3") && call.items.size() == 4) {
      return Nested(call.items[1]) + ", " + Nested(call.items[2]) + " in " + Nested(call.items[3]);
    }
    return Text(call.items[0]) + "(" + List(call.items, 1) + ")";
  }

  std::string RefText(const Term& ref) {
    std::string out = Nested(ref.items[0]);
    for (std::size_t i = 1; i < ref.items.size(); ++i) {
      const Term& key = ref.items[i];
      out += key.IsString() && IsName(key.text) ? "." + key.text : "[" + Nested(key) + "]";
    }
    return out;
  }

  std::string Closure(const Term& term, char open, char close) {
    std::string out(1, open);
    out += Nested(term.items[0]);
    if (term.kind == TermKind::kObjectComprehension) out += ": " + Nested(term.items[1]);
    out += " | " + Inline(*term.body);
    out += close;
    return out;
  }

  std::string Inline(const rego::Body& body) {
    std::string out;
    for (const Expr& expr : body.exprs) out += (out.empty() ? "" : "; ") + Text(expr);
    return out;
  }

  std::string Template(const Term& term) {
    std::string out = "$\"";
    for (const Term& part : term.items) {
      if (!part.IsString() || !part.flag) {
        out += "{" + Text(part) + "}";
        continue;
      }
      const std::string quoted = Quoted(part.text);
      for (const char c : quoted.substr(1, quoted.size() - 2)) {
        if (c == '{') out += '\\';
        out += c;
      }
    }
    return out + "\"";
  }

  std::string Text(const Term& t) {
    switch (t.kind) {
      case TermKind::kNull: return "null";
      case TermKind::kBool: return t.flag ? "true" : "false";
      case TermKind::kNumber: return t.text;
      case TermKind::kString: return Quoted(t.text);
      case TermKind::kVar: return Name(t);
      case TermKind::kRef: return RefText(t);
      case TermKind::kArray: return "[" + List(t.items, 0) + "]";
      case TermKind::kSet: return t.items.empty() ? "set()" : "{" + List(t.items, 0) + "}";
      case TermKind::kObject: return Object(t);
      case TermKind::kCall: return CallText(t);
      case TermKind::kArrayComprehension: return Closure(t, '[', ']');
      case TermKind::kSetComprehension:
      case TermKind::kObjectComprehension: return Closure(t, '{', '}');
      case TermKind::kTemplate: return Template(t);
    }
    return {};
  }

  std::string Object(const Term& t) {
    std::string out = "{";
    for (std::size_t i = 0; i + 1 < t.items.size(); i += 2) out += (i > 0 ? ", " : "") + Nested(t.items[i]) + ": " + Nested(t.items[i + 1]);
    return out + "}";
  }

  // What `every` declares must be used.
  std::string Declared(const Expr& expr, std::size_t at) {
    const Term& term = expr.terms[at];
    if (expr.kind != ExprKind::kEvery) return Nested(term);
    bool used = false;
    VisitTerms(*expr.body, [&](const Term& t) { return used = used || (t.IsVar() && t.var == term.var), !used; });
    return used ? Nested(term) : "_";
  }

  std::string Text(const Expr& expr) {
    std::string out = expr.negated ? "not " : "";
    const std::size_t last = expr.terms.size() - 1;
    switch (expr.kind) {
      case ExprKind::kSomeIn:
      case ExprKind::kEvery:
        out += expr.kind == ExprKind::kEvery ? "every " : "some ";
        if (expr.has_key) out += Declared(expr, 0) + ", ";
        out += Declared(expr, last - 1) + " in " + Nested(expr.terms[last]);
        if (expr.kind == ExprKind::kEvery) out += " { " + Inline(*expr.body) + " }";
        break;
      // Without parentheses `if { a | b }` is a set comprehension.
      default: out += expr.terms[0].IsCall() && expr.terms[0].items[0].IsVar("or") ? Nested(expr.terms[0]) : Text(expr.terms[0]);
    }
    for (const With& with : expr.withs) out += " with " + Text(with.target) + " as " + Nested(with.value);
    return out;
  }

  const Names& names_;
  std::set<std::string> taken_;
  std::map<std::int32_t, std::string> shown_;
};

}  // namespace

bool IsName(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  if (std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string QueryText(const std::vector<Expr>& body, const Names& names, const std::set<std::int32_t>& keep) {
  Printer printer(names, {});
  for (const std::int32_t var : keep) printer.Keep(var);
  std::string text = printer.Body(body, "");
  if (!text.empty()) text.pop_back();
  return text;
}

std::string ModuleText(const std::vector<std::string>& package, const std::vector<Rule>& rules, const Names& names) {
  std::string text = "package ";
  std::set<std::string> taken;
  for (const Rule& rule : rules) taken.insert(rule.ref.items[0].text);
  for (std::size_t i = 0; i < package.size(); ++i) {
    text += IsName(package[i]) ? (i == 0 ? "" : ".") + package[i] : "[" + Quoted(package[i]) + "]";
  }
  text += "\n";
  std::set<std::string> there;  // two ways to hold may come to the same
  for (const Rule& rule : rules) {
    const auto [one, fresh] = there.insert(Printer(names, taken).Text(rule));
    if (fresh) text += "\n" + *one;
  }
  return text;
}

}  // namespace intentgate::rego::partial
