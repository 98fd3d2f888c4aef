// "did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace intentgate::settings {

// `; did you mean "sqlite_path"?` for the closest of `known` if it is close; else "".
std::string DidYouMean(std::string_view name, std::span<const std::string> known);

}  // namespace intentgate::settings
