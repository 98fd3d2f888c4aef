#include "rego/builtins/graphql/validate.h"

#include <algorithm>
#include <functional>

namespace intentgate::rego::graphql {
namespace {

[[noreturn]] void Fail(Position at, std::string message) { throw GraphqlError{std::move(message), at}; }

using Fragments = std::map<std::string, const Fragment*, std::less<>>;

// Fields that ask the schema about itself nest lists, and each level may multiply the answer.
constexpr int kMaxIntrospectionLists = 3;

class QueryValidator {
 public:
  QueryValidator(const Schema& schema, const QueryDocument& document, const Charge& charge) : schema_(schema), document_(document), charge_(charge) {}

  void Run() {
    CheckNames();
    for (const Fragment& fragment : document_.fragments) CheckFragment(fragment);
    CheckFragmentCycles();
    for (const Operation& operation : document_.operations) CheckOperation(operation);
    for (const Fragment& fragment : document_.fragments) {
      if (used_fragments_.count(fragment.name) == 0) Fail(fragment.at, "Fragment \"" + fragment.name + "\" is never used.");
    }
    OverlapChecker overlap(schema_, fragments_, charge_);
    for (const Operation& operation : document_.operations) CheckOverlap(overlap, operation.selections, schema_.roots.find(operation.operation)->second);
    for (const Fragment& fragment : document_.fragments) CheckOverlap(overlap, fragment.selections, schema_.Find(fragment.type_condition));
  }

 private:
  void CheckNames() {
    std::set<std::string_view> operations;
    for (const Operation& operation : document_.operations) {
      if (operation.name.empty()) {
        if (document_.operations.size() > 1) Fail(operation.at, "This anonymous operation must be the only defined operation.");
      } else if (!operations.insert(operation.name).second) {
        Fail(operation.at, "There can be only one operation named \"" + operation.name + "\".");
      }
    }
    for (const Fragment& fragment : document_.fragments) {
      if (!fragments_.emplace(fragment.name, &fragment).second) Fail(fragment.at, "There can be only one fragment named \"" + fragment.name + "\".");
    }
  }

  void CheckFragment(const Fragment& fragment) const {
    const Definition* type = schema_.Find(fragment.type_condition);
    if (type == nullptr) Fail(fragment.at, "Unknown type \"" + fragment.type_condition + "\".");
    if (!type->IsComposite()) {
      Fail(fragment.at, "Fragment \"" + fragment.name + "\" cannot condition on non composite type \"" + fragment.type_condition + "\".");
    }
  }

  static void CollectSpreads(const std::vector<Selection>& selections, std::vector<const Selection*>& out) {
    for (const Selection& s : selections) {
      if (s.kind == SelectionKind::kSpread) out.push_back(&s);
      CollectSpreads(s.selections, out);
    }
  }

  // Iterative: a chain of fragments may be long.
  void CheckFragmentCycles() const {
    std::map<std::string_view, std::vector<const Selection*>> spreads;
    for (const Fragment& fragment : document_.fragments) CollectSpreads(fragment.selections, spreads[fragment.name]);
    struct Frame {
      std::string_view name;
      std::size_t next = 0;
    };
    std::set<std::string_view> done;
    for (const Fragment& start : document_.fragments) {
      std::vector<Frame> path = {{start.name, 0}};
      while (!path.empty()) {
        Frame& top = path.back();
        const std::vector<const Selection*>& below = spreads[top.name];
        if (done.count(top.name) > 0 || top.next == below.size()) {
          done.insert(top.name);
          path.pop_back();
          continue;
        }
        charge_(64);
        const Selection& spread = *below[top.next++];
        if (fragments_.count(spread.name) == 0 || done.count(spread.name) > 0) continue;
        const auto cycle = std::find_if(path.begin(), path.end(), [&](const Frame& f) { return f.name == spread.name; });
        if (cycle != path.end()) Fail(spread.at, "Cannot spread fragment \"" + spread.name + "\" within itself.");
        path.push_back({spread.name, 0});
      }
    }
  }

  void CheckOperation(const Operation& operation) {
    const auto root = schema_.roots.find(operation.operation);
    if (root == schema_.roots.end()) Fail(operation.at, "Schema does not support operation type \"" + operation.operation + "\"");
    CheckVariables(operation);
    if (operation.operation == "subscription") CheckSubscription(operation);
    current_ = &operation;
    used_variables_.clear();
    visited_.clear();
    std::string location = operation.operation;
    std::transform(location.begin(), location.end(), location.begin(), [](char c) { return static_cast<char>(c - 32); });
    CheckDirectives(operation.directives, location);
    CheckSelections(operation.selections, root->second);
    for (const VariableDefinition& variable : operation.variables) {
      if (used_variables_.count(variable.variable) > 0) continue;
      const std::string in = operation.name.empty() ? "" : " in operation \"" + operation.name + "\"";
      Fail(variable.at, "Variable \"$" + variable.variable + "\" is never used" + in + ".");
    }
  }

  ValueChecker Values() { return {schema_, current_ == nullptr ? nullptr : &current_->variables, current_ == nullptr ? std::string_view() : std::string_view(current_->name), used_variables_, charge_}; }

