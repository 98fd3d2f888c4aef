#include "token/constraints/path.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/utf8.h"
#include "token/constraints/families.h"

namespace intentgate::token {
namespace {

// Characters that compatibility normalisation (NFKC) or careless code turns into dots and slashes.
bool FoldsToDotOrSlash(std::uint32_t c) {
  static constexpr std::array<std::uint32_t, 13> kChars = {0x2024, 0x2025, 0x2026, 0x2044, 0x2215, 0x2216, 0x29F5,
                                                           0x29F8, 0x29F9, 0xFE52, 0xFE68, 0xFF0E, 0xFF0F};
  return c == 0xFF3C || c == 0xFF05 || c == 0xFE6A || std::find(kChars.begin(), kChars.end(), c) != kChars.end();
}

// Zero-width and direction-changing characters: a person who approves the path does not see them.
bool IsInvisible(std::uint32_t c) {
  return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F) ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

std::optional<std::string> CharacterFlaw(std::string_view path) {
  for (std::size_t pos = 0; pos < path.size();) {
    const std::uint32_t c = base::NextCodePoint(path, pos);
    if (c == 0) return "has a NUL character";
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return "has a control character";
    if (c == '\\') return "has a backslash";
    if (c == '%') return "has a percent sign";
    if (c == ':') return "has a colon";
    if (c < 0x80) continue;
    if (FoldsToDotOrSlash(c)) return "has a character that folds to a dot, slash, backslash or percent sign";
    if (IsInvisible(c)) return "has an invisible character";
  }
  return std::nullopt;
}

// CON, nul.txt, COM1: devices on Windows, whatever the folder and the extension.
bool IsDeviceName(std::string_view component) {
  std::string stem(component.substr(0, component.find('.')));
  while (stem.ends_with(' ')) stem.pop_back();
  std::transform(stem.begin(), stem.end(), stem.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  static constexpr std::array<std::string_view, 6> kNames = {"con", "prn", "aux", "nul", "conin$", "conout$"};
  if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end()) return true;
  if (!stem.starts_with("com") && !stem.starts_with("lpt")) return false;
  const std::string_view number = std::string_view(stem).substr(3);
  // Superscript one to three count as digits there.
  return (number.size() == 1 && number[0] >= '0' && number[0] <= '9') || number == "\xC2\xB9" ||
         number == "\xC2\xB2" || number == "\xC2\xB3";
}

bool IsShortName(std::string_view component) {
  const std::size_t tilde = component.find('~');
  return tilde != std::string_view::npos && tilde + 1 < component.size() && component[tilde + 1] >= '0' &&
         component[tilde + 1] <= '9';
}

std::optional<std::string> ComponentFlaw(std::string_view component) {
  if (component.empty()) return "has an empty component";
  if (component == ".") return "has a `.` component";
  if (component == "..") return "has a `..` component";
  if (component.ends_with('.') || component.ends_with(' ')) return "has a component that ends in a dot or blank";
  if (IsDeviceName(component)) return "has a device name as a component";
  if (IsShortName(component)) return "has a component in the short form of Windows";
  return std::nullopt;
}

class SubpathConstraint final : public CompiledConstraint {
 public:
  explicit SubpathConstraint(std::string root) : root_(std::move(root)) {}

  JudgedValue Judge(const json::Value& value) const override {
    if (!value.is_string()) return WrongType(value, "a path");
    const std::string& path = value.string_value();
    if (std::optional<std::string> flaw = PathFlaw(path)) return CannotJudge(*std::move(flaw));
    if (!IsUnder(path, root_)) return Fails("is not under " + Quote(root_));
    return Holds();
  }

 private:
  std::string root_;
};

}  // namespace

std::optional<std::string> PathFlaw(std::string_view path) {
  if (path.size() > kMaxPathBytes) return "is over " + std::to_string(kMaxPathBytes) + " bytes";
  if (!base::IsValidUtf8(path)) return "is not valid UTF-8";
  if (std::optional<std::string> flaw = CharacterFlaw(path)) return flaw;
  if (!path.starts_with('/')) return "is not an absolute path";
  if (path == "/") return std::nullopt;
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (std::optional<std::string> flaw = ComponentFlaw(path.substr(start, end - start))) return flaw;
    start = end + 1;
  }
  return std::nullopt;
}

bool IsUnder(std::string_view path, std::string_view root) {
  if (root == "/") return true;
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

Result<ConstraintPtr> CompileSubpath(const Constraint& c) {
  const std::string& root = c.texts.front();
  if (std::optional<std::string> flaw = PathFlaw(root)) {
    return Error{ErrorCode::kInvalidArgument, "subpath: the root " + Quote(root) + " " + *flaw +
                                                  "; write it absolute and plain, such as \"/data/q3\""};
  }
  return ConstraintPtr(std::make_shared<SubpathConstraint>(root));
}

}  // namespace intentgate::token
