#include <doctest/doctest.h>

#include <string>

#include "http/parser.h"
#include "support/parser_outcome.h"

namespace intentgate::http {
namespace {

std::string Outcome(std::string_view bytes, const Limits& limits) {
  const std::string whole = test::WholeOutcome<RequestParser>(bytes, limits);
  CHECK(whole == test::BytewiseOutcome<RequestParser>(bytes, limits));
  return whole;
}

bool Accepted(const std::string& outcome) { return outcome.ends_with("D\n"); }

}  // namespace

TEST_CASE("the first line may be as long as its limit and no longer") {
  Limits limits;
  limits.start_line = 64;
  const auto request = [](std::size_t size) {
    return "GET /" + std::string(size - 14, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  CHECK(Accepted(Outcome(request(64), limits)));
  CHECK(Outcome(request(65), limits) == "E 431 the first line is too long");
  CHECK(Outcome(std::string(70, 'G'), limits) == "E 431 the first line is too long");
}

TEST_CASE("a head may be as large as its limit and no larger") {
  Limits limits;
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\n";
  limits.head = begin.size() + 40;
  const auto request = [&](std::size_t size) { return begin + "X: " + std::string(size, 'x') + "\r\n\r\n"; };
  CHECK(Accepted(Outcome(request(35), limits)));
  CHECK(Outcome(request(39), limits) == "E 431 the header is too large");
  CHECK(Outcome(begin + std::string(100, 'x'), limits) == "E 431 the header is too large");
}

TEST_CASE("fields may be as many as their limit and no more") {
  Limits limits;
  limits.header_count = 3;
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n";
  CHECK(Accepted(Outcome(begin + "\r\n", limits)));
  CHECK(Outcome(begin + "C: 3\r\n\r\n", limits) == "E 431 too many header fields");
}

TEST_CASE("a body over the limit is refused with 413 before it is read") {
  Limits limits;
  limits.body = 10;
  const std::string begin = "POST / HTTP/1.1\r\nHost: a\r\n";
  CHECK(Accepted(Outcome(begin + "Content-Length: 10\r\n\r\n0123456789", limits)));
  CHECK(Outcome(begin + "Content-Length: 11\r\n\r\n", limits) == "E 413 the body is too large");
  CHECK(Outcome(begin + "Content-Length: 999999999999999999\r\n\r\n", limits) == "E 413 the body is too large");

  const std::string chunked = begin + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(Accepted(Outcome(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", limits)));
  CHECK(Outcome(chunked + "5\r\n01234\r\n6\r\n", limits).ends_with("01234\nE 413 the body is too large"));
  CHECK(Outcome(chunked + "fffffffffffffff\r\n", limits).ends_with("E 413 the body is too large"));
}

TEST_CASE("chunk lines, extensions and trailers are bounded") {
  Limits limits;
  limits.chunk_line = 20;
  limits.chunk_extensions = 30;
  limits.trailers = 30;
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "1;e=0123456789\r\nx\r\n";
  CHECK(Accepted(Outcome(chunked + chunk + chunk + "0\r\n\r\n", limits)));
  CHECK(Outcome(chunked + chunk + chunk + chunk, limits).ends_with("xx\nE 400 too many chunk extensions"));
  CHECK(Outcome(chunked + "1;e=012345678901234567\r\n", limits).ends_with("E 400 a chunk line that is too long"));
  CHECK(Accepted(Outcome(chunked + "0\r\nA: 0123456789\r\n\r\n", limits)));
  CHECK(Outcome(chunked + "0\r\nA: 0123456789\r\nA: 0123456789abc\r\n\r\n", limits)
            .ends_with("E 431 the trailer is too large"));
  CHECK(Outcome(chunked + "0\r\n" + std::string(40, 'a'), limits).ends_with("E 431 the trailer is too large"));
}

}  // namespace intentgate::http
