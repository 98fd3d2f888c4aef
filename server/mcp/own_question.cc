#include "mcp/own_question.h"

#include <utility>

namespace intentgate::mcp {

void AskInOwnSession(Lane& lane, OwnQuestion question, std::function<void(Asked)> done) {
  Backend& backend = lane.At(question.upstream);
  const std::string principal = question.principal;
  const oauth::OnBehalfPtr caller = question.caller;
  backend.own.With(principal, caller, [&lane, &backend, question = std::move(question), done = std::move(done)](std::variant<UpstreamSession, Failure> opened) {
    if (auto* failure = std::get_if<Failure>(&opened)) return done({std::nullopt, *failure, 0, {}});
    const UpstreamSession session = std::get<UpstreamSession>(opened);
    const json::Value id(std::to_string(lane.next_id++));
    std::string body = R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"method":)" + json::Write(json::Value(question.method));
    if (!question.params.empty()) body += ",\"params\":" + question.params;
    Question asked_for{body + "}", id, session, lane.max_answer(), question.more};
    asked_for.takes_errors = true;
    asked_for.caller = question.caller;
    Ask(*backend.upstream, std::move(asked_for), [&lane, &backend, question, done, session](Asked asked) {
      // Also with an error in it: some say so of a session.
      const bool forgotten = asked.status == 404 || (session.id.empty() && asked.status == 400);
      if (!forgotten) return done(std::move(asked));
      backend.own.Forget(question.principal, session);
      if (!question.retry) return done(std::move(asked));
      OwnQuestion again = question;
      again.retry = false;
      AskInOwnSession(lane, std::move(again), done);
    });
  });
}

}  // namespace intentgate::mcp
