#include "tlog/lines.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace intentgate::tlog {

std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> ParseDecimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::optional<Hash> ParseHash(std::string_view base64) {
  const Result<base::Bytes> bytes = base::Base64Decode(base64);
  Hash hash{};
  if (!bytes.ok() || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::string WriteHash(const Hash& hash) { return base::Base64Encode(hash); }

}  // namespace intentgate::tlog
