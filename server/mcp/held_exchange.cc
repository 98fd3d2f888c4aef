#include "mcp/held_exchange.h"

#include <string>
#include <utility>

#include "http/sse.h"
#include "http/syntax.h"

namespace intentgate::mcp {

void HeldExchange::Begin(const http::HeaderList& more) {
  http::HeaderList headers{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"},
                           {"X-Accel-Buffering", "no"}};
  for (std::size_t i = 0; i < more.size(); ++i) headers.Add(more.name(i), more.value(i));
  begun_ = true;
  wrapped().Start(200, headers);
}

void HeldExchange::Send(int status, const http::HeaderList& headers, std::string_view body) {
  if (!begun_) return wrapped().Send(status, headers, body);
  if (!body.empty()) {
    std::string event;
    http::AppendSseEvent({}, {}, body, event);
    wrapped().Write(event);
  }
  wrapped().Finish();
}

void HeldExchange::Start(int status, const http::HeaderList& headers) {
  if (!begun_) return wrapped().Start(status, headers);
  const std::string_view type = headers.Get("Content-Type").value_or("");
  wraps_ = !http::EqualsIgnoreCase(http::TrimBlanks(type.substr(0, type.find(';'))), "text/event-stream");
  if (wraps_) wrapped().Write("data: ");
}

// In JSON line ends are blanks between tokens, so they may go.
bool HeldExchange::Write(std::string_view data) {
  if (!wraps_) return wrapped().Write(data);
  std::string line(data);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r'; });
  return wrapped().Write(line);
}

void HeldExchange::Finish() {
  if (std::exchange(wraps_, false)) wrapped().Write("\n\n");
  wrapped().Finish();
}

}  // namespace intentgate::mcp
