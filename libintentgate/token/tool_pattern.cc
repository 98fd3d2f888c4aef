#include <intentgate/tool_pattern.h>

#include <string>

#include <intentgate/token.h>

#include "token/constraints/constraint_eval.h"

namespace intentgate {

Status CheckToolPattern(std::string_view pattern) {
  if (pattern.empty()) return Error{ErrorCode::kInvalidArgument, "the pattern is empty"};
  if (pattern.size() > token::kMaxGlobBytes) {
    return Error{ErrorCode::kInvalidArgument, "the pattern is over " + std::to_string(token::kMaxGlobBytes) + " bytes"};
  }
  return token::ValidateGlob(pattern, true);
}

bool ToolPatternMatches(std::string_view pattern, std::string_view tool) {
  if (!CheckToolPattern(pattern).ok() || tool.size() > kMaxToolNameBytes) return false;
  return pattern == tool || token::GlobMatch(pattern, tool, true);
}

}  // namespace intentgate
