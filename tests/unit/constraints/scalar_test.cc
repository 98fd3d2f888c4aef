// Equality, lists, prefixes, regexes, ranges and lengths.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "token/constraints/canonical.h"
#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

json::Value Json(std::string_view text) { return *json::Parse(text); }

}  // namespace

TEST_CASE("equals compares JSON, numbers by value") {
  CHECK(AskText(Constraint::Equals(Json("1")), "1.0") == "holds");
  CHECK(AskText(Constraint::Equals(Json("1")), "10e-1") == "holds");
  CHECK(AskText(Constraint::Equals(Json("-0.0")), "0") == "holds");
  CHECK(AskText(Constraint::Equals(Json("9007199254740993")), "9007199254740992") ==
        "fails: does not satisfy: equals 9007199254740993");
  CHECK(AskText(Constraint::Equals(Json(R"({"a":1,"b":[2]})")), R"({"b":[2.0],"a":1e0})") == "holds");
  CHECK(AskText(Constraint::Equals(Json(R"({"a":1})")), R"({"a":1,"b":2})").starts_with("fails"));
  CHECK(AskText(Constraint::Equals(Json("[1,2]")), "[2,1]").starts_with("fails"));
  CHECK(AskText(Constraint::Equals("a"), "\"a\"") == "holds");
  CHECK(AskText(Constraint::Equals("a"), "\"A\"").starts_with("fails"));
  CHECK(AskText(Constraint::OneOf({"a", json::Value(5)}), "5.00") == "holds");
}

TEST_CASE("a value of another type than those listed is refused, also under not") {
  for (const char* text : {"5", "\"5\"", "[\"5\"]", "true", "null", "{}"}) {
    INFO(text);
    const Constraint number = Constraint::Equals(5);
    const Constraint word = Constraint::OneOf({"x", "y"});
    if (std::string(text) != "5") {
      CHECK(AskText(number, text).starts_with("unjudged: does not satisfy: equals 5: "));
      CHECK(AskText(Constraint::Not(number), text).starts_with("unjudged"));
    }
    if (std::string(text) != "\"5\"") {
      CHECK(AskText(Constraint::Not(word), text).starts_with("unjudged"));
    }
  }
  CHECK(AskText(Constraint::Not(Constraint::Equals("x")), "\"y\"") == "holds");
  // Null against anything is a question every tool answers alike.
  CHECK(AskText(Constraint::Not(Constraint::Equals(json::Value())), "5") == "holds");
  CHECK(AskText(Constraint::Not(Constraint::Equals(json::Value())), "null").starts_with("fails"));
}

TEST_CASE("a number whose exponent is out of reach is refused, not compared") {
  CHECK(AskText(Constraint::Equals(5), "1e9999999").starts_with("unjudged"));
  CHECK(AskText(Constraint::Not(Constraint::Equals(5)), "1e99999999999999999999").starts_with("unjudged"));
  CHECK(AskText(Constraint::Range("0", std::nullopt), "1e9999999") == "unjudged: has an exponent beyond 1000000");
  CHECK(Invalid(Constraint::Equals(Json("1e9999999"))).find("has no exact meaning") != std::string::npos);
}

TEST_CASE("equal numbers have one canonical text and unequal ones two") {
  for (const char* text : {"100", "1e2", "100.000", "1E+2", "0.1e3", "10000e-2"}) CHECK(CanonicalNumber(text) == "1e2");
  for (const char* text : {"0", "-0", "0.00", "0e5", "-0e-7"}) CHECK(CanonicalNumber(text) == "0");
  CHECK(CanonicalNumber("-12.50") == "-125e-1");
  const std::vector<const char*> numbers = {"1",   "10",  "1.0",   "1.1", "-1",   "0",
                                            "1e1", "0.1", "11e-1", "-0",  "1e-1", "100e-2"};
  for (const char* a : numbers) {
    for (const char* b : numbers) {
      INFO(a, " ", b);
      CHECK((CanonicalNumber(a) == CanonicalNumber(b)) == (json::CompareNumbers(a, b) == 0));
    }
  }
}

TEST_CASE("content cannot imitate structure in the canonical text") {
  CHECK(CanonicalText(Json(R"(["a","b"])")) != CanonicalText(Json(R"(["as1:b"])")));
  CHECK(CanonicalText(Json(R"([1,2])")) != CanonicalText(Json(R"([12])")));
  CHECK(CanonicalText(Json(R"([[1],2])")) != CanonicalText(Json(R"([[1,2]])")));
  CHECK(CanonicalText(Json("true")) != CanonicalText(Json("\"t\"")));
  json::Value twice = json::Object{};
  twice.object().push_back({"a", 1});
  twice.object().push_back({"a", 2});
  CHECK_FALSE(CanonicalText(twice).has_value());
  CHECK_FALSE(CanonicalText(json::Value(std::string("\xff"))).has_value());
}

