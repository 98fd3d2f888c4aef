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

// Of a usual member, of one without a name, and of one that only somebody else would have.
const std::vector<PrivateValue> kThree = {Value("arg_values", 0xff, std::string("{\"a\":\"\0\xe2\x80\xa8\"}", 13)),
                                          Value("", 0, ""), Value("ip", 7, "192.0.2.1")};

}  // namespace

TEST_CASE("packed values come back as they were") {
  CHECK(Packed({}).empty());
  CHECK(Unpacked("")->empty());
  std::vector<std::vector<PrivateValue>> cases = {
      kThree,
      {Value("reason", 1, "")},
      {Value("details", 0x80, std::string(3'000'000, '\xfe')), Value("remote_ip", 2, "short")},
      std::vector<PrivateValue>(1'000, Value("m", 3, "v")),
  };
  for (const std::size_t size : {254u, 255u, 256u, 65'536u}) {
    cases.push_back({Value(std::string(size, 'm'), 4, std::string(size, 'v'))});
    cases.push_back(std::vector<PrivateValue>(size, Value("reason", 5, "")));
  }
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
  CHECK(Packed({Value("remote_ip", 'S', "1.2"), Value("ip", 'T', std::string(255, 'v'))}) ==
        std::string("\1\2" "\10SSSSSSSSSSSSSSSS\3" "1.2" "\0\2ipTTTTTTTTTTTTTTTT\xff\xff\0\0\0", 48) + std::string(255, 'v'));
  for (const char* member : {"arg_values", "arg_values_text", "args_sha256", "details", "details_text", "intent_summary", "reason",
                             "remote_ip", "result_sha256"}) {
    CHECK(Packed({Value(member, 0, "")}).size() == 20);
  }
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
      CHECK(Packed(*values).size() <= changed.size());   // what is said is there
    }
  }
  using std::string_view_literals::operator""sv;
  for (const std::string_view bytes : {"\1"sv, "\2\0"sv, "\1\xff\xff\xff\xff\xff"sv, "\1\1\0\xff\xff\xff\xff\xff"sv, "\1\1\12"sv,
                                       "\1\1\7SSSSSSSSSSSSSSSS\xff\xff\xff\xff\x7f"sv, "\1\xff\xff\xff\xff\xff\7SSSSSSSSSSSSSSSS\0"sv}) {
    CHECK_FALSE(Unpacked(bytes).ok());
  }
}

}  // namespace intentgate::store
