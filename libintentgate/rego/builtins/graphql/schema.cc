#include "rego/builtins/graphql/schema.h"

#include <algorithm>
#include <functional>

#include "rego/builtins/graphql/prelude.h"

namespace intentgate::rego::graphql {
namespace {

[[noreturn]] void Fail(Position at, std::string message) { throw GraphqlError{std::move(message), at}; }
std::string Quote(const std::string& text) { return "\"" + text + "\""; }

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void CheckName(Position at, const std::string& name) {
  if (name.starts_with("__")) Fail(at, "Name \"" + name + "\" must not begin with \"__\", which is reserved by GraphQL introspection.");
}

// The second of two items of one name; null if there is none.
template <typename T>
const T* FindDuplicate(const std::vector<T>& items) {
  std::set<std::string_view> seen;
  for (const T& item : items) {
    if (!seen.insert(item.name).second) return &item;
  }
  return nullptr;
}

class SchemaBuilder {
 public:
  explicit SchemaBuilder(const Charge& charge) : charge_(charge) {}

  Schema Build(SchemaDocument document) {
    AddDefinitions(document);
    AddDirectives(document);
    AddRoots(document);
    for (const auto& [name, definition] : schema_.types) CheckDefinition(definition);
    CheckInputCycles();
    for (const auto& [name, directive] : schema_.directives) CheckDirectiveDefinition(directive);
    if (document.schema.empty()) InferRoots();
    CheckRoots();
    AddIntrospection();
    return std::move(schema_);
  }

 private:
  void AddDefinitions(SchemaDocument& document) {
    for (Definition& definition : document.definitions) {
      charge_(64);
      const auto [at, fresh] = schema_.types.emplace(definition.name, definition);
      if (!fresh) Fail(definition.at, "Cannot redeclare type " + definition.name + ".");
    }
    for (const Definition& extension : document.extensions) {
      charge_(64);
      Definition empty;
      empty.kind = extension.kind;
      empty.name = extension.name;
      empty.at = extension.at;
      Definition& base = schema_.types.emplace(extension.name, empty).first->second;
      if (base.kind != extension.kind) {
        Fail(extension.at, "Cannot extend type " + extension.name + " because the base type is a " + base.kind + ", not " + extension.kind + ".");
      }
      Append(base.directives, extension.directives);
      Append(base.interfaces, extension.interfaces);
      Append(base.fields, extension.fields);
      Append(base.types, extension.types);
      Append(base.enum_values, extension.enum_values);
    }
    for (const auto& [name, definition] : schema_.types) {
      if (definition.kind == "UNION") schema_.possible_types[name].insert(definition.types.begin(), definition.types.end());
      if (definition.kind == "OBJECT" || definition.kind == "INPUT_OBJECT") schema_.possible_types[name].insert(name);
      for (const std::string& interface : definition.interfaces) schema_.possible_types[interface].insert(name);
    }
  }

  void AddDirectives(SchemaDocument& document) {
    static constexpr std::string_view kBuiltIn[] = {"defer", "include", "skip", "deprecated", "specifiedBy", "oneOf"};
    for (DirectiveDefinition& directive : document.directives) {
      const bool again = schema_.directives.count(directive.name) > 0;
      if (again && std::find(std::begin(kBuiltIn), std::end(kBuiltIn), directive.name) == std::end(kBuiltIn)) {
        Fail(directive.at, "Cannot redeclare directive " + directive.name + ".");
      }
      schema_.directives[directive.name] = directive;
    }
    for (const DirectiveDefinition& extension : document.directive_extensions) {
      const auto base = schema_.directives.find(extension.name);
      if (base == schema_.directives.end()) Fail(extension.at, "Cannot extend directive @" + extension.name + " because it is not defined.");
      Append(base->second.directives, extension.directives);
    }
  }

  void AddRoots(const SchemaDocument& document) {
    if (document.schema.size() > 1) Fail(document.schema[1].at, "Cannot have multiple schema entry points, consider schema extensions instead.");
    for (const auto* list : {&document.schema, &document.schema_extensions}) {
      for (const SchemaDefinition& definition : *list) {
        for (const OperationType& root : definition.operation_types) {
          if (schema_.roots.count(root.operation) > 0) Fail(root.at, "There can be only one " + root.operation + " type in schema.");
          const Definition* type = schema_.Find(root.type);
          if (type == nullptr) Fail(root.at, "Schema root " + root.operation + " refers to a type " + root.type + " that does not exist.");
          schema_.roots[root.operation] = type;
        }
        CheckDirectives(definition.directives, "SCHEMA", nullptr, true);
      }
    }
  }

