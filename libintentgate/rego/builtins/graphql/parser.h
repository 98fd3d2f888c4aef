// Text to documents. Both throw GraphqlError.
#pragma once

#include <functional>
#include <string_view>

#include "rego/builtins/graphql/ast.h"

namespace intentgate::rego::graphql {

// Selection sets, values and lists inside one another.
inline constexpr int kMaxNesting = 200;

// Called with each token's size; may throw to stop.
using Charge = std::function<void(std::size_t bytes)>;

QueryDocument ParseQuery(std::string_view text, const Charge& charge);
SchemaDocument ParseSchema(std::string_view text, const Charge& charge);

}  // namespace intentgate::rego::graphql
