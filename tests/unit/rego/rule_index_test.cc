// The rule index leaves out only rules that could not have succeeded: whatever a policy of many rules answers, its
// rules answer one by one as well, where there is nothing to index.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

std::shared_ptr<const CompiledPolicy> Compiled(const std::string& rules) {
  const SourceFile file{"p.rego", "package p\n\n" + rules};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1}, *json::Parse(R"({"known": {"tools": ["t1", "t2"]}})"));
  REQUIRE_MESSAGE(compiled.ok(), (compiled.ok() ? "" : compiled.diagnostics[0].ToString()));
  return compiled.policy;
}

std::string Answer(const CompiledPolicy& policy, const std::string& input, bool strict = false) {
  EvalOptions options;
  options.strict_builtin_errors = strict;
  const EvalResult result = policy.Eval("data.p.answer", *json::Parse(input), options);
  if (!result.ok()) return result.error->code;
  return result.defined ? json::Write(result.value) : "undefined";
}

std::string Many(const std::string& test, int count = 40) {
  std::string rules;
  for (int i = 0; i < count; ++i) {
    std::string one = test;
    for (std::size_t at = one.find('#'); at != std::string::npos; at = one.find('#')) one.replace(at, 1, std::to_string(i));
    rules += "answer contains " + std::to_string(i) + " if {\n" + one + "\n}\n\n";
  }
  return rules;
}

TEST_CASE("rules are found by the constant that they compare with") {
  const auto policy = Compiled(Many("input.tool == \"t#\""));
  CHECK(Answer(*policy, R"({"tool": "t17"})") == "[17]");
  CHECK(Answer(*policy, R"({"tool": "t99"})") == "[]");
  CHECK(Answer(*policy, R"({"tool": 17})") == "[]");
  CHECK(Answer(*policy, R"({})") == "[]");
}

TEST_CASE("numbers are found by value, whatever their spelling") {
  const auto policy = Compiled(Many("input.n == #"));
  CHECK(Answer(*policy, R"({"n": 17.0})") == "[17]");
  CHECK(Answer(*policy, R"({"n": 1.7e1})") == "[17]");
  CHECK(Answer(*policy, R"({"n": 17.5})") == "[]");
}

TEST_CASE("a rule that accepts several constants is found once") {
  const auto policy = Compiled(Many("input.path in {\"a#\", \"b#\"}") + Many("strings.any_prefix_match(input.path, [\"a#\", \"a\"])"));
  CHECK(Answer(*policy, R"({"path": "b3"})") == "[3]");
  CHECK(Answer(*policy, R"({"path": "a"})").substr(0, 5) == "[0,1,");
}

TEST_CASE("texts are found by every constant that they begin or end with") {
  const auto starts = Compiled(Many("startswith(input.path, \"/#\")"));
  CHECK(Answer(*starts, R"({"path": "/12/x"})") == "[1,12]");
  CHECK(Answer(*starts, R"({"path": "/"})") == "[]");
  const auto ends = Compiled(Many("endswith(input.path, \"#.csv\")"));
  CHECK(Answer(*ends, R"({"path": "x12.csv"})") == "[2,12]");
  const auto globs = Compiled(Many("glob.match(\"/#/*\", [\"/\"], input.path)"));
  CHECK(Answer(*globs, R"({"path": "/12/x"})") == "[12]");
  CHECK(Answer(*globs, R"({"path": "/12/x/y"})") == "[]");
}

TEST_CASE("a subject that is no text still fails a strict evaluation") {
  const auto policy = Compiled(Many("startswith(input.path, \"/#\")"));
  CHECK(Answer(*policy, R"({"path": 3})") == "[]");
  CHECK(Answer(*policy, R"({"path": 3})", true) == "eval_type_error");
}

TEST_CASE("a collection of texts is looked at by the rules themselves") {
  const auto policy = Compiled(Many("strings.any_prefix_match(input.paths, [\"/#\"])"));
  CHECK(Answer(*policy, R"({"paths": ["/3", "/7x"]})") == "[3,7]");
}

TEST_CASE("a rule that renames an input path, and variables that hold one, are seen through") {
  const auto policy = Compiled("tool := input.request.tool\n\n" + Many("name := tool\nname == \"t#\""));
  CHECK(Answer(*policy, R"({"request": {"tool": "t5"}})") == "[5]");
}

TEST_CASE("documents that `with` replaces are the ones that rules are found by") {
  const std::string rules = "known := {\"t1\"}\n\ntool := input.tool\n\n" +
                            std::string("answer := x if { x := inner with data.p.known as {\"t5\"} with data.p.tool as \"t5\" with input as {\"tool\": \"t5\"} }\n\n") +
                            [] {
                              std::string inner;
                              for (int i = 0; i < 9; ++i) inner += "inner contains " + std::to_string(i) + " if { tool in known; input.tool == \"t" + std::to_string(i) + "\" }\n\n";
                              return inner;
                            }();
  CHECK(Answer(*Compiled(rules), R"({"tool": "t1"})") == "[5]");
}

TEST_CASE("a builtin that `with` replaces may accept what it would have refused") {
  const std::string rules = "always(_, _) := true\n\nanswer := x if { x := inner with startswith as always }\n\n" + [] {
                              std::string inner;
                              for (int i = 0; i < 6; ++i) inner += "inner contains " + std::to_string(i) + " if startswith(input.path, \"/" + std::to_string(i) + "\")\n\n";
                              return inner;
                            }();
  CHECK(Answer(*Compiled(rules), R"({"path": "elsewhere"})") == "[0,1,2,3,4,5]");
}

