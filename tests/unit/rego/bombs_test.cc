// Policies that are small and ask for much: each ends at a limit, which no construct of the language can swallow.

#include <doctest/doctest.h>

#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

#include "unit/rego/bombs.h"

namespace intentgate::rego {
namespace {

using test::Bomb;
using test::Bombs;
using test::Times;

}  // namespace

TEST_CASE("a policy that asks for more than it may have ends at a limit") {
  for (const Bomb& bomb : Bombs()) {
    INFO(bomb.name);
    const SourceFile file{"p.rego", "package t\n" + bomb.body};
    const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
    for (const Diagnostic& d : compiled.diagnostics) MESSAGE(d.ToString());
    REQUIRE(compiled.ok());
    const json::Value input = json::MakeObject({{"s", json::Value(bomb.text)}});
    const EvalResult r = compiled.policy->Eval("data.t.p", input);
    CHECK_FALSE(r.defined);
    REQUIRE_FALSE(r.ok());
    CHECK(r.error->code == "eval_limit_error");
  }
}

TEST_CASE("what nests too deep is an error of the builtin, not the end of the process") {
  for (const char* builtin : {"json.unmarshal", "yaml.unmarshal"}) {
    for (const std::string& text : {Times("[", 1'000'000), Times("{\"a\":", 200'000), Times("- ", 20'000)}) {
      const SourceFile file{"p.rego", std::string("package t\np := ") + builtin + "(input.s)"};
      const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
      REQUIRE(compiled.ok());
      const EvalResult r = compiled.policy->Eval("data.t.p", json::MakeObject({{"s", json::Value(text)}}));
      INFO(builtin);
      CHECK_FALSE(r.defined);
    }
  }
}

TEST_CASE("long chains of rules and of else are compiled and bounded when they run") {
  std::string rules = "r0 := 1\n";
  for (int i = 1; i <= 20'000; ++i) rules += "r" + std::to_string(i) + " := r" + std::to_string(i - 1) + "\n";
  const SourceFile chain{"p.rego", "package t\n" + rules};
  const CompileResult compiled = CompiledPolicy::Compile({&chain, 1});
  REQUIRE(compiled.ok());
  CHECK(compiled.policy->Eval("data.t.r20000").error->code == "eval_limit_error");

  const SourceFile other{"p.rego", "package t\np := 0 if false" + Times(" else := 1 if false", 20'000) + " else := 2\n"};
  const CompileResult elses = CompiledPolicy::Compile({&other, 1});
  REQUIRE(elses.ok());
  CHECK(elses.policy->Eval("data.t.p").value == json::Value(std::int64_t{2}));
}

}  // namespace intentgate::rego
