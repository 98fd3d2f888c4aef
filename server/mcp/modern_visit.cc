#include "mcp/modern_visit.h"

#include <utility>
#include <variant>

#include "mcp/approval_url.h"
#include "mcp/ask.h"
#include "mcp/credential.h"
#include "mcp/denial.h"
#include "mcp/discover.h"
#include "mcp/exchange_util.h"
#include "mcp/lists.h"
#include "mcp/on_behalf.h"
#include "mcp/own_task_visit.h"
#include "mcp/param_headers.h"
#include "mcp/relay.h"
#include "mcp/subscriptions.h"
#include "mcp/task_forms.h"
#include "mcp/tasks.h"
#include "mcp/tool_call.h"

namespace intentgate::mcp {
namespace {

// What becomes of an answer that asks for input: its state gets the gateway's mark.
std::function<std::optional<std::string>(Answer&)> Marking(std::shared_ptr<CallStates> states, std::string principal,
                                                           ToolCall call, std::shared_ptr<const Message> message, std::string approval_id) {
  return [states, principal, call, message, approval_id](Answer& answer) -> std::optional<std::string> {
    json::Value* result = answer.rpc_error ? nullptr : answer.body.Find("result");
    if (result == nullptr) return std::nullopt;
    const json::Value* type = result->Find("resultType");
    if (type == nullptr || !(*type == json::Value("input_required"))) {
      // What one caller may read is not for another's cache.
      if (result->Find("cacheScope") == nullptr) return std::nullopt;
      MakePrivate(answer);
      return json::Write(answer.body);
    }
    const json::Value* state = result->Find("requestState");
    const bool stated = state != nullptr && state->is_string();
    const std::optional<std::string> own = stated ? std::optional<std::string>(state->string_value()) : std::nullopt;
    const Result<std::string> sealed = approval_id.empty() ? states->Seal(principal, call, own)
                                                           : SealApprovalRound(*states, principal, call, {.approval_id = approval_id, .made = true, .upstream = own});
    // Without the mark the next round is a call of its own.
    if (!sealed.ok()) return std::nullopt;
    result->Set("requestState", *sealed);
    return json::Write(answer.body);
  };
}

// The body with the upstream's own state, or without one.
json::Value WithState(const Message& message, const std::optional<std::string>& state) {
  json::Value body = message.body();
  json::Object kept;
  for (json::Member& member : body.Find("params")->object()) {
    if (member.name == "requestState") {
      if (!state) continue;
      member.value = *state;
    }
    kept.push_back(std::move(member));
  }
  body.Set("params", json::Value(std::move(kept)));
  return body;
}

// The body without what was said to the gateway alone.
json::Value FirstRound(const Message& message) {
  json::Value body = WithState(message, std::nullopt);
  std::erase_if(body.Find("params")->object(), [](const json::Member& member) { return member.name == "inputResponses"; });
  return body;
}

}  // namespace

void ModernVisit::Turn(const Problem& problem) {
  const json::Value* id = message_->id();
  const json::Value* name = message_->params() == nullptr ? nullptr : message_->params()->Find("name");
  const bool named = name != nullptr && name->is_string() && name->string_value().size() <= kMaxToolNameBytes;
  Record({problem.code, problem.reason, {}, std::string(message_->method()), named ? name->string_value() : std::string()});
  json::Value data = problem.data.is_null() ? json::MakeObject({{"reason", problem.reason}}) : problem.data;
  SendJson(*exchange_, problem.status,
           StructuredError(id == nullptr ? json::Value() : *id, problem.code, CodeMessage(problem.code), std::move(data)));
}

void ModernVisit::Post(std::shared_ptr<const Message> message) {
  message_ = std::move(message);
  if (message_->kind() == MessageKind::kResponse) {
    return Turn(Problem{400, kInvalidRequest, "a client of this revision sends no answers", {}});
  }
  if (auto problem = CheckEnvelope()) return Turn(*problem);
  if (message_->kind() == MessageKind::kRequest) return OnRequest();
  const Decision caller = Caller();
  if (!caller.allowed()) return Unauthorized({}, caller);
  // A stream is cancelled by closing it; there is nothing that a notification could be about.
  exchange_->Send(202, {}, {});
}

std::optional<ModernVisit::Problem> ModernVisit::CheckEnvelope() {
  const json::Value* params = message_->params();
  const json::Value* meta = params == nullptr ? nullptr : params->Find("_meta");
  const json::Value* version = meta == nullptr ? nullptr : meta->Find(kMetaProtocol);
  const json::Value* capabilities = meta == nullptr ? nullptr : meta->Find(kMetaCapabilities);
  if (message_->kind() == MessageKind::kNotification && version == nullptr) return std::nullopt;
  if (version == nullptr || !version->is_string()) {
    return Problem{400, kInvalidParams, "params._meta needs " + std::string(kMetaProtocol), {}};
  }
  if (capabilities == nullptr || !capabilities->is_object()) {
    return Problem{400, kInvalidParams, "params._meta needs " + std::string(kMetaCapabilities), {}};
  }
  const http::HeaderList& headers = head_.headers;
  if (headers.Count("MCP-Protocol-Version") != 1 || *headers.Get("MCP-Protocol-Version") != version->string_value()) {
    return Problem{400, kHeaderMismatch, "the header MCP-Protocol-Version must be there once and equal the body's", {}};
  }
  if (version->string_value() != kModernProtocol) {
    return Problem{400, kUnsupportedProtocol, "the revision is not served here",
                   json::MakeObject({{"supported", ModernVersions()}, {"requested", *version}})};
  }
  return std::nullopt;
}

std::optional<ModernVisit::Problem> ModernVisit::CheckMethod() {
  method_ = FindMethod(message_->method(), Era::kModern);
  if (method_ != nullptr) return std::nullopt;
  Problem problem{404, kMethodNotFound, "this gateway has no rule for the method in this revision", {}};
  // A client of the other era learns from it how to go on.
  if (message_->method() == "initialize") {
    problem.data = json::MakeObject({{"reason", "this revision has no initialize; leave out the envelope to use it"},
                                     {"supported", ModernVersions()}});
  }
  return problem;
}

std::optional<ModernVisit::Problem> ModernVisit::CheckHeaders() {
  auto wrong = CheckStandardHeaders(head_.headers, *method_, message_->params());
  if (!wrong) return std::nullopt;
  return Problem{400, kHeaderMismatch, std::move(*wrong), {}};
}

void ModernVisit::OnRequest() {
  if (auto problem = CheckMethod()) return Turn(*problem);
  if (auto problem = CheckHeaders()) return Turn(*problem);
  if (method_->rule == Rule::kJudged) return OnJudged();
  const Decision caller = Caller();
  if (!caller.allowed()) return Unauthorized(*message_->id(), caller);
  switch (method_->rule) {
    case Rule::kHandshake: return Discover();
    case Rule::kListen: return Listen(caller);
    case Rule::kTask: return OnTask(caller);
    default: return RunList(lane_, {exchange_, message_, method_, Era::kModern, PrincipalOf(caller), std::nullopt});
  }
}

std::optional<ModernVisit::Problem> ModernVisit::CheckTasks() {
  if (TakesTasks(*message_)) return std::nullopt;
  const json::Value needed = json::MakeObject({{"extensions", json::MakeObject({{kTasksExtension, json::MakeObject({})}})}});
  return Problem{400, kMissingCapability, "the client has not declared the extension for tasks", json::MakeObject({{"requiredCapabilities", needed}})};
}

void ModernVisit::OnTask(const Decision& caller) {
  if (auto problem = CheckTasks()) return Turn(*problem);
  if (AnswerAboutOwnTask(lane_, {exchange_, message_, Era::kModern, PrincipalOf(caller), std::nullopt})) return;
  auto known = FindTask(lane_, *message_, CredentialOf(*exchange_), PrincipalOf(caller));
  if (!known) return Turn(Problem{400, kInvalidParams, std::string(kNoTask), {}});
  StartRelay(lane_, AboutTask(lane_, exchange_, message_, Era::kModern, std::move(*known)));
}

void ModernVisit::OnJudged() {
  auto read = ReadToolCall(*message_);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return Turn(Problem{400, refusal->code, refusal->reason, {}});
  Judge(std::get<ToolCall>(read));
}

std::optional<ModernVisit::Problem> ModernVisit::CheckParams(const ToolCall& call, const std::optional<Target>& target) {
  if (call.method != "tools/call" || !target) return std::nullopt;
  auto wrong = CheckParamHeaders(head_.headers, lane_.context.catalogue->HeadersOf(call.name), call.arguments);
  // Which parameters a tool has is not for who may not see it; the gate refuses that call.
  if (!wrong || !CoversTool(lane_, target->upstream, std::string(call.name), CredentialOf(*exchange_))) return std::nullopt;
  return Problem{400, kHeaderMismatch, std::move(*wrong), {}};
}

void ModernVisit::Judge(const ToolCall& call) {
  CallRoute route;
  route.era = Era::kModern;
  const Decision caller = Caller();
  // A token that is not good is refused by the gate below, in the chain.
  route.target = FindTarget(*lane_.context.directory, call);
  if (!route.target && caller.allowed()) return Turn(Problem{400, kInvalidParams, std::string(kNoUpstream), {}});
  if (IsQuarantined(call, route.target)) return Turn(Problem{400, kInvalidParams, std::string(kQuarantined), {}});
  if (auto problem = CheckParams(call, route.target)) return Turn(*problem);
  if (caller.allowed()) {
    const std::string principal = PrincipalOf(caller);
    const json::Value* state = message_->params()->Find("requestState");
    auto round = state != nullptr && state->is_string() ? OpenApprovalRound(*lane_.context.states, state->string_value(), principal, call) : std::nullopt;
    if (round) {
      route.continues = round->made && round->first;
      route.body = round->made ? WithState(*message_, round->upstream) : FirstRound(*message_);
      route.declined = !round->made && DeclinesUrl(*message_);
      route.approval_id = std::move(round->approval_id);
    } else if (state != nullptr) {
      auto opened = state->is_string() ? lane_.context.states->Open(state->string_value(), principal, call) : std::nullopt;
      if (!opened) return Turn(Problem{400, kInvalidParams, "requestState is not of this call, or too old", {}});
      route.continues = opened->first;
      route.body = WithState(*message_, opened->upstream);
    }
    route.change = Marking(lane_.context.states, principal, call, message_, route.approval_id);
  }
  RunToolCall(lane_, exchange_, message_, call, std::move(route));
}

void ModernVisit::Discover() {
  if (lane_.merged()) return DiscoverAll(lane_, exchange_, message_);
  Question question{std::string(exchange_->body()), *message_->id(), {}, lane_.max_answer(), PassedHeaders(head_, Era::kModern)};
  question.takes_errors = true;
  question.caller = OnBehalfOf(lane_, 0, *exchange_);
  Ask(*lane_.At(0).upstream, std::move(question), [&lane = lane_, exchange = exchange_, id = *message_->id()](Asked asked) {
    if (asked.answer && !asked.answer->rpc_error) {
      json::Value* result = asked.answer->body.Find("result");
      result->Set("supportedVersions", ModernVersions());
      result->Set("capabilities", CarriedCapabilities(result->Find("capabilities")));
      if (lane.context.settings->offer_tasks) OfferTasks(*result->Find("capabilities"), Era::kModern);
      MakePrivate(*asked.answer);
      return SendJson(*exchange, 200, json::Write(asked.answer->body));
    }
    SendDiscoverFailure(lane, *exchange, id, asked);
  });
}

void ModernVisit::Listen(const Decision& caller) {
  auto wanted = ReadSubscriptions(*message_);
  if (const auto* refusal = std::get_if<Refusal>(&wanted)) return Turn(Problem{400, refusal->code, refusal->reason, {}});
  if (!std::get<Subscriptions>(wanted).task_ids.empty()) {
    if (auto problem = CheckTasks()) return Turn(*problem);
  }
  RunListen(lane_, exchange_, message_, std::get<Subscriptions>(std::move(wanted)), PrincipalOf(caller));
}

}  // namespace intentgate::mcp
