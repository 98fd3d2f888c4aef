#include "base/encoding.h"

#include <doctest/doctest.h>

#include "base/ids.h"
#include "base/utf8.h"

namespace intentgate::base {

TEST_CASE("base64url has one text for each byte string") {
  for (const auto& [text, encoded] : {std::pair{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xff\xfe", "__4"}}) {
    CHECK(Base64UrlEncode(AsBytes(text)) == encoded);
    CHECK(*Base64UrlDecodeText(encoded) == text);
    std::uint8_t out[8] = {};
    CHECK(Base64UrlDecodeInto(encoded, out));
    CHECK(AsText(out).substr(0, std::string_view(text).size()) == text);
  }
  for (const std::string bad : {"Zh", "Zm9", "Zg==", "Z", "Zm 8", "Zm8\n", "+/+/", "Zm9v\xff"}) {
    INFO(bad);
    CHECK(Base64UrlDecode(bad).error().code == ErrorCode::kMalformed);
    std::uint8_t out[8];
    CHECK_FALSE(Base64UrlDecodeInto(bad, out));
  }
}

TEST_CASE("standard base64 pads and refuses what is not padded") {
  CHECK(Base64Encode(AsBytes("fo")) == "Zm8=");
  CHECK(AsText(*Base64Decode("Zm8=")) == "fo");
  CHECK_FALSE(Base64Decode("Zm8").ok());
}

TEST_CASE("hex is lower case") {
  CHECK(HexEncode(AsBytes("\x01\xab")) == "01ab");
  CHECK(AsText(*HexDecode("01ab")) == "\x01\xab");
  CHECK_FALSE(HexDecode("01AB").ok());
  CHECK_FALSE(HexDecode("0").ok());
}

TEST_CASE("UTF-8 refuses overlong forms, surrogates and values above U+10FFFF") {
  CHECK(IsValidUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const std::string bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82", "\xff"}) {
    CHECK_FALSE(IsValidUtf8(bad));
  }
  CHECK(ReplaceInvalidUtf8("a\xff" "b") == "a\xef\xbf\xbd" "b");
}

namespace {
class CountingRandom final : public Random {
 public:
  Status Fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = next_++;
    return {};
  }

 private:
  std::uint8_t next_ = 0;
};
}  // namespace

TEST_CASE("ids carry their time and their randomness") {
  ManualClock clock(1'767'225'600'123'000);
  CountingRandom random;
  CHECK(*MakeUuidV7(clock, random) == "019b76da-a87b-7607-8809-0a0b0c0d0e0f");
  const std::string id = *MakeTokenId(clock, random);
  CHECK(id.size() == 22);
  CHECK(id.substr(0, 5) == "aVW5A");
}

}  // namespace intentgate::base
