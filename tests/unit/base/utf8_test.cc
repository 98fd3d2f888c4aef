#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace intentgate::base {

TEST_CASE("a bad byte is found wherever it stands in a long text") {
  for (std::size_t size = 1; size <= 33; ++size) {
    CHECK(IsValidUtf8(std::string(size, 'a')));
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\xff';
      CHECK_FALSE(IsValidUtf8(text));
      text[at] = '\x80';
      CHECK_FALSE(IsValidUtf8(text));
    }
  }
}

TEST_CASE("the plain prefix of a text ends at most seven bytes before what JSON escapes or what is not ASCII") {
  for (std::size_t size = 0; size < 40; ++size) {
    CHECK(PlainJsonPrefix(std::string(size, ' ')) == size);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char other : {'\0', '\x1f', '"', '\\', '\x80', '\xff'}) {
        std::string text(size, '~');
        text[at] = other;
        const std::size_t plain = PlainJsonPrefix(text);
        CAPTURE(size);
        CAPTURE(at);
        CHECK(plain <= at);
        CHECK(plain + 7 >= at);
      }
    }
  }
}

TEST_CASE("a character of several bytes may stand anywhere and must be whole") {
  for (const std::string character : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    for (std::size_t before = 0; before <= 17; ++before) {
      const std::string text = std::string(before, 'a') + character;
      CHECK(IsValidUtf8(text));
      CHECK(IsValidUtf8(text + "tail of the text"));
      CHECK_FALSE(IsValidUtf8(text.substr(0, text.size() - 1)));
      CHECK_FALSE(IsValidUtf8(text.substr(0, text.size() - 1) + "tail of the text"));
    }
  }
}

}  // namespace intentgate::base
