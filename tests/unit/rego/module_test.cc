// Engine, Module and Query: what is parsed once and compiled often says the same as what is compiled from its text.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include <intentgate/rego_engine.h>

namespace intentgate::rego {
namespace {

constexpr const char* kRules = R"(# METADATA
# title: who may read
# scope: package
package rules

import data.roles

default allow := false
allow if input.user in roles.readers
named := {"who": x} if {
  some x in roles.readers
  x == input.user
}
conflict := 1 if input.user
conflict := 2 if input.user
)";
constexpr const char* kRoles = "package roles\nreaders := {x | some x in [\"ann\", \"bob\"]}\n";

using Modules = std::vector<std::shared_ptr<const Module>>;

std::shared_ptr<const Module> Parsed(const Engine& engine, const char* name, const char* text) {
  ModuleResult parsed = engine.Parse({name, text});
  for (const Diagnostic& d : parsed.diagnostics) MESSAGE(d.ToString());
  REQUIRE(parsed.ok());
  return parsed.module;
}

json::Value User(const char* name) { return json::MakeObject({{"user", name}}); }

}  // namespace

TEST_CASE("a module says what it is") {
  const auto module = Parsed(Engine(), "rules.rego", kRules);
  CHECK(module->name() == "rules.rego");
  CHECK(module->text() == kRules);
  CHECK(module->package() == "data.rules");
  CHECK(module->version() == LanguageVersion::kV1);
  const Result<json::Value> annotations = module->Annotations();
  REQUIRE(annotations.ok());
  REQUIRE(annotations->array().size() == 1);
  CHECK(annotations->array()[0].Find("title")->string_value() == "who may read");
  CHECK(module->ToJson().json == ParseModuleToJson({"rules.rego", kRules}).json);
  CHECK(module->Format().value().find("\tsome x in roles.readers\n") != std::string::npos);
  EngineOptions old;
  old.compile.version = LanguageVersion::kV0;
  const auto v0 = Parsed(Engine(old), "old.rego", "package old\np[x] { x := 1 }");
  CHECK(v0->version() == LanguageVersion::kV0);
  CHECK(v0->ToJson().ok());
  CHECK(v0->Format().ok());
}

TEST_CASE("a text that does not parse, a module's place in a message, and findings of several modules") {
  const Engine engine;
  const ModuleResult bad = engine.Parse({"bad.rego", "package p\np := "});
  CHECK_FALSE(bad.ok());
  REQUIRE(bad.diagnostics.size() == 1);
  CHECK(bad.diagnostics[0].file == "bad.rego");
  CHECK(bad.diagnostics[0].code == "rego_parse_error");
  const auto unsafe = Parsed(engine, "unsafe.rego", "package u\np := [1 | x > 1]\nq := y");
  for (const Modules& order : {Modules{Parsed(engine, "rules.rego", kRules), unsafe}, Modules{unsafe, Parsed(engine, "rules.rego", kRules)}}) {
    const CompileResult compiled = engine.Compile(order);
    CHECK_FALSE(compiled.ok());
    REQUIRE(compiled.diagnostics.size() == 2);
    CHECK(compiled.diagnostics[0].file == "unsafe.rego");
    CHECK(compiled.diagnostics[0].line == 2);
    CHECK(compiled.diagnostics[0].source_line == "p := [1 | x > 1]");
    CHECK(compiled.diagnostics[1].line == 3);
  }
}

TEST_CASE("modules compile to what their texts compile to, in any place and again and again") {
  const Engine engine;
  const auto rules = Parsed(engine, "rules.rego", kRules);
  const auto roles = Parsed(engine, "roles.rego", kRoles);
  const SourceFile files[] = {{"roles.rego", kRoles}, {"rules.rego", kRules}};
  const CompileResult expected = engine.Compile(files);
  REQUIRE(expected.ok());
  for (int i = 0; i < 3; ++i) {
    const CompileResult compiled = engine.Compile(i % 2 == 0 ? Modules{roles, rules} : Modules{rules, nullptr, roles});
    REQUIRE(compiled.ok());
    CHECK(compiled.policy->RuleNames() == expected.policy->RuleNames());
    CHECK(compiled.policy->ReachableLines() == expected.policy->ReachableLines());
    for (const char* reference : {"data.rules.allow", "data.rules.named", "data.roles"}) {
      CHECK(compiled.policy->Eval(reference, User("ann")).value == expected.policy->Eval(reference, User("ann")).value);
    }
    const EvalResult conflict = compiled.policy->Eval("data.rules.conflict", User("ann"));
    REQUIRE(conflict.error.has_value());
    CHECK(conflict.error->ToString() == expected.policy->Eval("data.rules.conflict", User("ann")).error->ToString());
  }
  // Another file in place of one of them.
  const auto others = Parsed(engine, "roles.rego", "package roles\nreaders := {\"eve\"}\n");
  const CompileResult changed = engine.Compile(Modules{others, rules});
  REQUIRE(changed.ok());
  CHECK(changed.policy->Eval("data.rules.allow", User("ann")).value == json::Value(false));
  CHECK(changed.policy->Eval("data.rules.allow", User("eve")).value == json::Value(true));
}

