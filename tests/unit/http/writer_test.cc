#include "http/writer.h"

#include <doctest/doctest.h>

#include "http/url.h"

namespace intentgate::http {

TEST_CASE("framing fields of a caller are left out") {
  std::string out;
  const HeaderList headers = {
      {"Content-Type", "text/plain"}, {"Content-Length", "999"}, {"transfer-encoding", "chunked"},
      {"Connection", "upgrade"},      {"Keep-Alive", "x"},       {"Date", "never"}};
  CHECK(AppendResponseHead(200, headers, {BodyFraming::kLength, 2, false, {}}, out).ok());
  CHECK(out == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n");
  out.clear();
  CHECK(AppendRequestHead("POST", "/mcp", "up:1", {{"Host", "evil"}, {"TE", "x"}, {"A", "b"}}, 0, out).ok());
  CHECK(out == "POST /mcp HTTP/1.1\r\nHost: up:1\r\nA: b\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("a field that would break the message is refused and nothing is written") {
  for (const std::string& bad :
       {std::string("a\r\nX: y"), std::string("a\nb"), std::string("a\0b", 3), std::string("\x7f")}) {
    std::string out = "before";
    CHECK(AppendResponseHead(200, {{"X", bad}}, {}, out).error().message == "the header X has a control character");
    CHECK(AppendRequestHead("GET", "/", "a", {{"X", bad}}, {}, out).error().code == ErrorCode::kInvalidArgument);
    CHECK(out == "before");
  }
  std::string out;
  CHECK_FALSE(AppendResponseHead(200, {{"X Y", "a"}}, {}, out).ok());
  CHECK_FALSE(AppendResponseHead(99, {}, {}, out).ok());
  CHECK_FALSE(AppendRequestHead("GET", "/a b", "a", {}, {}, out).ok());
  CHECK_FALSE(AppendRequestHead("GET /x HTTP/1.1\r\nX:", "/", "a", {}, {}, out).ok());
  CHECK_FALSE(AppendRequestHead("GET", "/", "a\r\nb", {}, {}, out).ok());
  CHECK(out.empty());
}

TEST_CASE("chunks are framed and an empty one is not written") {
  std::string out;
  AppendChunk("", out);
  AppendChunk(std::string(26, 'x'), out);
  AppendLastChunk(out);
  CHECK(out == "1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
}

TEST_CASE("an error body is always valid JSON") {
  CHECK(ErrorBody("say \"no\" \\ \n\xff") == "{\"error\":\"say \\\"no\\\" \\\\ ??\"}");
}

TEST_CASE("dates follow the fixed format") {
  CHECK(FormatHttpDate(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(FormatHttpDate(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("a field is found by its name alone, whatever else is of its size, and not behind Clear") {
  const std::string of_65(65, 'a'), of_129(129, 'b');   // as long as "X" for what looks at sizes first
  HeaderList headers;
  CHECK_FALSE(headers.Get("X").has_value());
  headers.Add(of_65, "1");
  CHECK_FALSE(headers.Get("X").has_value());
  CHECK_FALSE(headers.Get(of_129).has_value());
  CHECK(headers.Get(of_65) == "1");
  headers.Add("x", "2");
  CHECK(headers.Get("X") == "2");
  headers.Remove("X");
  CHECK_FALSE(headers.Get("x").has_value());
  CHECK(headers.Get(of_65) == "1");
  const HeaderList copy = headers, moved = std::move(headers);
  CHECK(copy.Get(of_65) == "1");
  CHECK(moved.Get(of_65) == "1");
  headers = copy;
  headers.Clear();
  CHECK_FALSE(headers.Get(of_65).has_value());
  headers.Set("Y", "3");
  CHECK(headers.Get("y") == "3");
}

TEST_CASE("header names are compared without regard to case") {
  HeaderList headers = {{"Accept", "text/html, Application/JSON"}, {"accept", "text/event-stream"}, {"X", "y"}};
  CHECK(*headers.Get("ACCEPT") == "text/html, Application/JSON");
  CHECK(headers.Count("accept") == 2);
  CHECK(headers.HasElement("Accept", "text/event-stream"));
  CHECK(headers.HasElement("Accept", "application/json"));
  CHECK_FALSE(headers.HasElement("Accept", "text"));
  headers.Set("accept", "a");
  CHECK(headers.Count("Accept") == 1);
  CHECK(headers.size() == 2);
  CHECK_FALSE(headers.Get("none").has_value());
}

TEST_CASE("upstream URLs are taken apart") {
  const Url plain = *ParseUrl("http://127.0.0.1:3000/mcp?x=1");
  CHECK_FALSE(plain.tls);
  CHECK(plain.Authority() == "127.0.0.1:3000");
  CHECK(plain.target == "/mcp?x=1");
  const Url secure = *ParseUrl("HTTPS://up.example");
  CHECK(secure.tls);
  CHECK(secure.origin.port == 443);
  CHECK(secure.Authority() == "up.example");
  CHECK(secure.target == "/");
  const Url six = *ParseUrl("http://[::1]/a");
  CHECK(six.origin.host == "::1");
  CHECK(six.origin.port == 80);
  CHECK(six.Authority() == "[::1]");
  CHECK(ParseUrl("http://[::1]:81/a")->Authority() == "[::1]:81");
}

TEST_CASE("bad upstream URLs are refused without repeating what they hold") {
  for (const std::string bad :
       {"", "ftp://a/", "http://", "http:///x", "http://u:secret@a/", "http://a/#f", "http://a b/", "http://a/ b",
        "http://a:0/", "http://a:x/", "http://[::1", "127.0.0.1:80"}) {
    INFO(bad);
    const auto url = ParseUrl(bad);
    CHECK_FALSE(url.ok());
    if (url.ok()) continue;
    CHECK(url.error().code == ErrorCode::kInvalidArgument);
    CHECK(url.error().message.find("secret") == std::string::npos);
  }
}

}  // namespace intentgate::http
