// Upper and lower case of single code points, and white space, by Unicode's simple mappings: one code
// point in, one out, in no language's special way.
#pragma once

#include <cstdint>

namespace intentgate::rego::builtins {

std::uint32_t ToUpperRune(std::uint32_t rune);
std::uint32_t ToLowerRune(std::uint32_t rune);
bool IsSpaceRune(std::uint32_t rune);

}  // namespace intentgate::rego::builtins
