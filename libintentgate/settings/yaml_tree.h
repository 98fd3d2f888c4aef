// YAML as a plain tree with places. The only part that knows the YAML library.
//
// What a configuration file has no need of and what two readers may disagree about is refused: a second
// document, anchors and aliases, tags, a name given twice, names that are no plain text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace intentgate::settings {

inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;

struct YamlPlace {
  int line = 0;      // 1-based; 0: the file as a whole
  int column = 0;
};

enum class YamlKind : std::uint8_t { kNull, kText, kList, kMap };

// Immutable once read.
struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  YamlPlace place;
  std::string text;                      // kText: the scalar; a map's member: its name is in `name`
  std::string name;
  YamlPlace name_place;
  std::vector<YamlNode> children;        // kList: items; kMap: members, in order
};

struct YamlProblem {
  YamlPlace place;
  std::string message;
};

// An empty text is a null node.
std::variant<YamlNode, YamlProblem> ReadYaml(std::string_view text);

}  // namespace intentgate::settings
