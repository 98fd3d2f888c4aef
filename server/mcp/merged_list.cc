// The cursor that a client gets is base64url over JSON: [[upstream, its cursor], ...] of those that have more. It holds
// nothing that its reader may not have: a cursor gives no access, each page is filtered anew.
#include "mcp/merged_list.h"

#include <map>
#include <utility>

#include "base/encoding.h"
#include "mcp/credential.h"
#include "mcp/discover.h"
#include "mcp/exchange_util.h"
#include "mcp/gather.h"
#include "mcp/list_page.h"
#include "mcp/on_behalf.h"
#include "mcp/open_session.h"
#include "mcp/own_question.h"
#include "mcp/own_task_visit.h"
#include "mcp/task_call.h"
#include "mcp/task_forms.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

// Of each upstream that is to be asked; no value: its first page.
using Cursors = std::map<std::size_t, std::optional<std::string>>;

std::optional<Cursors> ReadCursor(const json::Value* params, std::size_t upstreams) {
  Cursors cursors;
  const json::Value* cursor = params == nullptr ? nullptr : params->Find("cursor");
  if (cursor == nullptr) {
    for (std::size_t i = 0; i < upstreams; ++i) cursors[i];
    return cursors;
  }
  if (!cursor->is_string()) return std::nullopt;
  const Result<std::string> text = base::Base64UrlDecodeText(cursor->string_value());
  const Result<json::Value> list = text.ok() ? json::Parse(*text) : Result<json::Value>(text.error());
  if (!list.ok() || !list->is_array() || list->array().empty()) return std::nullopt;
  for (const json::Value& one : list->array()) {
    if (!one.is_array() || one.array().size() != 2 || !one.array()[1].is_string()) return std::nullopt;
    const auto upstream = one.array()[0].AsInt64();
    if (!upstream || *upstream < 0 || static_cast<std::size_t>(*upstream) >= upstreams) return std::nullopt;
    cursors[static_cast<std::size_t>(*upstream)] = one.array()[1].string_value();
  }
  return cursors;
}

std::string WriteCursor(const Cursors& cursors) {
  json::Array list;
  for (const auto& [upstream, cursor] : cursors) {
    list.push_back(json::Value(json::Array{json::Value(static_cast<std::int64_t>(upstream)), json::Value(*cursor)}));
  }
  return base::Base64UrlEncode(base::AsBytes(json::Write(json::Value(std::move(list)))));
}

json::Value ParamsWith(const json::Value* params, const std::optional<std::string>& cursor) {
  json::Value out{json::Object{}};
  if (params != nullptr) {
    for (const json::Member& member : params->object()) {
      if (member.name != "cursor") out.Set(member.name, member.value);
    }
  }
  if (cursor) out.Set("cursor", *cursor);
  return out;
}

class MergedList : public std::enable_shared_from_this<MergedList> {
 public:
  MergedList(Lane& lane, ListRequest request, Cursors cursors)
      : lane_(lane), request_(std::move(request)), cursors_(std::move(cursors)) {}

  void Run() {
    std::vector<std::size_t> wanted;
    for (const auto& [upstream, cursor] : cursors_) wanted.push_back(upstream);
    const auto self = shared_from_this();
    const auto gather = std::make_shared<Gather>(lane_, [self](Gather::Answers answers) { self->Send(std::move(answers)); });
    gather->Run(wanted, [this](std::size_t upstream, std::function<void(Asked)> tell) { AskOne(upstream, std::move(tell)); });
  }

 private:
  bool modern() const { return request_.era == Era::kModern; }

  void AskOne(std::size_t upstream, std::function<void(Asked)> tell) {
    const json::Value params = ParamsWith(request_.message->params(), cursors_.at(upstream));
    http::HeaderList more = PassedHeaders(request_.exchange->request(), request_.era);
    if (!modern() && !request_.bound) {
      OwnQuestion own{upstream, request_.principal, std::string(request_.method->name), json::Write(params), std::move(more)};
      own.caller = OnBehalfOf(lane_, upstream, *request_.exchange);
      return AskInOwnSession(lane_, std::move(own), std::move(tell));
    }
    json::Value body = request_.message->body();
    body.Set("params", params);
    Question question{json::Write(body), *request_.message->id(), {}, lane_.max_answer(), std::move(more)};
    question.caller = OnBehalfOf(lane_, upstream, *request_.exchange);
    if (modern()) {
      question.takes_errors = true;
      return Ask(*lane_.At(upstream).upstream, std::move(question), std::move(tell));
    }
    AskInPart(upstream, std::move(question), std::move(tell), true);
  }

