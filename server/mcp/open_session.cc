#include "mcp/open_session.h"

#include <utility>

#include "mcp/ask.h"
#include "mcp/on_behalf.h"

namespace intentgate::mcp {
namespace {

// A tool server that knows tools/call and nothing else answers a handshake with one of these.
bool HasNoHandshake(const Asked& asked) {
  if (asked.answer) return asked.answer->rpc_error;
  return asked.status == 400 || asked.status == 404 || asked.status == 405 || asked.status == 501;
}

}  // namespace

void OpenSession(Upstream& upstream, std::string hello, json::Value id, std::size_t max_bytes, const oauth::OnBehalfPtr& caller,
                 std::function<void(std::variant<OpenedSession, Failure>)> done) {
  Question question{std::move(hello), std::move(id), {}, max_bytes};
  question.caller = caller;
  Ask(upstream, std::move(question), [&upstream, caller, done = std::move(done)](Asked asked) {
    if (HasNoHandshake(asked)) return done(OpenedSession{});
    if (asked.failure) return done(std::move(*asked.failure));
    const json::Value* chosen = asked.answer->body.AtPointer("/result/protocolVersion");
    OpenedSession opened;
    opened.session = {asked.session_id, chosen != nullptr && chosen->is_string() ? chosen->string_value() : ""};
    if (!IsServedProtocol(opened.session.protocol)) {
      return done(Failure::FromRubbish(200, {ErrorCode::kMalformed, "the protocol revision is not served"}));
    }
    opened.answer = std::move(asked.answer);
    const UpstreamSession session = opened.session;
    Tell(upstream, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session, caller,
         [done, opened = std::move(opened)](int) { done(opened); });
  });
}

void WithPart(Lane& lane, std::size_t upstream, const BoundSession& bound, const http::Exchange& exchange,
              std::function<void(std::variant<UpstreamSession, Failure>)> ready) {
  if (bound.parts == nullptr) return ready(UpstreamSession{bound.id, bound.protocol});
  if (auto part = bound.parts->At(upstream)) return ready(std::move(*part));
  Upstream& to = *lane.At(upstream).upstream;
  const oauth::OnBehalfPtr caller = OnBehalfOf(lane, upstream, exchange);
  OpenSession(to, bound.parts->hello, bound.parts->hello_id, lane.max_answer(), caller,
              [&to, caller, upstream, parts = bound.parts, ready = std::move(ready)](std::variant<OpenedSession, Failure> opened) {
                if (auto* failure = std::get_if<Failure>(&opened)) return ready(std::move(*failure));
                UpstreamSession session = std::get<OpenedSession>(std::move(opened)).session;
                // Another request of the client may have opened one meanwhile.
                if (!parts->Set(upstream, session)) {
                  if (!session.id.empty()) TellEnd(to, session, caller);
                  if (auto part = parts->At(upstream)) session = std::move(*part);
                }
                ready(std::move(session));
              });
}

}  // namespace intentgate::mcp
