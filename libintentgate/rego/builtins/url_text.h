// Percent-encoding. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include <intentgate/result.h>

namespace intentgate::rego::builtins {

// 0 to 15, or -1.
int HexDigit(char c);
// As a form field: letters, digits and "-_.~" stay, a space becomes "+".
std::string EscapeQuery(std::string_view text);
// Undoes percent-encoding; where `plus_is_space`, also "+".
Result<std::string> UnescapeUrl(std::string_view text, bool plus_is_space);

}  // namespace intentgate::rego::builtins
