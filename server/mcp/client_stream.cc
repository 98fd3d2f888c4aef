#include "mcp/client_stream.h"

#include <utility>

#include "http/sse.h"

namespace intentgate::mcp {

http::HeaderList EventStreamHeaders() {
  return {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
}

void ClientStream::Start(std::shared_ptr<http::ClientCall> call, const http::HeaderList& headers) {
  call_ = std::move(call);
  exchange_->OnClose([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const auto gone = self->options_.on_gone;
    const auto running = self->call_;
    self->Stop();
    if (running != nullptr) running->Resume();
    if (gone) gone();
  });
  exchange_->Start(200, headers);
  timer_.Set(options_.every);
}

void ClientStream::Write(std::string_view data) {
  if (data.empty()) return;
  if (timer_.is_set()) timer_.Set(options_.every);
  if (exchange_->Write(data) || exchange_->closed() || call_ == nullptr) return;
  call_->Pause();
  exchange_->OnDrain([weak = weak_from_this()] {
    if (const auto self = weak.lock(); self != nullptr && self->call_ != nullptr) self->call_->Resume();
  });
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
  call_ = nullptr;
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
  timer_.Set(options_.every);
}

}  // namespace intentgate::mcp