  void InferRoots() {
    for (const auto& [operation, name] : {std::pair{"query", "Query"}, {"mutation", "Mutation"}, {"subscription", "Subscription"}}) {
      const Definition* type = schema_.Find(name);
      if (type != nullptr) schema_.roots.emplace(operation, type);
    }
  }

  void CheckRoots() const {
    for (const auto& [operation, type] : schema_.roots) {
      if (type->kind == "OBJECT") continue;
      std::string name = operation;
      name[0] = static_cast<char>(name[0] - 32);
      Fail(type->at, name + " root type must be Object type" + (operation == "query" ? "" : " if provided") + ", it cannot be " + type->name + ".");
    }
  }

  void AddIntrospection() {
    const auto query = schema_.roots.find("query");
    if (query == schema_.roots.end()) return;
    Definition& type = schema_.types.find(query->second->name)->second;
    FieldDefinition schema;
    schema.name = "__schema";
    schema.type = {"__Schema", nullptr, true, {}};
    FieldDefinition by_name;
    by_name.name = "__type";
    by_name.type = {"__Type", nullptr, false, {}};
    ArgumentDefinition argument;
    argument.name = "name";
    argument.type = {"String", nullptr, true, {}};
    by_name.arguments.push_back(argument);
    type.fields.push_back(schema);
    type.fields.push_back(by_name);
  }

  const Definition& Resolve(const Type& type) const {
    const Definition* found = schema_.Find(type.Innermost());
    if (found == nullptr) Fail(type.at, "Undefined type " + type.Innermost() + ".");
    return *found;
  }

  void CheckArguments(const std::vector<ArgumentDefinition>& arguments, const DirectiveDefinition* current) const {
    for (const ArgumentDefinition& argument : arguments) {
      CheckName(argument.at, argument.name);
      const Definition& type = Resolve(argument.type);
      if (argument.default_value) CheckInputFields(*argument.default_value);
      if (!type.IsInput()) {
        Fail(argument.at, "cannot use " + argument.type.Text() + " as argument " + argument.name + " because " + type.kind + " is not a valid input type");
      }
      CheckDirectives(argument.directives, "ARGUMENT_DEFINITION", current, true);
    }
  }

  // No object literal names a field twice.
  static void CheckInputFields(const Value& value) {
    if (value.kind == ValueKind::kObject) {
      if (const Child* again = FindDuplicate(value.children)) Fail(again->at, "There can be only one input field named \"" + again->name + "\".");
    }
    for (const Child& child : value.children) CheckInputFields(child.value);
  }

  void CheckDirectives(const std::vector<Directive>& directives, std::string_view location, const DirectiveDefinition* current, bool once) const {
    std::set<std::string_view> seen;
    for (const Directive& directive : directives) {
      charge_(64);
      CheckName(directive.at, directive.name);
      if (current != nullptr && directive.name == current->name) Fail(directive.at, "Directive " + directive.name + " cannot refer to itself.");
      const auto found = schema_.directives.find(directive.name);
      if (found == schema_.directives.end()) Fail(directive.at, "Undefined directive " + directive.name + ".");
      const DirectiveDefinition& definition = found->second;
      if (once && !seen.insert(directive.name).second && !definition.repeatable) {
        Fail(directive.at, "The directive " + directive.name + " can only be used once at this location.");
      }
      if (std::find(definition.locations.begin(), definition.locations.end(), location) == definition.locations.end()) {
        Fail(directive.at, "Directive " + directive.name + " is not applicable on " + std::string(location) + ".");
      }
      CheckDirectiveArguments(directive, definition);
    }
  }

  static void CheckDirectiveArguments(const Directive& directive, const DirectiveDefinition& definition) {
    for (const Argument& argument : directive.arguments) {
      if (definition.FindArgument(argument.name) == nullptr) Fail(argument.at, "Undefined argument " + argument.name + " for directive " + directive.name + ".");
    }
    if (const Argument* again = FindDuplicate(directive.arguments)) Fail(again->at, "There can be only one argument named " + again->name + ".");
    for (const ArgumentDefinition& wanted : definition.arguments) {
      if (!wanted.IsRequired()) continue;
      const auto given = std::find_if(directive.arguments.begin(), directive.arguments.end(), [&](const Argument& a) { return a.name == wanted.name; });
      if (given == directive.arguments.end() || given->value.kind == ValueKind::kNull) {
        Fail(directive.at, "Argument " + wanted.name + " for directive " + directive.name + " cannot be null.");
      }
    }
    for (const Argument& argument : directive.arguments) CheckInputFields(argument.value);
  }

