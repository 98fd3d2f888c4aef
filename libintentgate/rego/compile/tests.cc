#include "rego/compile/tests.h"

#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

bool IsTestName(std::string_view name) { return name.starts_with(kTestPrefix) || name.starts_with(kSkippedTestPrefix); }

// Where in the constant part of the head's reference the test's name stands.
std::optional<std::size_t> NamePlace(const Rule& rule) {
  for (std::size_t i = 0; i < rule.ref.items.size(); ++i) {
    const Term& part = rule.ref.items[i];
    if (i > 0 && !part.IsString()) return std::nullopt;
    if (IsTestName(part.text)) return i;
  }
  return std::nullopt;
}

// "test_x", or "group.test_x" where the name stands further down.
std::string NameText(const Rule& rule, std::size_t place) {
  std::string out;
  for (std::size_t i = 0; i <= place; ++i) out += (i == 0 ? "" : ".") + rule.ref.items[i].text;
  return out;
}

// From data on, as Eval takes it; `suffix` goes behind the name.
std::string ReferenceText(const ModuleAst& module, const Rule& rule, std::size_t place, std::string_view suffix = {}) {
  Term ref = module.package;
  for (std::size_t i = 0; i <= place; ++i) ref.items.push_back(MakeString(rule.ref.items[i].text, rule.at));
  ref.items.back().text += suffix;
  return TermText(ref);
}

std::string Numbered(const std::string& name, int number) {
  char suffix[16];
  std::snprintf(suffix, sizeof suffix, "#%02d", number);
  return name + suffix;
}

std::set<std::string> VarsOf(const Term& term) {
  std::set<std::string> out;
  VisitTerms(term, [&](const Term& t) {
    if (t.IsVar() && !t.IsWildcard()) out.insert(t.text);
    return !t.IsComprehension();
  });
  return out;
}

// The expressions up to the first after which every variable of the keys was named.
Body Prefix(const Body& body, std::set<std::string> wanted) {
  Body out = body;
  out.exprs.clear();
  for (const Expr& expr : body.exprs) {
    if (wanted.empty()) break;
    out.exprs.push_back(expr);
    // `some x` alone declares and binds nothing.
    if (expr.kind == ExprKind::kSome || expr.negated) continue;
    VisitTerms(expr, [&](const Term& t) {
      if (t.IsVar()) wanted.erase(t.text);
      return true;
    });
  }
  return out;
}

Rule CasesRule(const Rule& test, std::size_t place) {
  Rule cases;
  cases.at = test.at;
  cases.multi_value = true;
  const auto behind = test.ref.items.begin() + static_cast<std::ptrdiff_t>(place) + 1;
  cases.ref = test.ref;
  cases.ref.items.resize(place + 1);
  cases.ref.items[place].text += kCasesSuffix;
  std::vector<Term> keys(behind, test.ref.items.end());
  cases.key = MakeComposite(TermKind::kArray, std::move(keys), test.at);
  if (test.body) cases.body = Prefix(*test.body, VarsOf(*cases.key));
  Unshare(cases);
  return cases;
}

}  // namespace

std::vector<TestRule> PrepareTests(std::vector<ModuleAst>& modules, const Diagnostics& files) {
  std::vector<TestRule> tests;
  std::map<std::string, int> seen;
  for (ModuleAst& module : modules) {
    std::vector<Rule> added;
    for (Rule& rule : module.rules) {
      const std::optional<std::size_t> place = NamePlace(rule);
      if (!place || rule.is_default || rule.is_function) continue;
      TestRule test;
      test.package = TermText(module.package);
      test.skip = rule.ref.items[*place].text.starts_with(kSkippedTestPrefix);
      if (const int before = seen[test.package + "." + NameText(rule, *place)]++; before > 0) {
        std::string& name = rule.ref.items[*place].text;
        name = Numbered(name, before);
      }
      test.name = NameText(rule, *place);
      test.file = files.FileName(module.file);
      test.line = rule.at.line;
      test.column = rule.at.column;
      test.reference = ReferenceText(module, rule, *place);
      if (rule.ref.items.size() > *place + 1 && !test.skip) {
        test.cases_reference = ReferenceText(module, rule, *place, kCasesSuffix);
        added.push_back(CasesRule(rule, *place));
      }
      tests.push_back(std::move(test));
    }
    module.rules.insert(module.rules.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  }
  return tests;
}

}  // namespace intentgate::rego
