// Tested by tests/unit/rego/cases/language.json.

#include "rego/compile/empty_documents.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "rego/compile/lower.h"

namespace intentgate::rego {
namespace {

using Path = std::vector<Value>;

struct PathLess {
  bool operator()(const Path& a, const Path& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
};
using Paths = std::set<Path, PathLess>;

bool HasPrefixIn(const Paths& paths, Path path) {
  while (!path.empty()) {
    path.pop_back();
    if (paths.count(path) > 0) return true;
  }
  return false;
}

}  // namespace

std::span<const EmptyDocument> EmptyDocuments(Arena& arena, const RuleGroup& group) {
  Paths computed;  // what a computed key stands behind
  Paths seen;
  std::vector<std::pair<Path, bool>> documents;
  for (const GroupedRule& rule : group.rules) {
    Path path;
    for (std::size_t i = 0; i < rule.keys.size() && rule.keys[i].IsScalar(); ++i) path.push_back(ConstantOf(arena, rule.keys[i]));
    const bool whole = path.size() == rule.keys.size();
    if (!whole) computed.insert(path);
    const bool is_set = whole && rule.rule.multi_value;
    if (whole && !is_set && !path.empty()) path.pop_back();  // empty in groups of two kinds, which are errors
    if (!path.empty() && seen.insert(path).second) documents.emplace_back(std::move(path), is_set);
  }
  std::vector<EmptyDocument> out;
  for (const auto& [path, is_set] : documents) {
    if (!HasPrefixIn(computed, path)) out.push_back({ToArena(arena, path), is_set});
  }
  std::stable_sort(out.begin(), out.end(), [](const EmptyDocument& a, const EmptyDocument& b) { return a.keys[0] < b.keys[0]; });
  return ToArena(arena, out);
}

}  // namespace intentgate::rego
