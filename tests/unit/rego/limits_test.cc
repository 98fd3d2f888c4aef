// What a hostile policy or input may try, and the limit that stops it: always an error, never an answer.

#include <doctest/doctest.h>

#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

std::shared_ptr<const CompiledPolicy> MustCompile(const std::string& body) {
  const SourceFile file{"p.rego", "package t\n" + body};
  CompileResult r = CompiledPolicy::Compile({&file, 1});
  for (const Diagnostic& d : r.diagnostics) MESSAGE(d.ToString());
  REQUIRE(r.ok());
  return r.policy;
}

EvalResult Run(const std::string& body, const EvalOptions& options = {}, const json::Value& input = json::Value()) {
  return MustCompile(body)->Eval("data.t.p", input, options);
}

void CheckLimit(const EvalResult& r, std::string_view which) {
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->code == "eval_limit_error");
  INFO(r.error->message);
  CHECK(r.error->message.find(which) != std::string::npos);
  CHECK_FALSE(r.defined);
}

CompileResult CompileText(const std::string& text) {
  const SourceFile file{"p.rego", text};
  return CompiledPolicy::Compile({&file, 1});
}

std::string Repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a nest of loops ends with the step limit") {
  CheckLimit(Run("p := count([1 | a := numbers.range(1, 1000); a[_]; a[_]; a[_]])"), "max_steps");
}

TEST_CASE("the step limit is counted, so the same run always ends at the same place") {
  EvalOptions options;
  options.limits.max_steps = 500;
  const std::string body = "p := count([1 | some x in numbers.range(1, 100); x > 0])";
  CHECK(Run(body, options).ok());
  options.limits.max_steps = Run(body, options).steps - 1;
  CheckLimit(Run(body, options), "max_steps");
  ++options.limits.max_steps;
  CHECK(Run(body, options).ok());
}

TEST_CASE("what an earlier evaluation left in a cache costs no fewer steps") {
  const auto policy = MustCompile("p := [regex.match(input.re, \"ab\"), glob.match(input.glob, [], \"a.b\")]");
  const json::Value input = *json::Parse(R"({"re": "^[a-f]+$", "glob": "*.{b,c}"})");
  const EvalResult first = policy->Eval("data.t.p", input);
  REQUIRE(first.ok());
  CHECK(policy->Eval("data.t.p", input).steps == first.steps);
  CHECK(first.steps > 128);
}

TEST_CASE("values that grow without end meet the memory limit") {
  EvalOptions options;
  options.limits.max_memory_bytes = std::size_t{1} << 20;
  CheckLimit(Run("p := [x | x := numbers.range(1, 100)[_]; y := [x | numbers.range(1, 1000)[_]]; count(y) > 0]", options), "max_memory_bytes");
}

TEST_CASE("strings that double meet the memory limit") {
  std::string body = "s0 := \"0123456789abcdef\"\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "s" + std::to_string(i - 1);
    body += "s" + std::to_string(i) + " := concat(\"\", [" + before + ", " + before + "])\n";
  }
  CheckLimit(Run(body + "p := count(s40)"), "m");
}

TEST_CASE("a limit error cannot be swallowed by not, default or else") {
  const std::string bomb = "bomb if { a := numbers.range(1, 1000); a[_]; a[_]; a[_]; false }\n";
  CheckLimit(Run(bomb + "p if { not bomb }"), "max_steps");
  CheckLimit(Run(bomb + "default p := true\np := false if { bomb }"), "max_steps");
  CheckLimit(Run(bomb + "p := 1 if { bomb } else := 2"), "max_steps");
  CheckLimit(Run(bomb + "p if { every x in [1] { not bomb; x } }"), "max_steps");
}

TEST_CASE("a long chain of rules meets the depth limit, not the end of the stack") {
  std::string body = "r0 := 1\n";
  for (int i = 1; i <= 5000; ++i) body += "r" + std::to_string(i) + " := r" + std::to_string(i - 1) + "\n";
  CheckLimit(Run(body + "p := r5000"), "max_depth");
}

TEST_CASE("a value nested by a chain of rules is refused before the stack ends") {
  EvalOptions options;
  options.limits.max_depth = 100000;
  std::string body = "r0 := []\n";
  for (int i = 1; i <= 3000; ++i) body += "r" + std::to_string(i) + " := [r" + std::to_string(i - 1) + "]\n";
  const EvalResult r = Run(body + "p if { r3000 == [r2999] }", options);
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->code == "eval_limit_error");
}

TEST_CASE("text nested too deeply is a parse error") {
  for (const std::string& text : {Repeat("[", 100000), Repeat("{", 100000), Repeat("(", 100000), "1" + Repeat("+1", 100000),
                                  Repeat("[x | x := ", 2000), Repeat("f(", 50000), "a" + Repeat(".b", 50000), Repeat("-", 100000)}) {
    const CompileResult r = CompileText("package t\np := " + text);
    REQUIRE_FALSE(r.ok());
    CHECK(r.diagnostics[0].code == "rego_parse_error");
  }
}

