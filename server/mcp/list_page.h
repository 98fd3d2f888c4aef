// One page of an upstream's list: what is learned from it, and what of it a caller may see.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/answer.h"
#include "mcp/credential.h"
#include "mcp/lane.h"
#include "mcp/methods.h"

namespace intentgate::mcp {

// result.nextCursor; empty: none.
std::optional<std::string> NextCursor(const Answer& answer);

// REQUIRES: ReadNames accepted the answer. `first`: it is the list's first page.
void LearnPage(Lane& lane, std::size_t upstream, const Method& method, bool first, const Answer& answer);

// For each of the upstream's own names, which ReadNames found in the answer. It depends on the token alone, never on policy, budget and earlier calls.
std::vector<bool> VisibleNames(Lane& lane, std::size_t upstream, const Credential& caller, const Method& method,
                               const std::vector<std::string>& own, const Answer& answer);

Directory::Kind KindOf(const Method& method);

}  // namespace intentgate::mcp
