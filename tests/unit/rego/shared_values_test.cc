// Values that share their parts: a few rules build one that stands for 10^8 elements. Whatever walks all of them ends
// with a limit error. And what leaves an evaluation is UTF-8, whatever bytes its strings hold.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <intentgate/json.h>
#include <intentgate/rego.h>

#include "base/utf8.h"

namespace intentgate::rego {
namespace {

// Rules NAME0 ... NAME<levels>, each an array of ten times the one before: 10^(levels + 1) ones.
std::string Chain(const std::string& name, int levels) {
  std::string before = "1";
  std::string out;
  for (int i = 0; i <= levels; ++i) {
    const std::string self = name + std::to_string(i);
    out += self + " := [" + before;
    for (int n = 1; n < 10; ++n) out += ", " + before;
    out += "]\n";
    before = self;
  }
  return out;
}

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

void CheckLimit(const EvalResult& r) {
  REQUIRE_FALSE(r.ok());
  CHECK(r.error->code == "eval_limit_error");
  INFO(r.error->message);
  CHECK(r.error->message.find("max_") != std::string::npos);
  CHECK_FALSE(r.defined);
  CHECK(r.value.is_null());
}

}  // namespace

TEST_CASE("comparing values with shared parts meets the step limit") {
  const std::string chains = Chain("a", 7) + Chain("b", 7);
  for (const char* p : {"p if a7 == b7", "p if a7 != b7", "p if a7 < b7", "p if a7 >= b7", "p if [a7] = [b7]", "p if a7 in [b7]",
                        "p if { some x in [a7]; x == b7 }", "p := {a7, b7}", "p := count({x | some x in [a7, b7]})", "p := count({a7} | {b7})",
                        "p := count({a7} & {b7})", "p := count({a7} - {b7})", "p := count(sort([a7, b7]))", "p := count(max([a7, b7]))",
                        "p := count(union({{a7}, {b7}}))", "p if object.subset({\"x\": [a7]}, {\"x\": [b7]})",
                        "p := count(json.patch({\"x\": a7}, [{\"op\": \"test\", \"path\": \"/x\", \"value\": b7}]))",
                        "p := a7 if true\np := b7 if true", "p contains a7\np contains b7", "f(x) := x\np if f([a7]) == f([b7])"}) {
    INFO(std::string(p));
    CheckLimit(Run(chains + p));
  }
}

TEST_CASE("hashing values with shared parts meets the step limit") {
  const std::string chains = Chain("a", 7);
  for (const char* p : {"f(x) := count([1 | some _ in [1]])\np := f(a7)", "p := count({x | some i in numbers.range(1, 20); x := [i, a7]})",
                        "p := count({x: 1 | some i in numbers.range(1, 20); x := [i, a7]})", "s contains [1, x] if some x in [2]\np if s[[1, a7]]"}) {
    INFO(std::string(p));
    CheckLimit(Run(chains + p));
  }
}

TEST_CASE("writing out values with shared parts meets a limit") {
  const std::string chains = Chain("a", 6);
  for (const char* p : {"p := a6", "p := {\"x\": a6}", "p := {a6}", "p := {a6: 1}", "p := count(json.marshal(a6))",
                        "p := count(json.marshal_with_options(a6, {\"pretty\": true}))", "p := count(yaml.marshal(a6))",
                        "p := count(sprintf(\"%v\", [a6]))", "p := count($\"{a6}\")", "p := count(sprintf(\"%d\", [a6]))"}) {
    INFO(std::string(p));
    CheckLimit(Run(chains + p));
  }
  const QueryResult query = MustCompile(chains)->Query("x = data.t.a6", nullptr);
  REQUIRE(query.error.has_value());
  CHECK(query.error->code == "eval_limit_error");
}

TEST_CASE("the room for a result is what the evaluation has left") {
  EvalOptions options;
  options.limits.max_steps = 1'000'000'000;
  options.limits.max_memory_bytes = std::size_t{1} << 20;
  const EvalResult r = Run(Chain("a", 4) + "p := a4", options);
  CheckLimit(r);
  CHECK(r.error->message.find("max_memory_bytes") != std::string::npos);
}

TEST_CASE("keys that are keys of keys do not double their text without end") {
  std::string body = "k0 := {\"\\\"\": 1}\n";
  for (int i = 1; i <= 40; ++i) body += "k" + std::to_string(i) + " := {k" + std::to_string(i - 1) + ": 1}\n";
  CheckLimit(Run(body + "p := k40"));
  CheckLimit(Run(body + "p := count(json.marshal(k40))"));
  CHECK(Run(body + "p := k3").ok());
}

TEST_CASE("large inputs that are compared again and again meet the step limit") {
  std::string list = "[0";
  for (int i = 1; i < 20'000; ++i) list += "," + std::to_string(i);
  list += "]";
  const std::string text = "\"" + std::string(200'000, 'x') + "\"";
  const json::Value lists = *json::Parse("{\"a\":" + list + ",\"b\":" + list + "}");
  const json::Value texts = *json::Parse("{\"a\":" + text + ",\"b\":" + text + "}");
  const std::string body = "p := count([1 | some i in numbers.range(1, 50000); input.a == input.b; i > 0])";
  CheckLimit(Run(body, {}, lists));
  CheckLimit(Run(body, {}, texts));
  CHECK(Run("p if input.a == input.b", {}, lists).steps < 3000);
  CHECK(Run("p if input.a == input.b", {}, texts).steps < 3000);
}

TEST_CASE("a value and its copy by reference are equal without a look at the parts") {
  const EvalResult r = Run(Chain("a", 7) + "p if { x := a7; y := [a7, 1]; z := [x, 1]; y == z }");
  REQUIRE(r.ok());
  CHECK(r.steps < 100);
}

TEST_CASE("each thread counts its own evaluation of a shared policy") {
  const SourceFile file{"p.rego", "package t\n" + Chain("a", 4) + Chain("b", 4) +
                                      "p := count({x | some x in data.list}) if { data.left == data.right; [a2] == [b2] }\n"
                                      "q if a4 == b4\n"};
  const json::Value data = *json::Parse(R"({"list": [[1], [2], {"a": [1.0, 2e0]}], "left": {"k": [1, {"x": 2}]}, "right": {"k": [1, {"x": 2.0}]}})");
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1}, data);
  REQUIRE(compiled.ok());
  const std::uint64_t steps = compiled.policy->Eval("data.t.p").steps;
  EvalOptions tight;
  tight.limits.max_steps = 2000;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const EvalResult whole = compiled.policy->Eval("data.t.p");
        if (!whole.ok() || whole.steps != steps || json::Write(whole.value) != "3") ++wrong[t];
        const EvalResult ended = compiled.policy->Eval("data.t.q", tight);
        if (ended.ok() || ended.error->code != "eval_limit_error") ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("strings that are no UTF-8 leave an evaluation with U+FFFD for their bytes") {
  const auto value = [](const std::string& term) { return Run("p := " + term).value; };
  CHECK(value("hex.decode(\"61ff62\")").string_value() == "a\xef\xbf\xbd" "b");
  CHECK(value("base64.decode(\"YcMo\")").string_value() == "a\xef\xbf\xbd(");
  CHECK(json::Write(value("[hex.decode(\"c3a9\"), {\"x\": hex.decode(\"ff\")}]")) == "[\"\xc3\xa9\",{\"x\":\"\xef\xbf\xbd\"}]");
  CHECK(value("json.marshal(hex.decode(\"ff\"))").string_value() == "\"\xef\xbf\xbd\"");
}

TEST_CASE("keys that become equal as UTF-8 leave one member") {
  const json::Value v = Run("p := {hex.decode(\"fe\"): 1, hex.decode(\"ff\"): 2, \"z\": 3}").value;
  REQUIRE(v.is_object());
  CHECK(v.object().size() == 2);
  CHECK(json::Parse(json::Write(v)).ok());
  CHECK(v.Find("\xef\xbf\xbd") != nullptr);
}

TEST_CASE("error messages and query answers are UTF-8") {
  EvalOptions options;
  options.strict_builtin_errors = true;
  const EvalResult r = Run("p := json.patch({}, [{\"op\": \"remove\", \"path\": [hex.decode(\"ff\")]}])", options);
  REQUIRE_FALSE(r.ok());
  CHECK(base::IsValidUtf8(r.error->message));
  const QueryResult query = MustCompile("q := 1")->Query("x = hex.decode(\"ff\")", nullptr);
  REQUIRE(query.ok());
  REQUIRE(query.answers.size() == 1);
  CHECK(query.answers[0].bindings.at(0).second.string_value() == "\xef\xbf\xbd");
}

}  // namespace intentgate::rego
