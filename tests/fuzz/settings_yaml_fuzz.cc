// Any bytes as a configuration file: a tree or a problem with a place, never a crash, and no name twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "settings/yaml_tree.h"

namespace {

using intentgate::settings::YamlKind;
using intentgate::settings::YamlNode;

void CheckNode(const YamlNode& node) {
  std::set<std::string> names;
  for (const YamlNode& child : node.children) {
    if (node.kind == YamlKind::kMap && !names.insert(child.name).second) std::abort();
    CheckNode(child);
  }
  if (!node.children.empty() && node.kind != YamlKind::kMap && node.kind != YamlKind::kList) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = intentgate::settings::ReadYaml({reinterpret_cast<const char*>(data), size});
  if (const auto* tree = std::get_if<YamlNode>(&read)) {
    CheckNode(*tree);
  } else if (std::get<intentgate::settings::YamlProblem>(read).message.empty()) {
    std::abort();
  }
  return 0;
}
