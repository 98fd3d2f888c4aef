// GraphQL documents (October 2021 edition) as trees. The names that Visit gives are those of the JSON form that OPA's
// builtins return and accept; members without a name there are for this engine only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace intentgate::rego::graphql {

struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// Why a document is refused; thrown by the parser and the validators, caught in graphql.cc.
struct GraphqlError {
  std::string message;
  Position at;
};

using Comments = std::vector<std::string>;

struct Type {
  std::string name;  // empty: a list of `element`
  std::shared_ptr<const Type> element;
  bool non_null = false;
  Position at;

  // The named type inside all lists.
  const std::string& Innermost() const { return element == nullptr ? name : element->Innermost(); }
  std::string Text() const { return (element == nullptr ? name : "[" + element->Text() + "]") + (non_null ? "!" : ""); }
};

enum class ValueKind : std::uint8_t { kVariable, kInt, kFloat, kString, kBlock, kBoolean, kNull, kEnum, kList, kObject };

struct Child;

struct Value {
  std::string raw;
  std::vector<Child> children;
  ValueKind kind = ValueKind::kNull;
  Comments comments;
  Position at;

  std::string Text() const;
  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Raw", s.raw);
    v("Children", s.children);
    v("Kind", s.kind);
    v("Comment", s.comments);
    v.Constant("ExpectedTypeHasDefault", false);
  }
};

struct Child {
  std::string name;  // empty in lists
  Value value;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Name", s.name);
    v("Value", s.value);
    v("Comment", s.comments);
  }
};

struct Argument {
  std::string name;
  Value value;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Name", s.name);
    v("Value", s.value);
    v("Comment", s.comments);
  }
};

struct Directive {
  std::string name;
  std::vector<Argument> arguments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Name", s.name);
    v("Arguments", s.arguments);
    v.Constant("Location", std::string_view());
  }
};

enum class SelectionKind : std::uint8_t { kField, kSpread, kInline };

struct Selection {
  SelectionKind kind = SelectionKind::kField;
  std::string alias;
  std::string name;            // kField, kSpread
  std::string type_condition;  // kInline
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    if (s.kind == SelectionKind::kField) v("Alias", s.alias);
    if (s.kind != SelectionKind::kInline) v("Name", s.name);
    if (s.kind == SelectionKind::kInline) v("TypeCondition", s.type_condition);
    if (s.kind == SelectionKind::kField) v("Arguments", s.arguments);
    v("Directives", s.directives);
    if (s.kind != SelectionKind::kSpread) v("SelectionSet", s.selections);
    v("Comment", s.comments);
  }
};

struct VariableDefinition {
  std::string description;
  std::string variable;
  Type type;
  std::optional<Value> default_value;
  std::vector<Directive> directives;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Variable", s.variable);
    v("Type", s.type);
    v("DefaultValue", s.default_value);
    v("Directives", s.directives);
    v("Comment", s.comments);
    v.Constant("Used", false);
  }
};

struct Operation {
  std::string description;
  std::string operation;  // query, mutation, subscription
  std::string name;
  std::vector<VariableDefinition> variables;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Operation", s.operation);
    v("Name", s.name);
    v("VariableDefinitions", s.variables);
    v("Directives", s.directives);
    v("SelectionSet", s.selections);
    v("Comment", s.comments);
  }
};

struct Fragment {
  std::string description;
  std::string name;
  std::vector<VariableDefinition> variables;
  std::string type_condition;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Name", s.name);
    v("VariableDefinition", s.variables);
    v("TypeCondition", s.type_condition);
    v("Directives", s.directives);
    v("SelectionSet", s.selections);
    v("Comment", s.comments);
  }
};

struct QueryDocument {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Operations", s.operations);
    v("Fragments", s.fragments);
  }
};

// Comments around what is described.
struct Described {
  std::string description;
  Comments before;
  Comments after;
  Comments end;
};

struct OperationType {
  std::string operation;
  std::string type;
  Comments comments;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Operation", s.operation);
    v("Type", s.type);
    v("Comment", s.comments);
  }
};

