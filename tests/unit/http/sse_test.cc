#include "http/sse.h"

#include <doctest/doctest.h>

namespace intentgate::http {
namespace {

std::string Show(const std::vector<SseEvent>& events) {
  std::string out;
  for (const SseEvent& e : events) out += "[" + e.type + "|" + e.id + "|" + e.data + "]";
  return out;
}

// The events of a stream, which must not depend on how it is cut.
std::string Events(std::string_view stream) {
  std::vector<SseEvent> whole, pieces;
  SseParser one, many;
  CHECK(one.Feed(stream, whole).ok());
  for (const char c : stream) CHECK(many.Feed({&c, 1}, pieces).ok());
  CHECK(Show(whole) == Show(pieces));
  return Show(whole);
}

}  // namespace

TEST_CASE("events are read whatever their line ends") {
  CHECK(Events("data: a\n\ndata: b\r\n\r\ndata: c\r\r") == "[||a][||b][||c]");
  CHECK(Events("event: message\nid: 7\ndata: {\"a\":1}\n\n") == "[message|7|{\"a\":1}]");
  CHECK(Events("data: one\ndata:two\ndata:  three\n\n") == "[||one\ntwo\n three]");
}

TEST_CASE("comments, unknown fields and empty events are no events") {
  CHECK(Events(": ping\n\nretry: 5\n\nevent: x\n\nother: y\ndata\n\n") == "[||]");
  CHECK(Events("\xef\xbb\xbf" "data: a\n\n") == "[||a]");
}

TEST_CASE("an event without its empty line is not delivered") {
  CHECK(Events("data: a\n\ndata: half\n") == "[||a]");
}

TEST_CASE("an id with NUL is ignored") {
  CHECK(Events(std::string_view("id: a\0b\ndata: x\n\n", 17)) == "[||x]");
}

TEST_CASE("an event over the limit is refused, in one line or in many") {
  std::vector<SseEvent> events;
  SseParser one(16);
  CHECK(one.Feed("data: " + std::string(20, 'x'), events).error().code == ErrorCode::kLimitExceeded);
  SseParser many(16);
  CHECK(many.Feed("data: a\ndata: b\ndata: c\n\n", events).error().code == ErrorCode::kLimitExceeded);
  SseParser fits(16);
  CHECK(fits.Feed("data: a\n\ndata: b\n\ndata: c\n\n", events).ok());
  CHECK(events.size() == 3);
}

TEST_CASE("what is written is read back") {
  std::string out;
  AppendSseComment("keep-alive", out);
  AppendSseEvent("message", "3", "a\nb\r\nc", out);
  AppendSseEvent("", "", "", out);
  CHECK(Events(out) == "[message|3|a\nb\nc][||]");
}

}  // namespace intentgate::http
