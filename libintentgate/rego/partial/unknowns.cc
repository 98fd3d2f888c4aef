#include "rego/partial/unknowns.h"

#include <algorithm>

#include "rego/builtins/registry.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego::partial {
namespace {

bool IsPrefix(const Path& shorter, const Path& longer) {
  return shorter.size() <= longer.size() && std::equal(shorter.begin(), shorter.end(), longer.begin());
}

bool IsDocument(const Term& t) { return t.IsRef() && t.items[0].IsVar() && t.items[0].var == kNoVar; }

}  // namespace

bool Unknowns::all_input() const {
  return std::any_of(input_.begin(), input_.end(), [](const Path& path) { return path.empty(); });
}

bool Unknowns::Covered(const std::vector<Path>& unknowns, const Path& path) {
  return std::any_of(unknowns.begin(), unknowns.end(), [&](const Path& unknown) { return IsPrefix(unknown, path); });
}

bool Unknowns::Touched(const std::vector<Path>& unknowns, const Path& path) {
  return std::any_of(unknowns.begin(), unknowns.end(), [&](const Path& unknown) { return IsPrefix(unknown, path) || IsPrefix(path, unknown); });
}

Place Unknowns::PlaceOf(const Term& ref) const {
  const bool input = ref.items[0].IsVar("input");
  const std::vector<Path>& unknowns = input ? input_ : data_;
  const TreeNode* node = input ? nullptr : &tree_.root();
  Path path;
  for (std::size_t i = 1;; ++i) {
    if (Covered(unknowns, path)) return {Place::Kind::kUnknown, nullptr, nullptr, i};
    if (node != nullptr && node->group != nullptr) return {Place::Kind::kGroup, node->group.get(), node, i};
    const bool ends = i == ref.items.size();
    if (ends || !ref.items[i].IsString()) {
      const bool scalar = !ends && ref.items[i].IsScalar();
      if (!scalar && node != nullptr && !node->children.empty()) return {Place::Kind::kPackage, nullptr, node, i};
      return {Touched(unknowns, path) ? Place::Kind::kOver : Place::Kind::kKnown, nullptr, nullptr, i};
    }
    path.push_back(ref.items[i].text);
    if (node != nullptr) node = node->Child(ref.items[i].text);
  }
}

bool Unknowns::DependsBelow(const TreeNode& node, Path& path) {
  if (Touched(data_, path)) return true;
  if (node.group != nullptr && Depends(*node.group)) return true;
  for (const auto& [name, child] : node.children) {
    path.push_back(name);
    const bool depends = DependsBelow(*child, path);
    path.pop_back();
    if (depends) return true;
  }
  return false;
}

bool Unknowns::RefDepends(const Term& ref) {
  const Place place = PlaceOf(ref);
  switch (place.kind) {
    case Place::Kind::kUnknown:
    case Place::Kind::kOver: return true;
    case Place::Kind::kKnown: return false;
    case Place::Kind::kGroup: return Depends(*place.group);
    case Place::Kind::kPackage: {
      Path path;
      for (std::size_t i = 1; i < place.used; ++i) path.push_back(ref.items[i].text);
      return DependsBelow(*place.node, path);
    }
  }
  return true;
}

bool Unknowns::IsLate(const Term& op) const {
  if (nondeterministic_ || !op.IsVar()) return false;
  const Builtin* builtin = FindBuiltin(op.text);
  return builtin != nullptr && (builtin->flags & (kBuiltinNondeterministic | kBuiltinHost)) != 0;
}

bool Unknowns::Leaf(const Term& t, const std::set<std::int32_t>& symbolic) {
  if (t.IsVar() && t.var != kNoVar) return symbolic.count(t.var) > 0;
  if (t.IsCall() && IsLate(t.items[0])) return true;
  return IsDocument(t) && (t.items[0].text == "input" || t.items[0].text == "data") && RefDepends(t);
}

bool Unknowns::Depends(const Term& term, const std::set<std::int32_t>& symbolic) {
  bool depends = false;
  VisitTerms(term, [&](const Term& t) {
    depends = depends || Leaf(t, symbolic);
    return !depends;
  });
  return depends;
}

bool Unknowns::Depends(const Expr& expr, const std::set<std::int32_t>& symbolic) {
  bool depends = false;
  VisitTerms(expr, [&](const Term& t) {
    depends = depends || Leaf(t, symbolic);
    return !depends;
  });
  // A builtin as the replacement of a function is a name.
  for (const With& with : expr.withs) depends = depends || IsLate(with.value);
  return depends;
}

bool Unknowns::Depends(const RuleGroup& group) {
  const auto known = groups_.find(&group);
  if (known != groups_.end()) return known->second;
  Path path = group.path;
  bool depends = Touched(data_, path);
  groups_[&group] = depends;  // no rule depends on itself; this only ends the walk of a policy that the compiler refused
  const std::set<std::int32_t> none;
  const auto visit = [&](const Term& t) {
    depends = depends || Leaf(t, none);
    return !depends;
  };
  const auto branch = [&](const Rule& rule) {
    if (rule.key) VisitTerms(*rule.key, visit);
    if (rule.value) VisitTerms(*rule.value, visit);
    if (!rule.body) return;
    for (const Expr& expr : rule.body->exprs) depends = depends || Depends(expr, none);
  };
  for (const GroupedRule& grouped : group.rules) {
    for (const Term& key : grouped.keys) VisitTerms(key, visit);
    for (const Term& arg : grouped.rule.args) VisitTerms(arg, visit);
    branch(grouped.rule);
    for (const Rule& other : grouped.rule.otherwise) branch(other);
  }
  return groups_[&group] = depends;
}

}  // namespace intentgate::rego::partial
