#include "token/quote.h"

#include <intentgate/json.h>

#include "base/utf8.h"

namespace intentgate::token {
namespace {

constexpr std::size_t kMaxQuotedBytes = 80;
constexpr std::size_t kMaxQuotedItems = 5;

}  // namespace

std::string Quote(std::string_view text) {
  std::string clean = base::ReplaceInvalidUtf8(text.substr(0, kMaxQuotedBytes + 4));
  if (text.size() > kMaxQuotedBytes) {
    std::size_t cut = 0;
    for (std::size_t pos = 0; pos < clean.size() && pos <= kMaxQuotedBytes; base::NextCodePoint(clean, pos)) cut = pos;
    clean = clean.substr(0, cut) + "...";
  }
  return json::Write(json::Value(std::move(clean)));
}

std::string QuoteList(const std::vector<std::string>& texts) {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i == kMaxQuotedItems) return out + " and " + std::to_string(texts.size() - i) + " more";
    if (i > 0) out += ", ";
    out += Quote(texts[i]);
  }
  return out;
}

}  // namespace intentgate::token
