// Every case of tests/unit/rego/cases/*.json through the engine. A case: {note, modules: [text], query, data?,
// input?, v0?, strict?} and one of: want (the value of the query's one expression or of its variable x), undefined: true,
// error: text that a compile or run-time error must contain (alone: and there is no other one).

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace intentgate::rego {
namespace {

json::Value ReadCases(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  Result<json::Value> parsed = json::Parse(text.str());
  INFO(path.string());
  REQUIRE_MESSAGE(parsed.ok(), parsed.error().message);
  return std::move(*parsed);
}

bool Flag(const json::Value& c, std::string_view name) {
  const json::Value* flag = c.Find(name);
  return flag != nullptr && flag->bool_value();
}

struct Outcome {
  std::string error;
  bool defined = false;
  json::Value value;
};

Outcome RunCase(const json::Value& c) {
  Outcome out;
  std::vector<SourceFile> files;
  for (const json::Value& text : c.Find("modules")->array()) files.push_back({"m" + std::to_string(files.size()) + ".rego", text.string_value()});
  CompileOptions options;
  if (Flag(c, "v0")) options.version = LanguageVersion::kV0;
  const json::Value* data = c.Find("data");
  const CompileResult compiled = CompiledPolicy::Compile(files, data == nullptr ? json::Value() : *data, options);
  for (const Diagnostic& d : compiled.diagnostics) out.error += d.ToString() + "\n";
  if (!compiled.ok()) return out;
  EvalOptions eval;
  eval.strict_builtin_errors = Flag(c, "strict");
  const QueryResult result = compiled.policy->Query(c.Find("query")->string_value(), c.Find("input"), eval);
  for (const Diagnostic& d : result.diagnostics) out.error += d.ToString() + "\n";
  if (result.error) out.error += result.error->ToString();
  out.defined = !result.answers.empty();
  if (!out.defined) return out;
  const QueryAnswer& first = result.answers.front();
  out.value = first.expressions.back();
  for (const auto& [name, value] : first.bindings) {
    if (name == "x") out.value = value;
  }
  return out;
}

void Check(const json::Value& c) {
  const Outcome out = RunCase(c);
  CAPTURE(c.Find("note")->string_value());
  if (const json::Value* error = c.Find("error")) {
    CAPTURE(out.error);
    CHECK(out.error.find(error->string_value()) != std::string::npos);
    if (Flag(c, "alone")) CHECK(std::count(out.error.begin(), out.error.end(), '\n') == 4);  // place, line, caret, way out
    return;
  }
  CHECK(out.error == "");
  if (Flag(c, "undefined")) {
    CHECK_FALSE(out.defined);
    return;
  }
  REQUIRE(out.defined);
  CHECK(json::Write(out.value) == json::Write(*c.Find("want")));
}

}  // namespace

TEST_CASE("every table case gives its stated result") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(INTENTGATE_TEST_DATA) + "/unit/rego/cases")) {
    const json::Value cases = ReadCases(entry.path());
    for (const json::Value& c : cases.array()) {
      Check(c);
      ++count;
    }
  }
  CHECK(count > 100);
}

}  // namespace intentgate::rego