TEST_CASE("contains wants all of its values in the list, subset nothing else") {
  const Constraint both = Constraint::Contains({"a", "b"});
  CHECK(AskText(both, R"(["b","x","a"])") == "holds");
  CHECK(AskText(both, R"(["a","a"])") == "fails: does not satisfy: contains \"a\", \"b\"");
  CHECK(AskText(both, "[]").starts_with("fails"));
  CHECK(AskText(both, R"("ab")") == "unjudged: is a string, not a list");
  CHECK(AskText(Constraint::Not(Constraint::Contains({"root"})), R"([["root"]])") ==
        "unjudged: has an element that cannot be compared");
  const Constraint only = Constraint::Subset({"a", "b", json::Value(1)});
  CHECK(AskText(only, R"(["b",1.0,"b"])") == "holds");
  CHECK(AskText(only, "[]") == "holds");
  CHECK(AskText(only, R"(["a","c"])") == "fails: does not satisfy: contains nothing but \"a\", \"b\", 1");
  CHECK(AskText(only, R"(["c",null])") == "unjudged: has an element that cannot be compared");
  CHECK(AskText(only, R"({"a":1})") == "unjudged: is an object, not a list");
}

TEST_CASE("an empty set is refused when the constraint is made") {
  CHECK(Invalid(Constraint::OneOf({})) == "one_of: needs at least one value");
  CHECK(Invalid(Constraint::Contains({})) == "contains: needs at least one value");
  CHECK(Invalid(Constraint::Subset({})) == "subset: needs at least one value");
}

