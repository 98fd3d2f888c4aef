// Inner loops that compare a field give the answers of looking at every element.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

EvalResult Run(const std::string& rules, const std::string& input, std::uint64_t max_steps = 1'000'000) {
  const SourceFile file{"p.rego", "package p\n\n" + rules};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
  REQUIRE_MESSAGE(compiled.ok(), (compiled.ok() ? "" : compiled.diagnostics[0].ToString()));
  EvalOptions options;
  options.limits.max_steps = max_steps;
  return compiled.policy->Eval("data.p.answer", *json::Parse(input), options);
}

std::string Answer(const std::string& rules, const std::string& input) {
  const EvalResult result = Run(rules, input);
  if (!result.ok()) return result.error->ToString();
  return result.defined ? json::Write(result.value) : "undefined";
}

std::string RandomItems(std::mt19937& random, int count) {
  std::string out = "[";
  for (int i = 0; i < count; ++i) {
    const char* keys[] = {"1", "1.0", "\"1\"", "2", "null", "{\"a\": 1}", "[1, 2]"};
    out += (i == 0 ? "" : ", ") + std::string(random() % 8 == 0 ? R"({"other": 1})" : R"({"key": )" + std::string(keys[random() % 7]) + "}");
  }
  return out + "]";
}

}  // namespace

TEST_CASE("an inner loop finds the same pairs, in the same order, as one that compares each element") {
  std::mt19937 random(7);
  // The second way is none that the compiler recognises.
  const std::string joined = "answer := [[i, j] | some i, a in input.left; some j, b in input.right; a.key == b.key]\n";
  const std::string plain = "same(x, y) if x == y\n\nanswer := [[i, j] | some i, a in input.left; some j, b in input.right; same(a.key, b.key)]\n";
  for (int round = 0; round < 20; ++round) {
    const std::string input = R"({"left": )" + RandomItems(random, 12) + R"(, "right": )" + RandomItems(random, 20) + "}";
    CHECK(Answer(joined, input) == Answer(plain, input));
  }
}

TEST_CASE("objects and sets are joined by their values and members") {
  const std::string input = R"({"wanted": ["v3", "v11", "v3"], "o": {"k0":"v0","k1":"v1","k2":"v2","k3":"v3","k4":"v4","k5":"v5","k6":"v3","k7":"v7","k8":"v8"}})";
  CHECK(Answer("answer := [k | some w in input.wanted; some k, v in input.o; v == w]\n", input) == R"(["k3","k6","k3","k6"])");
  CHECK(Answer("s := {v | some v in input.o}\n\nanswer := [v | some w in input.wanted; some v in s; w == v]\n", input) == R"(["v3","v3"])");
}

TEST_CASE("a collection that `with` replaces is not answered from the table of the old one") {
  const std::string rules = R"(
hits := [i | some w in input.wanted; some i, x in input.items; x.k == w]

answer := [hits, other] if { other := hits with input.items as [{"k": 9}, {"k": 1}, {"k": 1}, {"k": 1}, {"k": 1}, {"k": 1}, {"k": 1}, {"k": 1}] }
)";
  CHECK(Answer(rules, R"({"wanted": [1, 9, 9], "items": [{"k": 1}, {"k": 2}, {"k": 3}, {"k": 4}, {"k": 5}, {"k": 6}, {"k": 7}, {"k": 9}]})") ==
        "[[0,7,7],[1,2,3,4,5,6,7,0,0]]");
}

TEST_CASE("different collections take turns at one step") {
  const std::string rules = "answer := [x.n | some w in [1, 2, 1, 2]; some list in input.lists; some x in list; x.k == w]\n";
  std::string list = "[";
  for (int i = 0; i < 10; ++i) list += (i == 0 ? "" : ",") + std::string("{\"k\":") + std::to_string(i % 5) + ",\"n\":" + std::to_string(i) + "}";
  list += "]";
  CHECK(Answer(rules, R"({"lists": [)" + list + "," + list + "]}") == "[1,6,1,6,2,7,2,7,1,6,1,6,2,7,2,7]");
}

TEST_CASE("a join of two lists takes steps for their lengths, not for their product") {
  std::string items = "[";
  for (int i = 0; i < 2000; ++i) items += (i == 0 ? "" : ",") + std::string("{\"key\":") + std::to_string(i) + "}";
  items += "]";
  const EvalResult result = Run("answer := count([1 | some a in input.items; some b in input.items; a.key == b.key])\n", R"({"items": )" + items + "}", 40'000);
  REQUIRE(result.ok());
  CHECK(json::Write(result.value) == "2000");
}

}  // namespace intentgate::rego
