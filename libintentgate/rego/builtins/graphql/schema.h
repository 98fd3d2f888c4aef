// A type system: definitions by name with their extensions merged in, and what the type system itself must fulfil.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rego/builtins/graphql/parser.h"

namespace intentgate::rego::graphql {

struct Schema {
  std::map<std::string, Definition, std::less<>> types;
  std::map<std::string, DirectiveDefinition, std::less<>> directives;
  std::map<std::string, std::set<std::string>, std::less<>> possible_types;  // of unions, interfaces; of an object itself
  std::map<std::string, const Definition*, std::less<>> roots;              // query, mutation, subscription

  const Definition* Find(std::string_view name) const {
    const auto found = types.find(name);
    return found == types.end() ? nullptr : &found->second;
  }
  bool IsPossible(std::string_view type, const std::string& object) const {
    const auto found = possible_types.find(type);
    return found != possible_types.end() && found->second.count(object) > 0;
  }
};

// The document joined with the types and directives that every schema has. Throws GraphqlError.
Schema BuildSchema(SchemaDocument document, const Charge& charge);

}  // namespace intentgate::rego::graphql
