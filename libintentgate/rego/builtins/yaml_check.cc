#include "rego/builtins/yaml_check.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace intentgate::rego::builtins {
namespace {

bool IsAllowed(std::uint32_t rune) {
  if (rune < 0x20) return rune == '\t' || rune == '\n' || rune == '\r';
  if (rune < 0xA0) return rune < 0x7F || rune == 0x85;
  return rune != 0xFFFE && rune != 0xFFFF;
}

bool HasControls(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    if (!IsAllowed(base::NextCodePoint(text, pos))) return true;
  }
  return false;
}

bool IsNameCharacter(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-'; }

// Of a line that begins with "%".
std::optional<std::string> DirectiveProblem(std::string_view line) {
  line.remove_prefix(1);
  const auto end = std::find_if_not(line.begin(), line.end(), IsNameCharacter);
  const std::string_view name = line.substr(0, static_cast<std::size_t>(end - line.begin()));
  if (name.empty()) return "could not find expected directive name";
  if (name == "TAG") return std::nullopt;
  if (name != "YAML") return "found unknown directive name";
  std::string_view version = line.substr(name.size());
  version.remove_prefix(std::min(version.find_first_not_of(" \t"), version.size()));
  const bool other = version.size() >= 3 && version[1] == '.' && version.substr(0, 3) != "1.1";
  return other ? std::optional<std::string>("found incompatible YAML document") : std::nullopt;
}

}  // namespace

std::optional<std::string> YamlProblem(std::string_view text) {
  if (HasControls(text)) return "yaml: control characters are not allowed";
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    const std::size_t first = std::min(whole.find_first_not_of(' '), whole.size());
    const char c = first < whole.size() ? whole[first] : '#';
    if (c == '\t') return "yaml: " + (line > 1 ? "line " + std::to_string(line) + ": " : std::string()) + "found character that cannot start any token";
    if (c == '%' && first == 0) {
      if (const std::optional<std::string> problem = DirectiveProblem(whole)) return "yaml: " + *problem;
    } else if (c != '#' && c != '\r') {
      return std::nullopt;
    }
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace intentgate::rego::builtins
