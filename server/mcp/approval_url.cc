// The state is a CallStates' state of a principal that no token has, so that neither kind is taken for the other. What stands where
// an upstream's state does is {"a": approval} before the call is made, and {"a": approval, "s": the upstream's state or null} after.
#include "mcp/approval_url.h"

#include <utility>

#include "mcp/answer.h"
#include "mcp/approval_wait.h"
#include "mcp/exchange_util.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kQuestion = "approval";  // its name among the inputRequests
constexpr std::string_view kIdPlace = "{id}";
constexpr std::string_view kOpenPage = "The call waits for a person's approval. Open the page to see it, and to answer if that is yours to do.";

std::string Holder(std::string_view principal) { return "\napproval\n" + std::string(principal); }

bool DeclaresUrls(const Message& message) {
  const json::Value* meta = message.params() == nullptr ? nullptr : message.params()->Find("_meta");
  const json::Value* capabilities = meta == nullptr ? nullptr : meta->Find(kMetaCapabilities);
  return capabilities != nullptr && capabilities->AtPointer("/elicitation/url") != nullptr;
}

std::string UrlOf(const std::string& setting, const std::string& approval_id) {
  std::string url = setting;
  return url.replace(url.find(kIdPlace), kIdPlace.size(), approval_id);
}

// The revision has no state for the client to bring back, so the session keeps it.
void SendUrlNeeded(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Decision& decision) {
  const json::Value elicitation = json::MakeObject({{"mode", "url"},
                                                    {"elicitationId", decision.approval_id},
                                                    {"url", UrlOf(lane.context.settings->approval_url, decision.approval_id)},
                                                    {"message", kOpenPage}});
  http::HeaderList fields{{"Content-Type", "application/json"}};
  AddApprovalFields(decision, fields);
  exchange.Send(200, fields, StructuredError(id, kUrlNeeded, CodeMessage(kUrlNeeded), json::MakeObject({{"elicitations", json::Array{elicitation}}})));
}

}  // namespace

Result<std::string> SealApprovalRound(CallStates& states, std::string_view principal, const ToolCall& call, const ApprovalRound& round) {
  json::Value held = json::MakeObject({{"a", round.approval_id}});
  if (round.made) held.Set("s", round.upstream ? json::Value(*round.upstream) : json::Value());
  return states.Seal(Holder(principal), call, json::Write(held));
}

std::optional<ApprovalRound> OpenApprovalRound(CallStates& states, std::string_view state, std::string_view principal, const ToolCall& call) {
  const auto opened = states.Open(state, Holder(principal), call);
  if (!opened || !opened->upstream) return std::nullopt;
  const Result<json::Value> held = json::Parse(*opened->upstream);
  if (!held.ok()) return std::nullopt;
  ApprovalRound round{.approval_id = held->Find("a")->string_value(), .made = false, .upstream = std::nullopt, .first = opened->first};
  const json::Value* upstream = held->Find("s");
  round.made = upstream != nullptr;
  if (upstream != nullptr && upstream->is_string()) round.upstream = upstream->string_value();
  return round;
}

bool DeclinesUrl(const Message& message) {
  const json::Value* action = message.params()->AtPointer("/inputResponses/approval/action");
  return action == nullptr || !(*action == json::Value("accept"));
}

bool AskByUrl(Lane& lane, http::Exchange& exchange, const Message& message, const ToolCall& call, const std::optional<BoundSession>& bound,
              const Decision& decision) {
  const std::string& url = lane.context.settings->approval_url;
  if (decision.verdict != Verdict::kEscalate || decision.approval_id.empty() || url.empty()) return false;
  if (!IsModern(exchange.request())) {
    if (!bound || !bound->takes_urls || AsksForTask(message)) return false;
    lane.context.urls->Told(bound->id, call, decision.tenant, decision.approval_id);
    SendUrlNeeded(lane, exchange, *message.id(), decision);
    return true;
  }
  // Completion has no rounds.
  if (!DeclaresUrls(message) || call.method == "completion/complete") return false;
  const Result<std::string> state = SealApprovalRound(*lane.context.states, PrincipalOf(decision), call, {.approval_id = decision.approval_id});
  if (!state.ok()) return false;
  const json::Value params = json::MakeObject({{"mode", "url"}, {"message", kOpenPage}, {"url", UrlOf(url, decision.approval_id)}});
  const json::Value question = json::MakeObject({{"method", "elicitation/create"}, {"params", params}});
  json::Value result = json::MakeObject({{"resultType", "input_required"}, {"inputRequests", json::MakeObject({{kQuestion, question}})}, {"requestState", *state}});
  http::HeaderList fields{{"Content-Type", "application/json"}};
  AddApprovalFields(decision, fields);
  exchange.Send(200, fields, ResultReply(*message.id(), std::move(result)));
  return true;
}

std::string ToldApproval(const Lane& lane, const std::optional<BoundSession>& bound, const Message& message, const ToolCall& call) {
  if (!bound || !bound->takes_urls || lane.context.settings->approval_url.empty() || AsksForTask(message)) return {};
  return lane.context.urls->ApprovalOf(bound->id, call);
}

void SettleToldApproval(const Lane& lane, const std::optional<BoundSession>& bound, const ToolCall& call, const Decision& decision) {
  if (!bound || !bound->takes_urls) return;
  const bool worthless = decision.code == Reason::kApprovalRejected || decision.code == Reason::kApprovalExpired ||
                         decision.code == Reason::kApprovalUsed || decision.code == Reason::kApprovalMismatch;
  if (decision.allowed() || worthless) lane.context.urls->Settled(bound->id, call);
}

}  // namespace intentgate::mcp
