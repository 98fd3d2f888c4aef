#include "mcp/subscriptions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/sse.h"
#include "mcp/credential.h"
#include "mcp/denial.h"
#include "mcp/merged_stream.h"
#include "mcp/relay.h"
#include "mcp/task_ids.h"
#include "mcp/tasks.h"

namespace intentgate::mcp {
namespace {

constexpr std::array<std::string_view, 5> kWanted = {"toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions", "taskIds"};

bool IsKnown(const json::Member& member) { return std::find(kWanted.begin(), kWanted.end(), member.name) != kWanted.end(); }

// False: it is there and no list of at most kMaxSubscriptions texts, each of 1 to `max_bytes`.
bool ReadTexts(const json::Value* list, std::size_t max_bytes, std::vector<std::string>& texts) {
  if (list == nullptr) return true;
  if (!list->is_array() || list->array().size() > kMaxSubscriptions) return false;
  for (const json::Value& text : list->array()) {
    if (!text.is_string() || text.string_value().empty() || text.string_value().size() > max_bytes) return false;
    texts.push_back(text.string_value());
  }
  return true;
}

// The resources still to be judged; the first refusal ends it.
class Listening : public std::enable_shared_from_this<Listening> {
 public:
  Listening(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Subscriptions wanted, std::string principal)
      : lane_(lane), exchange_(std::move(exchange)), message_(std::move(message)), uris_(std::move(wanted.uris)),
        task_ids_(std::move(wanted.task_ids)), has_others_(wanted.has_others), principal_(std::move(principal)) {}

  void Next() {
    if (exchange_->closed()) return;
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
    HeardTasks tasks = Tasks();
    if (lane_.merged() || !tasks.own.empty()) return RunMergedListen(lane_, exchange_, message_, std::move(tasks), principal_);
    RelayTask task{.exchange = exchange_, .message = message_, .era = Era::kModern};
    if (!task_ids_.empty() || has_others_) task.body = json::Write(WithTasksOf(0, tasks.upstreams, message_->body()));
    task.principal = principal_;
    task.listens = true;
    StartRelay(lane_, std::move(task));
  }

  HeardTasks Tasks() const {
    HeardTasks tasks;
    const auto covers = [this](const auto& task) { return CoversTool(lane_, task.upstream, task.tool, CredentialOf(*exchange_)); };
    for (const std::string& id : task_ids_) {
      if (const auto own = lane_.context.own_tasks->Find(id, principal_)) {
        if (covers(*own)) tasks.own.push_back(id);
      } else if (auto task = TaskOf(lane_.context, id, principal_); task && covers(*task)) {
        tasks.upstreams.push_back(std::move(*task));
      }
    }
    return tasks;
  }

  Lane& lane_;
  const ExchangePtr exchange_;
  const std::shared_ptr<const Message> message_;
  const std::vector<std::string> uris_;
  const std::vector<std::string> task_ids_;
  const bool has_others_;
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

std::variant<Subscriptions, Refusal> ReadSubscriptions(const Message& message) {
  const auto refuse = [&message](std::string reason) {
    return Refusal{kInvalidParams, std::move(reason), *message.id(), std::string(message.method()), {}};
  };
  const json::Value* wanted = message.params()->Find("notifications");
  if (wanted == nullptr || !wanted->is_object()) return refuse("params.notifications must be an object");
  if (Status s = json::RefuseCaseVariants(*wanted, kWanted); !s.ok()) return refuse("in params.notifications: " + s.error().message.substr(0, kMaxReasonBytes));
  Subscriptions read;
  read.has_others = !std::all_of(wanted->object().begin(), wanted->object().end(), IsKnown);
  const std::string most = std::to_string(kMaxSubscriptions);
  if (!ReadTexts(wanted->Find("resourceSubscriptions"), kMaxUriBytes, read.uris)) {
    return refuse("resourceSubscriptions must be a list of at most " + most + " URIs");
  }
  if (!ReadTexts(wanted->Find("taskIds"), kMaxSealedIdBytes, read.task_ids)) return refuse("taskIds must be a list of at most " + most + " ids");
  return read;
}

json::Value WithTasksOf(std::size_t upstream, const std::vector<KnownTask>& tasks, json::Value body) {
  json::Value& notifications = *body.Find("params")->Find("notifications");
  std::erase_if(notifications.object(), [](const json::Member& member) { return member.name == "taskIds" || !IsKnown(member); });
  json::Array ids;
  for (const KnownTask& task : tasks) {
    if (task.upstream == upstream) ids.push_back(json::Value(task.id));
  }
  if (!ids.empty()) notifications.Set("taskIds", json::Value(std::move(ids)));
  return body;
}

void RunListen(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Subscriptions wanted, std::string principal) {
  std::make_shared<Listening>(lane, std::move(exchange), std::move(message), std::move(wanted), std::move(principal))->Next();
}

}  // namespace intentgate::mcp
