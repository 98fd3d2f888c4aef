#include "mcp/tool_call.h"

#include <chrono>
#include <utility>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "http/bearer.h"
#include "mcp/answer_reader.h"
#include "mcp/approval_wait.h"
#include "mcp/denial.h"
#include "mcp/exchange_util.h"

namespace intentgate::mcp {
namespace {

// What may follow an answer on its stream before the connection is given up.
constexpr std::size_t kMaxTrailingBytes = 64 * 1024;

// The upstream's answer on its way to the client. Loop-bound; kept alive by the callbacks of its call.
class Forwarding : public std::enable_shared_from_this<Forwarding> {
 public:
  Forwarding(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, Decision decision,
             std::optional<UpstreamSession> bound)
      : lane_(lane), exchange_(std::move(exchange)), message_(std::move(message)), decision_(std::move(decision)),
        bound_(std::move(bound)), streams_(AcceptsEventStream(exchange_->request())),
        upstream_id_(*message_->id()) {}

  void Start() {
    start_nanos_ = lane_.context.clock->MonotonicNanos();
    if (bound_) return Send(*bound_, std::string(exchange_->body()));
    lane_.own.With(PrincipalOf(decision_), [self = shared_from_this()](std::variant<UpstreamSession, Failure> opened) {
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
    if (own_.id.empty()) return Send(own_, std::string(exchange_->body()));
    upstream_id_ = json::Value(std::to_string(lane_.next_id++));
    std::string body = R"({"jsonrpc":"2.0","id":)";
    json::AppendTo(upstream_id_, body);
    body += R"(,"method":"tools/call","params":)";
    json::AppendTo(*message_->params(), body);
    Send(own_, body + "}");
  }

  void Send(const UpstreamSession& session, std::string body) {
    reader_.emplace(upstream_id_, lane_.max_answer());
    call_ = lane_.upstream.Post(std::move(body), session, false,
                                {[self = shared_from_this()](const http::ResponseHead& head) { self->OnHead(head); },
                                 [self = shared_from_this()](std::string_view piece) { self->OnBody(piece); },
                                 [self = shared_from_this()](const Status& status) { self->OnDone(status); }});
  }

  void OnHead(const http::ResponseHead& head) {
    reader_->Head(head);
    if (!reader_->promising() || reader_->form() != AnswerReader::Form::kSse || !streams_) return;
    streaming_ = true;
    http::HeaderList headers{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"},
                             {"X-Accel-Buffering", "no"}};
    exchange_->OnClose([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self != nullptr && self->call_ != nullptr) self->call_->Resume();
    });
    exchange_->Start(200, headers);
  }

  void OnBody(std::string_view piece) {
    bytes_ += static_cast<std::int64_t>(piece.size());
    if (finished_) {
      trailing_ += piece.size();
      if (trailing_ > kMaxTrailingBytes && call_ != nullptr) std::exchange(call_, nullptr)->Cancel();
      return;
    }
    if (!reader_->promising()) return;
    hash_.Update(base::AsBytes(piece));
    std::vector<json::Value> others;
    const Status read = reader_->Body(piece, others);
    if (!read.ok()) return Fail(Failure::FromRubbish(reader_->status(), read.error()));
    if (streaming_) Stream(piece, others);
    else if (reader_->answer()) Succeed();
  }

  void OnDone(const Status& status) {
    call_.reset();
    if (finished_) return;
    if (!status.ok()) return Fail(Failure::FromTransport(status.error()));
    if (SessionIsGone()) return;
    if (!reader_->promising()) return Fail(Failure::FromStatus(reader_->status()));
    const Status whole = reader_->End();
    if (!whole.ok()) return Fail(Failure::FromRubbish(reader_->status(), whole.error()));
    Succeed();
  }

  // 404 says that the upstream has forgotten the session and did nothing. A caller's own session ends with
  // it; the gateway's own is opened anew, once.
  bool SessionIsGone() {
    const bool unknown = reader_->status() == 404 || (!bound_ && own_.id.empty() && reader_->status() == 400);
    if (!unknown) return false;
    if (bound_) {
      lane_.context.sessions->Drop(bound_->id, PrincipalOf(decision_));
      Finish(Failure::FromStatus(404));
      SendJson(*exchange_, 404, ErrorReply(*message_->id(), kInvalidRequest, "session not found"));
      return true;
    }
    lane_.own.Forget(PrincipalOf(decision_), own_);
    if (retried_) return false;
    retried_ = true;
    bytes_ = 0;
    Start();
    return true;
  }

  void Stream(std::string_view piece, const std::vector<json::Value>& others) {
    if (bound_) return Write(piece);
    std::string events;
    for (const json::Value& message : others) {
      // A request to the client would be answered by nobody: it has no session to answer in.
      if (message.Find("id") == nullptr) http::AppendSseEvent({}, {}, json::Write(message), events);
    }
    if (reader_->answer() && !answer_written_) {
      answer_written_ = true;
      reader_->answer()->body.Set("id", *message_->id());
      http::AppendSseEvent({}, {}, json::Write(reader_->answer()->body), events);
    }
    Write(events);
  }

  void Write(std::string_view data) {
    if (data.empty() || exchange_->Write(data) || exchange_->closed() || call_ == nullptr) return;
    call_->Pause();
    exchange_->OnDrain([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self != nullptr && self->call_ != nullptr) self->call_->Resume();
    });
  }