  void CheckField(const Definition& owner, const FieldDefinition& field) const {
    charge_(64);
    CheckName(field.at, field.name);
    static_cast<void>(Resolve(field.type));
    if (field.default_value) CheckInputFields(*field.default_value);
    if (const ArgumentDefinition* again = FindDuplicate(field.arguments)) {
      Fail(again->at, "Argument " + owner.name + "." + field.name + "(" + again->name + ":) can only be defined once.");
    }
    CheckArguments(field.arguments, nullptr);
    CheckDirectives(field.directives, owner.kind == "INPUT_OBJECT" ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION", nullptr, true);
  }

  void CheckDefinition(const Definition& d) const {
    for (const FieldDefinition& field : d.fields) CheckField(d, field);
    for (const std::string& member : d.types) {
      const Definition* type = schema_.Find(member);
      if (type == nullptr) Fail(d.at, "Undefined type " + Quote(member) + ".");
      if (type->kind != "OBJECT") Fail(d.at, d.kind + " type " + Quote(member) + " must be OBJECT.");
    }
    std::set<std::string_view> interfaces;
    for (const std::string& interface : d.interfaces) {
      if (!interfaces.insert(interface).second) Fail(d.at, "Type " + d.name + " can only implement " + interface + " once.");
      CheckImplements(d, interface);
    }
    CheckKind(d);
    if (const FieldDefinition* again = FindDuplicate(d.fields)) Fail(again->at, "Field " + d.name + "." + again->name + " can only be defined once.");
    if (const EnumValue* again = FindDuplicate(d.enum_values)) Fail(again->at, "Enum value " + d.name + "." + again->name + " can only be defined once.");
    std::set<std::string_view> members;
    for (const std::string& member : d.types) {
      if (!members.insert(member).second) Fail(d.at, "Union type " + d.name + " can only include type " + member + " once.");
    }
    if (!d.built_in) CheckName(d.at, d.name);
    CheckDirectives(d.directives, d.kind, nullptr, false);
  }

  void CheckKind(const Definition& d) const {
    const bool input = d.kind == "INPUT_OBJECT";
    const bool empty = d.kind == "ENUM" ? d.enum_values.empty() : d.kind == "UNION" ? d.types.empty() : d.kind != "SCALAR" && d.fields.empty();
    if (empty) {
      const std::string what = d.kind == "ENUM" ? "unique enum values" : d.kind == "UNION" ? "unique member types" : input ? "input fields" : "fields";
      Fail(d.at, d.kind + " " + d.name + ": must define one or more " + what + ".");
    }
    for (const FieldDefinition& field : d.fields) {
      const Definition& type = Resolve(field.type);
      if (input && !type.IsInput()) Fail(field.at, type.kind + " " + field.name + ": field must be one of SCALAR, ENUM, INPUT_OBJECT.");
      if (!input && type.kind == "INPUT_OBJECT") {
        Fail(field.at, d.kind + " " + d.name + ": field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.");
      }
    }
    for (const EnumValue& value : d.enum_values) {
      CheckName(value.at, value.name);
      if (value.name == "true" || value.name == "false" || value.name == "null") Fail(value.at, d.kind + " " + d.name + ": non-enum value " + value.name + ".");
      CheckDirectives(value.directives, "ENUM_VALUE", nullptr, true);
    }
  }

  bool IsCovariant(const Type& required, const Type& actual) const {
    if (required.non_null && !actual.non_null) return false;
    if (required.element == nullptr) return actual.element == nullptr && (required.name == actual.name || schema_.IsPossible(required.name, actual.name));
    return actual.element != nullptr && IsCovariant(*required.element, *actual.element);
  }

  void CheckImplements(const Definition& d, const std::string& name) const {
    const Definition* interface = schema_.Find(name);
    if (interface == nullptr) Fail(d.at, "Undefined type " + Quote(name) + ".");
    if (interface->kind != "INTERFACE") Fail(d.at, Quote(name) + " is a non interface type " + interface->kind + ".");
    if (name == d.name) Fail(d.at, "Type " + d.name + " cannot implement itself because it would create a circular reference.");
    for (const FieldDefinition& required : interface->fields) {
      charge_(64);
      const FieldDefinition* field = d.FindField(required.name);
      const std::string prefix = "For " + d.name + " to implement " + name + " ";
      if (field == nullptr) Fail(d.at, prefix + "it must have a field called " + required.name + ".");
      if (!IsCovariant(required.type, field->type)) Fail(field->at, prefix + "the field " + required.name + " must have type " + required.type.Text() + ".");
      CheckInheritedArguments(required, *field, prefix);
    }
    for (const std::string& transitive : interface->interfaces) {
      if (std::find(d.interfaces.begin(), d.interfaces.end(), transitive) != d.interfaces.end()) continue;
      if (transitive == d.name) Fail(d.at, "Type " + d.name + " cannot implement " + name + " because it would create a circular reference.");
      Fail(d.at, "Type " + d.name + " must implement " + transitive + " because it is implemented by " + name + ".");
    }
  }

  static void CheckInheritedArguments(const FieldDefinition& required, const FieldDefinition& field, const std::string& prefix) {
    for (const ArgumentDefinition& wanted : required.arguments) {
      const ArgumentDefinition* given = field.FindArgument(wanted.name);
      const std::string same = prefix + "the field " + required.name + " must have the same arguments but ";
      if (given == nullptr) Fail(field.at, same + "it is missing " + wanted.name + ".");
      if (given->type.Text() != wanted.type.Text()) Fail(given->at, same + wanted.name + " has the wrong type.");
    }
    for (const ArgumentDefinition& given : field.arguments) {
      if (required.FindArgument(given.name) == nullptr && given.IsRequired()) {
        Fail(given.at, prefix + "any additional arguments on " + field.name + " must be optional or have a default value but " + given.name + " is required.");
      }
    }
  }

  void CheckDirectiveDefinition(const DirectiveDefinition& d) const {
    CheckName(d.at, d.name);
    if (const ArgumentDefinition* again = FindDuplicate(d.arguments)) Fail(again->at, "Argument @" + d.name + "(" + again->name + ":) can only be defined once.");
    CheckDirectives(d.directives, "DIRECTIVE_DEFINITION", &d, true);
    CheckArguments(d.arguments, &d);
  }

  // An input object that must hold another one of its kind could never be written. Iterative: chains may be long.
  void CheckInputCycles() const {
    struct Frame {
      const Definition* type;
      std::size_t next = 0;
    };
    std::set<const Definition*> done;
    for (const auto& [name, start] : schema_.types) {
      if (start.kind != "INPUT_OBJECT" || done.count(&start) > 0) continue;
      std::vector<Frame> path = {{&start, 0}};
      while (!path.empty()) {
        Frame& top = path.back();
        if (top.next == top.type->fields.size()) {
          done.insert(top.type);
          path.pop_back();
          continue;
        }
        charge_(64);
        const FieldDefinition& field = top.type->fields[top.next++];
        const Definition* type = schema_.Find(field.type.Innermost());
        if (!field.type.non_null || field.type.element != nullptr || type == nullptr || type->kind != "INPUT_OBJECT" || done.count(type) > 0) continue;
        const auto cycle = std::find_if(path.begin(), path.end(), [&](const Frame& f) { return f.type == type; });
        if (cycle == path.end()) {
          path.push_back({type, 0});
          continue;
        }
        std::string names;
        for (auto at = cycle; at != path.end(); ++at) names += (at == cycle ? "" : ".") + at->type->fields[at->next - 1].name;
        Fail(cycle->type->fields[cycle->next - 1].at,
             "Cannot reference Input Object " + Quote(type->name) + " within itself through a series of non-null fields: " + Quote(names) + ".");
      }
    }
  }

  const Charge& charge_;
  Schema schema_;
};

}  // namespace

const ArgumentDefinition* FieldDefinition::FindArgument(std::string_view wanted) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(), [&](const ArgumentDefinition& a) { return a.name == wanted; });
  return found == arguments.end() ? nullptr : &*found;
}

const FieldDefinition* Definition::FindField(std::string_view wanted) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const FieldDefinition& f) { return f.name == wanted; });
  return found == fields.end() ? nullptr : &*found;
}

const ArgumentDefinition* DirectiveDefinition::FindArgument(std::string_view wanted) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(), [&](const ArgumentDefinition& a) { return a.name == wanted; });
  return found == arguments.end() ? nullptr : &*found;
}

Schema BuildSchema(SchemaDocument document, const Charge& charge) {
  SchemaDocument all = ParseSchema(kPrelude, charge);
  for (Definition& definition : all.definitions) definition.built_in = true;
  Append(all.schema, document.schema);
  Append(all.schema_extensions, document.schema_extensions);
  Append(all.directives, document.directives);
  Append(all.directive_extensions, document.directive_extensions);
  Append(all.definitions, document.definitions);
  Append(all.extensions, document.extensions);
  return SchemaBuilder(charge).Build(std::move(all));
}

}  // namespace intentgate::rego::graphql
