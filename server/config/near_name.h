// "did you mean" for names that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intentgate::config {

// "; did you mean upstream.url?", or "" when nothing is near.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

}  // namespace intentgate::config
