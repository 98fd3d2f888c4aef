#include "mcp/merged_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/sse.h"
#include "mcp/answer.h"
#include "mcp/answer_reader.h"
#include "mcp/client_stream.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/failure.h"
#include "mcp/message_flow.h"
#include "mcp/on_behalf.h"
#include "mcp/open_session.h"
#include "mcp/own_task_news.h"
#include "mcp/question_ids.h"
#include "mcp/subscriptions.h"
#include "mcp/target.h"
#include "mcp/session_news.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

constexpr std::string_view kAcknowledged = "notifications/subscriptions/acknowledged";

// What the two streams have in common: one call for each upstream, into one stream. Loop-bound; kept alive by the
// callbacks of its calls.
class MergedStream : public std::enable_shared_from_this<MergedStream> {
 public:
  MergedStream(Lane& lane, ExchangePtr exchange) : lane_(lane), exchange_(std::move(exchange)), sources_(lane.backends.size()), late_(lane.loop, [this] { Late(); }) {}
  virtual ~MergedStream() = default;
  MergedStream(const MergedStream&) = delete;  // callbacks refer to it
  MergedStream& operator=(const MergedStream&) = delete;

  void Run() {
    exchange_->OnClose([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->CancelAll();
    });
    if (exchange_->closed()) return;
    left_ = sources_.size();
    late_.Set(net::Millis(lane_.context.settings->merge_wait_ms));
    for (std::size_t i = 0; i < sources_.size(); ++i) Open(i);
  }

 protected:
  struct Source {
    AnswerReader reader{json::Value(), 0};
    std::optional<MessageFlow> flow;
    std::shared_ptr<http::ClientCall> call;
    bool opened = false;  // its head has come, or never will
    bool joined = false;  // what it tells belongs to the client's stream
    bool over = false;    // nothing that still comes from it is looked at
    std::string refusal;  // the body in place of a stream
  };

  virtual void Open(std::size_t upstream) = 0;
  // As MessageFlow::Look.
  virtual Result<std::optional<std::string>> Look(std::size_t upstream, json::Value message) = 0;
  virtual bool StillAllowed() = 0;
  // Every upstream has begun its stream, or failed to; at least one has begun. What the client gets first.
  virtual std::string Opening() = 0;
  virtual bool HoldsBack() const = 0;
  // What Opening said is on its way.
  virtual void Begun() {}
  virtual void Over() {}
  // What the client is told when the gateway ends the stream.
  virtual std::string Farewell() const { return {}; }
  // Whether the stream is of use without any upstream.
  virtual bool TellsByItself() const { return false; }
  // The upstream gave no stream but this status; true when it is asked once more.
  virtual bool Again(std::size_t upstream, int status) = 0;
  // The upstream is left out: it gave no stream, for that reason or with the status and body that its source has.
  virtual void LeftOut(std::size_t, const Status&) {}
  // No upstream has a stream: what the client gets in its place, or, when an upstream's head had come, on it.
  virtual void SendFailure() { exchange_->SendError(refused_ == 0 ? 502 : refused_, "no upstream gave a stream"); }

  http::ResponseCallbacks Callbacks(std::size_t upstream) {
    const auto self = shared_from_this();
    return {[self, upstream](const http::ResponseHead& head) { self->OnHead(upstream, head); },
            [self, upstream](std::string_view piece) { self->OnBody(upstream, piece); },
            [self, upstream](const Status& status) { self->OnDone(upstream, status); }};
  }

  void Opened(std::size_t upstream) {
    if (std::exchange(sources_[upstream].opened, true) || --left_ > 0) return;
    late_.Clear();
    if (over_) return;
    if (stream_ == nullptr && TellsByItself()) StartStream(shared_from_this());
    if (stream_ == nullptr || !Alive()) return Fail();
    opening_sent_ = true;
    stream_->Write(Opening() + std::exchange(held_, {}));
    if (over_) return;
    if (ended_) return EndWithFarewell();
    Begun();
  }

  // An upstream has ended its part, and so ends the client's stream: at once, or when the others have begun.
  void Ended(std::size_t upstream) {
    sources_[upstream].over = true;
    ended_ = true;
  }

  void CancelAll() {
    over_ = true;
    late_.Clear();
    Over();
    for (Source& source : sources_) {
      if (source.call != nullptr) std::exchange(source.call, nullptr)->Cancel();
    }
  }

  void End() {
    CancelAll();
    if (stream_ != nullptr) stream_->Finish();
  }

  void EndWithFarewell() {
    stream_->Write(Farewell());
    End();
  }

  Lane& lane_;
  const ExchangePtr exchange_;
  std::vector<Source> sources_;
  std::shared_ptr<ClientStream> stream_;
  int refused_ = 0;

