#include "http/parser.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/parser_outcome.h"

namespace intentgate::http {
namespace {

std::string Whole(std::string_view bytes, const Limits& limits = {}) {
  return test::WholeOutcome<RequestParser>(bytes, limits);
}

// The outcome, which must not depend on how the bytes are cut.
std::string Outcome(std::string_view bytes, const Limits& limits = {}) {
  const std::string whole = Whole(bytes, limits);
  CHECK(whole == test::BytewiseOutcome<RequestParser>(bytes, limits));
  return whole;
}

struct Row {
  std::string what;
  std::string bytes;
  std::string reason;
};

const std::string kPost = "POST /mcp HTTP/1.1\r\nHost: a\r\n";
const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n";

void CheckRefused(const std::vector<Row>& rows, const std::string& status) {
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(Outcome(row.bytes) == "E " + status + " " + row.reason);
  }
}

}  // namespace

TEST_CASE("what two parsers could frame differently is refused with 400") {
  const std::string both = "Content-Length and Transfer-Encoding together";
  const std::string coding = "a Transfer-Encoding other than chunked";
  const std::string two_lengths = "two Content-Length fields";
  const std::string no_number = "a Content-Length that is not a plain number";
  const std::string tail = "\r\n\r\n0\r\n\r\n";
  CheckRefused({
      {"length and coding", kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked" + tail, both},
      {"coding and length", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5" + tail, both},
      {"coding and length 0", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 0" + tail, both},
      {"chunked, identity", kPost + "Transfer-Encoding: chunked, identity" + tail, coding},
      {"identity", kPost + "Transfer-Encoding: identity" + tail, coding},
      {"gzip, chunked", kPost + "Transfer-Encoding: gzip, chunked" + tail, coding},
      {"xchunked and length", kPost + "Transfer-Encoding: xchunked\r\nContent-Length: 5" + tail, coding},
      {"other case", kPost + "Transfer-Encoding: Chunked" + tail, coding},
      {"quoted", kPost + "Transfer-Encoding: \"chunked\"" + tail, coding},
      {"with parameter", kPost + "Transfer-Encoding: chunked;q=1" + tail, coding},
      {"empty coding", kPost + "Transfer-Encoding:" + tail, coding},
      {"coding twice", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" + tail,
       "two Transfer-Encoding fields"},
      {"vertical tab", kPost + "Transfer-Encoding: \x0b" "chunked" + tail, "a header value with a control character"},
      {"coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked" + tail,
       "Transfer-Encoding in HTTP/1.0"},
      {"two lengths", kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", two_lengths},
      {"two equal lengths", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", two_lengths},
      {"list of lengths", kPost + "Content-Length: 5, 5\r\n\r\nhello", no_number},
      {"plus sign", kPost + "Content-Length: +2\r\n\r\nhi", no_number},
      {"minus sign", kPost + "Content-Length: -1\r\n\r\nhi", no_number},
      {"hexadecimal", kPost + "Content-Length: 0x2\r\n\r\nhi", no_number},
      {"leading zero", kPost + "Content-Length: 02\r\n\r\nhi", no_number},
      {"inner blank", kPost + "Content-Length: 1 0\r\n\r\nhi", no_number},
      {"empty length", kPost + "Content-Length:\r\n\r\nhi", no_number},
      {"overflow", kPost + "Content-Length: 18446744073709551617\r\n\r\nhi", no_number},
  }, "400");
}

TEST_CASE("lines and fields of any other form are refused with 400") {
  const std::string name = "a header name with a character that is not allowed there";
  const std::string value = "a header value with a control character";
  const std::string line = "a line that does not end in CR LF";
  CheckRefused({
      {"blank before colon", kPost + "Content-Length : 2\r\n\r\nhi", name},
      {"tab before colon", kPost + "Content-Length\t: 2\r\n\r\nhi", name},
      {"empty name", kGet + ": x\r\n\r\n", name},
      {"name with a bracket", kGet + "X[1]: x\r\n\r\n", name},
      {"name beyond ASCII", kGet + "X\xc3\xa9: x\r\n\r\n", name},
      {"no colon", kGet + "nothing\r\n\r\n", "a header line without a colon"},
      {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", line},
      {"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", line},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", line},
      {"bare CR in a value", kGet + "X: a\rY: b\r\n\r\n", value},
      {"two CRs", kGet + "X: a\r\r\n\r\n", value},
      {"folded line", kGet + "X: a\r\n b\r\n\r\n", "a folded header line"},
      {"folded by tab", kGet + "X: a\r\n\tb\r\n\r\n", "a folded header line"},
      {"blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "a folded header line"},
      {"NUL in a value", kGet + std::string("X: a\0b\r\n\r\n", 10), value},
      {"NUL in a name", kGet + std::string("X\0: a\r\n\r\n", 9), name},
      {"escape in a value", kGet + "X: \x1b[0m\r\n\r\n", value},
      {"DEL in a value", kGet + "X: \x7f\r\n\r\n", value},
      {"no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", "no Host field"},
      {"no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "no Host field"},
      {"two Hosts", kGet + "Host: b\r\n\r\n", "two Host fields"},
      {"two equal Hosts", kGet + "host: a\r\n\r\n", "two Host fields"},
      {"two Authorizations", kGet + "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n",
       "two Authorization fields"},
      {"two Content-Types", kGet + "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n", "two Content-Type fields"},
  }, "400");
  for (const std::string host :
       {"", "a b", "user@a", "a/b", "a:b", "a:99999", "a:", "[::1", "[]", "a,b", "a?b", ":80"}) {
    INFO(host);
    CHECK(Outcome("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") ==
          "E 400 a Host field that is not host or host:port");
  }
}

TEST_CASE("request lines of any other form are refused with 400") {
  const std::string begin = "the message does not begin like HTTP/1.1";
  const std::string shape = "a request line that is not \"method target version\"";
  const std::string version = "a protocol version other than HTTP/1.1";
  const std::string method = "a method that is not a token";
  const std::string target = "a target with a character or form that is not allowed there";
  const std::string host = "\r\nHost: a\r\n\r\n";
  CheckRefused({
      {"HTTP/0.9", "GET /\r\n", shape},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version},
      {"HTTP/2.0", "GET / HTTP/2.0" + host, version},
      {"HTTP/1.2", "GET / HTTP/1.2" + host, version},
      {"HTTP/1.10", "GET / HTTP/1.10" + host, version},
      {"lower case version", "GET / http/1.1" + host, version},
      {"no version", "GET / " + host, version},
      {"TLS on the plain port", "\x16\x03\x01\x02", begin},
      {"leading empty line", "\r\nGET / HTTP/1.1" + host, begin},
      {"leading blank", " GET / HTTP/1.1" + host, begin},
      {"method with a slash", "G/T / HTTP/1.1" + host, method},
      {"method with NUL", std::string("G\0T / HTTP/1.1", 14) + host, method},
      {"long method", std::string(33, 'A') + " / HTTP/1.1" + host, method},
      {"blank in the target", "GET /a b HTTP/1.1" + host, target},
      {"two blanks", "GET  / HTTP/1.1" + host, target},
      {"tab in the target", "GET /a\tb HTTP/1.1" + host, target},
      {"NUL in the target", std::string("GET /a\0b HTTP/1.1", 17) + host, target},
      {"beyond ASCII", "GET /\xc3\xa9 HTTP/1.1" + host, target},
      {"backslash", "GET /a\\b HTTP/1.1" + host, target},
      {"fragment", "GET /a#b HTTP/1.1" + host, target},
      {"quote", "GET /\"a\" HTTP/1.1" + host, target},
      {"half an escape", "GET /%2 HTTP/1.1" + host, target},
      {"no escape", "GET /%zz HTTP/1.1" + host, target},
      {"no leading slash", "GET a HTTP/1.1" + host, target},
      {"authority form", "CONNECT a:80 HTTP/1.1" + host, target},
      {"asterisk with GET", "GET * HTTP/1.1" + host, target},
      {"another scheme", "GET ftp://a/ HTTP/1.1" + host, target},
      {"absolute form for another host", "GET http://b/ HTTP/1.1" + host,
       "a target that names another host than the Host field"},
      {"absolute form with user", "GET http://u@a/ HTTP/1.1" + host,
       "a target that names another host than the Host field"},
  }, "400");
}

TEST_CASE("an absolute form that names the Host is brought to origin form") {
  CHECK(Outcome("GET http://A:80/x?y=1 HTTP/1.1\r\nHost: a:80\r\n\r\n") == "H GET /x?y=1 keep|Host=a:80\nB \nD\n");
  CHECK(Outcome("GET https://a?y HTTP/1.1\r\nHost: a\r\n\r\n") == "H GET /?y keep|Host=a\nB \nD\n");
  CHECK(Outcome("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == "H OPTIONS * keep|Host=a\nB \nD\n");
}

TEST_CASE("requests follow each other on a connection") {
  const std::string two = kPost + "Content-Length: 2\r\n\r\nhi" + kGet + "Connection: Close\r\n\r\n";
  CHECK(Outcome(two) ==
        "H POST /mcp keep|Host=a|Content-Length=2\nB hi\nD\nH GET / close|Host=a|Connection=Close\nB \nD\n");
  CHECK(Outcome("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").find(" close") != std::string::npos);
}

TEST_CASE("values keep their inner blanks and lose the outer ones") {
  CHECK(Outcome(kGet + "X: \t a  b \t\r\nY:\r\n\r\n") == "H GET / keep|Host=a|X=a  b|Y=\nB \nD\n");
}

TEST_CASE("chunked bodies are put together and trailers dropped") {
  const std::string chunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string head = "H POST /mcp keep|Host=a|Transfer-Encoding=chunked\nB ";
  CHECK(Outcome(chunked + "2\r\nhe\r\n003;a=b\r\nllo\r\n0\r\n\r\n") == head + "hello\nD\n");
  CHECK(Outcome(chunked + "a\r\n0123456789\r\n0\r\nX-Later: no\r\nHost: evil\r\n\r\n" + kGet + "\r\n") ==
        head + "0123456789\nD\nH GET / keep|Host=a\nB \nD\n");
}

TEST_CASE("chunks of any other form are refused") {
  const std::string chunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string head = "H POST /mcp keep|Host=a|Transfer-Encoding=chunked\nB ";
  const std::string size = "a chunk size that is not plain hexadecimal";
  for (const std::string bad : {"", "g", "-1", "+2", "0x2", " 2", "2 ", "2 ;a", "1234567890abcdef", ";a=b", "2\r"}) {
    INFO(bad);
    CHECK(Outcome(chunked + bad + "\r\nhe\r\n0\r\n\r\n") == head + "\nE 400 " + size);
  }
  CHECK(Outcome(chunked + "2\nhe\r\n0\r\n\r\n") == head + "\nE 400 a line that does not end in CR LF");
  CHECK(Outcome(chunked + "2\r\nhello\r\n") == head + "he\nE 400 a chunk that is longer than its size");
  CHECK(Outcome(chunked + "2\r\nhe\n0\r\n\r\n") == head + "he\nE 400 a chunk that is longer than its size");
  CHECK(Outcome(chunked + "2\r\nhe\rx") == head + "he\nE 400 a chunk that is longer than its size");
  CHECK(Outcome(chunked + "2;\x01\r\nhe\r\n") == head + "\nE 400 a chunk extension with a control character");
  CHECK(Outcome(chunked + "0\r\nbad trailer\r\n\r\n") == head + "\nE 400 a header line without a colon");
  CHECK(Outcome(chunked + "0\r\n folded: x\r\n\r\n") == head + "\nE 400 a folded header line");
}

TEST_CASE("an expectation other than 100-continue is refused with 417") {
  CHECK(Outcome(kPost + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n") ==
        "E 417 an expectation that this server does not know");
  RequestParser parser({});
  const ParseStep step = parser.Feed(kPost + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  CHECK(step.event == ParseEvent::kHead);
  CHECK(parser.head().expects_continue);
}

TEST_CASE("bytes after an error are never read") {
  RequestParser parser({});
  CHECK(parser.Feed("GET /\r\n").event == ParseEvent::kError);
  const ParseStep step = parser.Feed(kGet + "\r\n");
  CHECK(step.event == ParseEvent::kError);
  CHECK(step.consumed == 0);
}

}  // namespace intentgate::http
