#include "rego/syntax/order.h"

#include <algorithm>

#include "rego/syntax/visit.h"
#include "rego/value.h"

namespace intentgate::rego {
namespace {

int Rank(TermKind kind) {
  switch (kind) {
    case TermKind::kNull: return 0;
    case TermKind::kBool: return 1;
    case TermKind::kNumber: return 2;
    case TermKind::kString: return 3;
    case TermKind::kTemplate: return 4;
    case TermKind::kVar: return 5;
    case TermKind::kRef: return 6;
    case TermKind::kArray: return 7;
    case TermKind::kObject: return 8;
    case TermKind::kSet: return 9;
    case TermKind::kArrayComprehension: return 10;
    case TermKind::kObjectComprehension: return 11;
    case TermKind::kSetComprehension: return 12;
    case TermKind::kCall: return 13;
  }
  return 14;
}

int Sign(int n) { return n < 0 ? -1 : n > 0 ? 1 : 0; }

int CompareNumbers(const std::string& a, const std::string& b) {
  if (a == b) return 0;
  Arena arena;
  const Result<Value> x = Value::ParseJson(arena, a);
  const Result<Value> y = Value::ParseJson(arena, b);
  return x.ok() && y.ok() ? Value::Compare(*x, *y) : Sign(a.compare(b));
}

int CompareLists(const std::vector<Term>& a, const std::vector<Term>& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = CompareTerms(a[i], b[i]); order != 0) return order;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

// The keys of an object in their order; each has its value behind it.
std::vector<const Term*> SortedKeys(const std::vector<Term>& items) {
  std::vector<const Term*> keys;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) keys.push_back(&items[i]);
  std::stable_sort(keys.begin(), keys.end(), [](const Term* a, const Term* b) { return CompareTerms(*a, *b) < 0; });
  return keys;
}

int CompareObjects(const std::vector<Term>& a, const std::vector<Term>& b) {
  const std::vector<const Term*> x = SortedKeys(a);
  const std::vector<const Term*> y = SortedKeys(b);
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
    if (const int order = CompareTerms(*x[i], *y[i]); order != 0) return order;
    if (const int order = CompareTerms(*(x[i] + 1), *(y[i] + 1)); order != 0) return order;
  }
  return Sign(static_cast<int>(x.size()) - static_cast<int>(y.size()));
}

int CompareBodies(const std::shared_ptr<Body>& a, const std::shared_ptr<Body>& b) {
  if (a == nullptr || b == nullptr) return 0;
  for (std::size_t i = 0; i < a->exprs.size() && i < b->exprs.size(); ++i) {
    if (const int order = CompareLists(a->exprs[i].terms, b->exprs[i].terms); order != 0) return order;
  }
  return Sign(static_cast<int>(a->exprs.size()) - static_cast<int>(b->exprs.size()));
}

// Wildcards differ from each other, and closures are not compared in every part.
bool IsComparable(const Term& key) {
  bool comparable = true;
  VisitTerms(key, [&](const Term& t) { return comparable = comparable && !t.IsWildcard() && t.body == nullptr; });
  return comparable;
}

}  // namespace

int CompareTerms(const Term& a, const Term& b) {
  if (a.kind != b.kind) return Sign(Rank(a.kind) - Rank(b.kind));
  switch (a.kind) {
    case TermKind::kNull: return 0;
    case TermKind::kBool: return static_cast<int>(a.flag) - static_cast<int>(b.flag);
    case TermKind::kNumber: return CompareNumbers(a.text, b.text);
    case TermKind::kString:
    case TermKind::kVar: return Sign(a.text.compare(b.text));
    case TermKind::kObject: return CompareObjects(a.items, b.items);
    default: break;
  }
  const int order = CompareLists(a.items, b.items);
  return order != 0 ? order : CompareBodies(a.body, b.body);
}

void DropRepeatedKeys(std::vector<Term>& items) {
  std::vector<std::size_t> keys(items.size() / 2);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = 2 * i;
  std::erase_if(keys, [&](std::size_t at) { return !IsComparable(items[at]); });
  std::stable_sort(keys.begin(), keys.end(), [&](std::size_t a, std::size_t b) { return CompareTerms(items[a], items[b]) < 0; });
  std::vector<bool> repeated(items.size() / 2);
  std::size_t first = 0;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (CompareTerms(items[keys[first]], items[keys[i]]) != 0) {
      first = i;
      continue;
    }
    items[keys[first] + 1] = std::move(items[keys[i] + 1]);
    repeated[keys[i] / 2] = true;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < repeated.size(); ++i) {
    if (repeated[i]) continue;
    if (kept != 2 * i) {
      items[kept] = std::move(items[2 * i]);
      items[kept + 1] = std::move(items[2 * i + 1]);
    }
    kept += 2;
  }
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(kept), items.end());
}

}  // namespace intentgate::rego
