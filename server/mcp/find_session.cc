#include "mcp/find_session.h"

#include <utility>

namespace intentgate::mcp {

std::optional<BoundSession> FindSession(const Context& context, std::string_view client_id, std::string_view principal) {
  if (context.sealed == nullptr) return context.sessions->Use(client_id, principal);
  auto opened = context.sealed->Open(client_id, principal);
  if (!opened) return std::nullopt;
  const std::string id = opened->session.id;
  if (auto known = context.sessions->Use(id, principal)) return known;
  if (opened->local || !context.sessions->Bind(std::move(opened->session), principal)) return std::nullopt;
  return context.sessions->Use(id, principal);
}

Result<std::string> ClientIdOf(const Context& context, const BoundSession& session, std::string_view principal) {
  if (context.sealed == nullptr) return session.id;
  return context.sealed->Seal(session, principal);
}

std::string SessionName(const Context& context, std::string_view client_id) {
  return context.sealed == nullptr ? std::string(client_id) : context.sealed->NameOf(client_id);
}

void DropSession(const Context& context, const std::string& session_id, std::string_view principal) {
  context.sessions->Drop(session_id, principal);
  context.urls->End(session_id);
  if (context.sealed != nullptr) context.sealed->End(session_id);
}

}  // namespace intentgate::mcp
