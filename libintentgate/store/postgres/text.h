// Any bytes as a PostgreSQL text and back. PostgreSQL refuses U+0000 and invalid UTF-8; an event must not become
// unrecordable because somebody put them into a name.
//
//   backslash -> \\    U+0000 -> \0    a byte that is not UTF-8 -> \xHH
//
// Different texts stay different, so what is read back can be compared with the hashed bytes.
// All functions are pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace intentgate::store::pg {

void AppendEscaped(std::string_view text, std::string& out);
// The inverse of AppendEscaped; any other text comes back as some text, never as an error.
std::string Unescape(std::string_view stored);

}  // namespace intentgate::store::pg
