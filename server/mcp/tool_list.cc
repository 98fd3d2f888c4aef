#include "mcp/tool_list.h"

#include <utility>

#include "http/bearer.h"
#include "mcp/ask.h"
#include "mcp/exchange_util.h"

namespace intentgate::mcp {
namespace {

constexpr int kMaxPages = 100;
// No token has it: jti and tenant come from tokens, and a principal has a line end between them.
constexpr std::string_view kGatewayPrincipal = "gateway";

std::string NextCursor(const Answer& answer) {
  const json::Value* next = answer.body.AtPointer("/result/nextCursor");
  return next != nullptr && next->is_string() ? next->string_value() : std::string();
}

void LearnPage(Lane& lane, const std::vector<ToolInfo>& tools, bool first, const Answer& answer) {
  lane.context.catalogue->Learn(tools, first, NextCursor(answer).empty());
}

// Asks in a session of the gateway's own; a session that the upstream forgot is opened anew, once.
void AskInOwnSession(Lane& lane, const std::string& principal, std::string params, bool retry,
                     std::function<void(Asked)> done) {
  lane.own.With(principal, [&lane, principal, params = std::move(params), retry,
                            done = std::move(done)](std::variant<UpstreamSession, Failure> opened) {
    if (auto* failure = std::get_if<Failure>(&opened)) return done({std::nullopt, *failure, 0, {}});
    const UpstreamSession session = std::get<UpstreamSession>(opened);
    const json::Value id(std::to_string(lane.next_id++));
    std::string body = R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"method":"tools/list")";
    if (!params.empty()) body += ",\"params\":" + params;
    Ask(lane.upstream, {body + "}", id, session, lane.max_answer()},
        [&lane, principal, params, retry, done, session](Asked asked) {
          const bool forgotten = !asked.answer && (asked.status == 404 || (session.id.empty() && asked.status == 400));
          if (!forgotten) return done(std::move(asked));
          lane.own.Forget(principal, session);
          if (retry) return AskInOwnSession(lane, principal, params, false, done);
          done(std::move(asked));
        });
  });
}

struct Listing {
  ExchangePtr exchange;
  std::shared_ptr<const Message> message;
  std::string principal;
  bool first = false;
};

void AnswerList(Lane& lane, const Listing& listing, const std::optional<UpstreamSession>& bound, Asked asked) {
  http::Exchange& exchange = *listing.exchange;
  const json::Value& id = *listing.message->id();
  if (bound && !asked.answer && asked.status == 404) {
    lane.context.sessions->Drop(bound->id, listing.principal);
    return SendJson(exchange, 404, ErrorReply(id, kInvalidRequest, "session not found"));
  }
  if (asked.answer && asked.answer->rpc_error) {
    asked.answer->body.Set("id", id);
    return SendJson(exchange, 200, json::Write(asked.answer->body));
  }
  Result<std::vector<ToolInfo>> tools = Error{};
  if (asked.answer) tools = ReadToolList(*asked.answer);
  if (!tools.ok()) {
    const Failure failure = asked.failure ? *asked.failure : Failure::FromRubbish(asked.status, tools.error());
    lane.context.log->Warn("upstream failed", {{"method", "tools/list"}, {"detail", failure.detail}});
    return SendJson(exchange, 200, ErrorReply(id, kInternalError, failure.message));
  }
  LearnPage(lane, *tools, listing.first, *asked.answer);
  std::vector<std::string> names;
  for (const ToolInfo& tool : *tools) names.push_back(tool.name);
  const std::string_view token = http::BearerToken(exchange.request().headers);
  FilterToolList(*asked.answer, lane.context.gate->VisibleTools(token, lane.upstream.name(), names));
  asked.answer->body.Set("id", id);
  SendJson(exchange, 200, json::Write(asked.answer->body));
}

void LoadPage(Lane& lane, std::string cursor, int pages, std::function<void(bool)> done) {
  std::string params;
  if (!cursor.empty()) params = json::Write(json::MakeObject({{"cursor", cursor}}));
  AskInOwnSession(lane, std::string(kGatewayPrincipal), std::move(params), true,
                  [&lane, cursor = std::move(cursor), pages, done = std::move(done)](Asked asked) {
    Result<std::vector<ToolInfo>> tools = Error{};
    if (asked.answer && !asked.answer->rpc_error) tools = ReadToolList(*asked.answer);
    if (!tools.ok()) {
      lane.context.log->Warn("the upstream's tools are not known yet",
                             {{"detail", asked.failure ? asked.failure->detail : tools.error().ToString()}});
      return done(false);
    }
    LearnPage(lane, *tools, cursor.empty(), *asked.answer);
    std::string next = NextCursor(*asked.answer);
    if (next.empty() || pages >= kMaxPages) return done(true);
    LoadPage(lane, std::move(next), pages + 1, done);
  });
}

}  // namespace

void RunToolList(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const Decision& caller,
                 std::optional<UpstreamSession> bound) {
  const json::Value* params = message->params();
  const json::Value* cursor = params == nullptr ? nullptr : params->Find("cursor");
  Listing listing{exchange, message, PrincipalOf(caller), cursor == nullptr};
  if (!bound) {
    std::string text = params == nullptr ? std::string() : json::Write(*params);
    return AskInOwnSession(lane, listing.principal, std::move(text), true, [&lane, listing](Asked asked) {
      AnswerList(lane, listing, std::nullopt, std::move(asked));
    });
  }
  Ask(lane.upstream, {std::string(exchange->body()), *message->id(), *bound, lane.max_answer()},
      [&lane, listing, bound](Asked asked) { AnswerList(lane, listing, bound, std::move(asked)); });
}

void LoadCatalogue(Lane& lane, std::function<void(bool)> done) { LoadPage(lane, {}, 1, std::move(done)); }

}  // namespace intentgate::mcp
