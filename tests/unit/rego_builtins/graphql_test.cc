// graphql.*: cases/graphql.json holds queries and schemas with OPA's verdict.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "unit/rego_builtins/call.h"

namespace intentgate::rego {
namespace {

std::string Call(std::string_view name, const std::vector<std::string>& args, std::uint64_t steps = 1'000'000) {
  json::Array values;
  for (const std::string& arg : args) values.emplace_back(arg);
  const Outcome out = Caller(steps).CallJson(name, json::Value(std::move(values)));
  return out.error.empty() ? out.text : out.error;
}

}  // namespace

TEST_CASE("queries and schemas are valid where OPA finds them valid") {
  std::ifstream file(std::string(INTENTGATE_TEST_DATA) + "/unit/rego_builtins/cases/graphql.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto cases = json::Parse(text.str());
  REQUIRE(cases.ok());
  const std::string& schema = cases->Find("schema")->string_value();
  for (const json::Value& entry : cases->Find("cases")->array()) {
    INFO(json::Write(entry));
    const json::Value* query = entry.Find("query");
    const std::string valid = entry.Find("valid")->bool_value() ? "true" : "false";
    if (query != nullptr) {
      CHECK(Call("graphql.is_valid", {query->string_value(), schema}) == valid);
    } else {
      CHECK(Call("graphql.schema_is_valid", {entry.Find("schema")->string_value()}) == valid);
    }
  }
}

TEST_CASE("a parsed document is as good as its text") {
  const std::string schema = "type Query { a(x: [Int!] = [1]): String @deprecated }";
  const std::string policy_query = "query Q($v: [Int!]) { b: a(x: $v) ... on Query { a } }";
  Caller caller;
  const Outcome parsed_query = caller.Call("graphql.parse_query", "[" + json::Write(json::Value(policy_query)) + "]");
  const Outcome parsed_schema = caller.Call("graphql.parse_schema", "[" + json::Write(json::Value(schema)) + "]");
  REQUIRE(parsed_query.error == "");
  REQUIRE(parsed_schema.error == "");
  CHECK(caller.Call("graphql.is_valid", "[" + parsed_query.text + ", " + parsed_schema.text + "]").text == "true");
  CHECK(caller.Call("graphql.is_valid", "[" + parsed_query.text + ", \"type Query { b: Int }\"]").text == "false");
  CHECK(caller.Call("graphql.is_valid", R"([{"Operations": [{"Operation": "query", "SelectionSet": [{"Alias": 1}]}]}, "type Query { b: Int }"])").text == "false");
}

TEST_CASE("an error says where it is") {
  CHECK(Call("graphql.parse_query", {"{ a { } }"}) == "expected at least one definition, found } in GraphQL string at location 1:7");
  CHECK(Call("graphql.parse_query", {"{ a(b: \"\\x\") }"}) == "Unexpected <Invalid> in GraphQL string at location 1:9");
}

TEST_CASE("hostile documents end at a limit") {
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "{a";
  CHECK(Call("graphql.parse_query", {deep}).find("exceeded maximum nesting depth of 200") == 0);
  std::string list = "{ a(b: ";
  list += std::string(10'000, '[');
  CHECK(Call("graphql.parse_query", {list}).find("exceeded maximum nesting depth of 200") == 0);
  // Fragments that each spread the next one twice, and fields that must all be compared with one another.
  std::string bomb = "{ a { ...F0 ...F0 } }";
  for (int i = 0; i < 60; ++i) {
    const std::string next = "...F" + std::to_string(i + 1);
    bomb += " fragment F" + std::to_string(i) + " on A { x: a { " + next + " } x: a { " + next + " } }";
  }
  bomb += " fragment F60 on A { b }";
  const std::string schema = "type Query { a: A } type A { a: A b: Int }";
  CHECK(Call("graphql.is_valid", {bomb, schema}, 2'000'000) == "true");
  std::string wide = "{";
  for (int i = 0; i < 5'000; ++i) wide += " a { b }";
  const Outcome out = Caller(1'000'000).Call("graphql.is_valid", "[\"" + wide + "}\", \"" + schema + "\"]");
  CHECK(out.text == "limit: eval_limit_error");
}

}  // namespace intentgate::rego
