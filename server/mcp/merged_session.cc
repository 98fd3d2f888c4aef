#include "mcp/merged_session.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "mcp/ask.h"
#include "mcp/exchange_util.h"
#include "mcp/find_session.h"
#include "mcp/gather.h"
#include "mcp/on_behalf.h"
#include "mcp/open_session.h"
#include "mcp/question_ids.h"
#include "mcp/task_call.h"
#include "mcp/task_forms.h"

namespace intentgate::mcp {
namespace {

constexpr std::size_t kSessionIdBytes = 18;

Result<std::string> NewSessionId() {
  std::array<std::uint8_t, kSessionIdBytes> bytes{};
  if (Status filled = SystemRandom()->Fill(bytes); !filled.ok()) return filled.error();
  return base::Base64UrlEncode(bytes);
}

struct Hello {
  std::string protocol{kNewestProtocol};          // the oldest that an upstream chose
  std::vector<const json::Value*> capabilities;
  std::string instructions;
};

Hello Combine(const Lane& lane, const Gather::Answers& answers) {
  Hello hello;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i] || !answers[i]->answer) continue;
    const json::Value& result = *answers[i]->answer->body.Find("result");
    hello.protocol = std::min(hello.protocol, result.Find("protocolVersion")->string_value());
    hello.capabilities.push_back(result.Find("capabilities"));
    const json::Value* instructions = result.Find("instructions");
    if (instructions == nullptr || !instructions->is_string()) continue;
    if (!hello.instructions.empty()) hello.instructions += "\n\n";
    hello.instructions += lane.context.directory->NameOf(i) + ": " + instructions->string_value();
  }
  return hello;
}

void SendHello(Lane& lane, http::Exchange& exchange, const json::Value& id, const std::string& principal,
            const std::shared_ptr<SessionParts>& parts, const Gather::Answers& answers) {
  const bool any = std::any_of(answers.begin(), answers.end(), [](const auto& one) { return one && !one->failure; });
  const Result<std::string> session = NewSessionId();
  if (!any || !session.ok()) {
    const Failure failure = any ? Failure::FromTransport(session.error()) : FirstFailure(answers);
    lane.context.log->Warn("upstream failed", {{"method", "initialize"}, {"detail", failure.detail}});
    return SendJson(exchange, 200, ErrorReply(id, kInternalError, failure.message));
  }
  const Hello hello = Combine(lane, answers);
  json::Value result = OwnInitializeResult(hello.protocol, lane.context.version);
  if (!hello.capabilities.empty()) result.Set("capabilities", MergedCapabilities(hello.capabilities));
  if (!hello.instructions.empty()) result.Set("instructions", hello.instructions);
  const Result<json::Value> said = json::Parse(parts->hello, {.max_bytes = parts->hello.size(), .max_depth = kMaxMessageDepth});
  const bool takes_urls = said.ok() && TakesUrls(said->Find("params"), hello.protocol);
  const BoundSession opened{*session, hello.protocol, parts, takes_urls};
  if (OffersTasks(lane, opened)) OfferTasks(*result.Find("capabilities"), Era::kLegacy);
  const Result<std::string> client_id = ClientIdOf(lane.context, opened, principal);
  if (!client_id.ok() || !lane.context.sessions->Bind(opened, principal)) {
    return SendJson(exchange, 200, ErrorReply(id, kInternalError, "the session could not be opened"));
  }
  SendJson(exchange, 200, ResultReply(id, std::move(result)), *client_id);
}

// The part comes into being also when it is too late for the answer.
void OpenPart(Lane& lane, std::size_t upstream, const std::shared_ptr<SessionParts>& parts, const oauth::OnBehalfPtr& caller,
              std::function<void(Asked)> tell) {
  Upstream& to = *lane.At(upstream).upstream;
  OpenSession(to, parts->hello, parts->hello_id, lane.max_answer(), caller,
              [&lane, &to, caller, upstream, parts, tell = std::move(tell)](std::variant<OpenedSession, Failure> opened) {
                if (auto* failure = std::get_if<Failure>(&opened)) {
                  lane.context.log->Warn("upstream failed", {{"upstream", to.name()}, {"method", "initialize"}, {"detail", failure->detail}});
                  return tell({std::nullopt, std::move(*failure), 0, {}});
                }
                auto& good = std::get<OpenedSession>(opened);
                if (!parts->Set(upstream, good.session) && !good.session.id.empty()) TellEnd(to, good.session, caller);
                tell({std::move(good.answer), std::nullopt, 200, {}});
              });
}

