#include <doctest/doctest.h>

#include <intentgate/json.h>

namespace intentgate::json {

TEST_CASE("JCS sorts by UTF-16 and writes numbers as ECMAScript does") {
  // RFC 8785 section 3.2.3.
  const Value v = *Parse("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}");
  CHECK(*WriteJcs(v) == "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
  const std::pair<const char*, const char*> numbers[] = {
      {"333333333.33333329", "333333333.3333333"}, {"1E30", "1e+30"}, {"4.50", "4.5"}, {"2e-3", "0.002"}, {"0.000000000000000000000000001", "1e-27"},
      {"-0", "0"}, {"1e21", "1e+21"}, {"123456789012345680000.0", "123456789012345680000"}, {"5e-324", "5e-324"}, {"0.000001", "0.000001"}, {"1e-7", "1e-7"}};
  for (const auto& [in, out] : numbers) CHECK(*WriteJcs(*Parse(in)) == out);
}

TEST_CASE("JCS refuses an integer that it would have to round") {
  CHECK(*WriteJcs(*Parse("9007199254740992")) == "9007199254740992");
  CHECK(WriteJcs(*Parse("9007199254740993")).error().code == ErrorCode::kInvalidArgument);
  CHECK(WriteJcs(*Parse("[1e400]")).error().code == ErrorCode::kInvalidArgument);
  CHECK(WriteSortedExact(*Parse(R"({"b":9007199254740993,"a":1.10})")) == R"({"a":1.10,"b":9007199254740993})");
}

TEST_CASE("the token rule escapes as the public gateway does") {
  const std::string text = "<a>&\"\\/\b\f\n\r\t\x01\x7f\xe2\x80\xa8\xe2\x80\xa9\xc3\xa9";
  CHECK(WriteTokenRule(Value(text)) ==
        "\"\\u003ca\\u003e\\u0026\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\\u2028\\u2029\xc3\xa9\"");
}

}  // namespace intentgate::json
