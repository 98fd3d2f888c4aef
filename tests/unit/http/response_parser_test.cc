#include <doctest/doctest.h>

#include <string>

#include "http/parser.h"
#include "support/parser_outcome.h"

namespace intentgate::http {
namespace {

std::string Outcome(std::string_view bytes, const Limits& limits = {}) {
  const std::string whole = test::WholeOutcome<ResponseParser>(bytes, limits);
  CHECK(whole == test::BytewiseOutcome<ResponseParser>(bytes, limits));
  return whole;
}

}  // namespace

TEST_CASE("answers of every framing are read") {
  CHECK(Outcome("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == "H 200 keep|Content-Length=2\nB hi\nD\n");
  CHECK(Outcome("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n") == "H 200 keep|Content-Length=0\nB \nD\n");
  CHECK(Outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\nT: x\r\n\r\n") ==
        "H 200 keep|Transfer-Encoding=Chunked\nB hi\nD\n");
  CHECK(Outcome("HTTP/1.1 204 No Content\r\n\r\n") == "H 204 keep\nB \nD\n");
  CHECK(Outcome("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n") == "H 304 keep|Content-Length=9\nB \nD\n");
}

TEST_CASE("interim answers are skipped and an upgrade is refused") {
  CHECK(Outcome("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n") == "H 202 keep|Content-Length=0\nB \nD\n");
  CHECK(Outcome("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") ==
        "E 400 an upgrade that was not asked for");
}

TEST_CASE("a body without length ends with the connection, and only such a body") {
  ResponseParser parser({});
  ParseStep step = parser.Feed("HTTP/1.1 200 OK\r\n\r\nhello");
  CHECK(step.event == ParseEvent::kHead);
  CHECK_FALSE(parser.head().keep_alive);
  CHECK(parser.Feed("hello").body == "hello");
  CHECK(parser.End().event == ParseEvent::kDone);

  ResponseParser cut({});
  CHECK(cut.Feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").event == ParseEvent::kHead);
  CHECK(cut.Feed("hello").event == ParseEvent::kBody);
  CHECK(cut.End().event == ParseEvent::kError);
  CHECK(cut.error().message == "the connection ended inside the answer");
}

TEST_CASE("the answer to HEAD has a length and no body") {
  ResponseParser parser({});
  parser.ExpectNoBody();
  const ParseStep step = parser.Feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  CHECK(step.event == ParseEvent::kHead);
  CHECK(parser.Feed("").event == ParseEvent::kDone);
}

TEST_CASE("an upstream's answer that could be framed in two ways is refused") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  CHECK(Outcome(ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        "E 400 Content-Length and Transfer-Encoding together");
  CHECK(Outcome(ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi") == "E 400 two Content-Length fields");
  CHECK(Outcome(ok + "Transfer-Encoding: gzip, chunked\r\n\r\n") == "E 400 a Transfer-Encoding other than chunked");
  CHECK(Outcome("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == "E 400 Transfer-Encoding in HTTP/1.0");
  CHECK(Outcome("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi") == "E 400 a 204 answer with a body");
  CHECK(Outcome("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n") == "E 400 a line that does not end in CR LF");
}

TEST_CASE("status lines of any other form are refused") {
  for (const std::string bad :
       {"HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1  200 OK", "HTTP/1.1 -20 OK", "HTTP/2 200 OK", "HTTP/1.1 099 X",
        "HTTP/1.1 600 X", "HTTP/1.1 2x0 X", "HTTP/1.1 200OK", "HTTP/1.1", "ICY 200 OK"}) {
    INFO(bad);
    CHECK(Outcome(bad + "\r\n\r\n").starts_with("E 400"));
  }
  CHECK(Outcome("HTTP/1.1 200 O\x01K\r\n\r\n") == "E 400 a reason phrase with a control character");
}

TEST_CASE("a body up to the end of the connection is bounded") {
  Limits limits;
  limits.body = 4;
  CHECK(Outcome("HTTP/1.1 200 OK\r\n\r\nhello", limits) == "H 200 close\nB hell\nE 413 the body is too large");
}

}  // namespace intentgate::http