struct SchemaDefinition : Described {
  std::vector<Directive> directives;
  std::vector<OperationType> operation_types;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Directives", s.directives);
    v("OperationTypes", s.operation_types);
    v("BeforeDescriptionComment", s.before);
    v("AfterDescriptionComment", s.after);
    v("EndOfDefinitionComment", s.end);
  }
};

struct ArgumentDefinition : Described {
  std::string name;
  std::optional<Value> default_value;
  Type type;
  std::vector<Directive> directives;
  Position at;

  bool IsRequired() const { return type.non_null && !default_value; }
  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Name", s.name);
    v("DefaultValue", s.default_value);
    v("Type", s.type);
    v("Directives", s.directives);
    v("BeforeDescriptionComment", s.before);
    v("AfterDescriptionComment", s.after);
  }
};

// A field of an object or interface, or of an input object (with a default value instead of arguments).
struct FieldDefinition : Described {
  std::string name;
  std::vector<ArgumentDefinition> arguments;
  std::optional<Value> default_value;
  Type type;
  std::vector<Directive> directives;
  Position at;

  const ArgumentDefinition* FindArgument(std::string_view wanted) const;
  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Name", s.name);
    v("Arguments", s.arguments);
    v("DefaultValue", s.default_value);
    v("Type", s.type);
    v("Directives", s.directives);
    v("BeforeDescriptionComment", s.before);
    v("AfterDescriptionComment", s.after);
  }
};

struct EnumValue : Described {
  std::string name;
  std::vector<Directive> directives;
  Position at;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Name", s.name);
    v("Directives", s.directives);
    v("BeforeDescriptionComment", s.before);
    v("AfterDescriptionComment", s.after);
  }
};

struct Definition : Described {
  std::string kind;  // SCALAR, OBJECT, INTERFACE, UNION, ENUM, INPUT_OBJECT
  std::string name;
  std::vector<Directive> directives;
  std::vector<std::string> interfaces;
  std::vector<FieldDefinition> fields;
  std::vector<std::string> types;
  std::vector<EnumValue> enum_values;
  Position at;
  bool built_in = false;

  bool IsLeaf() const { return kind == "SCALAR" || kind == "ENUM"; }
  bool IsInput() const { return IsLeaf() || kind == "INPUT_OBJECT"; }
  bool IsComposite() const { return kind == "OBJECT" || kind == "INTERFACE" || kind == "UNION"; }
  const FieldDefinition* FindField(std::string_view wanted) const;
  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Kind", s.kind);
    v("Description", s.description);
    v("Name", s.name);
    v("Directives", s.directives);
    v("Interfaces", s.interfaces);
    v("Fields", s.fields);
    v("Types", s.types);
    v("EnumValues", s.enum_values);
    v.Constant("BuiltIn", false);
    v("BeforeDescriptionComment", s.before);
    v("AfterDescriptionComment", s.after);
    v("EndOfDefinitionComment", s.end);
  }
};

struct DirectiveDefinition : Described {
  std::string name;
  std::vector<ArgumentDefinition> arguments;
  std::vector<Directive> directives;
  std::vector<std::string> locations;
  bool repeatable = false;
  Position at;

  const ArgumentDefinition* FindArgument(std::string_view wanted) const;
  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Description", s.description);
    v("Name", s.name);
    v("Arguments", s.arguments);
    v("Directives", s.directives);
    v("Locations", s.locations);
    v("IsRepeatable", s.repeatable);
    v("BeforeDescriptionComment", s.before);
    v("AfterDescriptionComment", s.after);
  }
};

struct SchemaDocument {
  std::vector<SchemaDefinition> schema;
  std::vector<SchemaDefinition> schema_extensions;
  std::vector<DirectiveDefinition> directives;
  std::vector<DirectiveDefinition> directive_extensions;
  std::vector<Definition> definitions;
  std::vector<Definition> extensions;
  Comments comments;

  template <typename Self, typename V>
  static void Visit(Self& s, V& v) {
    v("Schema", s.schema);
    v("SchemaExtension", s.schema_extensions);
    v("Directives", s.directives);
    v("DirectiveExtensions", s.directive_extensions);
    v("Definitions", s.definitions);
    v("Extensions", s.extensions);
    v("Comment", s.comments);
  }
};

}  // namespace intentgate::rego::graphql
