// Fields of one response name must merge (5.3.2). Pairs are compared once; the work is counted.
#include <algorithm>

#include "rego/builtins/graphql/validate.h"

namespace intentgate::rego::graphql {
namespace {

std::string ArgumentsText(const Selection& field) {
  std::vector<std::string> parts;
  for (const Argument& argument : field.arguments) parts.push_back(argument.name + ":" + argument.value.Text());
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += part + ";";
  return out;
}

}  // namespace

void OverlapChecker::Collect(const std::vector<Selection>& selections, const Definition* parent, std::set<std::string>& visited, Groups& out) const {
  for (const Selection& s : selections) {
    charge_(64);
    if (s.kind == SelectionKind::kField) {
      out[s.alias].push_back({&s, parent, parent == nullptr ? nullptr : parent->FindField(s.name)});
    } else if (s.kind == SelectionKind::kInline) {
      Collect(s.selections, s.type_condition.empty() ? parent : schema_.Find(s.type_condition), visited, out);
    } else if (visited.insert(s.name).second) {
      const auto fragment = fragments_.find(s.name);
      if (fragment != fragments_.end()) Collect(fragment->second->selections, schema_.Find(fragment->second->type_condition), visited, out);
    }
  }
}

bool OverlapChecker::SameShape(const Type& a, const Type& b) const {
  if (a.non_null != b.non_null || (a.element == nullptr) != (b.element == nullptr)) return false;
  if (a.element != nullptr) return SameShape(*a.element, *b.element);
  const Definition* left = schema_.Find(a.name);
  const Definition* right = schema_.Find(b.name);
  if (left == nullptr || right == nullptr) return true;
  return left->IsLeaf() || right->IsLeaf() ? a.name == b.name : true;
}

// Why the two cannot both be asked for; empty if they can.
std::string OverlapChecker::Conflict(const Field& a, const Field& b, bool exclusive) {
  charge_(64);
  const bool both_objects = a.parent != nullptr && b.parent != nullptr && a.parent != b.parent && a.parent->kind == "OBJECT" && b.parent->kind == "OBJECT";
  exclusive = exclusive || both_objects;
  if (a.selection == b.selection || !compared_.emplace(std::min(a.selection, b.selection), std::max(a.selection, b.selection), exclusive).second) return {};
  if (!exclusive) {
    if (a.selection->name != b.selection->name) return "\"" + a.selection->name + "\" and \"" + b.selection->name + "\" are different fields";
    if (ArgumentsText(*a.selection) != ArgumentsText(*b.selection)) return "they have differing arguments";
  }
  if (a.definition != nullptr && b.definition != nullptr && !SameShape(a.definition->type, b.definition->type)) {
    return "they return conflicting types \"" + a.definition->type.Text() + "\" and \"" + b.definition->type.Text() + "\"";
  }
  return SubConflict(a, b, exclusive);
}

std::string OverlapChecker::SubConflict(const Field& a, const Field& b, bool exclusive) {
  const auto type_of = [&](const Field& f) { return f.definition == nullptr ? nullptr : schema_.Find(f.definition->type.Innermost()); };
  Groups left;
  Groups right;
  std::set<std::string> visited_left;
  std::set<std::string> visited_right;
  Collect(a.selection->selections, type_of(a), visited_left, left);
  Collect(b.selection->selections, type_of(b), visited_right, right);
  for (const auto& [name, fields] : left) {
    const auto others = right.find(name);
    if (others == right.end()) continue;
    for (const Field& x : fields) {
      for (const Field& y : others->second) {
        const std::string why = Conflict(x, y, exclusive);
        if (!why.empty()) return "subfields \"" + name + "\" conflict because " + why;
      }
    }
  }
  return {};
}

void OverlapChecker::Check(const std::vector<Selection>& selections, const Definition* parent) {
  Groups groups;
  std::set<std::string> visited;
  Collect(selections, parent, visited, groups);
  for (const auto& [name, fields] : groups) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      for (std::size_t j = i + 1; j < fields.size(); ++j) {
        const std::string why = Conflict(fields[i], fields[j], false);
        if (why.empty()) continue;
        throw GraphqlError{"Fields \"" + name + "\" conflict because " + why + ". Use different aliases on the fields to fetch both if this was intentional.",
                           fields[i].selection->at};
      }
    }
  }
}

}  // namespace intentgate::rego::graphql
