// What an evaluation keeps: comprehensions that a loop does not change, functions worth remembering. Work is counted in
// steps, so that a test sees whether something was computed again.

#include <doctest/doctest.h>

#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

EvalResult Run(const std::string& body, const json::Value& input = json::Value(json::Object{})) {
  const SourceFile file{"p.rego", "package t\n" + body};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
  for (const Diagnostic& d : compiled.diagnostics) MESSAGE(d.ToString());
  REQUIRE(compiled.ok());
  EvalOptions options;
  options.limits.max_steps = 10'000'000;
  EvalResult result = compiled.policy->Eval("data.t.p", input, options);
  if (!result.ok()) MESSAGE(result.error->ToString());
  REQUIRE(result.ok());
  return result;
}

std::string Answer(const std::string& body, const json::Value& input = json::Value(json::Object{})) {
  const EvalResult result = Run(body, input);
  return result.defined ? json::Write(result.value) : "undefined";
}

const std::string kRange = "n := numbers.range(1, 100)\n";

}  // namespace

TEST_CASE("a comprehension that a loop does not change is built once") {
  const EvalResult inside = Run(kRange + "p := count([x | some x in n; s := {y | some y in n; y > 50}; x in s])");
  const EvalResult once = Run(kRange + "p := count([x | some x in n; x in {y | some y in n; y > 50}])");
  CHECK(json::Write(inside.value) == "50");
  CHECK(json::Write(once.value) == "50");
  CHECK(inside.steps < 5'000);  // 20,000 and more if it were built for each x
  CHECK(once.steps < 5'000);
}

TEST_CASE("a comprehension of an outer loop's variable is built once for each of its values") {
  const EvalResult r = Run(kRange + "p := count([1 | some a in [1, 2]; some b in n; count({y | some y in n; y % a == 0}) > b])");
  CHECK(json::Write(r.value) == "148");  // b below 100, then below 50
  CHECK(r.steps < 5'000);
}

TEST_CASE("a comprehension follows what it reads") {
  CHECK(Answer("p := [s | some x in [1, 2, 1, 3]; s := sum([y | some y in [1, 2, 3]; y <= x])]") == "[1,3,1,6]");
  CHECK(Answer("p := [s | some x in [1, 2]; some y in [3, 4]; s := [v | some z in [10]; v := (x + y) + z]]") == "[[14],[15],[15],[16]]");
  CHECK(Answer("f(k) := [v | some v in input[k]]\np := [f(\"a\"), f(\"b\"), f(\"a\")]", *json::Parse(R"({"a": [1], "b": [2, 3]})")) ==
        "[[1],[2,3],[1]]");
  // More outer variables than are compared.
  CHECK(Answer("p := [s | some a in [1, 2]; some b in [1]; some c in [1]; some d in [1]; some e in [1]; s := sum([v | some v in [a, b, c, d, e]])]") ==
        "[5,6]");
}

TEST_CASE("with replaces documents inside a comprehension that was built before") {
  CHECK(Answer("q := [x | some x in input.l]\n"
               "r := [x | some x in data.t.q]\n"
               "p := [a, b, c] if { a := count([x | some x in input.l])\n b := r with input.l as [1, 2, 3]\n c := r }",
               *json::Parse(R"({"l": [7]})")) == "[1,[1,2,3],[7]]");
  CHECK(Answer("f(_) := [x | some x in input.l]\np := [f(1), w, f(1)] if { w := f(1) with input.l as [] }", *json::Parse(R"({"l": [7]})")) ==
        "[[7],[],[7]]");
  CHECK(Answer("size(x) := count(x)\nf(x) := [y | y := size(x)]\nmock(_) := 9\np := [f([1]), w, f([1])] if { w := f([1]) with data.t.size as mock }") ==
        "[[1],[9],[1]]");
}

TEST_CASE("a function that loops is computed once for each argument, a small one each time") {
  const std::string calls = "p := sum([f(x) | some _ in n; some x in [1, 2]])\n";
  const EvalResult dear = Run(kRange + "f(x) := count([y | some y in n; y > x])\n" + calls);
  CHECK(json::Write(dear.value) == "19700");
  CHECK(dear.steps < 5'000);
  const EvalResult cheap = Run(kRange + "f(x) := x + 1\n" + calls);
  CHECK(json::Write(cheap.value) == "500");
}

TEST_CASE("functions that double do not double the work") {
  std::string body = "f0(x) := x + 1\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string n = std::to_string(i);
    const std::string below = "f" + std::to_string(i - 1);
    body += "f" + n + "(x) := " + below + "(x) + " + below + "(x)\n";
  }
  const EvalResult r = Run(body + "p := f40(0)");
  CHECK(json::Write(r.value) == "1099511627776");
  CHECK(r.steps < 10'000);
}

TEST_CASE("a rule is computed once in an evaluation, whole or by key") {
  const std::string dear = "count([y | some y in n; y > 3])";
  const EvalResult rule = Run(kRange + "q := " + dear + "\np := count([x | some x in n; q > x])");
  CHECK(json::Write(rule.value) == "96");
  CHECK(rule.steps < 2'000);
  const EvalResult keyed = Run(kRange + "q[k] := v if { some k in [\"a\", \"b\"]; v := " + dear + " }\np := count([x | some x in n; q.a > x])");
  CHECK(json::Write(keyed.value) == "96");
  CHECK(keyed.steps < 2'000);
}

TEST_CASE("the first success decides where all successes say the same") {
  const std::uint64_t range = Run(kRange + "p if n[0] == 1").steps;
  const EvalResult all = Run(kRange + "p if { some x in n; x > 0 }\np if { some x in n; x > 50 }");
  CHECK(json::Write(all.value) == "true");
  CHECK(all.steps < range + 20);
  const EvalResult negated = Run(kRange + "p if not q\nq if { some x in n; x > 1000 }\nq if { some x in n; x == 1 }");
  CHECK_FALSE(negated.defined);
  const EvalResult every = Run(kRange + "p := y if { y := 1\n not all }\nall if { every x in n { x > 1 } }");
  CHECK(json::Write(every.value) == "1");
  CHECK(every.steps < range + 20);
}

TEST_CASE("a chain of many functions compiles") {
  std::string body = "f0(x) := x\n";
  for (int i = 1; i <= 5000; ++i) body += "f" + std::to_string(i) + "(x) := f" + std::to_string(i - 1) + "(x)\n";
  CHECK(Answer(body + "p := f100(3)") == "3");
}

TEST_CASE("arithmetic beyond 64 bits and on other kinds goes on as it must") {
  CHECK(Answer("p := [9223372036854775807 + input.one, -9223372036854775808 - input.one, 9223372036854775807 * 2, -7 % 3, 7 % -3, 1.5 + 1]",
               *json::Parse(R"({"one": 1})")) == "[9223372036854775808,-9223372036854775809,18446744073709551614,-1,1,2.5]");
  CHECK(Answer("p := {1, 2} - {2}") == "[1]");
  CHECK(Answer("p := 5 % input.zero", *json::Parse(R"({"zero": 0})")) == "undefined");
  CHECK(Answer("p := input.a + 1", *json::Parse(R"({"a": "x"})")) == "undefined");
  CHECK(Answer("f(_, _) := 42\nq := 1 + 1\np := x if x := q with plus as f") == "42");
}

}  // namespace intentgate::rego