TEST_CASE("a list of a million elements against a thousand values is a matter of one pass") {
  std::vector<json::Value> values;
  for (int i = 0; i < 1024; ++i) values.emplace_back("v" + std::to_string(i));
  json::Array list(200'000, json::Value("v1023"));
  CHECK(Ask(Constraint::Subset(values), list) == "holds");
  CHECK(Ask(Constraint::Contains(values), list).starts_with("fails"));
}

TEST_CASE("a prefix is compared byte by byte on strings only") {
  const Constraint c = Constraint::Prefix("report-");
  CHECK(Ask(c, "report-7") == "holds");
  CHECK(Ask(c, "Report-7") == "fails: does not start with \"report-\"");
  CHECK(Ask(c, "xreport-7").starts_with("fails"));
  CHECK(AskText(c, "7") == "unjudged: is a number, not a string");
  CHECK(AskText(Constraint::Not(Constraint::Prefix("1")), "12") == "unjudged: is a number, not a string");
  CHECK(Ask(c, std::string("report-\0", 8)) == "unjudged: has a NUL character");
  CHECK(Invalid(Constraint::Prefix("")) == "prefix: is empty, so it would restrict nothing");
}

TEST_CASE("a longer prefix never allows what a shorter one refuses") {
  const std::string word = "abcab";
  for (const char* text : {"", "a", "ab", "abc", "abd", "abcab", "abcabx", "b"}) {
    bool wider = true;
    for (std::size_t n = 1; n <= word.size(); ++n) {
      const bool holds = Ask(Constraint::Prefix(word.substr(0, n)), text) == "holds";
      CHECK((!holds || wider));
      wider = holds;
    }
  }
}

TEST_CASE("a regex must match the whole value, on one line") {
  const Constraint c = Constraint::Regex("[a-z]+[0-9]{2}|x");
  CHECK(Ask(c, "abc12") == "holds");
  CHECK(Ask(c, "x") == "holds");
  CHECK(Ask(c, "abc123") == "fails: does not match the regex \"[a-z]+[0-9]{2}|x\"");
  CHECK(Ask(c, "1abc12").starts_with("fails"));
  CHECK(Ask(c, "xx").starts_with("fails"));
  for (const std::string& text :
       {std::string("abc12\n"), std::string("admin\nx"), std::string("x\r"), std::string("x\0", 2)}) {
    CHECK(Ask(c, text) == "unjudged: has a NUL character or a line end");
    CHECK(Ask(Constraint::Not(Constraint::Regex("admin.*")), text) == "unjudged: has a NUL character or a line end");
  }
  CHECK(AskText(c, "12") == "unjudged: is a number, not a string");
  CHECK(Ask(c, std::string(16 * 1024 + 1, 'a')) == "unjudged: is over 16384 bytes, too long for a regex");
}

TEST_CASE("regexes that explode elsewhere run in linear time or are refused when made") {
  CHECK(Ask(Constraint::Regex("(a+)+$"), std::string(16000, 'a') + "b").starts_with("fails"));
  CHECK(Ask(Constraint::Regex("(?:a?){50}a{50}"), std::string(50, 'a')) == "holds");
  CHECK(Invalid(Constraint::Regex("((a{100}){100}){100}")).find("regex ") == 0);
  CHECK(Invalid(Constraint::Regex("(\\pL{100}){9}")).find("regex ") == 0);
  CHECK(Invalid(Constraint::Regex("(?=a)")).find("is not RE2 syntax") != std::string::npos);
  CHECK(Invalid(Constraint::Regex("(a)\\1")).find("is not RE2 syntax") != std::string::npos);
  CHECK(Invalid(Constraint::Regex("[a")).find("is not RE2 syntax") != std::string::npos);
  CHECK(Invalid(Constraint::Regex(std::string(1025, 'a'))) == "regex: a pattern has at most 1024 bytes");
}

TEST_CASE("a range compares decimals of any size exactly") {
  const Constraint c = Constraint::Range("1", "100.50");
  for (const char* text : {"1", "1.0", "100.5", "100.500", "1e2", "99.9999999999999999999999999"}) {
    INFO(text);
    CHECK(AskText(c, text) == "holds");
  }
  for (const char* text : {"0", "0.9999999999999999999999999999", "100.50000000000000000000000001", "-1", "1e3"}) {
    INFO(text);
    CHECK(AskText(c, text) == "fails: the number is not between 1 and 100.50");
  }
  CHECK(AskText(Constraint::Range(std::nullopt, "9007199254740992"), "9007199254740993").starts_with("fails"));
  CHECK(AskText(Constraint::Range("-5", std::nullopt), "-6") == "fails: the number is below -5");
  CHECK(AskText(Constraint::Range("0", "0"), "-0") == "holds");
  for (const char* text : {"\"50\"", "true", "null", "[50]"}) {
    INFO(text);
    CHECK(AskText(c, text).starts_with("unjudged"));
    CHECK(AskText(Constraint::Not(c), text).starts_with("unjudged"));
  }
}

TEST_CASE("bounds that could never hold are refused when the constraint is made") {
  CHECK(Invalid(Constraint::Range(std::nullopt, std::nullopt)) == "range: needs min, max or both");
  CHECK(Invalid(Constraint::Range("2", "1")) == "range: min 2 is above max 1, so nothing could hold");
  CHECK(Invalid(Constraint::Range("01", std::nullopt)).find("is no decimal number") != std::string::npos);
  CHECK(Invalid(Constraint::Range("NaN", std::nullopt)).find("is no decimal number") != std::string::npos);
  CHECK(Invalid(Constraint::Range("", std::nullopt)).find("is no decimal number") != std::string::npos);
  CHECK(Invalid(Constraint::Range("1e9999999", std::nullopt)) == "range: a bound has an exponent beyond 1000000");
  CHECK(Invalid(Constraint::Length(3, 2)) == "length: min is above max, so nothing could hold");
  CHECK(Invalid(Constraint::Length(-1, std::nullopt)) == "length: min and max are whole numbers from 0");
  CHECK(Invalid(Constraint::Length(std::nullopt, std::nullopt)) == "length: needs min, max or both");
}

TEST_CASE("length counts code points of strings and elements of lists") {
  const Constraint c = Constraint::Length(2, 3);
  CHECK(Ask(c, "\xc3\xa9\xf0\x9f\x98\x80") == "holds");
  CHECK(Ask(c, "abcd") == "fails: the length is not between 2 and 3");
  CHECK(AskText(c, "[1,2]") == "holds");
  CHECK(AskText(c, "[1]").starts_with("fails"));
  CHECK(AskText(c, "{\"a\":1,\"b\":2}") == "unjudged: is an object, not a string or a list");
  CHECK(AskText(c, "22") == "unjudged: is a number, not a string or a list");
  CHECK(Ask(c, std::string("\xff\xff")) == "unjudged: is not valid UTF-8");
  CHECK(Ask(Constraint::Length(std::nullopt, 0), "") == "holds");
}

}  // namespace intentgate::token
