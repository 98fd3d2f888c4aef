#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "store/postgres/text.h"

namespace intentgate::store::pg {
namespace {

std::string Escaped(std::string_view text) {
  std::string out;
  AppendEscaped(text, out);
  return out;
}

}  // namespace

TEST_CASE("a text is stored as it is unless PostgreSQL would refuse it") {
  CHECK(Escaped("") == "");
  CHECK(Escaped("caf\xc3\xa9 \xf0\x9f\x98\x80") == "caf\xc3\xa9 \xf0\x9f\x98\x80");
  CHECK(Escaped(std::string_view("a\0b", 3)) == "a\\0b");
  CHECK(Escaped("a\\0b") == "a\\\\0b");
  CHECK(Escaped("\xff\xc3") == "\\xff\\xc3");
  CHECK(Escaped("\xed\xa0\x80z") == "\\xed\\xa0\\x80z");
}

TEST_CASE("every string of two bytes and every hostile one comes back, and is stored as valid UTF-8 without NUL") {
  std::vector<std::string> texts{std::string("\\\0\\x00", 6), "\\xzz", "x\\", std::string(3, '\\')};
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) texts.push_back({static_cast<char>(first), static_cast<char>(second)});
  }
  for (const std::string& text : texts) {
    const std::string stored = Escaped(text);
    REQUIRE(base::IsValidUtf8(stored));
    REQUIRE(stored.find('\0') == std::string::npos);
    REQUIRE(Unescape(stored) == text);
  }
}

TEST_CASE("what AppendEscaped never wrote is read as some text") {
  CHECK(Unescape("\\") == "\\");
  CHECK(Unescape("\\q\\x1") == "\\q\\x1");
}

}  // namespace intentgate::store::pg
