#include "mcp/shared_call.h"

#include <optional>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "http/sse.h"
#include "mcp/answer_reader.h"
#include "mcp/client_stream.h"
#include "mcp/exchange_util.h"
#include "mcp/on_behalf.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

// What may follow an answer on its stream before the connection is given up.
constexpr std::size_t kMaxTrailingBytes = 64 * 1024;
// What an id of ours makes a message longer at most.
constexpr std::size_t kMostIdBytes = 32;

// The upstream's answer on its way to the client. Loop-bound; kept alive by the callbacks of its call.
class SharedCall : public std::enable_shared_from_this<SharedCall> {
 public:
  SharedCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Decision decision, std::size_t upstream)
      : lane_(lane), at_(upstream), backend_(lane.At(upstream)), exchange_(std::move(exchange)), message_(std::move(message)), decision_(std::move(decision)),
        streams_(AcceptsEventStream(exchange_->request())),
        upstream_id_(*message_->id()) {}

  void Start() {
    start_nanos_ = lane_.context.clock->MonotonicNanos();
    caller_ = OnBehalfOf(lane_, at_, *exchange_);
    backend_.own.With(PrincipalOf(decision_), caller_, [self = shared_from_this()](std::variant<UpstreamSession, Failure> opened) {
      if (auto* failure = std::get_if<Failure>(&opened)) return self->Fail(*failure);
      self->own_ = std::get<UpstreamSession>(std::move(opened));
      self->SendAsOwn();
    });
  }

 private:
  // Without a session there is nothing in which ids could meet, and the body goes as it came. In a session
  // that several clients of a principal share, the parsed call goes under an id of the gateway's: what was
  // judged is what is sent.
  void SendAsOwn() {
    if (own_.id.empty()) return Send(own_, lane_.merged() ? json::Write(message_->body()) : std::string(exchange_->body()));
    upstream_id_ = json::Value(std::to_string(lane_.next_id++));
    std::string body;
    body.reserve(exchange_->body().size() + kMostIdBytes);
    body += R"({"jsonrpc":"2.0","id":)";
    json::AppendTo(upstream_id_, body);
    body += R"(,"method":)";
    json::AppendTo(*message_->body().Find("method"), body);
    body += R"(,"params":)";
    json::AppendTo(*message_->params(), body);
    body += '}';
    Send(own_, std::move(body));
  }

  void Send(const UpstreamSession& session, std::string body) {
    reader_.emplace(upstream_id_, lane_.max_answer());
    UpstreamMessage message{std::move(body), session, PassedHeaders(exchange_->request(), Era::kLegacy)};
    message.caller = caller_;
    call_ = backend_.upstream->Post(std::move(message),
                                {[self = shared_from_this()](const http::ResponseHead& head) { self->OnHead(head); },
                                 [self = shared_from_this()](std::string_view piece) { self->OnBody(piece); },
                                 [self = shared_from_this()](const Status& status) { self->OnDone(status); }});
  }

  void OnHead(const http::ResponseHead& head) {
    reader_->Head(head);
    if (!reader_->promising() || reader_->form() != AnswerReader::Form::kSse || !streams_) return;
    call_->SetIdleTimeout(backend_.upstream->stream_idle());
    stream_ = std::make_shared<ClientStream>(exchange_, lane_.keep_alive(), ClientStream::Options{.between = [] { return true; }});
    stream_->Start(EventStreamHeaders());
    stream_->Add(call_);
  }

  void OnBody(std::string_view piece) {
    bytes_ += static_cast<std::int64_t>(piece.size());
    if (finished_) {
      trailing_ += piece.size();
      if (trailing_ > kMaxTrailingBytes && call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
      return;
    }
    if (!reader_->promising()) return KeepRefusal(piece, refusal_);
    hash_.Update(base::AsBytes(piece));
    std::vector<json::Value> others;
    const Status read = reader_->Body(piece, others);
    if (!read.ok()) return Fail(Failure::FromRubbish(reader_->status(), read.error()));
    if (stream_ != nullptr) Stream(others);
    if (reader_->answer()) Succeed();
  }

  void OnDone(const Status& status) {
    call_.reset();
    if (finished_) return;
    if (!status.ok()) return Fail(Failure::FromTransport(status.error()));
    if (SessionIsGone()) return;
    if (!reader_->promising()) return Refused();
    if (reader_->form() == AnswerReader::Form::kJson) return PassJson();
    const Status whole = reader_->End();
    if (!whole.ok()) return Fail(Failure::FromRubbish(reader_->status(), whole.error()));
    Succeed();
  }

  void Refused() {
    auto answer = ReadRefusal(reader_->status(), refusal_, upstream_id_);
    if (!answer) return Fail(Failure::FromStatus(reader_->status()));
    RecordAnswer(true);
    answer->body.Set("id", *message_->id());
    SendJson(*exchange_, 200, json::Write(answer->body));
  }

  void PassJson() {
    const AnswerChanges changes{.awaited = upstream_id_, .id = *message_->id(), .note_ms = NoteMillis()};
    const Result<RewrittenAnswer> answer = lane_.rewriter.Rewrite(reader_->text(), changes, lane_.max_answer());
    if (!answer.ok()) return Fail(Failure::FromRubbish(reader_->status(), answer.error()));
    RecordAnswer(answer->rpc_error || answer->tool_error);
    SendJson(*exchange_, 200, answer->text);
  }

  // Public SDKs, which read no streams, get the gateway's note.
  std::optional<std::int64_t> NoteMillis() const {
    if (streams_ || message_->method() != "tools/call") return std::nullopt;
    return decision_.latency_us / 1000;
  }

  // 404 says that the upstream has forgotten the session and did nothing: it is opened anew, once.
  bool SessionIsGone() {
    const bool unknown = reader_->status() == 404 || (own_.id.empty() && reader_->status() == 400);
    if (!unknown) return false;
    backend_.own.Forget(PrincipalOf(decision_), own_);
    if (retried_) return false;
    retried_ = true;
    bytes_ = 0;
    refusal_.clear();
    Start();
    return true;
  }

  void Stream(const std::vector<json::Value>& others) {
    std::string events;
    for (const json::Value& message : others) {
      // A request to the client would be answered by nobody: it has no session to answer in.
      if (message.Find("id") != nullptr) continue;
      const std::string text = ForStream(lane_.context, at_, message, PrincipalOf(decision_), false).value_or(json::Write(message));
      if (!text.empty()) http::AppendSseEvent({}, {}, text, events);
    }
    if (reader_->answer()) {
      reader_->answer()->body.Set("id", *message_->id());
      http::AppendSseEvent({}, {}, json::Write(reader_->answer()->body), events);
    }
    stream_->Write(events);
  }

  void Succeed() {
    Answer& answer = *reader_->answer();
    RecordAnswer(answer.tool_error || answer.rpc_error);
    if (stream_ != nullptr) return stream_->Finish();
    answer.body.Set("id", *message_->id());
    if (const auto millis = NoteMillis(); millis && !answer.rpc_error) AddAllowNote(answer, *millis);
    SendJson(*exchange_, 200, json::Write(answer.body));
  }

  void Finish(const Failure& failure) {
    lane_.context.log->Warn("upstream failed", {{"event_id", decision_.event_id}, {"outcome", failure.outcome},
                                                {"status", failure.status}, {"detail", failure.detail}});
    Outcome outcome;
    outcome.outcome = failure.outcome;
    outcome.upstream_status = failure.status;
    Record(std::move(outcome), failure.metric);
  }

  void Fail(const Failure& failure) {
    if (call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
    Finish(failure);
    const std::string reply = ErrorReply(*message_->id(), kInternalError, failure.message);
    if (stream_ == nullptr) return SendJson(*exchange_, 200, reply);
    if (reader_->answer()) return stream_->Abort();  // the client may hold it for whole
    std::string event;
    http::AppendSseEvent({}, {}, reply, event);
    stream_->Write(event);
    stream_->Finish();
  }

  void RecordAnswer(bool is_error) {
    Outcome outcome;
    outcome.outcome = is_error ? "tool_error" : "success";
    outcome.upstream_status = reader_->status();
    Record(std::move(outcome), telemetry::ForwardOutcome::kSuccess);
  }

  void Record(Outcome outcome, telemetry::ForwardOutcome metric) {
    finished_ = true;
    const std::int64_t nanos = lane_.context.clock->MonotonicNanos() - start_nanos_;
    outcome.latency_us = nanos / 1000;
    outcome.result_bytes = bytes_;
    if (reader_ && reader_->promising()) outcome.result_sha256 = base::HexEncode(hash_.Finish());
    lane_.context.metrics->Forwarded(metric, static_cast<double>(nanos) / 1e9);
    lane_.context.gate->RecordOutcome(decision_, outcome);
  }

  Lane& lane_;
  const std::size_t at_;
  Backend& backend_;
  const ExchangePtr exchange_;
  const std::shared_ptr<const Message> message_;
  const Decision decision_;
  const bool streams_;
  json::Value upstream_id_;
  std::optional<AnswerReader> reader_;  // from Send on
  UpstreamSession own_;
  oauth::OnBehalfPtr caller_;
  std::shared_ptr<ClientStream> stream_;
  std::shared_ptr<http::ClientCall> call_;
  crypto::Sha256Stream hash_;
  std::string refusal_;
  std::int64_t start_nanos_ = 0;
  std::int64_t bytes_ = 0;
  std::size_t trailing_ = 0;
  bool retried_ = false;
  bool finished_ = false;
};

}  // namespace

void StartSharedCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Decision decision,
                     std::size_t upstream) {
  std::make_shared<SharedCall>(lane, std::move(exchange), std::move(message), std::move(decision), upstream)->Start();
}

}  // namespace intentgate::mcp
