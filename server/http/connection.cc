// The life of a connection: read a request whole, hand it on, write its answer, read the next.
//
// Answers given while input is being processed are gathered in out_ and leave in one write; an answer
// given later is written head and body together. A handler may answer inside Handle: Process then
// goes on with the next request in its loop, so that pipelining does not nest.
// Tested by tests/unit/http/server_test.cc.

#include "http/connection.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/writer.h"

namespace intentgate::http {
namespace {

// Requests that wait behind one in work; beyond it the socket is not read.
constexpr std::size_t kMaxBacklog = 64 * 1024;
// What a refused client may still send while it is made to read the refusal.
constexpr std::size_t kMaxDiscard = 1024 * 1024;
// Larger bodies are not copied behind their head but written beside it.
constexpr std::size_t kGatherBody = 16 * 1024;
// Buffers beyond this are given back between requests.
constexpr std::size_t kKeepBuffer = 64 * 1024;

void Trim(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeepBuffer) buffer.shrink_to_fit();
}

}  // namespace

Connection::Connection(std::shared_ptr<Server::Shard> shard, std::shared_ptr<net::Stream> stream)
    : shard_(std::move(shard)), stream_(std::move(stream)), parser_(shard_->options().limits),
      timer_(shard_->loop(), [this] { OnDeadline(); }) {}

Connection::~Connection() { stream_->Close(); }

void Connection::Begin() {
  SetPhase(Phase::kHead, shard_->options().head_timeout);
  stream_->Start(this);
}

void Connection::Drain() {
  if (active_ == nullptr && !parser_.in_message() && stream_->pending_bytes() == 0) Close();
}

void Connection::OnData(std::string_view data) {
  const auto self = shared_from_this();
  if (closing_ && active_ == nullptr) {
    discarded_ += data.size();
    if (discarded_ > kMaxDiscard) Close();
    return;
  }
  if (active_ != nullptr || paused_) return KeepForLater(data);
  Process(data);
}

void Connection::Process(std::string_view data) {
  processing_ = true;
  bool more = true;
  while (more && !closed_ && !closing_ && active_ == nullptr) {
    if (Congested()) Flush();
    if (Congested()) break;
    more = Step(data);
  }
  processing_ = false;
  if (closed_) return;
  Flush();
  if (closing_ && active_ == nullptr) return BeginClose();
  if (!data.empty()) KeepForLater(data);
  Rest();
}

// False when there is nothing more to do with `data` for the moment.
bool Connection::Step(std::string_view& data) {
  const ParseStep step = parser_.Feed(data);
  data.remove_prefix(step.consumed);
  switch (step.event) {
    case ParseEvent::kNeedMore: return false;
    case ParseEvent::kHead: BeginRequest(data.empty()); return true;
    case ParseEvent::kBody: current_->body_.append(step.body); return true;
    case ParseEvent::kDone: Dispatch(); return true;
    case ParseEvent::kError: Refuse(parser_.error().status, parser_.error().message); return false;
  }
  return false;
}