  void CheckVariables(const Operation& operation) {
    std::set<std::string_view> seen;
    for (const VariableDefinition& variable : operation.variables) {
      charge_(64);
      if (!seen.insert(variable.variable).second) Fail(variable.at, "There can be only one variable named \"$" + variable.variable + "\".");
      const Definition* type = schema_.Find(variable.type.Innermost());
      if (type == nullptr) Fail(variable.at, "Unknown type \"" + variable.type.Innermost() + "\".");
      if (!type->IsInput()) Fail(variable.at, "Variable \"$" + variable.variable + "\" cannot be non-input type \"" + variable.type.Text() + "\".");
      current_ = nullptr;
      if (variable.default_value) Values().Check(*variable.default_value, variable.type, false);
      CheckDirectives(variable.directives, "VARIABLE_DEFINITION");
    }
  }

  void CollectTopFields(const std::vector<Selection>& selections, std::set<std::string_view>& visited, std::vector<const Selection*>& out) const {
    for (const Selection& s : selections) {
      charge_(16);
      if (s.kind == SelectionKind::kField) out.push_back(&s);
      if (s.kind == SelectionKind::kInline) CollectTopFields(s.selections, visited, out);
      if (s.kind != SelectionKind::kSpread || !visited.insert(s.name).second) continue;
      const auto fragment = fragments_.find(s.name);
      if (fragment != fragments_.end()) CollectTopFields(fragment->second->selections, visited, out);
    }
  }

  void CheckSubscription(const Operation& operation) const {
    std::vector<const Selection*> fields;
    std::set<std::string_view> visited;
    CollectTopFields(operation.selections, visited, fields);
    const std::string name = operation.name.empty() ? "Anonymous Subscription" : "Subscription \"" + operation.name + "\"";
    for (const Selection* field : fields) {
      if (field->name != fields[0]->name) Fail(field->at, name + " must select only one top level field.");
      if (field->name.starts_with("__")) Fail(field->at, name + " must not select an introspection top level field.");
    }
  }

  void CheckDirectives(const std::vector<Directive>& directives, std::string_view location) {
    std::set<std::string_view> seen;
    for (const Directive& directive : directives) {
      charge_(64);
      const auto found = schema_.directives.find(directive.name);
      if (found == schema_.directives.end()) Fail(directive.at, "Unknown directive \"@" + directive.name + "\".");
      const DirectiveDefinition& definition = found->second;
      if (std::find(definition.locations.begin(), definition.locations.end(), location) == definition.locations.end()) {
        Fail(directive.at, "Directive \"@" + directive.name + "\" may not be used on " + std::string(location) + ".");
      }
      if (!seen.insert(directive.name).second && !definition.repeatable) {
        Fail(directive.at, "The directive \"@" + directive.name + "\" can only be used once at this location.");
      }
      CheckArguments(directive.arguments, definition.arguments, directive.at, "directive \"@" + directive.name + "\"", "Directive \"@" + directive.name + "\"");
    }
  }

  void CheckArguments(const std::vector<Argument>& given, const std::vector<ArgumentDefinition>& wanted, Position at, const std::string& place,
                      const std::string& owner) {
    std::set<std::string_view> seen;
    for (const Argument& argument : given) {
      charge_(32);
      if (!seen.insert(argument.name).second) Fail(argument.at, "There can be only one argument named \"" + argument.name + "\".");
      const auto definition = std::find_if(wanted.begin(), wanted.end(), [&](const ArgumentDefinition& d) { return d.name == argument.name; });
      if (definition == wanted.end()) Fail(at, "Unknown argument \"" + argument.name + "\" on " + place + ".");
      Values().Check(argument.value, definition->type, definition->default_value.has_value());
    }
    for (const ArgumentDefinition& definition : wanted) {
      if (definition.IsRequired() && seen.count(definition.name) == 0) {
        Fail(at, owner + " argument \"" + definition.name + "\" of type \"" + definition.type.Text() + "\" is required, but it was not provided.");
      }
    }
  }

  void CheckSelections(const std::vector<Selection>& selections, const Definition* parent) {
    for (const Selection& s : selections) {
      charge_(64);
      switch (s.kind) {
        case SelectionKind::kField: CheckField(s, *parent); break;
        case SelectionKind::kInline: CheckInline(s, parent); break;
        case SelectionKind::kSpread: CheckSpread(s, *parent); break;
      }
    }
  }

