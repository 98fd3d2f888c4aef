#include "settings/values.h"

#include <charconv>

namespace intentgate::settings {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string ReadBool(std::string_view text, bool& out) {
  if (text != "true" && text != "false") return "must be true or false";
  out = text == "true";
  return "";
}

std::string ReadInt(std::string_view text, IntRange range, std::int64_t& out) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value < range.min || value > range.max) {
    std::string message = "must be a whole number of at least " + std::to_string(range.min);
    if (range.max != INT64_MAX) message += " and at most " + std::to_string(range.max);
    return message;
  }
  out = value;
  return "";
}

}  // namespace intentgate::settings
