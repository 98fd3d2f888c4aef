#include "mcp/discover.h"

#include <utility>

#include "mcp/exchange_util.h"
#include "mcp/gather.h"
#include "mcp/on_behalf.h"
#include "mcp/task_forms.h"

namespace intentgate::mcp {
namespace {

bool HasResult(const std::optional<Asked>& asked) { return asked && asked->answer && !asked->answer->rpc_error; }
// It answered, and does not know the method.
bool IsOfTheOtherEra(const Asked& asked) { return asked.answer || (asked.status >= 400 && asked.status < 500); }

}  // namespace

json::Value ModernVersions() { return json::Value(json::Array{json::Value(kModernProtocol)}); }

json::Value LegacyVersions() {
  return json::Value(json::Array{json::Value(kNewestProtocol), json::Value("2025-06-18"), json::Value(kDefaultProtocol)});
}

json::Value OwnResultMeta(std::string_view version) {
  return json::MakeObject({{"io.modelcontextprotocol/serverInfo", json::MakeObject({{"name", "intentgate"}, {"version", version}})}});
}

void SendDiscoverFailure(const Lane& lane, http::Exchange& exchange, const json::Value& id, const Asked& asked) {
  if (!IsOfTheOtherEra(asked)) {
    lane.context.log->Warn("upstream failed", {{"method", "server/discover"}, {"detail", asked.failure->detail}});
    return SendJson(exchange, 200, ErrorReply(id, kInternalError, asked.failure->message));
  }
  // What a server of the other era would say. A code of this era, such as -32022, keeps some public clients from falling back.
  SendJson(exchange, 400,
           StructuredError(id, kMethodNotFound, CodeMessage(kMethodNotFound),
                           json::MakeObject({{"reason", "the tool server speaks earlier revisions alone: begin with initialize"},
                                             {"supported", LegacyVersions()}})));
}

void DiscoverAll(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message) {
  const auto done = [&lane, exchange, id = *message->id()](Gather::Answers answers) {
    std::vector<const json::Value*> capabilities;
    for (const auto& one : answers) {
      if (one && !HasResult(one) && IsOfTheOtherEra(*one)) return SendDiscoverFailure(lane, *exchange, id, *one);
      if (HasResult(one)) capabilities.push_back(one->answer->body.AtPointer("/result/capabilities"));
    }
    if (capabilities.empty()) return SendDiscoverFailure(lane, *exchange, id, {std::nullopt, FirstFailure(answers), 0, {}});
    json::Value can = MergedCapabilities(capabilities);
    if (lane.context.settings->offer_tasks) OfferTasks(can, Era::kModern);
    json::Value result = json::MakeObject({{"resultType", "complete"},
                                           {"supportedVersions", ModernVersions()},
                                           {"capabilities", std::move(can)},
                                           {"_meta", OwnResultMeta(lane.context.version)},
                                           {"ttlMs", 0},
                                           {"cacheScope", "private"}});
    SendJson(*exchange, 200, ResultReply(id, std::move(result)));
  };
  const auto gather = std::make_shared<Gather>(lane, done);
  gather->Run(AllUpstreams(lane), [&](std::size_t upstream, std::function<void(Asked)> tell) {
    Question question{std::string(exchange->body()), *message->id(), {}, lane.max_answer(),
                      PassedHeaders(exchange->request(), Era::kModern)};
    question.takes_errors = true;
    question.caller = OnBehalfOf(lane, upstream, *exchange);
    Ask(*lane.At(upstream).upstream, std::move(question), std::move(tell));
  });
}

}  // namespace intentgate::mcp
