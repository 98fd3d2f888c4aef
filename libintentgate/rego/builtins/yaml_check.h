// What Go's reader of YAML refuses and yaml-cpp reads over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intentgate::rego::builtins {

// The error, in the words of Go's reader: control characters, a tab in front of the first token, directives that it does not know.
std::optional<std::string> YamlProblem(std::string_view text);

}  // namespace intentgate::rego::builtins
