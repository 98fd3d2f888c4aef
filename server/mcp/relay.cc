// Three forms of an answer, chosen when its head is there:
//   streamed   an event stream, for a client that reads them: event by event
//   passed     a JSON body: whole when it is small, piece by piece when it is large, line by line to a listener
//   collapsed  an event stream, for a client that reads none: only the answer
// Whatever else the upstream sends is a failure, told in one sentence that names no machine.
#include "mcp/relay.h"

#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "http/sse.h"
#include "mcp/answer_reader.h"
#include "mcp/client_stream.h"
#include "mcp/credential.h"
#include "mcp/exchange_util.h"
#include "mcp/message_flow.h"
#include "mcp/on_behalf.h"
#include "mcp/open_session.h"
#include "mcp/question_ids.h"
#include "mcp/subscriptions.h"
#include "mcp/target.h"
#include "mcp/task_ids.h"

namespace intentgate::mcp {
namespace {

// What may follow an answer on its stream before the connection is given up.
constexpr std::size_t kMaxTrailingBytes = 64 * 1024;

// Loop-bound; kept alive by the callbacks of its call.
class Relay : public std::enable_shared_from_this<Relay> {
 public:
  Relay(Lane& lane, RelayTask task)
      : lane_(lane), task_(std::move(task)), reads_streams_(AcceptsEventStream(task_.exchange->request())),
        reader_(*task_.message->id(), lane_.max_answer()) {}

  void Start() {
    start_nanos_ = lane_.context.clock->MonotonicNanos();
    WatchClient();
    // It may have left while the gate had its request; the upstream then hears of nothing that nobody wants.
    if (modern() && exchange().closed()) return Cancelled();
    Begin();
  }

 private:
  void Begin() {
    if (!task_.bound) return Send({});
    WithPart(lane_, task_.upstream, *task_.bound, exchange(), [self = shared_from_this()](std::variant<UpstreamSession, Failure> part) {
      if (self->finished_) return;
      if (const auto* failure = std::get_if<Failure>(&part)) return self->Fail(*failure);
      self->Send(std::get<UpstreamSession>(std::move(part)));
    });
  }

  void Send(UpstreamSession session) {
    const auto self = shared_from_this();
    session_ = session;
    UpstreamMessage message{task_.body ? *task_.body : std::string(task_.exchange->body()), std::move(session)};
    message.more = PassedHeaders(task_.exchange->request(), task_.era);
    if (task_.own_name) SetOwnName(message.more, *task_.own_name);
    // Without a decision nothing was allowed that must not happen twice.
    message.replayable = !task_.decision;
    message.stays_open = task_.listens;
    message.caller = OnBehalfOf(lane_, task_.upstream, exchange());
    call_ = upstream().Post(std::move(message), {[self](const http::ResponseHead& head) { self->OnHead(head); },
                                                 [self](std::string_view piece) { self->OnBody(piece); },
                                                 [self](const Status& status) { self->OnDone(status); }});
    if (task_.waits && call_ != nullptr) call_->SetIdleTimeout(upstream().stream_idle());
  }

  Upstream& upstream() { return *lane_.At(task_.upstream).upstream; }
  // One of several upstream sessions that the client sees as one.
  bool in_parts() const { return task_.bound && task_.bound->parts != nullptr; }
  const json::Value& id() const { return *task_.message->id(); }
  http::Exchange& exchange() { return *task_.exchange; }
  bool modern() const { return task_.era == Era::kModern; }

  // In the modern era a client that leaves cancels its call. In the legacy era it may come back for the answer.
  void WatchClient() {
    if (!modern()) return;
    exchange().OnClose([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Cancelled();
    });
  }

  void Cancelled() {
    if (call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
    if (finished_) return;
    Outcome outcome;
    outcome.outcome = "cancelled";
    outcome.upstream_status = reader_.status();
    Record(std::move(outcome), telemetry::ForwardOutcome::kTransport);
  }

  void OnHead(const http::ResponseHead& head) {
    reader_.Head(head);
    if (!reader_.promising()) return;
    const bool sse = reader_.form() == AnswerReader::Form::kSse;
    if (sse && call_ != nullptr) call_->SetIdleTimeout(upstream().stream_idle());
    if (sse && !reads_streams_) return;
    const bool shared = sse && in_parts();
    // What may have to be changed is held for longer: an answer that asks for input gets the gateway's mark.
    const std::size_t window = shared || task_.change || task_.listens ? kSharedWindow : kFlowWindow;
    flow_.emplace(
        sse ? MessageFlow::Form::kSse : task_.listens ? MessageFlow::Form::kLines : MessageFlow::Form::kJson, window,
        [this](json::Value message) { return Look(std::move(message)); },
        [this](const AnswerScan& scan) { Passed(scan); });
    if (shared) flow_->Share(EventPrefix(task_.upstream), false);
    // A listener is told of tasks, with their results: whose they are has to be seen.
    if (task_.listens) flow_->Share({}, true);
    if (sse) StartStream(EventStreamHeaders());
  }

  void StartStream(const http::HeaderList& headers) {
    ClientStream::Options options;
    const bool sse = reader_.form() == AnswerReader::Form::kSse;
    options.between = [weak = weak_from_this(), sse] {
      const auto self = weak.lock();
      return self != nullptr && sse && self->flow_->between();
    };
    options.on_gone = [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self != nullptr && self->modern()) self->Cancelled();
    };
    if (task_.listens) {
      options.still_allowed = [weak = weak_from_this()] {
        const auto self = weak.lock();
        return self != nullptr && self->StillAllowed();
      };
      options.on_expired = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        if (self->reader_.form() == AnswerReader::Form::kSse && self->flow_->between()) self->stream_->Write(EndOfListening(self->id()));
        self->Expired();
      };
    }
    stream_ = std::make_shared<ClientStream>(task_.exchange, lane_.keep_alive(), std::move(options));
    stream_->Start(headers);
    if (call_ != nullptr) stream_->Add(call_);
  }