 private:
  // Whether there is, or may yet be, something to tell.
  bool Alive() const {
    if (TellsByItself()) return true;
    return std::any_of(sources_.begin(), sources_.end(), [](const Source& one) { return one.flow && (one.joined || !one.over); });
  }

  void Fail() {
    CancelAll();
    SendFailure();
    if (stream_ != nullptr) stream_->Finish();
  }

  // The others go on.
  void LeaveOut(std::size_t upstream, const Status& why) {
    const auto self = shared_from_this();
    Source& source = sources_[upstream];
    source.over = true;
    if (source.call != nullptr) std::exchange(source.call, nullptr)->Cancel();
    LeftOut(upstream, why);
    Opened(upstream);
    if (!over_ && opening_sent_ && !Alive()) End();
  }

  void OnHead(std::size_t upstream, const http::ResponseHead& head) {
    Source& source = sources_[upstream];
    source.reader.Head(head);
    if (!source.reader.promising() || source.reader.form() != AnswerReader::Form::kSse) return;
    if (source.call != nullptr) source.call->SetIdleTimeout(lane_.At(upstream).upstream->stream_idle());
    source.flow.emplace(
        MessageFlow::Form::kSse, kSharedWindow, [this, upstream](json::Value message) { return Look(upstream, std::move(message)); },
        [](const AnswerScan&) {});
    source.flow->Share(EventPrefix(upstream), true);
    if (stream_ == nullptr) StartStream(TellsByItself() ? shared_from_this() : nullptr);
    if (source.call != nullptr) stream_->Add(source.call);
    if (HoldsBack()) return;
    source.joined = true;
    Opened(upstream);
  }

  // `keeps` lives as long as the stream is open.
  void StartStream(std::shared_ptr<MergedStream> keeps) {
    ClientStream::Options options;
    options.between = [] { return true; };
    options.still_allowed = [weak = weak_from_this()] {
      const auto self = weak.lock();
      return self != nullptr && self->StillAllowed();
    };
    options.on_expired = [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (self->opening_sent_) return self->EndWithFarewell();
      self->End();
    };
    options.on_gone = [weak = weak_from_this(), keeps = std::move(keeps)] {
      if (const auto self = weak.lock()) self->CancelAll();
    };
    stream_ = std::make_shared<ClientStream>(exchange_, lane_.keep_alive(), std::move(options));
    stream_->Start(EventStreamHeaders());
  }

  void OnBody(std::size_t upstream, std::string_view piece) {
    Source& source = sources_[upstream];
    if (over_ || source.over) return;
    if (!source.flow) return KeepRefusal(piece, source.refusal);
    const auto self = shared_from_this();
    std::string out;
    const Status flowed = source.flow->Feed(piece, out);
    if (over_) return;
    if (opening_sent_) stream_->Write(out);
    else if (held_.size() <= kSharedWindow) held_ += out;
    if (!flowed.ok()) {
      Warn(upstream, flowed.error().ToString());
      return source.joined ? End() : LeaveOut(upstream, flowed);
    }
    if (!source.over) return;
    if (!source.joined) return LeaveOut(upstream, {});
    if (opening_sent_) return EndWithFarewell();
    // The others still have to begin.
    if (source.call != nullptr) std::exchange(source.call, nullptr)->Cancel();
  }

  void OnDone(std::size_t upstream, const Status& status) {
    Source& source = sources_[upstream];
    source.call.reset();
    if (over_ || source.over) return;
    if (!status.ok()) Warn(upstream, status.error().ToString());
    if (!source.flow && status.ok()) {
      if (source.reader.status() == 405) refused_ = 405;
      if (Again(upstream, source.reader.status())) return;
    }
    if (!source.joined) return LeaveOut(upstream, status);
    Opened(upstream);
    End();
  }

  // Those that have not begun by now are left out.
  void Late() {
    const auto self = shared_from_this();
    for (std::size_t i = 0; i < sources_.size(); ++i) Opened(i);
  }

  void Warn(std::size_t upstream, const std::string& detail) {
    lane_.context.log->Warn("upstream failed", {{"upstream", lane_.At(upstream).upstream->name()}, {"method", "stream"}, {"detail", detail}});
  }

  net::Timer late_;
  std::size_t left_ = 0;
  std::string held_;  // came before every upstream had begun
  bool opening_sent_ = false;
  bool ended_ = false;  // an upstream has ended its part
  bool over_ = false;
};

class SessionStream final : public MergedStream {
 public:
  SessionStream(Lane& lane, ExchangePtr exchange, BoundSession bound, std::string principal)
      : MergedStream(lane, std::move(exchange)), bound_(std::move(bound)), principal_(std::move(principal)),
        resumed_(UnmarkEvent(exchange_->request().headers.Get("Last-Event-ID").value_or(""), lane.backends.size())) {}

