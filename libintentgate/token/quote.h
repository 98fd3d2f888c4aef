// Text of strangers inside our messages.
#pragma once

#include <string>
#include <string_view>

namespace intentgate::token {

inline constexpr std::size_t kMaxQuotedBytes = 128;

// In double quotes, control and HTML characters escaped, cut at a character border behind
// kMaxQuotedBytes; bytes that are no UTF-8 become U+FFFD.
std::string Quote(std::string_view text);

}  // namespace intentgate::token
