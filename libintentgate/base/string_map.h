// Hash and equality for maps keyed by std::string that are looked up by std::string_view.
// Ours because Debian's Abseil has a string_view of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace intentgate::base {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
struct StringEq {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};

}  // namespace intentgate::base
