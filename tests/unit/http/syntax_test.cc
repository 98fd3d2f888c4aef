#include "http/syntax.h"

#include <doctest/doctest.h>

#include <string>

namespace intentgate::http {
namespace {

char PlainLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

TEST_CASE("only ASCII letters have a case, wherever they stand in a name") {
  std::size_t wrong = 0;
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const char left = static_cast<char>(a), right = static_cast<char>(b);
      const bool same = PlainLower(left) == PlainLower(right);
      // In a block of eight, in the rest behind it, and in a name that is shorter than a block.
      for (const std::size_t at : {std::size_t{0}, std::size_t{7}, std::size_t{9}}) {
        std::string x = "\xff" "Aa\x80@[zZ" "Mcp", y = "\xff" "aA\x80@[Zz" "mCP";
        x[at] = left;
        y[at] = right;
        if (EqualsIgnoreCase(x, y) != same) ++wrong;
        if (EqualsIgnoreCase(x.substr(at, 4), y.substr(at, 4)) != same) ++wrong;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("names of different lengths are different names") {
  CHECK(EqualsIgnoreCase("", ""));
  CHECK(EqualsIgnoreCase("Content-Length", "content-length"));
  CHECK_FALSE(EqualsIgnoreCase("Content-Length", "content-lengt"));
  CHECK_FALSE(EqualsIgnoreCase("Content-Length", "content_length"));
}

}  // namespace intentgate::http
