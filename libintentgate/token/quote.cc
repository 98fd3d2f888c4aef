#include "token/quote.h"

#include <intentgate/json.h>

#include "base/utf8.h"

namespace intentgate::token {

std::string Quote(std::string_view text) {
  const bool cut = text.size() > kMaxQuotedBytes;
  std::size_t end = cut ? kMaxQuotedBytes : text.size();
  while (cut && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string out;
  json::AppendTokenRuleString(base::ReplaceInvalidUtf8(text.substr(0, end)), out);
  if (cut) out.insert(out.size() - 1, "...");
  return out;
}

}  // namespace intentgate::token
