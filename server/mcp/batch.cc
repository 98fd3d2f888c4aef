#include "mcp/batch.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/exchange_util.h"
#include "mcp/message.h"
#include "mcp/reception.h"

namespace intentgate::mcp {
namespace {

// The answers of a batch as they come; the last one sends them.
class Answers {
 public:
  // `max` bounds each answer.
  Answers(ExchangePtr exchange, std::size_t count, std::size_t max)
      : max_bytes(max), exchange_(std::move(exchange)), parts_(count) {}
  ~Answers() {
    std::string body = "[";
    for (const std::string& part : parts_) {
      if (part.empty()) continue;
      if (body.size() > 1) body += ",";
      body += part;
    }
    // Notifications alone are not answered.
    if (body.size() == 1) exchange_->Send(202, {}, {});
    else SendJson(*exchange_, 200, body + "]");
  }
  Answers(const Answers&) = delete;  // sends at its end
  Answers& operator=(const Answers&) = delete;

  http::Exchange& exchange() { return *exchange_; }
  void Set(std::size_t at, std::string_view body) { parts_[at] = body; }

  const std::size_t max_bytes;

 private:
  const ExchangePtr exchange_;
  std::vector<std::string> parts_;
};

// One message of a batch, which reads no streams and is answered into the batch.
class Part final : public http::Exchange {
 public:
  Part(std::shared_ptr<Answers> answers, std::size_t at, json::Value message)
      : answers_(std::move(answers)), at_(at), head_(answers_->exchange().request()), json_(std::move(message)),
        body_(json::Write(json_)), remote_(answers_->exchange().remote_address()) {
    head_.headers.Set("Accept", "application/json");
  }

  const http::RequestHead& request() const override { return head_; }
  std::string_view body() const override { return body_; }
  const std::string& remote_address() const override { return remote_; }
  net::Loop& loop() override { return answers_->exchange().loop(); }
  std::string_view proven_key() const override { return answers_->exchange().proven_key(); }
  void Send(int, const http::HeaderList&, std::string_view body) override { answers_->Set(at_, body); }
  // A JSON answer that was too large to be held.
  void Start(int, const http::HeaderList&) override { streamed_.emplace(); }
  bool Write(std::string_view data) override {
    if (streamed_ && streamed_->size() + data.size() > answers_->max_bytes) Fail("the answer is too large for a batch");
    if (streamed_) streamed_->append(data);
    return true;
  }
  void OnDrain(std::function<void()>) override {}
  // Nobody has read it as a whole yet, and what is no JSON would spoil the other answers.
  void Finish() override {
    if (!streamed_) return;
    if (!json::Parse(*streamed_, {.max_bytes = answers_->max_bytes}).ok()) return Fail("upstream sent no valid answer");
    answers_->Set(at_, *streamed_);
  }
  // None of it has gone to the client.
  void Abort() override {
    if (streamed_) Fail("upstream sent no valid answer");
  }
  void OnClose(std::function<void()>) override {}
  bool closed() const override { return false; }

 private:
  void Fail(std::string_view why) {
    const json::Value* id = json_.Find("id");
    answers_->Set(at_, ErrorReply(id == nullptr ? json::Value() : *id, kInternalError, why));
    streamed_.reset();
  }

  const std::shared_ptr<Answers> answers_;
  const std::size_t at_;
  http::RequestHead head_;
  const json::Value json_;
  const std::string body_;
  const std::string remote_;
  std::optional<std::string> streamed_;
};

class Batch : Reception {
 public:
  using Reception::Reception;

  void Run() {
    const auto limit = static_cast<std::size_t>(lane_.context.settings->limits.max_body_bytes);
    const Result<json::Value> parsed = json::Parse(exchange_->body(), {.max_bytes = limit, .max_depth = kMaxMessageDepth});
    if (!parsed.ok()) return Refuse({kParseError, parsed.error().message, {}, {}, {}});
    const json::Array& messages = parsed->array();
    if (messages.empty() || messages.size() > kMaxBatchMessages) {
      return Refuse({kInvalidRequest, "a batch has 1 to " + std::to_string(kMaxBatchMessages) + " messages", {}, {}, {}});
    }
    for (const json::Value& message : messages) {
      const json::Value* method = message.Find("method");
      if (message.is_object() && (method == nullptr || !(*method == json::Value("initialize")))) continue;
      return Refuse({kInvalidRequest, "a batch is a list of messages, and initialize is not among them", {}, {}, {}});
    }
    const auto answers = std::make_shared<Answers>(exchange_, messages.size(), lane_.max_answer());
    for (std::size_t at = 0; at < messages.size(); ++at) {
      HandlePost(lane_, std::make_shared<Part>(answers, at, messages[at]));
    }
  }
};

}  // namespace

bool IsBatch(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '[';
}

void RunBatch(Lane& lane, ExchangePtr exchange) { Batch(lane, std::move(exchange)).Run(); }

}  // namespace intentgate::mcp
