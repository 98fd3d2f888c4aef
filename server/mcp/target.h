// Where a judged request goes: the upstream that offers what it names, and the name that is used there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <intentgate/json.h>

#include "http/message.h"
#include "mcp/directory.h"
#include "mcp/message.h"

namespace intentgate::mcp {

inline constexpr std::string_view kNoUpstream =
    "no upstream offers this, or more than one: list it first; two upstreams with the same names need a prefix";

struct Target {
  std::size_t upstream = 0;
  std::optional<std::string> own_name;  // when it is not the name that the agent used
};

std::optional<Target> FindTarget(const Directory& directory, const ToolCall& call);

// The message's body with the upstream's own name of the tool or prompt.
json::Value WithOwnName(json::Value body, std::string_view method, const std::string& own_name);
// The same in the header field that repeats it (2026-07-28); nothing when the field is not there.
void SetOwnName(http::HeaderList& headers, const std::string& own_name);

}  // namespace intentgate::mcp
