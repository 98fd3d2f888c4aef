// Text of strangers inside our messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intentgate::token {

// A JSON string of at most 80 bytes of the text, cut between characters; bytes that are no UTF-8 become
// U+FFFD.
std::string Quote(std::string_view text);
// Up to five of them, separated by commas.
std::string QuoteList(const std::vector<std::string>& texts);

}  // namespace intentgate::token
