#include "rego/tools/wildcards.h"

#include <algorithm>

#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

using Place = std::pair<std::uint32_t, std::uint32_t>;

Place PlaceOf(const Term& term) { return {term.at.line, term.at.column}; }

}  // namespace

void WildcardNames::NameTerms(const std::vector<Term*>& terms, Body* body) {
  std::vector<Term*> found;
  const auto collect = [&](const Term& term) {
    if (term.IsWildcard()) found.push_back(const_cast<Term*>(&term));  // of a tree that the caller may change
    return true;
  };
  for (Term* term : terms) VisitTerms(*term, collect);
  if (body != nullptr) VisitTerms(*body, collect);
  std::sort(found.begin(), found.end(), [](const Term* a, const Term* b) { return PlaceOf(*a) < PlaceOf(*b); });
  for (Term* term : found) {
    const auto [named, fresh] = named_.try_emplace(PlaceOf(*term));
    if (fresh) named->second = Next();
    term->text = named->second;
  }
}

// Bodies behind the first one, and branches, have heads of their own: what is a wildcard as a whole gets a new name there.
void WildcardNames::NameArguments(std::vector<Term>& args) {
  for (Term& arg : args) {
    if (arg.IsVar() && (arg.text == "_" || arg.text.starts_with('$'))) arg.text = Next();
  }
}

void WildcardNames::NameRule(Rule& rule) {
  Unshare(rule);
  std::vector<Term*> head = {&rule.ref};
  bool repeated = false;
  for (Term& arg : rule.args) {
    repeated = repeated || (arg.IsWildcard() && named_.count(PlaceOf(arg)) > 0);
    head.push_back(&arg);
  }
  if (repeated) {
    if (rule.body) NameTerms({}, &*rule.body);
    NameArguments(rule.args);
  }
  if (rule.key) head.push_back(&*rule.key);
  if (rule.value) head.push_back(&*rule.value);
  NameTerms(head, rule.body ? &*rule.body : nullptr);
}

void WildcardNames::NameBranch(std::vector<Term>& args, Rule& branch) {
  NameArguments(args);
  std::vector<Term*> terms;
  if (branch.value) terms.push_back(&*branch.value);
  NameTerms(terms, branch.body ? &*branch.body : nullptr);
}

}  // namespace intentgate::rego