  void AskInPart(std::size_t upstream, Question question, std::function<void(Asked)> tell, bool again) {
    WithPart(lane_, upstream, *request_.bound, *request_.exchange,
             [self = shared_from_this(), upstream, question = std::move(question), tell = std::move(tell), again](std::variant<UpstreamSession, Failure> part) {
               if (auto* failure = std::get_if<Failure>(&part)) return tell({std::nullopt, *failure, 0, {}});
               const UpstreamSession session = std::get<UpstreamSession>(std::move(part));
               Question asked = question;
               asked.session = session;
               Ask(*self->lane_.At(upstream).upstream, std::move(asked), [self, upstream, question, tell, again, session](Asked got) {
                 if (got.answer || got.status != 404) return tell(std::move(got));
                 self->request_.bound->parts->Forget(upstream, session);
                 if (!again) return tell(std::move(got));
                 self->AskInPart(upstream, question, tell, false);
               });
             });
  }

  void Send(Gather::Answers answers) {
    std::size_t good = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) good += Take(i, answers[i]) ? 1u : 0u;
    const json::Value& id = *request_.message->id();
    json::Array elements;
    const bool first = request_.message->params() == nullptr || request_.message->params()->Find("cursor") == nullptr;
    const bool tasks = first && request_.method->name == "tasks/list";
    if (tasks) elements = ListedOwnTasks(lane_, *request_.exchange, request_.principal);
    if (good == 0 && elements.empty() && !(tasks && OffersTasks(lane_, request_.bound))) return SendFailure(id, answers);
    // Every list is known now, so that a name that two of them hold is seen in neither.
    Cursors next;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!answers[i] || !answers[i]->answer) continue;
      if (auto cursor = NextCursor(*answers[i]->answer)) next[i] = std::move(cursor);
      Append(i, *answers[i]->answer, elements);
    }
    json::Value result{json::Object{}};
    if (modern()) result.Set("resultType", "complete");
    result.Set(request_.method->list_member, json::Value(std::move(elements)));
    if (!next.empty()) result.Set("nextCursor", WriteCursor(next));
    if (modern()) {
      result.Set("ttlMs", 0);
      result.Set("cacheScope", "private");
      result.Set("_meta", OwnResultMeta(lane_.context.version));
    }
    SendJson(*request_.exchange, 200, ResultReply(id, std::move(result)));
  }

  // False, and no answer is left, when it is none that can be used.
  bool Take(std::size_t upstream, std::optional<Asked>& asked) {
    if (!cursors_.contains(upstream)) return false;
    const bool listed = asked && asked->answer && !asked->answer->rpc_error;
    if (listed && ReadNames(*asked->answer, request_.method->list_member).ok()) {
      LearnPage(lane_, upstream, *request_.method, !cursors_.at(upstream), *asked->answer);
      return true;
    }
    // An upstream without prompts or resources says so with an error, and that is no trouble.
    if (asked && asked->answer && asked->answer->rpc_error) {
      refused_ = refused_ ? refused_ : asked->answer;
      asked->answer.reset();
      return false;
    }
    const std::string detail = !asked ? "no answer within mcp.merge_wait_ms" : asked->failure ? asked->failure->detail : "no list";
    lane_.context.log->Warn("upstream left out of a list", {{"upstream", lane_.At(upstream).upstream->name()},
                                                            {"method", request_.method->name}, {"detail", detail}});
    if (asked) asked->answer.reset();
    return false;
  }

  void SendFailure(const json::Value& id, const Gather::Answers& answers) {
    if (refused_) {
      refused_->body.Set("id", id);
      return SendJson(*request_.exchange, 200, json::Write(refused_->body));
    }
    SendJson(*request_.exchange, 200, ErrorReply(id, kInternalError, FirstFailure(answers).message));
  }

  void Append(std::size_t upstream, Answer& answer, json::Array& elements) {
    const Method& method = *request_.method;
    const Result<std::vector<std::string>> own = ReadNames(answer, method.list_member);
    const std::vector<bool> visible = VisibleNames(lane_, upstream, CredentialOf(*request_.exchange), method, *own, answer);
    const bool offers = method.name == "tools/list" && OffersTasks(lane_, request_.bound);
    json::Array& all = answer.body.Find("result")->Find(method.list_member)->array();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!visible[i]) continue;
      const std::string seen = lane_.context.directory->Seen(KindOf(method), upstream, (*own)[i]);
      if (seen != (*own)[i]) all[i].Set("name", seen);
      if (offers) AllowTask(all[i]);
      if (method.name == "tasks/list") NameListed(lane_.context, upstream, request_.principal, all[i]);
      elements.push_back(std::move(all[i]));
    }
  }

  Lane& lane_;
  const ListRequest request_;
  const Cursors cursors_;
  std::optional<Answer> refused_;
};

}  // namespace

void RunMergedList(Lane& lane, ListRequest request) {
  auto cursors = ReadCursor(request.message->params(), lane.backends.size());
  if (!cursors) {
    const int status = request.era == Era::kModern ? 400 : 200;
    return SendJson(*request.exchange, status, ErrorReply(*request.message->id(), kInvalidParams, "params.cursor is none that was given out here"));
  }
  std::make_shared<MergedList>(lane, std::move(request), std::move(*cursors))->Run();
}

}  // namespace intentgate::mcp
