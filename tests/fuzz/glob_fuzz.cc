// Globs: a pattern in the first line, a text behind it. A malformed pattern matches nothing; on the
// patterns that both rules read alike, the two matchers agree.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "token/constraints/constraint_eval.h"

namespace token = intentgate::token;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view pattern = input.substr(0, std::min<std::size_t>(line, token::kMaxGlobBytes));
  const std::string_view text = input.substr(std::min(line + 1, input.size()));
  if (text.size() > token::kMaxGlobTextBytes) return 0;
  bool match[2];
  for (const bool public_rules : {false, true}) {
    match[public_rules] = token::GlobMatch(pattern, text, public_rules);
    if (match[public_rules] && !token::ValidateGlob(pattern, public_rules).ok()) std::abort();
  }
  const auto ascii = [](std::string_view s) { return std::all_of(s.begin(), s.end(), [](char c) { return c > 0; }); };
  const bool alike = ascii(pattern) && ascii(text) && pattern.find("**") == std::string_view::npos &&
                     pattern.find('[') == std::string_view::npos;
  if (alike && match[0] != match[1]) std::abort();
  return 0;
}
