// Paths into documents, as json.filter, json.remove and json.patch take them: a JSON pointer whose
// leading "/" may be missing, or an array of keys.
#pragma once

#include <optional>
#include <vector>

#include "rego/builtins/registry.h"
#include "rego/value.h"

namespace intentgate::rego::builtins {

// The keys of one path. nullopt for a value that is neither string nor array.
std::optional<std::vector<Value>> ParsePath(BuiltinContext& context, const Value& path);
// Records what is wrong with a path that is neither; undefined.
Value PathTypeError(BuiltinContext& context, const Value& path);

// The paths of an array or set as nested objects, with null where a path ends. nullopt with the error recorded.
std::optional<Value> PathTree(BuiltinContext& context, const Value& paths);

// What of `document` lies on the paths, and what does not. An element of an array is named by its
// number as a string.
Value KeepPaths(BuiltinContext& context, const Value& document, const Value& tree, int depth = 0);
Value DropPaths(BuiltinContext& context, const Value& document, const Value& tree, int depth = 0);

}  // namespace intentgate::rego::builtins
