// Values at the places where a type is expected.
#include <algorithm>

#include "rego/builtins/graphql/validate.h"
#include "rego/builtins/go_quote.h"

namespace intentgate::rego::graphql {

std::string Value::Text() const {
  switch (kind) {
    case ValueKind::kVariable: return "$" + raw;
    case ValueKind::kString:
    case ValueKind::kBlock: return builtins::QuoteString(raw, false);
    case ValueKind::kList: {
      std::string out = "[";
      for (const Child& child : children) out += (out.size() > 1 ? "," : "") + child.value.Text();
      return out + "]";
    }
    case ValueKind::kObject: {
      std::string out = "{";
      for (const Child& child : children) out += (out.size() > 1 ? "," : "") + child.name + ":" + child.value.Text();
      return out + "}";
    }
    default: return raw;
  }
}

namespace {

[[noreturn]] void Fail(Position at, std::string message) { throw GraphqlError{std::move(message), at}; }

bool IsOneOf(const Definition& type) {
  return std::any_of(type.directives.begin(), type.directives.end(), [](const Directive& d) { return d.name == "oneOf"; });
}

// A variable of type `given` where `wanted` is expected.
bool Compatible(const Type& given, const Type& wanted) {
  if (wanted.non_null && !given.non_null) return false;
  if (given.name != wanted.name || (given.element == nullptr) != (wanted.element == nullptr)) return false;
  return given.element == nullptr || Compatible(*given.element, *wanted.element);
}

}  // namespace

const VariableDefinition& ValueChecker::FindVariable(const Value& value) const {
  if (variables_ != nullptr) {
    for (const VariableDefinition& v : *variables_) {
      if (v.variable != value.raw) continue;
      used_.insert(v.variable);
      return v;
    }
  }
  Fail(value.at, operation_.empty() ? "Variable \"" + value.Text() + "\" is not defined."
                                    : "Variable \"" + value.Text() + "\" is not defined by operation \"" + std::string(operation_) + "\".");
}

void ValueChecker::CheckVariables(const Value& value) const {
  charge_(16);
  if (value.kind == ValueKind::kVariable) static_cast<void>(FindVariable(value));
  for (const Child& child : value.children) CheckVariables(child.value);
}

void ValueChecker::CheckVariable(const Value& value, const Type& expected, bool has_default) const {
  const VariableDefinition& variable = FindVariable(value);
  Type wanted = expected;
  if (has_default || (variable.default_value && variable.default_value->kind != ValueKind::kNull)) wanted.non_null = false;
  if (schema_.Find(variable.type.Innermost()) == nullptr || Compatible(variable.type, wanted)) return;
  Fail(value.at, "Variable \"" + value.Text() + "\" of type \"" + variable.type.Text() + "\" used in position expecting type \"" + expected.Text() + "\".");
}

void ValueChecker::Check(const Value& value, const Type& expected, bool has_default) const {
  charge_(32);
  if (value.kind == ValueKind::kVariable) return CheckVariable(value, expected, has_default);
  const Definition* type = schema_.Find(expected.Innermost());
  if (type == nullptr) return CheckVariables(value);
  if (value.kind == ValueKind::kNull) {
    if (expected.non_null) Fail(value.at, "Expected value of type \"" + expected.Text() + "\", found " + value.Text() + ".");
    return;
  }
  if (value.kind == ValueKind::kList && expected.element != nullptr) {
    for (const Child& child : value.children) Check(child.value, *expected.element, false);
    return;
  }
  // A lone value where a list is expected is a list of one.
  if (expected.element != nullptr) return Check(value, *expected.element, false);
  if (type->kind == "INPUT_OBJECT" && value.kind == ValueKind::kObject) return CheckObject(value, *type);
  CheckLiteral(value, expected, *type);
}

void ValueChecker::CheckObject(const Value& value, const Definition& type) const {
  std::set<std::string_view> seen;
  for (const Child& child : value.children) {
    if (!seen.insert(child.name).second) Fail(child.at, "There can be only one input field named \"" + child.name + "\".");
  }
  for (const FieldDefinition& field : type.fields) {
    if (field.type.non_null && !field.default_value && seen.count(field.name) == 0) {
      Fail(value.at, "Field \"" + type.name + "." + field.name + "\" of required type \"" + field.type.Text() + "\" was not provided.");
    }
  }
  if (IsOneOf(type)) {
    if (value.children.size() != 1) Fail(value.at, "OneOf Input Object \"" + type.name + "\" must specify exactly one key.");
    const Child& only = value.children[0];
    if (only.value.kind == ValueKind::kNull) Fail(only.value.at, "Field \"" + type.name + "." + only.name + "\" must be non-null.");
    if (only.value.kind == ValueKind::kVariable && !FindVariable(only.value).type.non_null) {
      Fail(only.value.at, "Variable \"" + only.value.Text() + "\" is of type \"" + FindVariable(only.value).type.Text() +
                              "\" but must be non-nullable to be used for OneOf Input Object \"" + type.name + "\".");
    }
  }
  for (const Child& child : value.children) {
    const FieldDefinition* field = type.FindField(child.name);
    if (field == nullptr) Fail(child.at, "Field \"" + child.name + "\" is not defined by type \"" + type.name + "\".");
    Check(child.value, field->type, field->default_value.has_value());
  }
}

void ValueChecker::CheckLiteral(const Value& value, const Type& expected, const Definition& type) const {
  const auto unexpected = [&] {
    const std::string text = value.Text();
    if (type.name == "Int") Fail(value.at, "Int cannot represent non-integer value: " + text);
    if (type.name == "String") Fail(value.at, "String cannot represent a non string value: " + text);
    if (type.name == "Boolean") Fail(value.at, "Boolean cannot represent a non boolean value: " + text);
    if (type.name == "Float") Fail(value.at, "Float cannot represent non numeric value: " + text);
    if (type.name == "ID") Fail(value.at, "ID cannot represent a non-string and non-integer value: " + text);
    if (type.kind == "ENUM") Fail(value.at, "Enum \"" + expected.Text() + "\" cannot represent non-enum value: " + text + ".");
    Fail(value.at, "Expected value of type \"" + expected.Text() + "\", found " + text + ".");
  };
  if (type.kind == "SCALAR") {
    static constexpr std::string_view kOwn[] = {"Int", "Float", "String", "Boolean", "ID"};
    if (std::find(std::begin(kOwn), std::end(kOwn), type.name) == std::end(kOwn)) return CheckVariables(value);
    const bool text = value.kind == ValueKind::kString || value.kind == ValueKind::kBlock;
    const bool integer = value.kind == ValueKind::kInt;
    const bool fits = (type.name == "Int" && integer) || (type.name == "Float" && (integer || value.kind == ValueKind::kFloat)) ||
                      (type.name == "String" && text) || (type.name == "ID" && (text || integer)) ||
                      (type.name == "Boolean" && value.kind == ValueKind::kBoolean);
    if (!fits) unexpected();
    return;
  }
  if (type.kind != "ENUM" || value.kind != ValueKind::kEnum) unexpected();
  const bool known = std::any_of(type.enum_values.begin(), type.enum_values.end(), [&](const EnumValue& v) { return v.name == value.raw; });
  if (!known) Fail(value.at, "Value \"" + value.Text() + "\" does not exist in \"" + expected.Text() + "\" enum.");
}

}  // namespace intentgate::rego::graphql
