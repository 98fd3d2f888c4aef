// Events must come out the same however the stream is cut, and what is written from them must be read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/sse.h"

namespace {

using intentgate::http::SseEvent;
using intentgate::http::SseParser;

std::string Show(const std::vector<SseEvent>& events) {
  std::string out;
  for (const SseEvent& event : events) {
    out += "[" + event.type + "|" + event.id + "|" + event.data + (event.has_id ? "|i]" : "|]");
  }
  return out;
}

std::string Read(std::string_view stream, std::size_t limit, std::size_t step) {
  SseParser parser(limit);
  std::vector<SseEvent> events;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    if (!parser.Feed(stream.substr(at, step), events).ok()) return Show(events) + " refused";
  }
  return Show(events);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  for (const std::size_t limit : {std::size_t{1} << 20, std::size_t{32}}) {
    const std::string whole = Read(stream, limit, size == 0 ? 1 : size);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
      if (Read(stream, limit, step) != whole) std::abort();
    }
  }
  SseParser parser(std::size_t{1} << 20);
  std::vector<SseEvent> events, again;
  std::string out;
  if (!parser.Feed(stream, events).ok()) return 0;
  for (const SseEvent& event : events) intentgate::http::AppendSseEvent(event.type, event.id, event.data, out);
  SseParser second(std::size_t{1} << 24);
  if (!second.Feed(out, again).ok() || again.size() != events.size()) std::abort();
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].data != again[i].data || events[i].type != again[i].type) std::abort();
  }
  return 0;
}
