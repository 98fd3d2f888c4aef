#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "unit/constraints/constraint_check.h"

namespace intentgate::token {
namespace {

std::string RoundTrip(std::string_view text) {
  const Result<Constraint> c = Constraint::FromJson(*json::Parse(text));
  return c.ok() ? json::Write(c->ToJson()) : c.error().message;
}

}  // namespace

TEST_CASE("every kind survives the way through its JSON form") {
  for (const std::string text :
       {R"({"equals":5})", R"({"equals":null})", R"({"equals":{"a":[1.10]}})", R"({"one_of":["a",1,true]})",
        R"({"prefix":"a"})", R"({"glob":"/data/*"})", R"({"regex":"[a-z]+"})", R"({"range":{"min":"1","max":"100"}})",
        R"({"range":{"max":"1.50"}})", R"({"length":{"min":"2"}})", R"({"subpath":"/data"})",
        R"({"url":{"schemes":["https"],"hosts":["example.com"]}})",
        R"({"url":{"schemes":["https"],"hosts":["example.com"],"ports":[443,8443]}})", R"({"cidr":["10.0.0.0/8"]})",
        R"({"contains":["a"]})", R"({"subset":["a","b"]})", R"({"not":{"prefix":"a"}})",
        R"({"all":[{"prefix":"a"},{"any":[{"glob":"*"},{"length":{"max":"5"}}]}]})"}) {
    INFO(text);
    CHECK(RoundTrip(text) == text);
    CHECK(Invalid(*Constraint::FromJson(*json::Parse(text))) == "valid");
  }
}

TEST_CASE("makers and JSON say the same") {
  CHECK(json::Write(Constraint::Length(1, 3).ToJson()) == R"({"length":{"min":"1","max":"3"}})");
  CHECK(json::Write(Constraint::Not(Constraint::OneOf({"a"})).ToJson()) == R"({"not":{"one_of":["a"]}})");
}

TEST_CASE("bounds may be written as numbers and keep their digits") {
  CHECK(RoundTrip(R"({"range":{"min":1.10,"max":9007199254740993}})") ==
        R"({"range":{"min":"1.10","max":"9007199254740993"}})");
}

TEST_CASE("a shape that is not exactly right is refused with its place") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(5)", "constraint must be an object with one member, such as {\"subpath\": \"/data\"}"},
      {R"({})", "constraint must be an object with one member, such as {\"subpath\": \"/data\"}"},
      {R"({"prefix":"a","glob":"b"})",
       "constraint must be an object with one member, such as {\"subpath\": \"/data\"}"},
      {R"({"prefix":5})", "constraint at prefix must be a string"},
      {R"({"one_of":"a"})", "constraint at one_of must be a list of values"},
      {R"({"range":{"min":true}})", "constraint at range.min must be a number or its text"},
      {R"({"range":{"from":1}})", "constraint at range has a member other than min and max"},
      {R"({"range":[1,2]})", "constraint at range must be an object with min, max or both"},
      {R"({"url":"https://example.com"})", "constraint at url must be an object with schemes, hosts and perhaps ports"},
      {R"({"url":{"schemes":["https"],"host":["a"]}})",
       "constraint at url has a member other than schemes, hosts and ports"},
      {R"({"url":{"schemes":["https"],"hosts":["a.io"],"ports":[]}})",
       "constraint at url.ports is empty; leave it out for the scheme's default port"},
      {R"({"url":{"schemes":["https"],"hosts":["a.io"],"ports":[4.5]}})",
       "constraint at url.ports must be a list of whole numbers"},
      {R"({"cidr":"10.0.0.0/8"})", "constraint at cidr must be a list of strings"},
      {R"({"all":{"prefix":"a"}})", "constraint at all must be a list of constraints"},
      {R"({"all":[{"prefix":"a"},{"not":{"glob":[]}}]})", "constraint at all[1].not.glob must be a string"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    CHECK(RoundTrip(text) == message);
  }
  CHECK(RoundTrip(R"({"Prefix":"a"})").starts_with("constraint has an unknown kind; known are equals"));
}

TEST_CASE("nesting and number are limited while reading") {
  std::string text = R"({"prefix":"a"})";
  for (int i = 1; i < 8; ++i) text = R"({"not":)" + text + "}";
  CHECK(RoundTrip(text) == text);
  CHECK(RoundTrip(R"({"not":)" + text + "}").find("nested over 8 deep") != std::string::npos);
  std::string many = R"({"all":[{"prefix":"a"})";
  for (int i = 0; i < 300; ++i) many += R"(,{"prefix":"a"})";
  CHECK(RoundTrip(many + "]}").find("over 256 constraints in one") != std::string::npos);
}

TEST_CASE("every example of the user guide is a constraint") {
  std::ifstream guide(std::string(INTENTGATE_TEST_DATA) + "/../docs/caveats.md");
  std::string line;
  int examples = 0;
  while (std::getline(guide, line)) {
    if (!line.starts_with("| `{\"") || line.starts_with("| `{\"t\"")) continue;
    const Result<json::Value> form = json::Parse(std::string_view(line).substr(3, line.find('`', 3) - 3));
    INFO(line);
    REQUIRE(form.ok());
    const Result<Constraint> constraint = Constraint::FromJson(*form);
    REQUIRE(constraint.ok());
    CHECK(Invalid(*constraint) == "valid");
    ++examples;
  }
  CHECK(examples == 15);
}

TEST_CASE("descriptions are one line for people") {
  CHECK(Constraint::Subpath("/data/q3").Describe() == "is under \"/data/q3\"");
  CHECK(Constraint::Range("1", "100").Describe() == "is between 1 and 100");
  CHECK(Constraint::Range(std::nullopt, "100").Describe() == "is at most 100");
  CHECK(Constraint::Length(1, std::nullopt).Describe() == "has a length at least 1");
  CHECK(Constraint::OneOf({"a", json::Value(1)}).Describe() == "is one of \"a\", 1");
  CHECK(Constraint::Url({"https"}, {"example.com"}, {443, 8443}).Describe() ==
        "is a URL with scheme \"https\" and host \"example.com\" and port 443, 8443");
  CHECK(Constraint::All({Constraint::Prefix("a\n"), Constraint::Not(Constraint::Glob("*"))}).Describe() ==
        "(starts with \"a\\n\" and not (matches the glob \"*\"))");
  CHECK(Constraint::Prefix(std::string(1000, 'x')).Describe().size() < 160);
  CHECK(Constraint::OneOf(std::vector<json::Value>(1000, json::Value("x"))).Describe().ends_with("and 995 more"));
}

}  // namespace intentgate::token