void Connection::BeginRequest(bool body_waits) {
  current_ = spare_ != nullptr ? std::move(spare_) : std::make_unique<ServerExchange>(this);
  // The announced length is the client's word; memory follows what really comes.
  current_->body_.reserve(std::min(parser_.announced_body(), kKeepBuffer));
  if (parser_.head().expects_continue && body_waits) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void Connection::Dispatch() {
  active_ = current_.get();
  std::swap(active_->head_, parser_.head());
  parser_.Reset();
  phase_ = Phase::kHandling;
  shard_->Works(*this);
  std::shared_ptr<Exchange> handle(current_.release(), [self = shared_from_this()](Exchange* exchange) {
    self->Release(static_cast<ServerExchange*>(exchange));
  });
  shard_->handler().Handle(std::move(handle));
}

void Connection::Refuse(int status, std::string_view message) {
  closing_ = true;
  const std::string body = ErrorBody(message);
  ResponseFraming framing{BodyFraming::kLength, body.size(), true, shard_->Date()};
  const Status appended = AppendResponseHead(status, {{"Content-Type", "application/json"}}, framing, out_);
  IG_CHECK(appended.ok());
  out_ += body;
  if (!processing_) BeginClose();
}

void Connection::KeepForLater(std::string_view data) {
  backlog_.append(data);
  if (backlog_.size() <= kMaxBacklog) return;
  paused_ = true;
  stream_->PauseReading();
}

void Connection::ContinueBacklog() {
  if (closed_ || processing_ || active_ != nullptr || Congested()) return;
  if (backlog_.empty()) return Rest();
  const std::string data = std::exchange(backlog_, {});
  Process(data);
  if (closed_ || !paused_ || backlog_.size() > kMaxBacklog) return;
  paused_ = false;
  stream_->ResumeReading();
}

// Nothing can be done until something happens outside.
void Connection::Rest() {
  // An answer that the client has not taken whole is work in progress.
  if (active_ == nullptr && stream_->pending_bytes() == 0) shard_->Waits(*this);
  if (ended_ && active_ == nullptr && backlog_.empty()) return BeginClose();
  ArmDeadline();
}

bool Connection::WillClose() const { return closing_ || shard_->draining() || !active_->head_.keep_alive; }

// False when the handler's fields cannot be sent; the answer is then 500, for half a head would be worse.
bool Connection::AppendHead(int status, const HeaderList& headers, bool whole, std::size_t size) {
  const bool bodiless = status == 204 || status == 304;
  if (WillClose()) closing_ = true;
  ResponseFraming framing{BodyFraming::kLength, size, closing_, shard_->Date()};
  if (bodiless) {
    framing.kind = BodyFraming::kNone;
  } else if (!whole) {
    framing.kind = active_->head_.minor_version == 1 ? BodyFraming::kChunked : BodyFraming::kUntilEnd;
  }
  chunked_ = framing.kind == BodyFraming::kChunked;
  return AppendResponseHead(status, headers, framing, out_).ok();
}

void Connection::AnswerWhole(int status, const HeaderList& headers, std::string_view body) {
  if (!AppendHead(status, headers, true, body.size())) {
    return AnswerWhole(500, {{"Content-Type", "application/json"}}, ErrorBody("internal error"));
  }
  if (active_->head_.method == "HEAD" || status == 204 || status == 304) body = {};
  if (body.size() <= kGatherBody) {
    out_.append(body);
  } else {
    stream_->Write(out_, body);
    Trim(out_);
  }
  Complete();
}

void Connection::AnswerStart(int status, const HeaderList& headers) {
  if (!AppendHead(status, headers, false, 0)) {
    return AnswerWhole(500, {{"Content-Type", "application/json"}}, ErrorBody("internal error"));
  }
  active_->state_ = ServerExchange::State::kStreaming;
  if (!processing_) Flush();
}

bool Connection::AnswerWrite(std::string_view data) {
  if (active_->head_.method != "HEAD") {
    if (chunked_) AppendChunk(data, out_);
    else out_.append(data);
  }
  if (!processing_ || out_.size() > kGatherBody) Flush();
  if (stream_->pending_bytes() > 0) ArmDeadline();
  // Only what the socket did not take: that alone announces its end through OnDrained.
  return stream_->pending_bytes() <= shard_->options().high_water;
}

void Connection::AnswerFinish() {
  if (chunked_ && active_->head_.method != "HEAD") AppendLastChunk(out_);
  Complete();
}

void Connection::AnswerAbort() {
  // Not Close alone: the handler may be in Process above us, which looks at closed_ and returns.
  active_->state_ = ServerExchange::State::kDone;
  Gone();
}

// The answer is complete, as far as this side is concerned.
void Connection::Complete() {
  active_->state_ = ServerExchange::State::kDone;
  ServerExchange* const finished = std::exchange(active_, nullptr);
  finished->DropCallbacks();
  if (processing_ || closed_) return;
  Flush();
  if (closing_) return BeginClose();
  ContinueBacklog();
}

void Connection::Release(ServerExchange* exchange) {
  std::unique_ptr<ServerExchange> owned(exchange);
  if (shard_->loop().OnLoopThread()) return ReleaseHere(std::move(owned));
  // A std::function must be copyable, hence shared; if the loop stopped, it is freed unrun.
  auto shared = std::make_shared<std::unique_ptr<ServerExchange>>(std::move(owned));
  shard_->loop().Post([self = shared_from_this(), shared] { self->ReleaseHere(std::move(*shared)); });
}

void Connection::ReleaseHere(std::unique_ptr<ServerExchange> exchange) {
  if (active_ == exchange.get()) {
    if (exchange->state_ == ServerExchange::State::kWaiting) {
      AnswerWhole(500, {{"Content-Type", "application/json"}}, ErrorBody("internal error"));
    } else {
      AnswerAbort();
    }
  }
  if (closed_ || spare_ != nullptr) return;
  exchange->Recycle();
  spare_ = std::move(exchange);
}

bool Connection::Congested() const { return stream_->pending_bytes() + out_.size() > shard_->options().high_water; }

void Connection::Flush() {
  if (out_.empty()) return;
  stream_->Write(out_);
  Trim(out_);
}

void Connection::BeginClose() {
  closing_ = true;
  backlog_.clear();
  Flush();
  stream_->FinishWriting();
  if (stream_->pending_bytes() > 0) return ArmDeadline();
  if (ended_) return Close();
  shard_->Waits(*this);
  SetPhase(Phase::kLinger, shard_->options().linger_timeout);
  if (std::exchange(paused_, false)) stream_->ResumeReading();
}

void Connection::SetPhase(Phase phase, net::Millis after) {
  phase_ = phase;
  timer_.Set(after);
}

void Connection::ArmDeadline() {
  if (closed_) return;
  const ServerOptions& options = shard_->options();
  if (stream_->pending_bytes() > 0) {
    if (phase_ == Phase::kStalled) return;
    stall_mark_ = stream_->written_bytes();
    return SetPhase(Phase::kStalled, options.write_timeout);
  }
  if (active_ != nullptr) {
    phase_ = Phase::kHandling;
    return timer_.Clear();
  }
  if (!parser_.in_message()) return SetPhase(Phase::kIdle, options.idle_timeout);
  // A deadline that runs is not moved: drops of input must not buy time.
  const Phase phase = current_ != nullptr ? Phase::kBody : Phase::kHead;
  if (phase == phase_) return;
  SetPhase(phase, phase == Phase::kBody ? options.body_timeout : options.head_timeout);
}

void Connection::OnDeadline() {
  const auto self = shared_from_this();
  switch (phase_) {
    case Phase::kHead:
      if (!parser_.in_message()) return Close();
      return Refuse(408, "the request did not arrive in time");
    case Phase::kBody: return Refuse(408, "the request did not arrive in time");
    case Phase::kStalled:
      if (stream_->written_bytes() == stall_mark_) return Gone();
      stall_mark_ = stream_->written_bytes();
      return timer_.Set(shard_->options().write_timeout);
    case Phase::kHandling: return;
    case Phase::kIdle:
    case Phase::kLinger: return Close();
  }
}

void Connection::OnEnd() {
  const auto self = shared_from_this();
  ended_ = true;
  if (active_ != nullptr) return TellEnded();
  // What is in the backlog waits for the output to drain.
  if (backlog_.empty()) BeginClose();
}

// A client that only closed its sending side can still get its answer; most of them are gone.
void Connection::TellEnded() {
  if (active_ == nullptr || !ended_) return;
  const auto on_close = std::exchange(active_->on_close_, nullptr);
  if (on_close) on_close();
}

void Connection::OnFailed(const Error&) {
  const auto self = shared_from_this();
  Gone();
}

void Connection::OnDrained() {
  const auto self = shared_from_this();
  if (active_ != nullptr) {
    ArmDeadline();
    const auto on_drain = active_->on_drain_;
    if (on_drain) on_drain();
    return;
  }
  if (closing_) return BeginClose();
  ContinueBacklog();
}

// The client cannot be reached any more.
void Connection::Gone() {
  ServerExchange* const active = std::exchange(active_, nullptr);
  Close();
  if (active == nullptr) return;
  active->gone_ = true;
  std::function<void()> on_close, on_drain;
  if (active->state_ != ServerExchange::State::kDone) {
    on_close = std::exchange(active->on_close_, nullptr);
    on_drain = std::exchange(active->on_drain_, nullptr);
  }
  active->DropCallbacks();
  if (on_close) on_close();
  // on_close is spent if the client ended its sending side before: a writer that waits would wait for ever.
  if (on_drain) on_drain();
}

void Connection::Close() {
  if (std::exchange(closed_, true)) return;
  closing_ = true;
  timer_.Clear();
  stream_->Close();
  shard_->Forget(this);
}

const std::string& ServerExchange::remote_address() const { return connection_->stream_->peer_address(); }

net::Loop& ServerExchange::loop() { return connection_->shard_->loop(); }

void ServerExchange::Send(int status, const HeaderList& headers, std::string_view body) {
  if (gone_) return DropCallbacks();
  if (Answerable(State::kWaiting)) connection_->AnswerWhole(status, headers, body);
}

void ServerExchange::Start(int status, const HeaderList& headers) {
  if (Answerable(State::kWaiting)) connection_->AnswerStart(status, headers);
}

bool ServerExchange::Write(std::string_view data) {
  return !Answerable(State::kStreaming) || connection_->AnswerWrite(data);
}

void ServerExchange::OnDrain(std::function<void()> callback) { on_drain_ = std::move(callback); }

void ServerExchange::Finish() {
  if (gone_) return DropCallbacks();
  if (Answerable(State::kStreaming)) connection_->AnswerFinish();
}

void ServerExchange::Abort() {
  if (gone_) return DropCallbacks();
  if (state_ != State::kDone) connection_->AnswerAbort();
}

void ServerExchange::OnClose(std::function<void()> callback) {
  if (state_ == State::kDone) return;
  if (gone_) return TellGone(std::move(callback));
  on_close_ = std::move(callback);
  if (!connection_->ended_) return;
  loop().Post([connection = connection_->shared_from_this()] { connection->TellEnded(); });
}

void ServerExchange::TellGone(std::function<void()> callback) {
  DropCallbacks();
  if (!callback) return;
  // The task alone owns the callback: one that holds this exchange is let go of even if the loop stops before.
  const auto owned = std::make_shared<std::function<void()>>(std::move(callback));
  told_soon_ = owned;
  loop().Post([owned] {
    if (const auto on_close = std::exchange(*owned, nullptr)) on_close();
  });
}

void ServerExchange::Recycle() {
  head_.method.clear();
  head_.target.clear();
  head_.headers.Clear();
  Trim(body_);
  params().clear();
  DropCallbacks();
  state_ = State::kWaiting;
}

void ServerExchange::DropCallbacks() {
  // Moved out first: a callback may hold the last reference to this exchange.
  const auto drain = std::exchange(on_drain_, nullptr);
  const auto close = std::exchange(on_close_, nullptr);
  const auto soon = told_soon_.lock();
  const auto told = soon == nullptr ? nullptr : std::exchange(*soon, nullptr);
}

}  // namespace intentgate::http
