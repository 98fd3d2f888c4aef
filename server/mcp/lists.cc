#include "mcp/lists.h"

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

void LearnPage(Lane& lane, bool first, const Answer& answer) {
  Result<std::vector<ToolInfo>> tools = ReadToolList(answer);
  Catalogue& catalogue = *lane.context.catalogue;
  catalogue.LearnDefinitions(answer.body);
  // What such a tool says of itself must not steer the intent check either.
  if (tools.ok()) std::erase_if(*tools, [&](const ToolInfo& tool) { return catalogue.Quarantined(tool.name); });
  if (tools.ok()) lane.context.catalogue->Learn(*tools, first, NextCursor(answer).empty());
}

// Asks in a session of the gateway's own; a session that the upstream forgot is opened anew, once.
struct OwnQuestion {
  std::string principal, method, params;
  http::HeaderList more;
  bool retry = true;
};

void AskInOwnSession(Lane& lane, OwnQuestion question, std::function<void(Asked)> done) {
  const std::string principal = question.principal;
  lane.own.With(principal, [&lane, question = std::move(question), done = std::move(done)](std::variant<UpstreamSession, Failure> opened) {
    if (auto* failure = std::get_if<Failure>(&opened)) return done({std::nullopt, *failure, 0, {}});
    const UpstreamSession session = std::get<UpstreamSession>(opened);
    const json::Value id(std::to_string(lane.next_id++));
    std::string body = R"({"jsonrpc":"2.0","id":)" + json::Write(id) + R"(,"method":)" + json::Write(json::Value(question.method));
    if (!question.params.empty()) body += ",\"params\":" + question.params;
    Ask(lane.upstream, {body + "}", id, session, lane.max_answer(), question.more}, [&lane, question, done, session](Asked asked) {
      const bool forgotten = !asked.answer && (asked.status == 404 || (session.id.empty() && asked.status == 400));
      if (!forgotten) return done(std::move(asked));
      lane.own.Forget(question.principal, session);
      if (!question.retry) return done(std::move(asked));
      OwnQuestion again = question;
      again.retry = false;
      AskInOwnSession(lane, std::move(again), done);
    });
  });
}

// Whether the token could make some call of the method. The policy and the budget are not asked: a list must not depend
// on them. A caveat that wants an argument may hold for the arguments of a call.
bool CouldReach(Lane& lane, std::string_view token, std::string_view method, const json::Value* arguments) {
  const Decision decision = lane.context.gate->Explain(
      {.token = token, .tool = method, .arguments = arguments, .method = method, .server = lane.upstream.name()});
  return decision.check != Check::kCapability || (arguments == nullptr && decision.code == Reason::kArgumentMissing);
}

std::vector<bool> Visible(Lane& lane, std::string_view token, const Method& method, const std::vector<std::string>& names) {
  if (method.name == "tools/list") return lane.context.gate->VisibleTools(token, lane.upstream.name(), names);
  if (method.name == "prompts/list") return std::vector<bool>(names.size(), CouldReach(lane, token, "prompts/get", nullptr));
  if (method.name == "resources/templates/list") {
    return std::vector<bool>(names.size(), CouldReach(lane, token, "resources/read", nullptr));
  }
  std::vector<bool> visible;
  for (const std::string& uri : names) {
    const json::Value arguments = json::MakeObject({{"uri", uri}});
    visible.push_back(CouldReach(lane, token, "resources/read", &arguments));
  }
  return visible;
}

void SendList(Lane& lane, const ListRequest& request, Asked asked) {
  http::Exchange& exchange = *request.exchange;
  const json::Value& id = *request.message->id();
  if (request.bound && !asked.answer && asked.status == 404) {
    lane.context.sessions->Drop(request.bound->id, request.principal);
    return SendJson(exchange, 404, ErrorReply(id, kInvalidRequest, "session not found"));
  }
  if (asked.answer && asked.answer->rpc_error) {
    asked.answer->body.Set("id", id);
    return SendJson(exchange, asked.status, json::Write(asked.answer->body));
  }
  Result<std::vector<std::string>> names = Error{};
  if (asked.answer) names = ReadNames(*asked.answer, request.method->list_member);
  if (!names.ok()) {
    const Failure failure = asked.failure ? *asked.failure : Failure::FromRubbish(asked.status, names.error());
    lane.context.log->Warn("upstream failed", {{"method", request.method->name}, {"detail", failure.detail}});
    return SendJson(exchange, 200, ErrorReply(id, kInternalError, failure.message));
  }
  if (request.method->name == "tools/list") {
    const json::Value* params = request.message->params();
    LearnPage(lane, params == nullptr || params->Find("cursor") == nullptr, *asked.answer);
  }
  const std::string_view token = http::BearerToken(exchange.request().headers);
  std::vector<bool> visible = Visible(lane, token, *request.method, *names);
  for (std::size_t i = 0; i < visible.size() && request.method->name == "tools/list"; ++i) {
    visible[i] = visible[i] && !lane.context.catalogue->Quarantined((*names)[i]);
  }
  FilterList(*asked.answer, request.method->list_member, visible);
  if (request.era == Era::kModern) MakePrivate(*asked.answer);
  asked.answer->body.Set("id", id);
  SendJson(exchange, 200, json::Write(asked.answer->body));
}

void LoadPage(Lane& lane, std::string cursor, int pages, std::function<void(bool)> done) {
  std::string params;
  if (!cursor.empty()) params = json::Write(json::MakeObject({{"cursor", cursor}}));
  AskInOwnSession(lane, {std::string(kGatewayPrincipal), "tools/list", std::move(params), {}},
                  [&lane, cursor = std::move(cursor), pages, done = std::move(done)](Asked asked) {
    Result<std::vector<ToolInfo>> tools = Error{};
    if (asked.answer && !asked.answer->rpc_error) tools = ReadToolList(*asked.answer);
    if (!tools.ok()) {
      lane.context.log->Warn("the upstream's tools are not known yet",
                             {{"detail", asked.failure ? asked.failure->detail : tools.error().ToString()}});
      return done(false);
    }
    LearnPage(lane, cursor.empty(), *asked.answer);
    std::string next = NextCursor(*asked.answer);
    if (next.empty() || pages >= kMaxPages) return done(true);
    LoadPage(lane, std::move(next), pages + 1, done);
  });
}

}  // namespace

void RunList(Lane& lane, ListRequest request) {
  http::HeaderList more = PassedHeaders(request.exchange->request(), request.era);
  if (request.era == Era::kLegacy && !request.bound) {
    const json::Value* params = request.message->params();
    OwnQuestion question{request.principal, std::string(request.method->name), params == nullptr ? "" : json::Write(*params),
                         std::move(more)};
    return AskInOwnSession(lane, std::move(question),
                           [&lane, request](Asked asked) { SendList(lane, request, std::move(asked)); });
  }
  Question question{std::string(request.exchange->body()), *request.message->id(), request.bound.value_or(UpstreamSession{}),
                    lane.max_answer(), std::move(more)};
  question.takes_errors = request.era == Era::kModern;
  Ask(lane.upstream, std::move(question), [&lane, request](Asked asked) { SendList(lane, request, std::move(asked)); });
}

void LoadCatalogue(Lane& lane, std::function<void(bool)> done) { LoadPage(lane, {}, 1, std::move(done)); }

}  // namespace intentgate::mcp