  void Succeed() {
    Answer& answer = *reader_->answer();
    Outcome outcome;
    outcome.outcome = answer.tool_error || answer.rpc_error ? "tool_error" : "success";
    outcome.upstream_status = reader_->status();
    Record(std::move(outcome), telemetry::ForwardOutcome::kSuccess);
    if (streaming_) return exchange_->Finish();
    if (bound_ && reader_->form() == AnswerReader::Form::kJson) return SendJson(*exchange_, 200, reader_->text());
    answer.body.Set("id", *message_->id());
    if (!streams_ && !answer.rpc_error) AddAllowNote(answer, decision_.latency_us / 1000);
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
    if (!streaming_) return SendJson(*exchange_, 200, reply);
    if (reader_->answer()) return exchange_->Abort();  // the client may hold it for whole
    // What was passed on as it came may have ended inside an event.
    std::string event = bound_ ? "\n\n" : "";
    http::AppendSseEvent({}, {}, reply, event);
    exchange_->Write(event);
    exchange_->Finish();
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
  const ExchangePtr exchange_;
  const std::shared_ptr<const Message> message_;
  const Decision decision_;
  const std::optional<UpstreamSession> bound_;
  const bool streams_;
  json::Value upstream_id_;
  std::optional<AnswerReader> reader_;  // from Send on
  UpstreamSession own_;
  std::shared_ptr<http::ClientCall> call_;
  crypto::Sha256Stream hash_;
  std::int64_t start_nanos_ = 0;
  std::int64_t bytes_ = 0;
  std::size_t trailing_ = 0;
  bool streaming_ = false;
  bool answer_written_ = false;
  bool retried_ = false;
  bool finished_ = false;
};

// What the gate is asked about; it may be asked again when a person has answered. `call` borrows from `message`.
struct Asking {
  std::shared_ptr<const Message> message;
  ToolCall call;
  std::optional<UpstreamSession> bound;
  std::string approval_id;
  bool waited = false;
};

void Judge(Lane& lane, ExchangePtr exchange, Asking asking);

void OnDecision(Lane& lane, const ExchangePtr& exchange, const Asking& asking, Decision decision) {
  lane.context.metrics->Decided(decision);
  if (decision.allowed()) {
    return std::make_shared<Forwarding>(lane, exchange, asking.message, std::move(decision), asking.bound)->Start();
  }
  const auto refuse = [&lane, message = asking.message, decision](const ExchangePtr& to) {
    SendDenial(lane, *to, *message->id(), decision);
  };
  Asking again = asking;
  again.approval_id = decision.approval_id;
  again.waited = true;
  const auto ask_again = [&lane, again = std::move(again)](ExchangePtr held) { Judge(lane, std::move(held), again); };
  if (!asking.waited && HoldForApproval(lane, exchange, *asking.message, decision, {ask_again, refuse})) return;
  refuse(exchange);
}

void Judge(Lane& lane, ExchangePtr exchange, Asking asking) {
  const http::HeaderList& headers = exchange->request().headers;
  const Call asked{.token = http::BearerToken(headers),
                   .tool = asking.call.name,
                   .arguments = asking.call.arguments,
                   .method = "tools/call",
                   .prompt = headers.Get("X-Intent-Prompt").value_or(""),
                   .session_id = asking.bound ? std::string_view(asking.bound->id) : std::string_view(),
                   .remote_ip = exchange->remote_address(),
                   .server = lane.upstream.name(),
                   .approval_id = asking.approval_id};
  Gate& gate = *lane.context.gate;
  // The callback may be on any thread; it touches nothing but the mailbox.
  gate.AuthorizeAsync(asked, [&lane, mailbox = lane.mailbox, exchange, asking](Decision decision) {
    mailbox->Run([&lane, exchange, asking, decision = std::move(decision)]() mutable {
      OnDecision(lane, exchange, asking, std::move(decision));
    });
  });
}

}  // namespace

void RunToolCall(Lane& lane, ExchangePtr exchange, std::shared_ptr<const Message> message, const ToolCall& call,
                 std::optional<UpstreamSession> bound) {
  const std::string approval_id(ApprovalIdOf(exchange->request().headers));
  Judge(lane, std::move(exchange), {std::move(message), call, std::move(bound), approval_id});
}

}  // namespace intentgate::mcp
