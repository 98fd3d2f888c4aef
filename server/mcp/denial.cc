#include "mcp/denial.h"

#include "mcp/exchange_util.h"
#include "mcp/message.h"

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
  return decision.reason + "; the call awaits a human, event " + decision.event_id;
}

}  // namespace

void SendDenial(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Decision& decision) {
  if (decision.code == Reason::kNoToken) return SendUnauthorized(*lane.context.settings, exchange, id, decision.reason, false);
  const int code = CodeOf(decision.check);
  if (code == kInternalError) {
    lane.context.log->Error("a call could not be decided", {{"code", ReasonName(decision.code)}, {"reason", decision.reason}});
  }
  if (IsModern(exchange.request())) {
    const int outside = code == kInternalError ? code : kModernRefusal + (code % 100);
    json::Value data = json::MakeObject({{"reason", DataOf(decision)}, {"decision", decision.event_id}});
    return SendJson(exchange, 200, StructuredError(id, outside, CodeMessage(code), std::move(data)));
  }
  SendJson(exchange, 200, ErrorReply(id, code, CodeMessage(code), DataOf(decision)));
}

}  // namespace intentgate::mcp
