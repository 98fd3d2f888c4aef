#include <doctest/doctest.h>

#include <string>

#include "mcp/answer_scan.h"

namespace intentgate::mcp {
namespace {

// The same whole and byte by byte.
std::string Show(std::string_view text) {
  std::string shown[2];
  for (const bool whole : {true, false}) {
    AnswerScan scan;
    if (whole) scan.Feed(text);
    for (std::size_t i = 0; !whole && i < text.size(); ++i) scan.Feed(text.substr(i, 1));
    shown[whole ? 0 : 1] = scan.id() + (scan.has_method() ? " method" : "") + (scan.has_result() ? " result" : "") +
                           (scan.has_error() ? " error" : "") + (scan.is_error() ? " failed" : "") +
                           (scan.complete() ? "" : " open");
  }
  CHECK(shown[0] == shown[1]);
  return shown[0];
}

}  // namespace

TEST_CASE("what became of a request is read from the outer members alone") {
  CHECK(Show(R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"x"}],"isError":false}})") == "1 result");
  CHECK(Show(R"({"id":"a\"b","result":{"isError" : true , "x":1}})") == R"("a\"b" result failed)");
  CHECK(Show(R"({"error":{"code":1,"message":"m"},"id":2})") == "2 error");
  CHECK(Show(R"({"method":"notifications/progress","params":{"id":7,"result":1}})") == " method");
  CHECK(Show(R"({"id":1,"result":{"content":[{"isError":true,"id":9}],"other":{"isError":true}}})") == "1 result");
  CHECK(Show(R"({"id":1,"result":{"text":"\"isError\":true,{[\\","isError":false}})") == "1 result");
  CHECK(Show(R"({"params":{"method":"m","result":{}},"id":3})") == "3");
}

TEST_CASE("a text that has not ended is told, and nothing in it is invented") {
  CHECK(Show(R"({"id":1,"result":{"isError":tr)") == "1 result open");
  CHECK(Show("") == " open");
  CHECK(Show("]]]]}") == "");
  const std::string deep(10'000, '[');
  CHECK(Show(deep) == " open");
}

}  // namespace intentgate::mcp
