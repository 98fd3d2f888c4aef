#include "base/encoding.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/base64_blocks.h"
#include "base/ids.h"
#include "base/utf8.h"

namespace intentgate::base {
namespace {

// Bit by bit, by the definition.
std::string SlowBase64Url(std::span<const std::uint8_t> bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
    unsigned six = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) six = six << 1 | (i / 8 < bytes.size() ? unsigned{bytes[i / 8]} >> (7 - i % 8) & 1u : 0u);
    out += kAlphabet[six];
  }
  return out;
}

}  // namespace

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

TEST_CASE("base64 of every length is what its definition says, there and back") {
  Bytes bytes;
  for (unsigned i = 0; i < 200; ++i) {
    const std::string text = SlowBase64Url(bytes);
    REQUIRE(Base64UrlEncode(bytes) == text);
    REQUIRE(Base64UrlSize(bytes.size()) == text.size());
    REQUIRE(*Base64UrlDecode(text) == bytes);
    // Exactly its bytes are written.
    Bytes exact(bytes.size() + 1, 0xee);
    REQUIRE(Base64UrlDecodeInto(text, exact.data()));
    REQUIRE(exact.back() == 0xee);
    REQUIRE(*Base64Decode(Base64Encode(bytes)) == bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 151 + 7));
  }
}

TEST_CASE("a character outside the alphabet is refused wherever it stands") {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const std::size_t size : {4u, 16u, 32u, 64u, 71u}) {
    const std::string good(size, 'A');
    for (int c = 0; c < 256; ++c) {
      const bool common = alphabet.find(static_cast<char>(c)) != std::string::npos;
      for (std::size_t at = 0; at + 1 < size; ++at) {
        std::string text = good;
        text[at] = static_cast<char>(c);
        REQUIRE(Base64UrlDecode(text).ok() == (common || c == '-' || c == '_'));
        if (size % 4 == 0) REQUIRE(Base64Decode(text).ok() == (common || c == '+' || c == '/'));
      }
    }
  }
}

#if defined(__x86_64__)
TEST_CASE("each width of block that the processor has reads what is written, and refuses what does not belong") {
  constexpr Base64Rows kRows = RowsOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
  Bytes bytes(96);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 151 + 7);
  const std::string text = SlowBase64Url(bytes);
  const auto check = [&](auto decode) {
    Bytes out(bytes.size() + 1, 0xee);
    const DecodedBlocks blocks = decode(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), kRows, out.data());
    REQUIRE(blocks.valid);
    REQUIRE(blocks.chars > 0);
    REQUIRE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(blocks.chars / 4 * 3), bytes.begin()));
    REQUIRE(out.back() == 0xee);
    for (std::size_t at = 0; at < blocks.chars; ++at) {
      for (const char wrong : {'+', '/', '=', ' ', '@', '[', '`', '{', '\0', '\x80', '\xad'}) {
        std::string bad = text;
        bad[at] = wrong;
        REQUIRE_FALSE(decode(reinterpret_cast<const std::uint8_t*>(bad.data()), bad.size(), kRows, out.data()).valid);
      }
    }
  };
  if (HasBase64Blocks()) check(DecodeBlocks);
  if (HasWideBase64Blocks()) check(DecodeWideBlocks);
}
#endif

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
  // Every byte at every place of a word and behind it, as it was before the words.
  for (std::size_t size = 2; size <= 20; size += 2) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string digits(size, '5');
        digits[at] = static_cast<char>(c);
        const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        const auto bytes = HexDecode(digits);
        REQUIRE(bytes.ok() == is_digit);
        if (is_digit) REQUIRE(HexEncode(*bytes) == digits);
      }
    }
  }
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
