#include "mcp/client_stream.h"

#include <utility>

#include "http/sse.h"

namespace intentgate::mcp {

http::HeaderList EventStreamHeaders() {
  return {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
}

void ClientStream::Start(const http::HeaderList& headers) {
  exchange_->OnClose([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const auto gone = self->options_.on_gone;
    const auto running = self->calls_;
    self->Stop();
    for (const auto& call : running) call->Resume();
    if (gone) gone();
  });
  exchange_->Start(200, headers);
  timer_.Set(every_);
}

void ClientStream::Add(std::shared_ptr<http::ClientCall> call) { calls_.push_back(std::move(call)); }

void ClientStream::Write(std::string_view data) {
  if (data.empty()) return;
  // Where the token is asked again, that is not put off by what the upstream says.
  if (timer_.is_set() && !options_.still_allowed) timer_.Set(every_);
  if (exchange_->Write(data) || exchange_->closed() || calls_.empty()) return;
  for (const auto& call : calls_) call->Pause();
  exchange_->OnDrain([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Resume();
  });
}

void ClientStream::Resume() {
  const auto paused = calls_;
  for (const auto& call : paused) call->Resume();
}

void ClientStream::Finish() {
  Stop();
  exchange_->Finish();
}

void ClientStream::Abort() {
  Stop();
  exchange_->Abort();
}

void ClientStream::Stop() {
  timer_.Clear();
  calls_.clear();
  options_ = {};
}

void ClientStream::OnTimer() {
  const auto self = shared_from_this();
  if (options_.still_allowed && !options_.still_allowed()) {
    const auto expired = options_.on_expired;
    if (expired) expired();
    return;
  }
  if (options_.between && options_.between()) {
    std::string comment;
    http::AppendSseComment("alive", comment);
    Write(comment);
  }
  timer_.Set(every_);
}

}  // namespace intentgate::mcp