TEST_CASE("an order of evaluation is found, or refused, however deep and long a body is") {
  std::string sum = "u";
  std::string keys = "u";
  for (int i = 0; i < 30; ++i) sum = "(" + sum + " + input.b[y" + std::to_string(i) + "])";
  for (int i = 0; i < 8; ++i) keys = "input.a[max([" + keys + ", input.b[y" + std::to_string(i) + "]])]";
  for (const std::string& term : {sum, keys}) {
    const CompileResult r = CompileText("package t\np contains x if { x := " + term + " }");
    REQUIRE_FALSE(r.ok());
    CHECK(r.diagnostics[0].code == "rego_unsafe_var_error");
    CHECK(CompileText("package t\np contains x if { x := " + term + "; input.c[u] }").ok());
  }
  const auto backwards = [](int n) {
    std::string body;
    for (int i = 0; i < n; ++i) body += "v" + std::to_string(i) + " = v" + std::to_string(i + 1) + "; ";
    return CompileText("package t\np if { " + body + "v" + std::to_string(n) + " = 1 }");
  };
  CHECK(backwards(300).ok());
  const CompileResult refused = backwards(1900);
  REQUIRE_FALSE(refused.ok());
  INFO(refused.diagnostics[0].message);
  CHECK(refused.diagnostics[0].message.find("too complex") != std::string::npos);
}

TEST_CASE("numbers too long to compute with are refused") {
  CHECK_FALSE(CompileText("package t\np := 1e999999999").ok());
  CHECK_FALSE(CompileText("package t\np := " + Repeat("9", 20000)).ok());
  const json::Value input = *json::Parse("{\"n\": 1e999999}");
  CheckLimit(Run("p := input.n + 1", {}, input), "digits");
  std::string body = "n0 := 99999999999999999999\n";
  for (int i = 1; i <= 20; ++i) {
    const std::string before = "n" + std::to_string(i - 1);
    body += "n" + std::to_string(i) + " := " + before + " * " + before + "\n";
  }
  CheckLimit(Run(body + "p := n20"), "digits");
}

TEST_CASE("long numbers cost steps by their length") {
  const auto input = [](std::size_t n, std::size_t m) {
    return *json::Parse("{\"n\": " + std::string(n, '9') + ", \"m\": " + std::string(m, '3') + "}");
  };
  const auto loop = [](const std::string& test) { return "p := count([i | some i in numbers.range(1, 2000); " + test + "])"; };
  CheckLimit(Run(loop("input.n % input.m != i"), {}, input(10'000, 5000)), "max_steps");
  CheckLimit(Run(loop("input.n / input.m != i"), {}, input(10'000, 5000)), "max_steps");
  CheckLimit(Run(loop("input.n * input.m != i"), {}, input(5000, 5000)), "max_steps");
  CheckLimit(Run(loop("input.n > input.m"), {}, input(100'000, 100'000)), "max_steps");
  CheckLimit(Run(loop("input.n != i"), {}, input(100'000, 1)), "max_steps");
  CheckLimit(Run("f(x, y) := count([1 | some _ in [1]])\n" + loop("f(input.n, i) == 1"), {}, input(100'000, 1)), "max_steps");
  CHECK(Run(loop("input.n > input.m"), {}, input(25, 24)).steps < 10'000);
}

TEST_CASE("deep input is read level by level and costs nothing when it is not touched") {
  std::string text = "1";
  for (int i = 0; i < 120; ++i) text = "{\"a\":" + text + "}";
  const json::Value input = *json::Parse("{\"tool\":\"x\",\"deep\":" + text + "}");
  const EvalResult r = Run("p if { input.tool == \"x\" }", {}, input);
  CHECK(r.ok());
  CHECK(r.memory_bytes < 2000);
}

TEST_CASE("builtins that reach outside are not granted") {
  for (const char* call : {"http.send({\"method\": \"get\", \"url\": \"http://x\"})", "opa.runtime()", "net.lookup_ip_addr(\"x\")"}) {
    const CompileResult r = CompileText(std::string("package t\np := ") + call);
    REQUIRE_FALSE(r.ok());
    CHECK(r.diagnostics[0].code == "rego_type_error");
    CHECK(r.diagnostics[0].suggestion.find("not granted") != std::string::npos);
  }
}

TEST_CASE("sources over the size limit are refused") {
  const SourceFile file{"p.rego", "package t\np := 1"};
  CompileOptions options;
  options.limits.max_source_bytes = 5;
  const CompileResult r = CompiledPolicy::Compile({&file, 1}, json::Value(), options);
  REQUIRE_FALSE(r.ok());
  CHECK(r.diagnostics[0].message.find("larger than 5 bytes") != std::string::npos);
}

}  // namespace intentgate::rego