  bool StillAllowed() {
    return CheckCaller(*lane_.context.gate, exchange()).allowed();
  }

  void Expired() {
    if (call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
    finished_ = true;
    stream_->Finish();
  }

  // A whole message of the answer.
  Result<std::optional<std::string>> Look(json::Value message) {
    if (message.Find("method") != nullptr) {
      if (modern() && message.Find("id") != nullptr) return Error{ErrorCode::kMalformed, "a request on an answer's stream"};
      const bool alone = reader_.form() == AnswerReader::Form::kJson && !task_.listens;
      if (alone) return Error{ErrorCode::kMalformed, "a request or a notification in place of the answer"};
      heard_ = true;
      return ForStream(lane_.context, task_.upstream, std::move(message), task_.principal, in_parts());
    }
    if (answered_) return Error{ErrorCode::kMalformed, "a second answer on the stream"};
    Result<Answer> answer = CheckAnswer(std::move(message), id());
    if (!answer.ok()) return answer.error();
    answered_ = true;
    failed_ = answer->rpc_error || answer->tool_error;
    LookAt(*answer);
    return task_.change ? task_.change(*answer) : std::nullopt;
  }

  void LookAt(const Answer& answer) {
    if (task_.looks && task_.looks(answer, task_.decision, start_nanos_)) task_.decision.reset();
  }

  void Passed(const AnswerScan& scan) {
    if (scan.has_method()) return;
    answered_ = true;
    failed_ = scan.has_error() || scan.is_error();
  }

  void OnBody(std::string_view piece) {
    bytes_ += static_cast<std::int64_t>(piece.size());
    if (finished_) {
      trailing_ += piece.size();
      if (trailing_ > kMaxTrailingBytes && call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
      return;
    }
    if (!reader_.promising()) return KeepRefusal(piece, refusal_);
    hash_.Update(base::AsBytes(piece));
    if (flow_) return Flow(piece);
    std::vector<json::Value> others;
    const Status read = reader_.Body(piece, others);
    if (!read.ok()) return Fail(Failure::FromRubbish(reader_.status(), read.error()));
    if (reader_.answer()) Collapse();
  }

  void Flow(std::string_view piece) {
    std::string out;
    const Status flowed = flow_->Feed(piece, out);
    // A listener's token is asked again from the first message on, also when that is left out.
    if (stream_ == nullptr && (!out.empty() || heard_)) StartStream({{"Content-Type", "application/json"}});
    if (stream_ != nullptr) stream_->Write(out);
    if (!flowed.ok()) return Fail(Failure::FromRubbish(reader_.status(), flowed.error()));
    if (answered_ && stream_ != nullptr && (task_.listens || reader_.form() == AnswerReader::Form::kSse)) Succeed();
  }

  void OnDone(const Status& status) {
    call_.reset();
    if (finished_) return;
    if (!status.ok()) return Fail(Failure::FromTransport(status.error()));
    if (task_.bound && reader_.status() == 404) return SessionIsGone();
    if (!reader_.promising()) return Refused();
    if (!flow_) {
      const Status whole = reader_.End();
      return whole.ok() ? Collapse() : Fail(Failure::FromRubbish(reader_.status(), whole.error()));
    }
    std::string out;
    const Status flowed = flow_->End(out);
    if (!flowed.ok()) return Fail(Failure::FromRubbish(reader_.status(), flowed.error()));
    if (stream_ == nullptr && (answered_ || !out.empty())) return SendWhole(out);
    if (stream_ == nullptr) return Fail(Failure::FromRubbish(reader_.status(), Error{ErrorCode::kMalformed, "the answer never came"}));
    stream_->Write(out);
    if (answered_) return Succeed();
    if (flow_->resumable() && !modern() && task_.bound) return Detach();
    if (task_.listens) return Expired();
    Fail(Failure::FromRubbish(reader_.status(), Error{ErrorCode::kMalformed, "the answer never came"}));
  }

  // 404 says that the upstream has forgotten the session and did nothing; the caller's ends with it.
  void SessionIsGone() {
    if (in_parts()) return PartIsGone();
    lane_.context.sessions->Drop(task_.bound->id, task_.principal);
    Log(Failure::FromStatus(404));
    SendJson(exchange(), 404, ErrorReply(id(), kInvalidRequest, "session not found"));
  }

  // The client's other parts live on: this one is opened anew, and the request sent once more.
  void PartIsGone() {
    task_.bound->parts->Forget(task_.upstream, session_);
    if (retried_) return Fail(Failure::FromStatus(404));
    retried_ = true;
    bytes_ = 0;
    refusal_.clear();
    Begin();
  }

  void Refused() {
    if (!ReadRefusal(reader_.status(), refusal_, id())) return Fail(Failure::FromStatus(reader_.status()));
    failed_ = true;
    Conclude();
    // Legacy clients take an error status for a failure of the transport, and read no further.
    SendJson(exchange(), modern() ? reader_.status() : 200, refusal_);
  }

  // The stream ended in the middle, and the client knows where: it comes back for the rest with a GET. The modern era has none.
  void Detach() {
    finished_ = true;
    stream_->Finish();
    if (!task_.decision) return;
    const std::int64_t now = lane_.context.clock->MonotonicNanos();
    const auto given_up = lane_.context.pending->Add({task_.bound->id, json::Write(id()), *task_.decision, start_nanos_}, now);
    for (const PendingOutcome& one : given_up) RecordLost(lane_.context, one);
  }

  void SendWhole(const std::string& text) {
    Conclude();
    SendJson(exchange(), 200, text);
  }

  void Succeed() {
    Conclude();
    stream_->Finish();
  }

  void Collapse() {
    Answer& answer = *reader_.answer();
    failed_ = answer.rpc_error || answer.tool_error;
    LookAt(answer);
    Conclude();
    const auto changed = task_.change ? task_.change(answer) : std::nullopt;
    SendJson(exchange(), 200, changed ? *changed : json::Write(answer.body));
  }

  void Conclude() {
    if (task_.concluded) task_.concluded(failed_);
    Outcome outcome;
    outcome.outcome = failed_ ? "tool_error" : "success";
    outcome.upstream_status = reader_.status();
    Record(std::move(outcome), telemetry::ForwardOutcome::kSuccess);
  }

  void Log(const Failure& failure) {
    lane_.context.log->Warn("upstream failed", {{"event_id", task_.decision ? task_.decision->event_id : ""},
                                                {"method", task_.message->method()}, {"outcome", failure.outcome},
                                                {"status", failure.status}, {"detail", failure.detail}});
    Outcome outcome;
    outcome.outcome = failure.outcome;
    outcome.upstream_status = failure.status;
    Record(std::move(outcome), failure.metric);
  }

  void Fail(const Failure& failure) {
    if (call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
    Log(failure);
    const std::string reply = ErrorReply(id(), kInternalError, failure.message);
    if (stream_ == nullptr) return SendJson(exchange(), 200, reply);
    const bool sse = reader_.form() == AnswerReader::Form::kSse;
    // The client may hold an answer for whole, or half of one.
    if (answered_ || !(sse || task_.listens) || !flow_->between()) return stream_->Abort();
    std::string last;
    if (sse) http::AppendSseEvent({}, {}, reply, last);
    else last = reply + "\n";
    stream_->Write(last);
    stream_->Finish();
  }

  void Record(Outcome outcome, telemetry::ForwardOutcome metric) {
    finished_ = true;
    if (!task_.decision) return;
    const std::int64_t nanos = lane_.context.clock->MonotonicNanos() - start_nanos_;
    outcome.latency_us = nanos / 1000;
    outcome.result_bytes = bytes_;
    if (reader_.promising()) outcome.result_sha256 = base::HexEncode(hash_.Finish());
    lane_.context.metrics->Forwarded(metric, static_cast<double>(nanos) / 1e9);
    lane_.context.gate->RecordOutcome(*task_.decision, outcome);
  }

  Lane& lane_;
  RelayTask task_;
  const bool reads_streams_;
  AnswerReader reader_;  // the head, and the collapsed form
  std::optional<MessageFlow> flow_;
  std::shared_ptr<ClientStream> stream_;
  std::shared_ptr<http::ClientCall> call_;
  crypto::Sha256Stream hash_;
  std::string refusal_;
  UpstreamSession session_;
  std::int64_t start_nanos_ = 0;
  std::int64_t bytes_ = 0;
  std::size_t trailing_ = 0;
  bool retried_ = false;
  bool heard_ = false;     // a notification has come, whether or not it went on
  bool answered_ = false;
  bool failed_ = false;
  bool finished_ = false;
};

}  // namespace

void StartRelay(Lane& lane, RelayTask task) { std::make_shared<Relay>(lane, std::move(task))->Start(); }

}  // namespace intentgate::mcp
