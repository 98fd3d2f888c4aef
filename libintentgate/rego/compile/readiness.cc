#include "rego/compile/readiness.h"

#include <algorithm>

#include "rego/builtins/registry.h"
#include "rego/syntax/visit.h"

namespace intentgate::rego {
namespace {

bool IsRelationCall(const Term& t) {
  if (!t.IsCall() || t.items.empty() || !t.items[0].IsVar()) return false;
  const Builtin* builtin = FindBuiltin(t.items[0].text);
  return builtin != nullptr && (builtin->flags & kBuiltinRelation) != 0;
}

bool IsLeaf(const Term& t) {
  return t.IsVar() || t.IsRef() || t.IsComprehension() || t.kind == TermKind::kTemplate || IsRelationCall(t);
}

// What a term is made of below collections and calls, in the order of the text.
void CollectLeaves(const Term& t, std::vector<const Term*>& out) {
  for (const Term& item : t.items) {
    if (IsLeaf(item)) {
      out.push_back(&item);
    } else {
      CollectLeaves(item, out);
    }
  }
}

}  // namespace

bool Readiness::Closure(const rego::Term& term, const VarSet& bound, const VarSet& visible) {
  bool ready = true;
  VisitTerms(term, [&](const rego::Term& t) {
    if (!Count(1) || (IsLocal(t) && visible.Has(t.var) && !bound.Has(t.var))) ready = false;
    return ready;
  });
  return ready;
}

bool Readiness::Reference(const rego::Term& ref, VarSet& bound, const VarSet& visible) {
  const rego::Term& head = ref.items[0];
  if (head.IsVar() ? IsLocal(head) && !bound.Has(head.var) : !Term(head, bound, visible)) return false;
  return std::all_of(ref.items.begin() + 1, ref.items.end(), [&](const rego::Term& key) { return Pattern(key, bound, visible); });
}

bool Readiness::Leaf(const rego::Term& t, VarSet& bound, const VarSet& visible) {
  if (!Count(1)) return false;
  switch (t.kind) {
    case TermKind::kVar: return !IsLocal(t) || bound.Has(t.var);
    case TermKind::kRef: return Reference(t, bound, visible);
    case TermKind::kArrayComprehension:
    case TermKind::kSetComprehension:
    case TermKind::kObjectComprehension: return Closure(t, bound, visible);
    case TermKind::kTemplate: {
      // Undefined parts are rendered, so a part binds nothing outside of itself.
      VarSet inner = bound;
      return std::all_of(t.items.begin(), t.items.end(), [&](const rego::Term& part) { return Term(part, inner, visible); });
    }
    default:  // a call with several outputs
      return std::all_of(t.items.begin(), t.items.end(), [&](const rego::Term& item) { return Term(item, bound, visible); });
  }
}

bool Readiness::Ordered(const rego::Term& term, VarSet& bound, const VarSet& visible, std::vector<const rego::Term*>* order) {
  if (order == nullptr && IsLeaf(term)) return Leaf(term, bound, visible);
  std::vector<const rego::Term*> waiting;
  CollectLeaves(term, waiting);
  std::size_t tried_with = bound.count() + 1;  // as many variables were bound when all that waits was tried last
  while (!waiting.empty() && tried_with != bound.count()) {
    tried_with = bound.count();
    std::erase_if(waiting, [&](const rego::Term* leaf) {
      VarSet attempt = bound;
      if (!Leaf(*leaf, attempt, visible)) return false;
      const bool iterates = attempt.count() != bound.count() || IsRelationCall(*leaf);
      if (iterates && order != nullptr) order->push_back(leaf);
      bound = std::move(attempt);
      return true;
    });
  }
  return waiting.empty();
}

std::vector<const Term*> Readiness::Iterations(const rego::Term& term, const VarSet& bound) {
  std::vector<const rego::Term*> order;
  VarSet grown = bound;
  const VarSet none;
  static_cast<void>(Ordered(term, grown, none, &order));
  return order;
}

bool Readiness::Pattern(const rego::Term& t, VarSet& bound, const VarSet& visible) {
  if (!Count(1)) return false;
  if (IsLocal(t)) {
    bound.Add(t.var);
    return true;
  }
  if (t.kind == TermKind::kArray) {
    return std::all_of(t.items.begin(), t.items.end(), [&](const rego::Term& item) { return Pattern(item, bound, visible); });
  }
  if (t.kind == TermKind::kObject) {
    for (std::size_t i = 0; i + 1 < t.items.size(); i += 2) {
      if (!Term(t.items[i], bound, visible) || !Pattern(t.items[i + 1], bound, visible)) return false;
    }
    return true;
  }
  return Term(t, bound, visible);
}

bool Readiness::UnifyArrays(const rego::Term& a, const rego::Term& b, VarSet& bound, const VarSet& visible) {
  std::vector<bool> done(a.items.size(), false);
  std::size_t count = 0;
  std::size_t tried_with = bound.count() + 1;
  while (count < done.size() && tried_with != bound.count()) {
    tried_with = bound.count();
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (done[i]) continue;
      VarSet attempt = bound;
      if (!Unify(a.items[i], b.items[i], attempt, visible)) continue;
      bound = std::move(attempt);
      done[i] = true;
      ++count;
    }
  }
  return count == done.size();
}

// Members with equal constant keys unify pairwise; anything else is left to one side being known.
bool Readiness::UnifyObjects(const rego::Term& a, const rego::Term& b, VarSet& bound, const VarSet& visible) {
  VarSet attempt = bound;
  for (std::size_t i = 0; i + 1 < a.items.size(); i += 2) {
    bool pairwise = false;
    for (std::size_t j = 0; j + 1 < b.items.size(); j += 2) {
      if (!Count(1)) return false;
      if (a.items[i].IsScalar() && a.items[i].kind == b.items[j].kind && a.items[i].text == b.items[j].text) {
        pairwise = Unify(a.items[i + 1], b.items[j + 1], attempt, visible);
      }
    }
    if (!pairwise) return false;
  }
  bound = std::move(attempt);
  return true;
}

bool Readiness::Unify(const rego::Term& a, const rego::Term& b, VarSet& bound, const VarSet& visible) {
  if (!Count(1)) return false;
  if (a.kind == TermKind::kArray && b.kind == TermKind::kArray && a.items.size() == b.items.size()) {
    return UnifyArrays(a, b, bound, visible);
  }
  const bool objects = a.kind == TermKind::kObject && b.kind == TermKind::kObject && a.items.size() == b.items.size();
  if (objects && UnifyObjects(a, b, bound, visible)) return true;
  for (const auto& [value, pattern] : {std::pair(&b, &a), std::pair(&a, &b)}) {
    VarSet attempt = bound;
    if (!Term(*value, attempt, visible) || !Pattern(*pattern, attempt, visible)) continue;
    bound = std::move(attempt);
    return true;
  }
  return false;
}

}  // namespace intentgate::rego
