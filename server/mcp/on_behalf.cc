#include "mcp/on_behalf.h"

#include "mcp/credential.h"
#include "oauth/door.h"

namespace intentgate::mcp {

oauth::OnBehalfPtr OnBehalfOf(Lane& lane, std::size_t upstream, const http::Exchange& exchange) {
  if (!lane.At(upstream).upstream->wants_caller()) return nullptr;
  const Decision caller = CheckCaller(*lane.context.gate, exchange);
  if (!caller.allowed()) return nullptr;
  const std::string_view token = CredentialOf(exchange).token;
  const bool foreign = lane.context.door != nullptr && lane.context.door->ReadsToken(token);
  return foreign ? oauth::OnBehalfOfToken(PrincipalOf(caller), token)
                 : oauth::OnBehalfOfAgent(PrincipalOf(caller), caller.tenant, caller.agent_id);
}

}  // namespace intentgate::mcp
