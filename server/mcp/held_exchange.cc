#include "mcp/held_exchange.h"

#include <string>

#include "http/sse.h"

namespace intentgate::mcp {

void HeldExchange::Begin(const http::HeaderList& more) {
  http::HeaderList headers{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"},
                           {"X-Accel-Buffering", "no"}};
  for (std::size_t i = 0; i < more.size(); ++i) headers.Add(more.name(i), more.value(i));
  begun_ = true;
  inner_->Start(200, headers);
}

void HeldExchange::Send(int status, const http::HeaderList& headers, std::string_view body) {
  if (!begun_) return inner_->Send(status, headers, body);
  if (!body.empty()) {
    std::string event;
    http::AppendSseEvent({}, {}, body, event);
    inner_->Write(event);
  }
  inner_->Finish();
}

void HeldExchange::Start(int status, const http::HeaderList& headers) {
  if (!begun_) inner_->Start(status, headers);
}

}  // namespace intentgate::mcp
