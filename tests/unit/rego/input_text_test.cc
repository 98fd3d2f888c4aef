// Input that comes as JSON text: the same answers and the same refusals as through json::Parse.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

std::shared_ptr<const CompiledPolicy> MustCompile(const std::string& body) {
  const SourceFile file{"p.rego", "package t\n" + body};
  CompileResult compiled = CompiledPolicy::Compile({&file, 1});
  REQUIRE(compiled.ok());
  return compiled.policy;
}

std::string ManyMembers(int count, const std::string& last) {
  std::string out = "{";
  for (int i = count; i > 0; --i) out += "\"k" + std::to_string(i) + "\": " + std::to_string(i) + ", ";
  return out + "\"" + last + "\": 0}";
}

const std::vector<std::string> kTexts = {
    "{}", "[]", "null", "true", " 7 ", "\"s\"", "1e400", "123456789012345678901234567890", "-0", "[1, [2, {\"a\": [3]}], {}]",
    R"({"b": 1, "a": {"z": [true, false, null], "y": "\u00e9\n\ud83d\ude00"}, "": 1.50})", ManyMembers(10, "x"), ManyMembers(100, "x"),
    // Refused: each at its end, or for what only a strict reader sees.
    "", "[1,]", "[1 2]", "{\"a\" 1}", "{\"a\":1}}", "[1]]", "1 2", "[01]", "[1.]", "nul", "[tru]", "\"\\ud800\"", "[\"\xff\"]", "{\"a\": 1, \"a\": 1}",
    "{\"a\": 1, \"\\u0061\": 2}", ManyMembers(10, "k7"), ManyMembers(100, "k7"), "[" + ManyMembers(3, "x") + ", {\"b\": [1, {\"c\": \"\\x\"}]}]"};

}  // namespace

TEST_CASE("a text gives the answer and the refusal that its tree gives") {
  const auto policy = MustCompile("p := [input, count([x | walk(input, x)]), [k | some k, _ in input], {input}]");
  for (const std::string& text : kTexts) {
    INFO(text);
    const Result<json::Value> tree = json::Parse(text);
    const EvalResult from_text = policy->Eval("data.t.p", JsonText{text});
    REQUIRE(from_text.ok() == tree.ok());
    if (!tree.ok()) {
      CHECK(from_text.error->code == "eval_input_error");
      CHECK(from_text.error->message == tree.error().message);
      CHECK_FALSE(from_text.defined);
      continue;
    }
    const EvalResult from_tree = policy->Eval("data.t.p", *tree);
    CHECK(json::Write(from_text.value) == json::Write(from_tree.value));
    CHECK(from_text.steps == from_tree.steps);
  }
}

TEST_CASE("members are found before and after somebody asks for their order") {
  const auto policy = MustCompile("p := [input.k3, input.k9, input.none, [k | some k, _ in input][0], input.k3, input[3]] if true\n"
                                  "q := [input.k3, [k | some k, _ in input][0], input.k10, object.get(input, 3, \"none\")]");
  for (const int count : {10, 20, 40}) {
    const std::string text = ManyMembers(count, "x");
    CHECK_FALSE(policy->Eval("data.t.p", JsonText{text}).defined);
    CHECK(json::Write(policy->Eval("data.t.q", JsonText{text}).value) == R"([3,"k1",10,"none"])");
  }
}

TEST_CASE("a text beyond its limits is refused, and one that fills the evaluation's memory ends with its limit") {
  const auto policy = MustCompile("p := count(input)");
  const std::string text = "[[[1, 2, 3]]]";
  EvalResult r = policy->Eval("data.t.p", JsonText{text, {.max_bytes = 5}});
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->code == "eval_input_error");
  r = policy->Eval("data.t.p", JsonText{text, {.max_depth = 2}});
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->code == "eval_input_error");
  std::string large = "[1";
  for (int i = 0; i < 100'000; ++i) large += ",1";
  large += "]";
  EvalOptions options;
  CHECK(policy->Eval("data.t.p", JsonText{large}, options).ok());
  options.limits.max_memory_bytes = 1 << 20;
  r = policy->Eval("data.t.p", JsonText{large}, options);
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->code == "eval_limit_error");
  CHECK(policy->Eval("data.t.p", JsonText{text}, options).ok());
}

TEST_CASE("builtins that read JSON do not disturb the input's text") {
  const auto policy = MustCompile("p := [json.unmarshal(input.inner).a, input.name, json.unmarshal(\"[1,2,3,\\\"long enough to be somewhere\\\"]\"), input.other]");
  const std::string text = R"({"inner": "{\"a\": \"another text that is long\"}", "name": "a text that is \u00e9 long", "other": "and one more, also long"})";
  CHECK(json::Write(policy->Eval("data.t.p", JsonText{text}).value) ==
        R"(["another text that is long","a text that is é long",[1,2,3,"long enough to be somewhere"],"and one more, also long"])");
}

}  // namespace intentgate::rego