  void CheckField(const Selection& field, const Definition& parent) {
    CheckDirectives(field.directives, "FIELD");
    if (field.name == "__typename") {
      if (!field.arguments.empty()) Fail(field.at, "Unknown argument \"" + field.arguments[0].name + "\" on field \"" + parent.name + ".__typename\".");
      if (!field.selections.empty()) Fail(field.at, "Field \"__typename\" must not have a selection since type \"String\" has no subfields.");
      return;
    }
    const FieldDefinition* definition = parent.kind == "UNION" ? nullptr : parent.FindField(field.name);
    if (definition == nullptr) Fail(field.at, "Cannot query field \"" + field.name + "\" on type \"" + parent.name + "\".");
    CheckArguments(field.arguments, definition->arguments, field.at, "field \"" + parent.name + "." + field.name + "\"", "Field \"" + field.name + "\"");
    const Definition* type = schema_.Find(definition->type.Innermost());
    if (type == nullptr) return;
    if (type->IsLeaf() && !field.selections.empty()) {
      Fail(field.at, "Field \"" + field.name + "\" must not have a selection since type \"" + type->name + "\" has no subfields.");
    }
    if (!type->IsLeaf() && field.selections.empty()) {
      Fail(field.at, "Field \"" + field.name + "\" of type \"" + definition->type.Text() + "\" must have a selection of subfields. Did you mean \"" + field.name + " { ... }\"?");
    }
    if (field.name == "__schema" || field.name == "__type") {
      std::set<std::pair<std::string_view, int>> visited;
      if (TooDeep(field.selections, 0, visited)) Fail(field.at, "Maximum introspection depth exceeded");
    }
    CheckSelections(field.selections, type);
  }

  bool TooDeep(const std::vector<Selection>& selections, int depth, std::set<std::pair<std::string_view, int>>& visited) const {
    return std::any_of(selections.begin(), selections.end(), [&](const Selection& s) {
      charge_(16);
      if (s.kind == SelectionKind::kSpread) {
        const auto fragment = fragments_.find(s.name);
        return fragment != fragments_.end() && visited.emplace(s.name, depth).second && TooDeep(fragment->second->selections, depth, visited);
      }
      const bool list = s.kind == SelectionKind::kField && (s.name == "fields" || s.name == "interfaces" || s.name == "possibleTypes" || s.name == "inputFields");
      const int below = depth + (list ? 1 : 0);
      return below >= kMaxIntrospectionLists || TooDeep(s.selections, below, visited);
    });
  }

  bool Overlaps(const Definition& a, const Definition& b) const {
    if (a.name == b.name) return true;
    const auto left = schema_.possible_types.find(a.name);
    if (left == schema_.possible_types.end()) return false;
    return std::any_of(left->second.begin(), left->second.end(), [&](const std::string& type) { return schema_.IsPossible(b.name, type); });
  }

  void CheckInline(const Selection& s, const Definition* parent) {
    CheckDirectives(s.directives, "INLINE_FRAGMENT");
    if (!s.type_condition.empty()) {
      const Definition* type = schema_.Find(s.type_condition);
      if (type == nullptr) Fail(s.at, "Unknown type \"" + s.type_condition + "\".");
      if (!type->IsComposite()) Fail(s.at, "Fragment cannot condition on non composite type \"" + s.type_condition + "\".");
      if (!Overlaps(*parent, *type)) {
        Fail(s.at, "Fragment cannot be spread here as objects of type \"" + parent->name + "\" can never be of type \"" + s.type_condition + "\".");
      }
      parent = type;
    }
    CheckSelections(s.selections, parent);
  }

  void CheckSpread(const Selection& s, const Definition& parent) {
    CheckDirectives(s.directives, "FRAGMENT_SPREAD");
    const auto found = fragments_.find(s.name);
    if (found == fragments_.end()) Fail(s.at, "Unknown fragment \"" + s.name + "\".");
    const Fragment& fragment = *found->second;
    used_fragments_.insert(fragment.name);
    const Definition& type = *schema_.Find(fragment.type_condition);
    if (!Overlaps(parent, type)) {
      Fail(s.at, "Fragment \"" + s.name + "\" cannot be spread here as objects of type \"" + parent.name + "\" can never be of type \"" + type.name + "\".");
    }
    // Once for each operation: its variables are those of the operation.
    if (!visited_.insert(fragment.name).second) return;
    if (++spread_depth_ > kMaxNesting) Fail(s.at, "fragments are nested more than " + std::to_string(kMaxNesting) + " deep");
    CheckDirectives(fragment.directives, "FRAGMENT_DEFINITION");
    CheckSelections(fragment.selections, &type);
    --spread_depth_;
  }

  void CheckOverlap(OverlapChecker& overlap, const std::vector<Selection>& selections, const Definition* parent) const {
    overlap.Check(selections, parent);
    for (const Selection& s : selections) {
      if (s.selections.empty()) continue;
      if (s.kind == SelectionKind::kInline) {
        CheckOverlap(overlap, s.selections, s.type_condition.empty() ? parent : schema_.Find(s.type_condition));
      } else {
        const FieldDefinition* field = parent == nullptr ? nullptr : parent->FindField(s.name);
        CheckOverlap(overlap, s.selections, field == nullptr ? nullptr : schema_.Find(field->type.Innermost()));
      }
    }
  }

  const Schema& schema_;
  const QueryDocument& document_;
  const Charge& charge_;
  Fragments fragments_;
  std::set<std::string> used_fragments_;
  const Operation* current_ = nullptr;
  std::set<std::string> used_variables_;
  std::set<std::string> visited_;
  int spread_depth_ = 0;
};

}  // namespace

void ValidateQuery(const Schema& schema, const QueryDocument& document, const Charge& charge) { QueryValidator(schema, document, charge).Run(); }

}  // namespace intentgate::rego::graphql
