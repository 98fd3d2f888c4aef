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

// What a token makes a syntax tree grow by at the most, with the copy that the compiler works on.
inline constexpr std::size_t kBytesPerToken = 4 * sizeof(Term);

struct ParseOptions {
  bool keep_comments = false;
  std::size_t max_tokens = static_cast<std::size_t>(-1);  // an error beyond; what is read twice counts twice
};

// Errors go to `diagnostics`; the module holds what could be read.
ModuleAst ParseModule(std::string_view text, std::uint32_t file, Dialect default_dialect, Diagnostics& diagnostics, const ParseOptions& options = {});
// The names of a module's package, without `data`; nullopt if it has none. Reads no further.
std::optional<std::vector<std::string>> PackageOf(std::string_view text);
// A query's body; v1.
Body ParseQuery(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace intentgate::rego
