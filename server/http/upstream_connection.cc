// Reads an answer with the strict parser and passes it on. A connection is reused only when the answer
// ended exactly where the bytes that came ended: bytes that nobody asked for would be taken for the
// answer to the next request. Tested by tests/unit/http/client_test.cc.

#include "http/upstream_connection.h"

#include <utility>

namespace intentgate::http {
namespace {

Error FromParse(const ParseError& error) {
  const ErrorCode code = error.status == 400 ? ErrorCode::kMalformed : ErrorCode::kLimitExceeded;
  return Error{code, "the upstream's answer was refused: " + std::string(error.message)};
}

}  // namespace

UpstreamConnection::UpstreamConnection(net::Loop& loop, std::shared_ptr<net::Stream> stream,
                                       const ClientOptions& options)
    : options_(options), stream_(std::move(stream)), parser_(options.limits), timer_(loop, [this] { OnDeadline(); }),
      idle_timeout_(options.idle_timeout) {}

UpstreamConnection::~UpstreamConnection() { Abandon(); }

void UpstreamConnection::Begin() { stream_->Start(this); }

void UpstreamConnection::Send(UpstreamUser* user, std::string_view head, std::string_view body,
                              bool no_body_expected) {
  user_ = user;
  answered_ = false;
  parser_.Reset();
  if (no_body_expected) parser_.ExpectNoBody();
  phase_ = Phase::kHead;
  idle_timeout_ = options_.idle_timeout;
  timer_.Set(options_.head_timeout);
  stream_->Write(head, body);
}

void UpstreamConnection::Pause() {
  paused_ = true;
  timer_.Clear();
  if (!closed_) stream_->PauseReading();
}

void UpstreamConnection::Resume() {
  if (!std::exchange(paused_, false) || closed_) return;
  const auto self = shared_from_this();
  timer_.Set(phase_ == Phase::kHead ? options_.head_timeout : idle_timeout_);
  // Called by the user from inside Process, which goes on by itself.
  if (processing_) return stream_->ResumeReading();
  // Without unread bytes too: the end of an answer whose last piece was the one in hand waits in the
  // parser, and the upstream has nothing left to send that would fetch it.
  Process(std::exchange(unread_, {}));
  if (closed_ || paused_) return;
  if (ended_) return OnEnd();
  stream_->ResumeReading();
}

void UpstreamConnection::SetIdleTimeout(net::Millis timeout) {
  idle_timeout_ = timeout;
  if (phase_ == Phase::kBody && !paused_ && !closed_) timer_.Set(timeout);
}

void UpstreamConnection::Abandon() {
  user_ = nullptr;
  if (std::exchange(closed_, true)) return;
  timer_.Clear();
  stream_->Close();
}

void UpstreamConnection::Keep(UpstreamUser* idle_user) {
  user_ = idle_user;
  phase_ = Phase::kIdle;
  timer_.Set(options_.keep_alive);
}

void UpstreamConnection::OnData(std::string_view data) {
  const auto self = shared_from_this();
  answered_ = true;
  if (paused_) {
    unread_.append(data);
    return;
  }
  if (phase_ == Phase::kIdle)
    return Fail(Error{ErrorCode::kMalformed, "the upstream sent bytes that were not asked for"});
  if (phase_ == Phase::kBody) timer_.Set(idle_timeout_);
  Process(data);
}

void UpstreamConnection::Process(std::string_view data) {
  processing_ = true;
  TakeSteps(data);
  processing_ = false;
}

void UpstreamConnection::TakeSteps(std::string_view data) {
  while (!closed_ && user_ != nullptr) {
    if (paused_) {
      unread_.assign(data);
      return;
    }
    const ParseStep step = parser_.Feed(data);
    data.remove_prefix(step.consumed);
    switch (step.event) {
      case ParseEvent::kNeedMore: return;
      case ParseEvent::kHead:
        phase_ = Phase::kBody;
        timer_.Set(idle_timeout_);
        user_->OnResponseHead(parser_.head());
        break;
      case ParseEvent::kBody: user_->OnResponseBody(step.body); break;
      case ParseEvent::kDone: {
        const bool reusable = parser_.head().keep_alive && data.empty() && !ended_ && stream_->pending_bytes() == 0;
        timer_.Clear();
        phase_ = Phase::kIdle;
        return std::exchange(user_, nullptr)->OnResponseDone(reusable);
      }
      case ParseEvent::kError: return Fail(FromParse(parser_.error()));
    }
  }
}

void UpstreamConnection::OnEnd() {
  const auto self = shared_from_this();
  ended_ = true;
  if (paused_ || closed_) return;
  if (phase_ == Phase::kBody && user_ != nullptr && parser_.End().event == ParseEvent::kDone) {
    timer_.Clear();
    return std::exchange(user_, nullptr)->OnResponseDone(false);
  }
  Fail(Error{ErrorCode::kUnavailable, "the upstream closed the connection before its answer was complete"});
}

void UpstreamConnection::OnFailed(const Error& error) {
  const auto self = shared_from_this();
  Fail(Error{ErrorCode::kUnavailable, "the connection to the upstream broke: " + error.message});
}

void UpstreamConnection::OnDrained() {}

void UpstreamConnection::Fail(Error error) {
  UpstreamUser* const user = user_;
  Abandon();
  if (user != nullptr) user->OnResponseFailed(error, answered_);
}

void UpstreamConnection::OnDeadline() {
  const auto self = shared_from_this();
  switch (phase_) {
    case Phase::kIdle: return Fail(Error{ErrorCode::kTimeout, "kept long enough"});
    case Phase::kHead: return Fail(Error{ErrorCode::kTimeout, "the upstream did not answer in time"});
    case Phase::kBody: return Fail(Error{ErrorCode::kTimeout, "the upstream's answer stood still for too long"});
  }
}

}  // namespace intentgate::http
