// Texts of JSON for whoever writes without a tree.
#pragma once

#include <string>
#include <string_view>

namespace intentgate::json {

// Between quotes, as Write does it. REQUIRES: valid UTF-8.
void AppendString(std::string_view text, std::string& out);

}  // namespace intentgate::json