std::vector<std::size_t> OpenParts(const SessionParts& parts, std::size_t upstreams) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < upstreams; ++i) {
    if (parts.At(i)) open.push_back(i);
  }
  return open;
}

}  // namespace

void RunMergedInitialize(Lane& lane, ExchangePtr exchange, json::Value id, std::string hello, std::string principal) {
  const auto parts = std::make_shared<SessionParts>(lane.backends.size(), std::move(hello), id);
  const auto gather = std::make_shared<Gather>(
      lane, [&lane, exchange, id = std::move(id), principal = std::move(principal), parts](const Gather::Answers& answers) {
        SendHello(lane, *exchange, id, principal, parts, answers);
      });
  gather->Run(AllUpstreams(lane), [&](std::size_t upstream, std::function<void(Asked)> tell) {
    OpenPart(lane, upstream, parts, OnBehalfOf(lane, upstream, *exchange), std::move(tell));
  });
}

void RelayToParts(Lane& lane, const ExchangePtr& exchange, const Message& message, const BoundSession& bound) {
  const std::size_t upstreams = lane.backends.size();
  const auto marked = UnmarkAnswer(message.body(), upstreams);
  if (message.kind() == MessageKind::kResponse && !marked) {
    return SendJson(*exchange, 400, ErrorReply({}, kInvalidRequest, "no upstream has asked this"));
  }
  exchange->Send(202, {}, {});
  // Each part had its own when it was opened.
  if (message.method() == "notifications/initialized") return;
  for (const std::size_t upstream : OpenParts(*bound.parts, upstreams)) {
    if (marked && marked->upstream != upstream) continue;
    const auto part = bound.parts->At(upstream);
    if (!part) continue;
    Tell(*lane.At(upstream).upstream, json::Write(marked ? marked->body : message.body()), *part, OnBehalfOf(lane, upstream, *exchange),
         [parts = bound.parts, upstream, part](int status) {
           if (status == 404) parts->Forget(upstream, *part);
         });
  }
}

void RunAtAll(Lane& lane, ExchangePtr exchange, const Message& message, const BoundSession& bound) {
  const auto done = [exchange, id = *message.id()](const Gather::Answers& answers) {
    const Asked* refused = nullptr;
    for (const auto& one : answers) {
      if (!one || !one->answer) continue;
      if (!one->answer->rpc_error) return SendJson(*exchange, 200, json::Write(one->answer->body));
      refused = &*one;
    }
    if (refused != nullptr) return SendJson(*exchange, 200, json::Write(refused->answer->body));
    SendJson(*exchange, 200, ErrorReply(id, kInternalError, FirstFailure(answers).message));
  };
  const auto gather = std::make_shared<Gather>(lane, done);
  gather->Run(OpenParts(*bound.parts, lane.backends.size()), [&](std::size_t upstream, std::function<void(Asked)> tell) {
    const auto part = bound.parts->At(upstream);
    Question question{std::string(exchange->body()), *message.id(), part.value_or(UpstreamSession{}), lane.max_answer()};
    question.caller = OnBehalfOf(lane, upstream, *exchange);
    Ask(*lane.At(upstream).upstream, std::move(question), std::move(tell));
  });
}

void EndParts(Lane& lane, http::Exchange& exchange, const SessionParts& parts) {
  for (const std::size_t upstream : OpenParts(parts, lane.backends.size())) {
    const auto part = parts.At(upstream);
    if (part && !part->id.empty()) TellEnd(*lane.At(upstream).upstream, *part, OnBehalfOf(lane, upstream, exchange));
  }
  exchange.Send(204, {}, {});
}

}  // namespace intentgate::mcp
