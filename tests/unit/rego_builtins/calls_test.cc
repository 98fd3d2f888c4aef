// cases/calls.json holds calls with the results that OPA 1.22.3 gives: {call, args} and one of want, undefined: true, or error,
// a code. call.h says how sets are written.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "unit/rego_builtins/call.h"

namespace intentgate::rego {
namespace {

json::Value ReadCases() {
  std::ifstream file(std::string(INTENTGATE_TEST_DATA) + "/unit/rego_builtins/cases/calls.json");
  std::stringstream text;
  text << file.rdbuf();
  auto cases = json::Parse(text.str());
  REQUIRE_MESSAGE(cases.ok(), (cases.ok() ? "" : cases.error().message));
  return *std::move(cases);
}

std::string Wanted(Arena& arena, const json::Value& entry) {
  if (entry.Find("undefined") != nullptr) return "undefined";
  if (const json::Value* error = entry.Find("error")) return error->string_value();
  return ToValue(arena, *entry.Find("want")).ToText();
}

}  // namespace

TEST_CASE("builtins give OPA's results for OPA's arguments") {
  const json::Value cases = ReadCases();
  CHECK(cases.array().size() > 350);
  for (const json::Value& entry : cases.array()) {
    Arena arena;
    Caller caller;
    const Outcome outcome = caller.CallJson(entry.Find("call")->string_value(), *entry.Find("args"));
    INFO(json::Write(entry));
    INFO(outcome.error);
    CHECK(outcome.text == Wanted(arena, entry));
  }
}

TEST_CASE("a member named twice is an error in json.unmarshal, where OPA takes the last") {
  Caller caller;
  CHECK(caller.Call("json.unmarshal", R"(["{\"a\":1,\"a\":2}"])").text == "eval_builtin_error");
  CHECK(caller.Call("json.is_valid", R"(["{\"a\":1,\"a\":2}"])").text == "false");
}

TEST_CASE("a key that stands twice in a map is an error in yaml.unmarshal, where OPA takes the last") {
  CHECK(Caller().Call("yaml.unmarshal", R"(["a: 1\na: 2\n"])").error == "the key \"a\" stands twice in one map");
}

TEST_CASE("aliases share what they name, so that a few lines cannot become billions of values") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int k = 0; k < 9; ++k) text += ", " + alias;
    text += "]\\n";
  }
  CHECK(Caller().Call("yaml.is_valid", "[\"" + text + "\"]").text == "true");
  const std::string deep(20'000, '[');
  CHECK(Caller().Call("yaml.unmarshal", "[\"" + deep + "\"]").text == "eval_builtin_error");
}

TEST_CASE("to_number keeps a number's digits and gives odd spellings a JSON one") {
  Caller caller;
  CHECK(caller.Call("to_number", R"(["+5"])").text == "5");
  CHECK(caller.Call("to_number", R"([".5"])").text == "0.5");
  CHECK(caller.Call("to_number", R"(["5."])").text == "5");
  CHECK(caller.Call("to_number", R"(["007"])").text == "7");
  CHECK(caller.Call("to_number", R"(["123456789012345678901234567890.10"])").text == "123456789012345678901234567890.10");
  CHECK(caller.Call("to_number", R"(["1e"])").text == "eval_builtin_error");
  CHECK(caller.Call("to_number", R"(["."])").text == "eval_builtin_error");
  CHECK(caller.Call("to_number", R"(["Inf"])").text == "eval_type_error");
}

TEST_CASE("random numbers and identifiers agree for equal keys and differ between evaluations") {
  Caller one;
  Caller other;
  one.context().seed = 1;
  other.context().seed = 2;
  const std::string first = one.Call("rand.intn", R"(["a", 1000000])").text;
  CHECK(one.Call("rand.intn", R"(["a", 1000000])").text == first);
  CHECK(other.Call("rand.intn", R"(["a", 1000000])").text != first);
  const std::string uuid = one.Call("uuid.rfc4122", R"(["k"])").text;
  CHECK(one.Call("uuid.rfc4122", R"(["k"])").text == uuid);
  CHECK(other.Call("uuid.rfc4122", R"(["k"])").text != uuid);
  CHECK(uuid.size() == 38);
  CHECK(uuid[15] == '4');
}

TEST_CASE("time.now_ns is the time of the evaluation") {
  Caller caller;
  caller.context().now_ns = 42;
  CHECK(caller.Call("time.now_ns", "[]").text == "42");
}

TEST_CASE("errors of readers in OPA's words") {
  CHECK(Caller().Call("time.clock", R"([[0, "a\u0000"]])").error == "invalid argument");
  CHECK(Caller().Call("time.clock", R"([[0, "../a\u0000"]])").error == "time: invalid location name");
  CHECK(Caller().Call("time.parse_duration_ns", R"(["é"])").error == R"(time: invalid duration "\xc3\xa9")");
  CHECK(Caller().Call("hex.decode", R"(["_-8"])").error == "encoding/hex: invalid byte: U+005F '_'");
  CHECK(Caller().Call("graphql.parse", R"(["{", 1])").error == "Expected Name, found <EOF> in GraphQL string at location 1:2");
  CHECK(Caller().Call("graphql.parse", R"(["{ a }", 1])").error == "operand 1 must be one of {object, string} but got number");
  CHECK(Caller().Call("graphql.parse", R"([1, 1])").error == "operand 0 must be one of {object, string} but got number");
  CHECK(Caller().Call("rego.parse_module", R"(["a", 1])").error == "operand 1 must be string but got number");
  CHECK(Caller().Call("numbers.range", R"([1, "a"])").error == "operand 2 must be integer but got string");
  CHECK(Caller().Call("io.jwt.decode", R"([".."])").error == "bad JWT header: invalid JSON: EOF");
}

TEST_CASE("what is no YAML, in the words of Go's reader") {
  CHECK(Caller().Call("yaml.unmarshal", R"(["# c\n\t"])").error == "yaml: line 2: found character that cannot start any token");
  CHECK(Caller().Call("yaml.unmarshal", R"(["a\u0000"])").error == "yaml: control characters are not allowed");
  CHECK(Caller().Call("yaml.unmarshal", R"(["%"])").error == "yaml: could not find expected directive name");
  CHECK(Caller().Call("yaml.unmarshal", R"(["a: b: c"])").error == "yaml: mapping values are not allowed in this context");
  CHECK(Caller().Call("yaml.unmarshal", R"(["a: 1\n\t"])").error == "yaml: line 2: found a tab character that violates indentation");
}

TEST_CASE("a text that is no JSON, in the words of Go's reader") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "EOF"},
      {" a", "invalid character 'a' looking for beginning of value"},
      {"[1,]", "invalid character ']' looking for beginning of value"},
      {"[1 2]", "invalid character '2' after array element"},
      {"{a:1}", "invalid character 'a' looking for beginning of object key string"},
      {R"({\"a\" 1})", "invalid character '1' after object key"},
      {R"({\"a\":1 2})", "invalid character '2' after object key:value pair"},
      {"trux", "invalid character 'x' in literal true (expecting 'e')"},
      {"-a", "invalid character 'a' in numeric literal"},
      {"1.x", "invalid character 'x' after decimal point in numeric literal"},
      {"1e+x", "invalid character 'x' in exponent of numeric literal"},
      {R"(\"\\x\")", "invalid character 'x' in string escape code"},
      {R"(\"\\u12g\")", "invalid character 'g' in \\u hexadecimal character escape"},
      {R"(\"\n\")", "invalid character '\\n' in string literal"},
      {"é", "invalid character 'Ã' looking for beginning of value"},
      {R"({\"a\":[)", "unexpected EOF"},
      {"1 {", "error: invalid character '{' after top-level value"},
      {"01", "error: invalid character '1' after top-level value"},
      {"1]", "invalid character ']' looking for beginning of value"},
  };
  for (const auto& [text, error] : cases) CHECK(Caller().Call("json.unmarshal", "[\"" + std::string(text) + "\"]").error == error);
  // Deep nesting takes no stack.
  CHECK(Caller().Call("json.unmarshal", "[\"" + std::string(200'000, '[') + "\"]").text == "eval_builtin_error");
}

TEST_CASE("an error says which operand and element is wrong") {
  Caller caller;
  CHECK(caller.Call("concat", R"([",", [1]])").error == "operand 2 must be array of strings but got array containing number");
  CHECK(caller.Call("sum", R"([["a"]])").error == "operand 1 must be array of numbers but got array containing string");
  CHECK(caller.Call("union", R"([{"$set": [1]}])").error == "operand 1 must be set of sets but got set containing number");
  CHECK(caller.Call("substring", R"(["a", 1.5, 1])").error == "operand 2 must be integer number but got floating-point number");
  CHECK(caller.Call("semver.compare", R"(["1.0.0", "x"])").error == "operand 2: string \"x\" is not a valid SemVer");
}

TEST_CASE("an argument of the wrong kind does not reach the builtin") {
  CHECK(Caller().Call("indexof", R"(["a", 1])").error == "operand 2 must be string but got number");
  CHECK(Caller().Call("upper", "[1]").text == "eval_type_error");
}

TEST_CASE("deprecated builtins are marked so that only v0 modules get them") {
  for (const std::string_view name : {"any", "all", "set_diff", "re_match", "net.cidr_overlap", "cast_set"}) {
    INFO(name);
    REQUIRE(FindBuiltin(name) != nullptr);
    CHECK((FindBuiltin(name)->flags & kBuiltinDeprecated) != 0);
  }
}

TEST_CASE("docs/policy/builtins.md lists every builtin") {
  std::ifstream file(std::string(INTENTGATE_TEST_DATA) + "/../docs/policy/builtins.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  for (const auto& [name, builtin] : AllBuiltins()) {
    if (name.starts_with("internal.")) continue;
    const bool listed = page.find("`" + std::string(name) + "`") != std::string::npos;
    CHECK_MESSAGE(listed, name, " has no place in the table of docs/policy/builtins.md");
  }
}

TEST_CASE("what reaches outside the process is marked so that it must be granted") {
  for (const std::string_view name : {"http.send", "opa.runtime", "net.lookup_ip_addr"}) {
    INFO(name);
    REQUIRE(FindBuiltin(name) != nullptr);
    CHECK((FindBuiltin(name)->flags & kBuiltinHost) != 0);
  }
}

}  // namespace intentgate::rego
