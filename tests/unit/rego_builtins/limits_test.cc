// Small arguments that would make large results: stopped by the step or memory limit, which no policy can catch.
#include <doctest/doctest.h>

#include <string>

#include "unit/rego_builtins/call.h"

namespace intentgate::rego {
namespace {

constexpr std::uint64_t kSteps = 100'000;
constexpr std::size_t kMemory = std::size_t{8} << 20;

}  // namespace

TEST_CASE("a builtin that would explode is stopped by a limit") {
  const std::string a100k(100'000, 'a');
  const std::string bombs[][2] = {
      {"numbers.range", "[0, 1000000000]"},
      {"numbers.range_step", "[0, 1000000000000, 2]"},
      {"net.cidr_expand", R"(["10.0.0.0/8"])"},
      {"net.cidr_expand", R"(["::/0"])"},
      {"sprintf", R"(["%99999999d", [1]])"},
      {"sprintf", R"(["%.99999999d", [1]])"},
      {"sprintf", R"(["%099999999d", [1]])"},
      {"sprintf", R"(["%99999999s", ["x"]])"},
      {"replace", "[\"" + a100k + "\", \"a\", \"" + a100k.substr(0, 1000) + "\"]"},
      {"replace", "[\"" + a100k + "\", \"\", \"" + a100k.substr(0, 1000) + "\"]"},
      {"regex.replace", "[\"" + a100k + "\", \"a\", \"" + a100k.substr(0, 1000) + "\"]"},
      {"strings.replace_n", "[{\"a\": \"" + a100k.substr(0, 1000) + "\"}, \"" + a100k + "\"]"},
      {"regex.find_n", "[\"a\", \"" + a100k + "\", -1]"},
      {"indexof_n", "[\"" + a100k + a100k + "\", \"a\"]"},
      {"split", "[\"" + a100k + a100k + "\", \"\"]"},
  };
  for (const auto& [name, args] : bombs) {
    Caller caller(kSteps, kMemory);
    const Outcome outcome = caller.Call(name, args);
    INFO(name);
    INFO(args.substr(0, 60));
    CHECK(outcome.text.starts_with("limit: "));
  }
}

TEST_CASE("a small value that shares its parts cannot be written out at its full size") {
  Arena arena;
  Value value = Value::Int(1);
  for (int level = 0; level < 12; ++level) {
    const std::vector<Value> ten(10, value);
    value = Value::Array(arena, ten);
  }
  for (const std::string_view name : {"json.marshal", "yaml.marshal"}) {
    const Value args[] = {value};
    INFO(name);
    CHECK(Caller().CallValues(*FindBuiltin(name), args).text.starts_with("limit: "));
  }
  const Value items[] = {value};
  const Value format[] = {Value::StringRef("%v"), Value::Array(arena, items)};
  CHECK(Caller().CallValues(*FindBuiltin("sprintf"), format).text.starts_with("limit: "));
  ObjectBuilder options(arena);
  options.Set(Value::StringRef("pretty"), Value::Bool(true));
  const Value pretty[] = {value, options.Finish()};
  CHECK(Caller().CallValues(*FindBuiltin("json.marshal_with_options"), pretty).text.starts_with("limit: "));
}

TEST_CASE("all paths of a dense graph are more than a policy may ask for") {
  std::string graph = "{";
  std::string nodes;
  for (int i = 0; i < 12; ++i) nodes += (i > 0 ? ", \"" : "\"") + std::to_string(i) + "\"";
  for (int i = 0; i < 12; ++i) graph += (i > 0 ? ", \"" : "\"") + std::to_string(i) + "\": [" + nodes + "]";
  graph += "}";
  Caller caller(kSteps, kMemory);
  CHECK(caller.Call("graph.reachable_paths", "[" + graph + ", [\"0\"]]").text.starts_with("limit: "));
  CHECK(Caller(kSteps, kMemory).Call("graph.reachable", "[" + graph + ", [\"0\"]]").text.starts_with("{"));
}

TEST_CASE("numbers of too many bits are refused with a clear error") {
  CHECK(Caller().Call("bits.lsh", "[1, 1000000000]").error == "shifts by more than 16384 bits are not supported");
  const std::string huge = "1" + std::string(6000, '0');
  CHECK(Caller(10'000'000).Call("bits.and", "[" + huge + ", 1]").error == "numbers of more than 16384 bits are not supported");
}

TEST_CASE("a regex that needs too much memory is an error, not a match") {
  CHECK(Caller().Call("regex.match", R"(["((a{100}){100}){100}", "a"])").text == "eval_builtin_error");
  const std::string nested = "[\"" + std::string(70'000, 'a') + "\", \"a\"]";
  CHECK(Caller().Call("regex.match", nested).error == "a pattern may have at most 65536 bytes");
}

TEST_CASE("a glob of many braces is refused") {
  const std::string open(500, '{');
  CHECK(Caller().Call("glob.match", "[\"" + open + "\", [], \"a\"]").error == "braces nest too deep");
}

TEST_CASE("text that is no UTF-8 passes through the string builtins without harm") {
  Caller caller;
  const std::string_view bad("a\xff\xc3(\xe2\x82", 6);
  for (const std::string_view name : {"lower", "upper", "trim_space", "strings.reverse", "hex.encode", "urlquery.encode", "crypto.sha256"}) {
    const Value args[] = {Value::StringRef(bad)};
    INFO(name);
    const Outcome outcome = caller.CallValues(*FindBuiltin(name), args);
    CHECK(outcome.error.empty());
  }
  const Value marshal[] = {Value::StringRef(bad.substr(0, 2))};
  CHECK(caller.CallValues(*FindBuiltin("json.marshal"), marshal).text == "\"\\\"a\xef\xbf\xbd\\\"\"");
  const Value count[] = {Value::StringRef(bad)};
  CHECK(caller.CallValues(*FindBuiltin("count"), count).text == "6");
}

}  // namespace intentgate::rego
