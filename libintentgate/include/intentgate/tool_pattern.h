// Patterns of tool names, as tool_allow and tool_deny match them. Pure.
#pragma once

#include <string_view>

#include <intentgate/result.h>

namespace intentgate {

// kInvalidArgument: the pattern is empty, malformed or too long, and matches nothing.
Status CheckToolPattern(std::string_view pattern);
bool ToolPatternMatches(std::string_view pattern, std::string_view tool);

}  // namespace intentgate
