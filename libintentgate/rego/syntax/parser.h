// The parser: one module, or one query. Hand-written recursive descent; recovers at the next rule so that several
// errors are reported. Nesting is bounded by kMaxTermDepth, so hostile text cannot exhaust the stack.
// Tested by tests/unit/rego/cases and tests/fuzz/rego_parse_fuzz.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rego/compile/diagnostics.h"
#include "rego/syntax/ast.h"

namespace intentgate::rego {

// Errors go to `diagnostics`; the module holds what could be read.
Module ParseModule(std::string_view text, std::uint32_t file, Dialect default_dialect, Diagnostics& diagnostics, bool keep_comments = false);
// The names of a module's package, without `data`; nullopt if it has none. Reads no further.
std::optional<std::vector<std::string>> PackageOf(std::string_view text);
// A query's body; v1.
Body ParseQuery(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace intentgate::rego