 private:
  void Open(std::size_t upstream) override {
    WithPart(lane_, upstream, bound_, *exchange_, [self = shared_from_this(), this, upstream](std::variant<UpstreamSession, Failure> part) {
      if (exchange_->closed()) return;
      const auto* session = std::get_if<UpstreamSession>(&part);
      // Without a session there is no stream to listen to.
      if (session == nullptr || session->id.empty()) return Opened(upstream);
      sessions_[upstream] = *session;
      const std::string last = resumed_ && resumed_->upstream == upstream ? resumed_->id : std::string();
      sources_[upstream].call = lane_.At(upstream).upstream->Get(*session, OnBehalfOf(lane_, upstream, *exchange_), last, Callbacks(upstream));
    });
  }

  Result<std::optional<std::string>> Look(std::size_t upstream, json::Value message) override {
    const json::Value* id = message.Find("id");
    if (id != nullptr && message.Find("method") == nullptr) RecordFetched(lane_.context, bound_.id, json::Write(*id), IsFailure(message));
    return ForStream(lane_.context, upstream, std::move(message), principal_, true);
  }

  bool StillAllowed() override {
    return CheckCaller(*lane_.context.gate, *exchange_).allowed() && lane_.context.sessions->Use(bound_.id, principal_).has_value();
  }

  std::string Opening() override {
    news_.Start([weak = weak_from_this(), this](const std::string& event) {
      if (const auto self = weak.lock()) stream_->Write(event);
    });
    return {};
  }
  bool TellsByItself() const override { return news_.Expected(); }
  void Over() override {
    news_.Stop();
  }
  bool HoldsBack() const override { return false; }
  bool Again(std::size_t upstream, int status) override {
    if (status != 404 || retried_[upstream]) return false;
    retried_[upstream] = true;
    bound_.parts->Forget(upstream, sessions_[upstream]);
    Open(upstream);
    return true;
  }

  const BoundSession bound_;
  const std::string principal_;
  const std::optional<MarkedEvent> resumed_;
  std::vector<UpstreamSession> sessions_{sources_.size()};
  SessionNews news_{lane_, bound_, exchange_};
  std::vector<bool> retried_ = std::vector<bool>(sources_.size());
};

// Each upstream acknowledges what it will tell; the client gets one acknowledgement of all of it.
class ListenStream final : public MergedStream {
 public:
  ListenStream(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, HeardTasks tasks, const std::string& principal)
      : MergedStream(lane, std::move(exchange)), message_(std::move(message)), tasks_(std::move(tasks.upstreams)), principal_(principal),
        news_(lane_, std::move(tasks.own), principal, *message_->id()) {}

 private:
  void Open(std::size_t upstream) override {
    UpstreamMessage message{json::Write(BodyFor(upstream))};
    message.more = PassedHeaders(exchange_->request(), Era::kModern);
    message.replayable = true;
    message.stays_open = true;
    message.caller = OnBehalfOf(lane_, upstream, *exchange_);
    sources_[upstream].call = lane_.At(upstream).upstream->Post(std::move(message), Callbacks(upstream));
  }

  // Only an upstream's own resources and tasks are asked of it.
  json::Value BodyFor(std::size_t upstream) const {
    json::Value body = WithTasksOf(upstream, tasks_, message_->body());
    json::Value* list = body.Find("params")->Find("notifications")->Find("resourceSubscriptions");
    if (list == nullptr || !list->is_array()) return body;
    std::erase_if(list->array(), [&](const json::Value& uri) {
      return lane_.context.directory->Find(Directory::Kind::kResource, uri.string_value()) != upstream;
    });
    return body;
  }

  Result<std::optional<std::string>> Look(std::size_t upstream, json::Value message) override {
    if (sources_[upstream].over) return std::optional<std::string>("");
    const json::Value* method = message.Find("method");
    if (method == nullptr) return OnAnswer(upstream, std::move(message));
    if (message.Find("id") != nullptr) return Error{ErrorCode::kMalformed, "a request on an answer's stream"};
    if (!(*method == json::Value(kAcknowledged))) return ForStream(lane_.context, upstream, std::move(message), principal_, false);
    const json::Value* accepted = message.AtPointer("/params/notifications");
    if (accepted != nullptr && accepted->is_object()) {
      accepted_[upstream] = *accepted;
      NameSubscribed(lane_.context, upstream, principal_, accepted_[upstream]);
    }
    if (acknowledgement_.is_null()) acknowledgement_ = std::move(message);
    sources_[upstream].joined = true;
    Opened(upstream);
    return std::optional<std::string>("");
  }

