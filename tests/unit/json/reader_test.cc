#include <doctest/doctest.h>

#include <array>
#include <string>

#include <intentgate/json.h>

namespace intentgate::json {
namespace {

ErrorCode CodeOf(std::string_view text, const ParseLimits& limits = {}) {
  const Result<Value> v = Parse(text, limits);
  return v.ok() ? ErrorCode::kInternal : v.error().code;
}

}  // namespace

TEST_CASE("what came in comes back, numbers to the digit") {
  for (const std::string text :
       {"null", "true", "false", "0", "-0", "1.10", "1e400", "1234567890123456789012345678901234567890", "\"\"", "[]", "{}",
        R"({"b":[1,2.50,{"c":null}],"a":"x\"y\\z\n"})", "[[[[]]]]", "\"\xf0\x9f\x98\x80\"", R"("\u0000")"}) {
    INFO(text);
    const Result<Value> v = Parse(text);
    REQUIRE(v.ok());
    CHECK(Write(*v) == text);
  }
  CHECK(Parse(" \n{ \"a\" : 1 } ")->Find("a")->AsInt64() == 1);
  CHECK(Parse(R"("\ud83d\ude00")")->string_value() == "\xf0\x9f\x98\x80");
}

TEST_CASE("whatever two parsers may read differently is refused") {
  for (const std::string text : {
           "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\" 1}", "{\"a\":1,}", "{a:1}", "'a'", "01", "+1", ".5", "1.", "1e", "-",
           "nul", "truex", "NaN", "Infinity", "\"\t\"", "\"\\x\"", "\"\\u12\"", "1 2", "{} {}", "[] x", "null null", "\"a\" \"b\"",
           R"({"a":1,"a":2})", R"({"a":1,"\u0061":2})", R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"({"\udc00":1})",
           "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\xef\xbb\xbf{}", "[1]\x01", "{\"a\":1}\"",  "[\"a\",\n4\n,1,"}) {
    INFO(text);
    CHECK(CodeOf(text) == ErrorCode::kMalformed);
  }
  CHECK(CodeOf(std::string_view("{}\0", 3)) == ErrorCode::kMalformed);
  CHECK(CodeOf(std::string_view("\"a\0b\"", 5)) == ErrorCode::kMalformed);
}

TEST_CASE("duplicates are found in large objects as well") {
  std::string text = "{";
  for (int i = 0; i < 500; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  CHECK(Parse(text + "\"z\":0}").ok());
  CHECK(CodeOf(text + "\"k3\":0}") == ErrorCode::kMalformed);
  CHECK(CodeOf(text + "\"k499\":0}") == ErrorCode::kMalformed);
}

TEST_CASE("limits are hit exactly where they say") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(Parse(nested(128)).ok());
  CHECK(CodeOf(nested(129)) == ErrorCode::kLimitExceeded);
  CHECK_FALSE(Parse(nested(1'000'000)).ok());
  CHECK(Parse("[1]", {.max_bytes = 3}).ok());
  CHECK(CodeOf("[1]", {.max_bytes = 2}) == ErrorCode::kLimitExceeded);
}

TEST_CASE("a case-variant of a protocol member is refused") {
  static constexpr std::array<std::string_view, 2> kMembers{"name", "arguments"};
  CHECK(RefuseCaseVariants(*Parse(R"({"name":"a","nickname":"b"})"), kMembers).ok());
  CHECK_FALSE(RefuseCaseVariants(*Parse(R"({"name":"a","Name":"b"})"), kMembers).ok());
  CHECK_FALSE(RefuseCaseVariants(*Parse(R"({"ARGUMENTS":1})"), kMembers).ok());
}

TEST_CASE("pointers follow RFC 6901") {
  const Value v = *Parse(R"({"a/b":{"~":[10,{"":5}]},"x":null})");
  CHECK(v.AtPointer("")->is_object());
  CHECK(v.AtPointer("/a~1b/~0/0")->AsInt64() == 10);
  CHECK(v.AtPointer("/a~1b/~0/1/")->AsInt64() == 5);
  CHECK(v.AtPointer("/x")->is_null());
  for (const std::string missing : {"x", "/y", "/a~1b/~0/2", "/a~1b/~0/00", "/a~1b/~0/-", "/a~2b", "/x/y"}) {
    CHECK(v.AtPointer(missing) == nullptr);
  }
}

TEST_CASE("numbers are compared by value, whatever their size") {
  CHECK(CompareNumbers("1.10", "1.1") == 0);
  CHECK(CompareNumbers("1e2", "100") == 0);
  CHECK(*CompareNumbers("9007199254740993", "9007199254740992") > 0);
  CHECK(*CompareNumbers("-5", "3") < 0);
  CHECK(*CompareNumbers("-0.1", "-0.2") > 0);
  CHECK(CompareNumbers("-0", "0.0e5") == 0);
  CHECK(*CompareNumbers("99999999999999999999", "1e20") < 0);
  CHECK_FALSE(CompareNumbers("1e9999999", "1").has_value());
  CHECK(Parse("1e400")->AsDouble() == std::nullopt);
  CHECK(Parse("1e-400")->AsDouble() == 0.0);
  CHECK(Parse("9223372036854775808")->AsInt64() == std::nullopt);
}

}  // namespace intentgate::json
