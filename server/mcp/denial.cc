#include "mcp/denial.h"

#include "http/bearer.h"
#include "mcp/approval_wait.h"
#include "mcp/exchange_util.h"
#include "mcp/message.h"
#include "mcp/resource_metadata.h"
#include "oauth/door.h"

namespace intentgate::mcp {
namespace {

int CodeOf(Check check) {
  switch (check) {
    case Check::kCapability: return kCapabilityRefused;
    case Check::kIntent: return kIntentRefused;
    case Check::kPolicy: return kPolicyRefused;
    case Check::kBudget: return kBudgetRefused;
    case Check::kNone: break;
  }
  return kInternalError;
}

std::string DataOf(const Decision& decision) {
  // Trouble inside the gateway is for its operators.
  if (decision.check == Check::kNone) return "the gateway could not decide; nothing was done";
  if (decision.verdict != Verdict::kEscalate) return decision.reason;
  if (decision.approval_id.empty()) return decision.reason + "; the call needs a person, and nobody can be asked here";
  return decision.reason + "; the call awaits a person: repeat it with the header " + std::string(kApprovalIdField) + ": " +
         decision.approval_id;
}

// A client of an authorization server can ask there for more, if a scope would help: RFC 6750 section 3.1.
bool SendScopesNeeded(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Decision& decision, std::string_view tool) {
  const std::string_view token = http::AccessToken(exchange.request().headers);
  const oauth::Door* door = lane.context.door.get();
  if (decision.code != Reason::kToolNotAllowed || door == nullptr || !door->ReadsToken(token)) return false;
  ChallengeOptions options{.error = "insufficient_scope", .proof = !exchange.proven_key().empty(), .scopes = door->ScopesFor(token, tool)};
  if (options.scopes.empty()) return false;
  const http::HeaderList headers{{"Content-Type", "application/json"}, {"WWW-Authenticate", Challenge(*lane.context.settings, options)}};
  const int code = IsModern(exchange.request()) ? kModernRefusal + kCapabilityRefused % 100 : kCapabilityRefused;
  exchange.Send(403, headers, ErrorReply(id, code, CodeMessage(kCapabilityRefused), decision.reason));
  return true;
}

}  // namespace

void SendDenial(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Decision& decision, std::string_view tool) {
  if (decision.code == Reason::kNoToken || IsAboutProof(decision.code)) return SendUnauthorized(*lane.context.settings, exchange, id, decision);
  if (SendScopesNeeded(lane, exchange, id, decision, tool)) return;
  const int code = CodeOf(decision.check);
  if (code == kInternalError) {
    lane.context.log->Error("a call could not be decided", {{"code", ReasonName(decision.code)}, {"reason", decision.reason}});
  }
  http::HeaderList headers{{"Content-Type", "application/json"}};
  AddApprovalFields(decision, headers);
  if (IsModern(exchange.request())) {
    const int outside = code == kInternalError ? code : kModernRefusal + (code % 100);
    json::Value data = json::MakeObject({{"reason", DataOf(decision)}, {"decision", decision.event_id}});
    if (decision.verdict == Verdict::kEscalate && !decision.approval_id.empty()) data.Set("approval_id", decision.approval_id);
    return exchange.Send(200, headers, StructuredError(id, outside, CodeMessage(code), std::move(data)));
  }
  exchange.Send(200, headers, ErrorReply(id, code, CodeMessage(code), DataOf(decision)));
}

}  // namespace intentgate::mcp