  // The end of the upstream's part. The client's own result is the gateway's.
  Result<std::optional<std::string>> OnAnswer(std::size_t upstream, json::Value message) {
    Result<Answer> answer = CheckAnswer(std::move(message), *message_->id());
    if (!answer.ok()) return answer.error();
    if (!sources_[upstream].joined) {
      if (answer->rpc_error && !refusal_) refusal_.emplace(200, std::move(*answer));
      sources_[upstream].over = true;
      return std::optional<std::string>("");
    }
    if (answer->rpc_error) return Error{ErrorCode::kMalformed, "the subscription ended with an error"};
    Ended(upstream);
    return std::optional<std::string>("");
  }

  void LeftOut(std::size_t upstream, const Status& why) override {
    const Source& source = sources_[upstream];
    const int status = source.reader.status();
    if (!why.ok()) {
      if (!failure_) failure_ = source.flow ? Failure::FromRubbish(status, why.error()) : Failure::FromTransport(why.error());
      return;
    }
    if (source.flow) return;
    auto told = status == 200 ? ReadError(source.refusal, *message_->id()) : ReadRefusal(status, source.refusal, *message_->id());
    if (told && !refusal_) refusal_.emplace(status, std::move(*told));
    if (!told && !failure_) failure_ = Failure::FromStatus(status);
  }

  void SendFailure() override {
    const Failure failure = failure_ ? *failure_ : Failure::FromTransport({ErrorCode::kTimeout, "no upstream began within mcp.merge_wait_ms"});
    const std::string reply = refusal_ ? json::Write(refusal_->second.body) : ErrorReply(*message_->id(), kInternalError, failure.message);
    if (stream_ == nullptr) return SendJson(*exchange_, refusal_ ? refusal_->first : 200, reply);
    std::string event;
    http::AppendSseEvent({}, {}, reply, event);
    stream_->Write(event);
  }

  static void Add(const json::Value& accepted, json::Value& all) {
    for (const json::Member& member : accepted.object()) {
      json::Value* known = all.Find(member.name);
      if (known != nullptr && known->is_array() && member.value.is_array()) {
        known->array().insert(known->array().end(), member.value.array().begin(), member.value.array().end());
      } else if (known == nullptr || member.value == json::Value(true)) {
        all.Set(member.name, member.value);
      }
    }
  }

  bool StillAllowed() override {
    return CheckCaller(*lane_.context.gate, *exchange_).allowed();
  }

  std::string Opening() override {
    std::string out;
    json::Value all = json::Object{};
    if (!news_.ids().empty()) {
      if (acknowledgement_.is_null()) acknowledgement_ = OwnAcknowledgement();
      Add(OwnAccepted(), all);
    }
    if (acknowledgement_.is_null()) return out;
    for (const json::Value& accepted : accepted_) {
      if (accepted.is_object()) Add(accepted, all);
    }
    const json::Value* sent = acknowledgement_.Find("params");
    json::Value params = sent != nullptr && sent->is_object() ? *sent : json::Value(json::Object{});
    params.Set("notifications", std::move(all));
    acknowledgement_.Set("params", std::move(params));
    http::AppendSseEvent({}, {}, json::Write(acknowledgement_), out);
    return out;
  }
  json::Value OwnAcknowledgement() const {
    return json::MakeObject({{"jsonrpc", "2.0"}, {"method", kAcknowledged},
                             {"params", json::MakeObject({{"_meta", json::MakeObject({{kMetaSubscription, *message_->id()}})}})}});
  }
  json::Value OwnAccepted() const {
    json::Array ids;
    for (const std::string& id : news_.ids()) ids.push_back(json::Value(id));
    return json::MakeObject({{"taskIds", json::Value(std::move(ids))}});
  }

  void Begun() override {
    news_.Start([weak = weak_from_this(), this](const std::string& event) {
      if (const auto self = weak.lock()) stream_->Write(event);
    });
  }
  bool TellsByItself() const override { return !news_.ids().empty(); }
  void Over() override { news_.Stop(); }
  bool HoldsBack() const override { return true; }
  std::string Farewell() const override { return EndOfListening(*message_->id()); }
  bool Again(std::size_t, int) override { return false; }

  const std::shared_ptr<const Message> message_;
  const std::vector<KnownTask> tasks_;
  const std::string principal_;
  OwnTaskNews news_;
  std::optional<std::pair<int, Answer>> refusal_;  // the first JSON-RPC error in place of a stream, and its HTTP status
  std::optional<Failure> failure_;                 // the first other reason
  json::Value acknowledgement_;
  std::vector<json::Value> accepted_ = std::vector<json::Value>(sources_.size());  // null: nothing yet
};

}  // namespace

void RunMergedStream(Lane& lane, ExchangePtr exchange, const BoundSession& bound, const std::string& principal) {
  std::make_shared<SessionStream>(lane, std::move(exchange), bound, principal)->Run();
}

void RunMergedListen(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, HeardTasks tasks, const std::string& principal) {
  std::make_shared<ListenStream>(lane, std::move(exchange), std::move(message), std::move(tasks), principal)->Run();
}

}  // namespace intentgate::mcp
