// What Go's JSON decoder says of a text, for errors in OPA's words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intentgate::rego::builtins {

// The error of reading the first value of the text; nullopt if it can be read. `end`, if given, is set behind it.
std::optional<std::string> GoJsonError(std::string_view text, std::size_t* end = nullptr);

// Why a text is not one JSON value, in the words of OPA's reader; `otherwise` where that takes it: names that stand twice, for one.
std::string JsonProblem(std::string_view text, const std::string& otherwise);

}  // namespace intentgate::rego::builtins