TEST_CASE("compiling tests changes no module") {
  EngineOptions options;
  options.compile.tests = true;
  const Engine tests(options), plain;
  const auto module = Parsed(tests, "t.rego", "package t\ntest_a if true\ntest_a if 1 == 1\ntest_c[x] if some x in [1, 2]\n");
  const Modules modules = {module};
  for (int i = 0; i < 2; ++i) {
    const CompileResult compiled = tests.Compile(modules);
    REQUIRE(compiled.ok());
    CHECK(compiled.policy->Tests().size() == 3);
    const CompileResult without = plain.Compile(modules);
    REQUIRE(without.ok());
    CHECK(without.policy->Tests().empty());
    CHECK(without.policy->RuleNames() == std::vector<std::string>{"data.t.test_a", "data.t.test_c"});
  }
}

TEST_CASE("a prepared query answers as its text does, and keeps its policy") {
  const Engine engine;
  std::shared_ptr<const CompiledPolicy> policy = engine.Compile(Modules{Parsed(engine, "a", kRules), Parsed(engine, "b", kRoles)}).policy;
  REQUIRE(policy != nullptr);
  const PreparedQuery allow = engine.Prepare(policy, "data.rules.allow"), loop = engine.Prepare(policy, "some x in data.roles.readers; y := x");
  REQUIRE(allow.ok());
  REQUIRE(loop.ok());
  const json::Value ann = User("ann");
  const QueryResult expected = policy->Query(loop.query->text(), nullptr);
  policy.reset();
  CHECK(allow.query->is_reference());
  CHECK(allow.query->Eval(ann).value == json::Value(true));
  CHECK(allow.query->Eval(JsonText{R"({"user": "eve"})"}).value == json::Value(false));
  CHECK(allow.query->Eval().value == json::Value(false));
  EvalResult kept;
  for (int i = 0; i < 3; ++i) {
    allow.query->EvalInto(kept, ann, allow.query->options());
    CHECK(kept.value == json::Value(true));
  }
  CHECK_FALSE(loop.query->is_reference());
  CHECK(loop.query->Eval(ann).error.value().code == "rego_parse_error");
  for (int i = 0; i < 3; ++i) {
    const QueryResult answers = loop.query->Answers(nullptr);
    REQUIRE(answers.ok());
    REQUIRE(answers.answers.size() == 2);
    for (std::size_t k = 0; k < 2; ++k) CHECK(answers.answers[k].bindings == expected.answers[k].bindings);
  }
  const QueryResult whole = allow.query->Answers(&ann);
  REQUIRE(whole.answers.size() == 1);
  CHECK(whole.answers[0].expressions[0] == json::Value(true));
}

TEST_CASE("a query that is wrong has its findings, and limits are the engine's") {
  EngineOptions options;
  options.limits.max_steps = 20;
  const Engine small(options);
  const auto policy = small.Compile(Modules{Parsed(small, "a", kRules), Parsed(small, "b", kRoles)}).policy;
  const PreparedQuery bad = small.Prepare(policy, "x > 1");
  CHECK_FALSE(bad.ok());
  REQUIRE_FALSE(bad.diagnostics.empty());
  CHECK(bad.diagnostics[0].code == "rego_unsafe_var_error");
  const PreparedQuery steps = small.Prepare(policy, "count([1 | some i in numbers.range(1, 100)])");
  REQUIRE(steps.ok());
  CHECK(steps.query->Answers(nullptr).error.value().code == "eval_limit_error");
  EvalOptions more = steps.query->options();
  more.limits.max_steps = 10'000;
  CHECK(steps.query->Answers(nullptr, more).ok());
}

TEST_CASE("compiling ends at max_memory_bytes, wherever the memory goes") {
  const auto compiled = [](const std::string& text, const json::Value& data, std::size_t bytes) {
    EngineOptions options;
    options.compile.limits.max_memory_bytes = bytes;
    const SourceFile file{"m.rego", text};
    return Engine(options).Compile({&file, 1}, data);
  };
  const auto refused = [](const CompileResult& result) {
    return result.diagnostics.size() == 1 && result.diagnostics[0].message.find("max_memory_bytes") != std::string::npos;
  };
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  // Many terms.
  std::string terms = "package m\np := [";
  for (int i = 0; i < 100'000; ++i) terms += "1,";
  terms += "1]\n";
  CHECK(refused(compiled(terms, json::Value(), 16 * kMiB)));
  CHECK(compiled(terms, json::Value(), 512 * kMiB).ok());
  // One annotation that many rules ask for.
  std::string notes = "# METADATA\n# scope: package\n# custom: {list: [" ;
  for (int i = 0; i < 2'000; ++i) notes += "1,";
  notes += "1]}\npackage m\n";
  for (int i = 0; i < 2'000; ++i) notes += "p" + std::to_string(i) + " := rego.metadata.chain()\n";
  CHECK(refused(compiled(notes, json::Value(), 128 * kMiB)));
  // Data.
  json::Array rows;
  for (int i = 0; i < 200'000; ++i) rows.push_back(json::MakeObject({{"a", i}}));
  const json::Value data = json::MakeObject({{"rows", json::Value(std::move(rows))}});
  CHECK(refused(compiled("package m\np := count(data.rows)", data, 4 * kMiB)));
  CHECK(compiled("package m\np := count(data.rows)", data, 256 * kMiB).ok());
  // Every module counts.
  EngineOptions options;
  options.compile.limits.max_memory_bytes = 64 * kMiB;
  const Engine engine(options);
  const ModuleResult part = engine.Parse({"part.rego", terms.substr(0, terms.size() / 2) + "1]\n"});
  REQUIRE(part.ok());
  CHECK(engine.Compile(Modules{part.module}).ok());
  CHECK(refused(engine.Compile(Modules{part.module, part.module, part.module})));
}

}  // namespace intentgate::rego