TEST_CASE("functions are found by their arguments") {
  std::string rules = "answer := [f(\"k3\", 1), f(\"k0\", 2)]\n\n";
  for (int i = 0; i < 6; ++i) rules += "f(kind, n) := n + " + std::to_string(i) + " if kind == \"k" + std::to_string(i) + "\"\n\n";
  CHECK(Answer(*Compiled(rules), "{}") == "[4,2]");
  std::string constants = "answer := g(\"k3\")\n\n";
  for (int i = 0; i < 6; ++i) constants += "g(\"k" + std::to_string(i) + "\") := " + std::to_string(i) + "\n\n";
  CHECK(Answer(*Compiled(constants), "{}") == "3");
}

TEST_CASE("an else is tried where the body's test fails") {
  std::string rules = "default answer := \"none\"\n\n";
  for (int i = 0; i < 5; ++i) rules += "answer := \"a" + std::to_string(i) + "\" if { input.n == " + std::to_string(i) + " } else := \"b\" if { input.n == 100 }\n\n";
  CHECK(Answer(*Compiled(rules), R"({"n": 100})") == "\"b\"");
}

TEST_CASE("the first rule in the source decides, however it is found") {
  std::string rules;
  for (int i = 0; i < 6; ++i) rules += "answer := true if { input.a == " + std::to_string(i) + " }\n\nanswer := true if { startswith(input.b, \"x\") }\n\n";
  CHECK(Answer(*Compiled(rules), R"({"a": 2, "b": "xyz"})") == "true");
  CHECK(Answer(*Compiled(rules), R"({"a": 9, "b": "xyz"})") == "true");
  CHECK(Answer(*Compiled(rules), R"({"a": 9, "b": "yz"})") == "undefined");
}

TEST_CASE("a look-up among 10,000 rules takes the steps that one among 10 takes") {
  const auto steps = [](int count) {
    std::string text = "package t\ndefault p := false\n";
    for (int i = 0; i < count; ++i) text += "p if { input.method == \"GET\"; input.service == \"s" + std::to_string(i) + "\" }\n";
    const SourceFile file{"p.rego", text};
    const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
    REQUIRE(compiled.ok());
    const EvalResult r = compiled.policy->Eval("data.t.p", json::MakeObject({{"method", "GET"}, {"service", "s" + std::to_string(count / 2)}}));
    CHECK(r.value == json::Value(true));
    return r.steps;
  };
  CHECK(steps(10'000) == steps(10));
}

TEST_CASE("many random rules answer as each of them does alone") {
  std::mt19937 random(20261128);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const std::vector<std::string> values = {"\"\"", "\"a\"", "\"ab\"", "\"abc\"", "\"b\"", "\"bc\"", "\"c\"", "1", "1.0", "2", "true", "null"};
  const std::vector<std::string> texts = {"\"\"", "\"a\"", "\"ab\"", "\"abc\"", "\"b\"", "\"bc\"", "\"c\""};
  const std::vector<std::string> globs = {"\"a*\"", "\"*c\"", "\"ab\"", "\"{a,b}c\"", "\"[ab]*\"", "\"a?c\"", "\"*\"", "\"a\\\\*\""};
  const auto value = [&] { return values[random() % values.size()]; };
  const auto text = [&] { return texts[random() % texts.size()]; };
  const auto test = [&] {
    const std::string subject = std::vector<std::string>{"input.x", "input.y", "alias", "input.z.w"}[random() % 4];
    switch (pick(9)) {
      case 0: return subject + " == " + value();
      case 1: return value() + " == " + subject;
      case 2: return subject + " in {" + value() + ", " + value() + "}";
      case 3: return subject + " in [" + value() + ", " + value() + "]";
      case 4: return "startswith(" + subject + ", " + text() + ")";
      case 5: return "endswith(" + subject + ", " + text() + ")";
      case 6: return "strings.any_prefix_match(" + subject + ", [" + text() + ", " + text() + "])";
      case 7: return "glob.match(" + globs[random() % globs.size()] + ", null, " + subject + ")";
      default: return "not " + subject + " == " + value();
    }
  };
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> rules;
    std::string all;
    for (int i = 0; i < 12; ++i) {
      rules.push_back("answer contains " + std::to_string(i) + " if {\n" + test() + "\n" + (pick(2) != 0 ? test() : "true") + "\n}\n\n");
      all += rules.back();
    }
    const std::string alias = "alias := input.x\n\n";
    const auto together = Compiled(alias + all);
    std::vector<std::shared_ptr<const CompiledPolicy>> alone;
    for (const std::string& rule : rules) alone.push_back(Compiled(alias + rule));
    for (int k = 0; k < 25; ++k) {
      std::string input = "{\"x\": " + value() + (pick(3) != 0 ? ", \"y\": " + value() : "") + ", \"z\": {\"w\": " + value() + "}}";
      std::string wanted;
      for (std::size_t i = 0; i < alone.size(); ++i) {
        const std::string one = Answer(*alone[i], input);
        if (one != "[]") wanted += (wanted.empty() ? "" : ",") + one.substr(1, one.size() - 2);
      }
      CHECK_MESSAGE(Answer(*together, input) == "[" + wanted + "]", all << input);
    }
  }
}

}  // namespace
}  // namespace intentgate::rego
