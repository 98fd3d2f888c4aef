#include "token/constraints/canonical.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/utf8.h"

namespace intentgate::token {
namespace {

constexpr std::size_t kMaxDepth = 128;
// The limit of json::CompareNumbers.
constexpr std::int64_t kMaxExponent = 1'000'000;

// Length first, so that no content can imitate a frame.
void AppendString(std::string_view text, std::string& out) {
  out += 's';
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

bool Append(const json::Value& value, std::size_t depth, std::string& out);

bool AppendObject(const json::Object& object, std::size_t depth, std::string& out) {
  std::vector<const json::Member*> members;
  members.reserve(object.size());
  for (const json::Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  const auto same_name = [](const auto* a, const auto* b) { return a->name == b->name; };
  if (std::adjacent_find(members.begin(), members.end(), same_name) != members.end()) return false;
  out += '{';
  for (const json::Member* member : members) {
    if (!base::IsValidUtf8(member->name)) return false;
    AppendString(member->name, out);
    if (!Append(member->value, depth + 1, out)) return false;
  }
  out += '}';
  return true;
}

bool Append(const json::Value& value, std::size_t depth, std::string& out) {
  if (depth > kMaxDepth) return false;
  switch (value.kind()) {
    case json::Kind::kNull: out += 'z'; return true;
    case json::Kind::kBool: out += value.bool_value() ? 't' : 'f'; return true;
    case json::Kind::kNumber: {
      const std::optional<std::string> number = CanonicalNumber(value.number_text());
      if (!number) return false;
      out += 'n';
      out += *number;
      out += ';';
      return true;
    }
    case json::Kind::kString:
      if (!base::IsValidUtf8(value.string_value())) return false;
      AppendString(value.string_value(), out);
      return true;
    case json::Kind::kArray:
      out += '[';
      for (const json::Value& item : value.array()) {
        if (!Append(item, depth + 1, out)) return false;
      }
      out += ']';
      return true;
    case json::Kind::kObject: return AppendObject(value.object(), depth, out);
  }
  return false;
}

}  // namespace

std::optional<std::string> CanonicalNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::int64_t exponent = 0;
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (error != std::errc() || end != power.data() + power.size()) return std::nullopt;
    if (exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
    text = text.substr(0, e);
  }
  std::string digits;
  digits.reserve(text.size() + 12);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      exponent -= static_cast<std::int64_t>(text.size() - i - 1);
    } else {
      digits += text[i];
    }
  }
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  const std::size_t last = digits.find_last_not_of('0');
  exponent += static_cast<std::int64_t>(digits.size() - 1 - last);
  return (negative ? "-" : "") + digits.substr(first, last - first + 1) + "e" + std::to_string(exponent);
}

std::optional<std::string> CanonicalText(const json::Value& value) {
  std::string out;
  if (!Append(value, 0, out)) return std::nullopt;
  return out;
}

}  // namespace intentgate::token
