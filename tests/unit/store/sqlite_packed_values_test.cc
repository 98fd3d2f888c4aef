#include "store/sqlite/packed_values.h"

#include <doctest/doctest.h>

#include <memory>

namespace intentgate::store {
namespace {

PrivateValue Value(std::string member, std::uint8_t salt, std::string value) {
  PrivateValue made{std::move(member), {}, std::move(value)};
  made.salt.fill(salt);
  return made;
}

std::string Packed(const std::vector<PrivateValue>& values) {
  std::string out = "what was there before";
  PackValues(values, out);
  return out;
}

// From memory that ends where the bytes do, so that a sanitizer sees a read past them.
Result<std::vector<PrivateValue>> Unpacked(std::string_view bytes) {
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  return UnpackValues({exact.get(), bytes.size()});
}

const std::vector<PrivateValue> kThree = {Value("arg_values", 0xff, std::string("{\"a\":\"\0\xe2\x80\xa8\"}", 13)),
                                          Value("", 0, ""), Value("remote_ip", 7, "192.0.2.1")};

}  // namespace

TEST_CASE("packed values come back as they were") {
  CHECK(Packed({}).empty());
  CHECK(Unpacked("")->empty());
  const std::vector<std::vector<PrivateValue>> cases = {
      kThree,
      {Value("reason", 1, "")},
      {Value("details", 0x80, std::string(3'000'000, '\xfe')), Value("remote_ip", 2, "short")},
      std::vector<PrivateValue>(1'000, Value("m", 3, "v")),
  };
  for (const std::vector<PrivateValue>& values : cases) {
    const auto back = Unpacked(Packed(values));
    REQUIRE(back.ok());
    REQUIRE(back->size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK((*back)[i].member == values[i].member);
      CHECK((*back)[i].salt == values[i].salt);
      CHECK(((*back)[i].value == values[i].value));
    }
  }
}

TEST_CASE("the packed bytes stay as they are, since files have them") {
  CHECK(Packed({Value("ip", 'S', "1.2")}) == std::string("\1\1\0\0\0\2\0\0\0ipSSSSSSSSSSSSSSSS\3\0\0\0" "1.2", 34));
}

TEST_CASE("bytes that end early or go on are refused") {
  const std::string whole = Packed(kThree);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto cut = Unpacked(std::string_view(whole).substr(0, size));
    REQUIRE_FALSE(cut.ok());
    CHECK(cut.error().code == ErrorCode::kCorrupt);
  }
  CHECK_FALSE(Unpacked(whole + '\0').ok());
  CHECK_FALSE(Unpacked(whole + whole).ok());
}

TEST_CASE("any byte may be another one, and lengths promise nothing") {
  const std::string whole = Packed(kThree);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto values = Unpacked(changed);
      if (changed == whole || !values.ok()) continue;
      // Texts and salts may say anything; what they say packs to the same bytes again.
      CHECK(Packed(*values) == changed);
    }
  }
  for (const char* bytes : {"\2\0\0\0\0", "\1\xff\xff\xff\xff", "\1\1\0\0\0\xff\xff\xff\xff", "\1\xff\xff\xff\xff\0\0\0\0"}) {
    CHECK_FALSE(Unpacked(std::string(bytes, 9)).ok());
  }
}

}  // namespace intentgate::store
