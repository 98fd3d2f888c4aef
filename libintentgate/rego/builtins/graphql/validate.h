// Section 5 of the GraphQL specification: what a query must fulfil under a schema.
#pragma once

#include <tuple>

#include "rego/builtins/graphql/schema.h"

namespace intentgate::rego::graphql {

// Throws GraphqlError with the first thing that is wrong.
void ValidateQuery(const Schema& schema, const QueryDocument& document, const Charge& charge);

// validate_values.cc
class ValueChecker {
 public:
  // `variables` may be null: then a variable is not allowed to stand anywhere.
  ValueChecker(const Schema& schema, const std::vector<VariableDefinition>* variables, std::string_view operation, std::set<std::string>& used,
               const Charge& charge)
      : schema_(schema), variables_(variables), operation_(operation), used_(used), charge_(charge) {}

  void Check(const Value& value, const Type& expected, bool has_default) const;
  // Unknown types: variables are counted as used.
  void CheckVariables(const Value& value) const;

 private:
  void CheckVariable(const Value& value, const Type& expected, bool has_default) const;
  void CheckObject(const Value& value, const Definition& type) const;
  void CheckLiteral(const Value& value, const Type& expected, const Definition& type) const;
  const VariableDefinition& FindVariable(const Value& value) const;

  const Schema& schema_;
  const std::vector<VariableDefinition>* variables_;
  std::string_view operation_;
  std::set<std::string>& used_;
  const Charge& charge_;
};

// overlap.cc: fields that would answer under one name must be the same.
class OverlapChecker {
 public:
  OverlapChecker(const Schema& schema, const std::map<std::string, const Fragment*, std::less<>>& fragments, const Charge& charge)
      : schema_(schema), fragments_(fragments), charge_(charge) {}
  void Check(const std::vector<Selection>& selections, const Definition* parent);

 private:
  struct Field {
    const Selection* selection;
    const Definition* parent;
    const FieldDefinition* definition;
  };
  using Groups = std::map<std::string, std::vector<Field>>;

  void Collect(const std::vector<Selection>& selections, const Definition* parent, std::set<std::string>& visited, Groups& out) const;
  std::string Conflict(const Field& a, const Field& b, bool exclusive);
  std::string SubConflict(const Field& a, const Field& b, bool exclusive);
  bool SameShape(const Type& a, const Type& b) const;

  const Schema& schema_;
  const std::map<std::string, const Fragment*, std::less<>>& fragments_;
  const Charge& charge_;
  std::set<std::tuple<const Selection*, const Selection*, bool>> compared_;
};

}  // namespace intentgate::rego::graphql
