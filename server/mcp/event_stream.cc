#include "mcp/event_stream.h"

#include <optional>
#include <utility>

#include "mcp/answer_reader.h"
#include "mcp/client_stream.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/message_flow.h"
#include "mcp/on_behalf.h"
#include "mcp/session_news.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

// Loop-bound; kept alive by the callbacks of its call.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(Lane& lane, ExchangePtr exchange, BoundSession bound, std::string principal)
      : lane_(lane), exchange_(std::move(exchange)), bound_(std::move(bound)), principal_(std::move(principal)),
        flow_(
            MessageFlow::Form::kSse, kFlowWindow, [this](json::Value message) { return Look(std::move(message)); },
            [this](const AnswerScan& scan) {
              if (!scan.has_method()) RecordFetched(lane_.context, bound_.id, scan.id(), scan.has_error() || scan.is_error());
            }) {}

  void Start() {
    const auto self = shared_from_this();
    const std::string_view last_event = exchange_->request().headers.Get("Last-Event-ID").value_or("");
    call_ = lane_.At(0).upstream->Get({bound_.id, bound_.protocol}, OnBehalfOf(lane_, 0, *exchange_), last_event,
                                                   {[self](const http::ResponseHead& head) { self->OnHead(head); },
                                                    [self](std::string_view piece) { self->OnBody(piece); },
                                                    [self](const Status& status) { self->OnDone(status); }});
    exchange_->OnClose([weak = weak_from_this()] {
      if (const auto gone = weak.lock()) gone->Cancel();
    });
  }

 private:
  void OnHead(const http::ResponseHead& head) {
    reader_.Head(head);
    if (!reader_.promising() || reader_.form() != AnswerReader::Form::kSse) return;
    call_->SetIdleTimeout(lane_.At(0).upstream->stream_idle());
    Begin(nullptr);
    if (call_ != nullptr) stream_->Add(call_);
  }

  // `keeps` lives as long as the stream is open.
  void Begin(std::shared_ptr<EventStream> keeps) {
    const auto weak = weak_from_this();
    ClientStream::Options options;
    options.between = [weak] {
      const auto self = weak.lock();
      return self != nullptr && self->flow_.between();
    };
    options.still_allowed = [weak] {
      const auto self = weak.lock();
      if (self == nullptr) return false;
      return CheckCaller(*self->lane_.context.gate, *self->exchange_).allowed() &&
             self->lane_.context.sessions->Use(self->bound_.id, self->principal_).has_value();
    };
    options.on_expired = [weak] {
      if (const auto self = weak.lock()) self->End();
    };
    options.on_gone = [weak, keeps = std::move(keeps)] {
      if (const auto self = weak.lock()) self->Cancel();
    };
    // Before the stream is there, so that whoever sees it begin misses nothing.
    Listen();
    stream_ = std::make_shared<ClientStream>(exchange_, lane_.keep_alive(), std::move(options));
    stream_->Start(EventStreamHeaders());
    WriteTold();
  }

  // To what the gateway itself has to tell the session.
  void Listen() {
    news_.Start([weak = weak_from_this()](const std::string& event) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->told_ += event;
      self->WriteTold();
    });
  }

  // Not in the middle of an upstream's event.
  void WriteTold() {
    if (stream_ != nullptr && flow_.between()) stream_->Write(std::exchange(told_, {}));
  }

  // Everything goes on as it came, except what is about tasks (task_ids.h).
  Result<std::optional<std::string>> Look(json::Value message) {
    const json::Value* id = message.Find("id");
    if (message.Find("method") == nullptr && id != nullptr) {
      RecordFetched(lane_.context, bound_.id, json::Write(*id), IsFailure(message));
    }
    return ForStream(lane_.context, 0, std::move(message), principal_, false);
  }

  void OnBody(std::string_view piece) {
    if (stream_ == nullptr) return;
    std::string out;
    const Status flowed = flow_.Feed(piece, out);
    stream_->Write(out);
    WriteTold();
    if (flowed.ok()) return;
    lane_.context.log->Warn("upstream failed", {{"method", "GET"}, {"detail", flowed.error().ToString()}});
    Cancel();
    stream_->Abort();
  }

  void OnDone(const Status& status) {
    call_.reset();
    Cancel();
    // A stream that ended is opened anew by whoever wants more.
    if (stream_ != nullptr) return stream_->Finish();
    if (!status.ok()) {
      lane_.context.log->Warn("upstream failed", {{"method", "GET"}, {"detail", status.error().ToString()}});
      return exchange_->SendError(502, "the upstream did not answer");
    }
    if (reader_.status() == 404) {
      lane_.context.sessions->Drop(bound_.id, principal_);
      return SendJson(*exchange_, 404, ErrorReply({}, kInvalidRequest, "session not found"));
    }
    // The upstream has nothing to say to the session, but the gateway has.
    if (reader_.status() == 405 && news_.Expected()) return Begin(shared_from_this());
    const bool told = reader_.status() == 405 || reader_.status() == 400 || reader_.status() == 409;
    exchange_->SendError(told ? reader_.status() : 502, "the upstream gave no stream");
  }

  void End() {
    Cancel();
    stream_->Finish();
  }

  void Cancel() {
    news_.Stop();
    if (call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
  }

  Lane& lane_;
  const ExchangePtr exchange_;
  const BoundSession bound_;
  const std::string principal_;
  AnswerReader reader_{json::Value(), 0};
  MessageFlow flow_;
  std::string told_;  // waits until it can be written
  SessionNews news_{lane_, bound_, exchange_};
  std::shared_ptr<ClientStream> stream_;
  std::shared_ptr<http::ClientCall> call_;
};

}  // namespace

void RunEventStream(Lane& lane, ExchangePtr exchange, const BoundSession& bound, const std::string& principal) {
  std::make_shared<EventStream>(lane, std::move(exchange), bound, principal)->Start();
}

}  // namespace intentgate::mcp
