// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace intentgate::base {

bool IsValidUtf8(std::string_view text);
// The size of a prefix that JSON writes as it is: ASCII without control characters, quotes and backslashes. It may end up
// to seven bytes before the first other one, because it is looked for in steps of eight.
std::size_t PlainJsonPrefix(std::string_view text);
// Bytes of the valid sequence that begins at text[pos]; 0 when none does. REQUIRES: pos < size.
std::size_t SequenceLength(std::string_view text, std::size_t pos);
// REQUIRES: code_point is a Unicode scalar value.
void AppendUtf8(std::uint32_t code_point, std::string& out);
// Reads the code point at text[pos] and moves pos behind it. REQUIRES: valid UTF-8, pos < size.
std::uint32_t NextCodePoint(std::string_view text, std::size_t& pos);
// The order of RFC 8785 section 3.2.3, by UTF-16 code units. Differs from the order of the bytes only between the
// surrogates' range and U+E000..U+FFFF. REQUIRES: valid UTF-8.
bool Utf16Less(std::string_view a, std::string_view b);
// The text with every invalid byte replaced by U+FFFD, as Go's encoding/json does.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace intentgate::base
