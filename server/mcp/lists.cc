#include "mcp/lists.h"

#include <iterator>
#include <utility>

#include "mcp/ask.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/list_page.h"
#include "mcp/merged_list.h"
#include "mcp/on_behalf.h"
#include "mcp/own_question.h"
#include "mcp/own_task_visit.h"
#include "mcp/task_call.h"
#include "mcp/task_forms.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

constexpr int kMaxPages = 100;

bool IsFirstPage(const Message& message) {
  return message.params() == nullptr || message.params()->Find("cursor") == nullptr;
}

void AllowTasks(Answer& answer) {
  for (json::Value& tool : answer.body.Find("result")->Find("tools")->array()) AllowTask(tool);
}

void SendList(Lane& lane, const ListRequest& request, Asked asked) {
  http::Exchange& exchange = *request.exchange;
  const json::Value& id = *request.message->id();
  json::Array own;
  if (request.method->name == "tasks/list" && IsFirstPage(*request.message)) own = ListedOwnTasks(lane, exchange, request.principal);
  if (request.bound && asked.status == 404) {
    lane.context.sessions->Drop(request.bound->id, request.principal);
    return SendJson(exchange, 404, ErrorReply(id, kInvalidRequest, "session not found"));
  }
  Result<std::vector<std::string>> names = Error{};
  if (asked.answer && !asked.answer->rpc_error) names = ReadNames(*asked.answer, request.method->list_member);
  // An upstream that has no tasks, or is down, does not hide the gateway's.
  const bool offers = OffersTasks(lane, request.bound);
  const bool own_alone = !own.empty() || (offers && request.method->name == "tasks/list" && IsFirstPage(*request.message));
  if (!names.ok() && own_alone) return SendJson(exchange, 200, ResultReply(id, json::MakeObject({{"tasks", std::move(own)}})));
  if (asked.answer && asked.answer->rpc_error) {
    asked.answer->body.Set("id", id);
    return SendJson(exchange, request.era == Era::kModern ? asked.status : 200, json::Write(asked.answer->body));
  }
  if (!names.ok()) {
    const Failure failure = asked.failure ? *asked.failure : Failure::FromRubbish(asked.status, names.error());
    lane.context.log->Warn("upstream failed", {{"method", request.method->name}, {"detail", failure.detail}});
    return SendJson(exchange, 200, ErrorReply(id, kInternalError, failure.message));
  }
  LearnPage(lane, 0, *request.method, IsFirstPage(*request.message), *asked.answer);
  FilterList(*asked.answer, request.method->list_member, VisibleNames(lane, 0, CredentialOf(exchange), *request.method, *names, *asked.answer));
  if (offers && request.method->name == "tools/list") AllowTasks(*asked.answer);
  if (request.method->name == "tasks/list") {
    for (json::Value& task : asked.answer->body.Find("result")->Find("tasks")->array()) NameListed(lane.context, 0, request.principal, task);
  }
  if (!own.empty()) {
    json::Array& listed = asked.answer->body.Find("result")->Find(request.method->list_member)->array();
    listed.insert(listed.begin(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  if (request.era == Era::kModern) MakePrivate(*asked.answer);
  asked.answer->body.Set("id", id);
  SendJson(exchange, 200, json::Write(asked.answer->body));
}

struct Loading {
  std::size_t upstream = 0;
  const Method* method = nullptr;
  std::optional<std::string> cursor;
  int pages = 1;
};

void LoadPage(Lane& lane, Loading at, std::function<void(bool)> done) {
  const std::string params = !at.cursor ? "{}" : json::Write(json::MakeObject({{"cursor", *at.cursor}}));
  OwnQuestion question{at.upstream, std::string(kGatewayPrincipal), std::string(at.method->name), params};
  question.caller = oauth::OnBehalfOfGateway();
  AskInOwnSession(lane, std::move(question), [&lane, at = std::move(at), done = std::move(done)](const Asked& asked) {
    if (!asked.answer || asked.answer->rpc_error || !ReadNames(*asked.answer, at.method->list_member).ok()) return done(false);
    LearnPage(lane, at.upstream, *at.method, !at.cursor, *asked.answer);
    std::optional<std::string> next = NextCursor(*asked.answer);
    if (!next || at.pages == kMaxPages) return done(true);
    LoadPage(lane, {at.upstream, at.method, std::move(next), at.pages + 1}, done);
  });
}

}  // namespace

void RunList(Lane& lane, ListRequest request) {
  if (lane.merged()) return RunMergedList(lane, std::move(request));
  http::HeaderList more = PassedHeaders(request.exchange->request(), request.era);
  if (request.era == Era::kLegacy && !request.bound) {
    const json::Value* params = request.message->params();
    OwnQuestion question{0, request.principal, std::string(request.method->name), params == nullptr ? "" : json::Write(*params),
                         std::move(more)};
    question.caller = OnBehalfOf(lane, 0, *request.exchange);
    return AskInOwnSession(lane, std::move(question),
                           [&lane, request](Asked asked) { SendList(lane, request, std::move(asked)); });
  }
  UpstreamSession session;
  if (request.bound) session = {request.bound->id, request.bound->protocol};
  Question question{std::string(request.exchange->body()), *request.message->id(), std::move(session), lane.max_answer(),
                    std::move(more)};
  question.takes_errors = true;
  question.caller = OnBehalfOf(lane, 0, *request.exchange);
  Ask(*lane.At(0).upstream, std::move(question), [&lane, request](Asked asked) { SendList(lane, request, std::move(asked)); });
}

void LoadCatalogue(Lane& lane, std::size_t upstream, std::function<void(bool)> done) {
  const Method* tools = FindMethod("tools/list", Era::kLegacy);
  if (!lane.merged()) return LoadPage(lane, {upstream, tools, {}}, std::move(done));
  // With several upstreams the other lists say whose a prompt or a resource is; not every upstream has them.
  LoadPage(lane, {upstream, tools, {}}, [&lane, upstream, done = std::move(done)](bool good) {
    if (!good) return done(false);
    for (const std::string_view name : {"prompts/list", "resources/list", "resources/templates/list"}) {
      LoadPage(lane, {upstream, FindMethod(name, Era::kLegacy), {}}, [](bool) {});
    }
    done(true);
  });
}

}  // namespace intentgate::mcp
