// From the id that a client sends to its session, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mcp/lane.h"
#include "mcp/session_parts.h"

namespace intentgate::mcp {

// The principal's session; counts as a use. One that another replica gave out is taken in.
std::optional<BoundSession> FindSession(const Context& context, std::string_view client_id, std::string_view principal);
// What the client gets for the session's id. Fails when nothing can be sealed.
Result<std::string> ClientIdOf(const Context& context, const BoundSession& session, std::string_view principal);
// The session's own id, for the audit chain.
std::string SessionName(const Context& context, std::string_view client_id);
// DELETE: whoever comes with its id does not find it here again.
void DropSession(const Context& context, const std::string& session_id, std::string_view principal);

}  // namespace intentgate::mcp
