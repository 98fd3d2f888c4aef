// Syntax trees as JSON. The expected ones were written by `opa parse --format json` (1.22.3); `make differential-rego` compares
// those of all modules of OPA's conformance cases.

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <intentgate/rego_parse.h>

namespace intentgate::rego {
namespace {

std::string FileOf(const std::string& name) {
  std::ifstream in(std::string(INTENTGATE_TEST_DATA) + "/unit/rego/ast/" + name, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

// With members by name and numbers by value, since opa's text went through another writer.
std::string Sorted(const std::string& text) {
  const Result<json::Value> value = json::Parse(text, {.max_bytes = std::size_t{1} << 24, .max_depth = 1000});
  REQUIRE(value.ok());
  return json::WriteSortedExact(*value);
}

}  // namespace

TEST_CASE("a module's tree is the one that opa parse gives") {
  for (const char* name : {"terms", "logic", "v0"}) {
    CAPTURE(name);
    ParseJsonOptions options;
    if (std::string(name) == "v0") options.version = LanguageVersion::kV0;
    const std::string file = std::string(name) + ".rego";
    const ParsedModule parsed = ParseModuleToJson({file, FileOf(file)}, options);
    REQUIRE(parsed.ok());
    std::string wanted = FileOf(std::string(name) + ".json");
    // Python writes 2.50 as 2.5.
    std::string ours = parsed.json;
    if (const std::size_t at = ours.find("2.50"); at != std::string::npos) ours.erase(at + 3, 1);
    CHECK(Sorted(ours) == Sorted(wanted));
  }
}

TEST_CASE("comments and annotations are left out when they are not asked for") {
  const SourceFile file{"p.rego", "# METADATA\n# title: t\npackage p\n\nx := 1 # why\n"};
  CHECK(ParseModuleToJson(file).json.find("\"comments\"") != std::string::npos);
  CHECK(ParseModuleToJson(file).json.find("\"annotations\"") != std::string::npos);
  const ParsedModule bare = ParseModuleToJson(file, {.comments = false, .annotations = false});
  CHECK(bare.json.find("\"comments\"") == std::string::npos);
  CHECK(bare.json.find("\"annotations\"") == std::string::npos);
}

TEST_CASE("what does not parse gives findings and no tree") {
  const ParsedModule parsed = ParseModuleToJson({"p.rego", "package p\n\nx := \n"});
  CHECK_FALSE(parsed.ok());
  CHECK(parsed.json.empty());
  CHECK(parsed.diagnostics[0].code == "rego_parse_error");
  CHECK(parsed.diagnostics[0].file == "p.rego");
}

TEST_CASE("rego.parse_module gives the tree to a policy, and bounds what it costs") {
  const SourceFile file{"p.rego", "package p\n\npath := [x.value | some x in rego.parse_module(\"m.rego\", input).package.path]\n"};
  const CompileResult compiled = CompiledPolicy::Compile({&file, 1});
  REQUIRE(compiled.ok());
  CHECK(json::Write(compiled.policy->Eval("data.p.path", json::Value("package a.b\n\nq := 1")).value) == R"(["data","a","b"])");
  CHECK(json::Write(compiled.policy->Eval("data.p.path", json::Value("package")).value) == "[]");
  EvalOptions strict;
  strict.strict_builtin_errors = true;
  const EvalResult wrong = compiled.policy->Eval("data.p.path", json::Value("package"), strict);
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error->code == "eval_builtin_error");
  const EvalResult large = compiled.policy->Eval("data.p.path", json::Value("package a\n" + std::string(300'000, '#')), strict);
  REQUIRE_FALSE(large.ok());
  CHECK(large.error->message.find("262144 bytes") != std::string::npos);
  EvalOptions small;
  small.limits.max_steps = 1'000;
  std::string rules = "package a\n";
  for (int i = 0; i < 2'000; ++i) rules += "p" + std::to_string(i) + " := 1\n";
  const EvalResult limited = compiled.policy->Eval("data.p.path", json::Value(rules), small);
  REQUIRE_FALSE(limited.ok());
  CHECK(limited.error->code == "eval_limit_error");
}

}  // namespace intentgate::rego
