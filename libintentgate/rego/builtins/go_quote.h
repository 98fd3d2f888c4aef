// Double-quoted text and quoted code points with Go's escapes, for sprintf's %q.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace intentgate::rego::builtins {

// An approximation of Unicode's printable code points that is exact for ASCII and Latin-1: everything but
// controls, formats, surrogates, private use, non-characters and spaces other than U+0020.
bool IsPrintRune(std::uint32_t rune);
std::string QuoteString(std::string_view text, bool ascii_only);
std::string QuoteRune(std::uint32_t rune, bool ascii_only);
// True if `text` can stand between backquotes as it is.
bool FitsBackquotes(std::string_view text);

}  // namespace intentgate::rego::builtins
