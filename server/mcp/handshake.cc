#include "mcp/handshake.h"

#include <utility>

#include "mcp/ask.h"
#include "mcp/exchange_util.h"
#include "mcp/find_session.h"
#include "mcp/merged_session.h"
#include "mcp/on_behalf.h"
#include "mcp/task_call.h"
#include "mcp/task_forms.h"

namespace intentgate::mcp {
namespace {

std::string_view AskedProtocol(const Message& message) {
  const json::Value* params = message.params();
  const json::Value* version = params == nullptr ? nullptr : params->Find("protocolVersion");
  return version != nullptr && version->is_string() ? std::string_view(version->string_value()) : std::string_view();
}

void AnswerAlone(const Lane& lane, http::Exchange& exchange, const Message& message) {
  SendJson(exchange, 200,
           ResultReply(*message.id(), OwnInitializeResult(AskedProtocol(message), lane.context.version)));
}

// The client's own text, unless it asks for a revision that would only be turned down here.
std::string InitializeBody(const http::Exchange& exchange, const Message& message) {
  if (message.params() == nullptr || IsServedProtocol(AskedProtocol(message))) return std::string(exchange.body());
  json::Value body = message.body();
  body.Find("params")->Set("protocolVersion", kNewestProtocol);
  return json::Write(body);
}

void AnswerFor(const Lane& lane, http::Exchange& exchange, const Message& message, const std::string& principal,
               Asked asked) {
  // These turn the gateway away; they do not say that there is no such method.
  const bool turned_away = asked.status == 401 || asked.status == 403 || asked.status == 429;
  const bool no_handshake = asked.answer ? asked.answer->rpc_error : asked.status >= 400 && asked.status < 500 && !turned_away;
  if (no_handshake) return AnswerAlone(lane, exchange, message);
  Status narrowed = asked.answer ? NarrowInitialize(*asked.answer) : Status();
  std::string client_id;
  if (asked.answer && narrowed.ok() && !asked.session_id.empty()) {
    const std::string& protocol = asked.answer->body.AtPointer("/result/protocolVersion")->string_value();
    const BoundSession session{asked.session_id, protocol, nullptr, TakesUrls(message.params(), protocol)};
    Result<std::string> made = ClientIdOf(lane.context, session, principal);
    if (!lane.context.sessions->Bind(session, principal)) {
      narrowed = Error{ErrorCode::kConflict, "the upstream gave out a session id that belongs to someone else"};
    } else if (!made.ok()) {
      narrowed = made.error();
    } else {
      client_id = std::move(*made);
      if (OffersTasks(lane, session)) OfferTasks(*asked.answer->body.Find("result")->Find("capabilities"), Era::kLegacy);
    }
  }
  if (asked.answer && narrowed.ok()) {
    return SendJson(exchange, 200, json::Write(asked.answer->body), client_id);
  }
  const Failure failure = asked.failure ? *asked.failure : Failure::FromRubbish(asked.status, narrowed.error());
  lane.context.log->Warn("upstream failed", {{"method", "initialize"}, {"detail", failure.detail}});
  SendJson(exchange, 200, ErrorReply(*message.id(), kInternalError, failure.message));
}

}  // namespace

void RunInitialize(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const Decision& caller) {
  if (!caller.allowed()) return AnswerAlone(lane, *exchange, *message);
  std::string body = InitializeBody(*exchange, *message);
  if (lane.merged()) return RunMergedInitialize(lane, std::move(exchange), *message->id(), std::move(body), PrincipalOf(caller));
  Question question{std::move(body), *message->id(), {}, lane.max_answer()};
  question.caller = OnBehalfOf(lane, 0, *exchange);
  Ask(*lane.At(0).upstream, std::move(question),
      [&lane, exchange, message, principal = PrincipalOf(caller)](Asked asked) {
        AnswerFor(lane, *exchange, *message, principal, std::move(asked));
      });
}

void RelayMessage(Lane& lane, ExchangePtr exchange, const Message& message, const BoundSession& bound,
                  const std::string& principal) {
  if (bound.parts != nullptr) return RelayToParts(lane, exchange, message, bound);
  Tell(*lane.At(0).upstream, std::string(exchange->body()), {bound.id, bound.protocol}, OnBehalfOf(lane, 0, *exchange),
       [&lane, exchange, bound, principal](int status) {
    if (status == 404) {
      lane.context.sessions->Drop(bound.id, principal);
      return SendJson(*exchange, 404, ErrorReply({}, kInvalidRequest, "session not found"));
    }
    // A notification has no answer in which trouble could be told.
    exchange->Send(202, {}, {});
  });
}

void EndSession(Lane& lane, ExchangePtr exchange, const BoundSession& bound, const std::string& principal) {
  DropSession(lane.context, bound.id, principal);
  if (bound.parts != nullptr) return EndParts(lane, *exchange, *bound.parts);
  TellEnd(*lane.At(0).upstream, {bound.id, bound.protocol}, OnBehalfOf(lane, 0, *exchange), [exchange](int status) {
    if (status >= 200 && status < 300) return exchange->Send(204, {}, {});
    exchange->SendError(status == 405 ? 405 : 502, "the upstream did not end the session");
  });
}

}  // namespace intentgate::mcp
