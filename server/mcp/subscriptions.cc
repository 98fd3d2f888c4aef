#include "mcp/subscriptions.h"

#include <utility>

#include "http/sse.h"
#include "mcp/credential.h"
#include "mcp/denial.h"
#include "mcp/merged_stream.h"
#include "mcp/relay.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kMetaSubscription = "io.modelcontextprotocol/subscriptionId";

// The resources still to be judged; the first refusal ends it.
class Listening : public std::enable_shared_from_this<Listening> {
 public:
  Listening(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, std::vector<std::string> uris,
            std::string principal)
      : lane_(lane), exchange_(std::move(exchange)), message_(std::move(message)), uris_(std::move(uris)),
        principal_(std::move(principal)) {}

  void Next() {
    if (at_ == uris_.size()) return Open();
    const json::Value arguments = json::MakeObject({{"uri", uris_[at_++]}});
    const Credential caller = CredentialOf(*exchange_);
    const Call asked{.token = caller.token,
                     .tool = "resources/subscribe",
                     .arguments = &arguments,
                     .method = "resources/subscribe",
                     .remote_ip = exchange_->remote_address(),
                     .server = ServerOf(uris_[at_ - 1]),
                     .holder = caller.holder};
    lane_.context.gate->AuthorizeAsync(asked, [self = shared_from_this(), mailbox = lane_.mailbox](Decision decision) mutable {
      mailbox->Run([self = std::move(self), decision = std::move(decision)] { self->Judged(decision); });
    });
  }

 private:
  std::string_view ServerOf(const std::string& uri) const {
    const auto upstream = lane_.context.directory->Find(Directory::Kind::kResource, uri);
    return upstream ? std::string_view(lane_.At(*upstream).upstream->name()) : std::string_view();
  }

  void Judged(const Decision& decision) {
    lane_.context.metrics->Decided(decision);
    if (!decision.allowed()) return SendDenial(lane_, *exchange_, *message_->id(), decision, "resources/subscribe");
    Outcome outcome;
    lane_.context.gate->RecordOutcome(decision, outcome);
    Next();
  }

  void Open() {
    if (lane_.merged()) return RunMergedListen(lane_, exchange_, message_, principal_);
    RelayTask task{.exchange = exchange_, .message = message_, .era = Era::kModern};
    task.principal = principal_;
    task.listens = true;
    StartRelay(lane_, std::move(task));
  }

  Lane& lane_;
  const ExchangePtr exchange_;
  const std::shared_ptr<const Message> message_;
  const std::vector<std::string> uris_;
  const std::string principal_;
  std::size_t at_ = 0;
};

}  // namespace

std::string EndOfListening(const json::Value& id) {
  const json::Value result = json::MakeObject({{"resultType", "complete"}, {"_meta", json::MakeObject({{kMetaSubscription, id}})}});
  std::string event;
  http::AppendSseEvent({}, {}, ResultReply(id, result), event);
  return event;
}

std::variant<std::vector<std::string>, Refusal> ReadSubscriptions(const Message& message) {
  const auto refuse = [&message](std::string reason) {
    return Refusal{kInvalidParams, std::move(reason), *message.id(), std::string(message.method()), {}};
  };
  const json::Value* wanted = message.params()->Find("notifications");
  if (wanted == nullptr || !wanted->is_object()) return refuse("params.notifications must be an object");
  std::vector<std::string> uris;
  const json::Value* list = wanted->Find("resourceSubscriptions");
  if (list == nullptr) return uris;
  if (!list->is_array() || list->array().size() > kMaxSubscriptions) {
    return refuse("resourceSubscriptions must be a list of at most " + std::to_string(kMaxSubscriptions) + " URIs");
  }
  for (const json::Value& uri : list->array()) {
    if (!uri.is_string() || uri.string_value().empty() || uri.string_value().size() > kMaxUriBytes) {
      return refuse("resourceSubscriptions must be a list of URIs");
    }
    uris.push_back(uri.string_value());
  }
  return uris;
}

void RunListen(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, std::vector<std::string> uris,
               std::string principal) {
  std::make_shared<Listening>(lane, std::move(exchange), std::move(message), std::move(uris), std::move(principal))->Next();
}

}  // namespace intentgate::mcp
