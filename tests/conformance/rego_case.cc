// Runs Rego test cases given as JSON, one a line, and answers each with one line of JSON: the C++ half of
// rego_runner.py. Request: {query, modules: [text], data, input, strict, v0}. Answer: {bindings: [...]} or
// {error_code, error}.

#include <iostream>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace {

namespace json = intentgate::json;
namespace rego = intentgate::rego;

json::Value Failure(const std::string& code, const std::string& text) {
  return json::MakeObject({{"error_code", code}, {"error", text}});
}

json::Value Answers(const rego::QueryResult& result) {
  json::Array bindings;
  for (const rego::QueryAnswer& answer : result.answers) {
    json::Object one;
    for (const auto& [name, value] : answer.bindings) one.push_back({name, value});
    bindings.push_back(json::Value(std::move(one)));
  }
  return json::MakeObject({{"bindings", json::Value(std::move(bindings))}});
}

bool Flag(const json::Value& request, std::string_view name) {
  const json::Value* flag = request.Find(name);
  return flag != nullptr && flag->is_bool() && flag->bool_value();
}

json::Value RunCase(const json::Value& request) {
  std::vector<rego::SourceFile> files;
  if (const json::Value* modules = request.Find("modules"); modules != nullptr && modules->is_array()) {
    for (const json::Value& text : modules->array()) {
      files.push_back({"test-" + std::to_string(files.size()) + ".rego", text.string_value()});
    }
  }
  const json::Value* data = request.Find("data");
  rego::CompileOptions options;
  if (Flag(request, "v0")) options.version = rego::LanguageVersion::kV0;
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(files, data == nullptr ? json::Value() : *data, options);
  if (!compiled.ok()) return Failure(compiled.diagnostics[0].code, compiled.diagnostics[0].ToString());
  rego::EvalOptions eval;
  eval.strict_builtin_errors = Flag(request, "strict");
  const rego::QueryResult result = compiled.policy->Query(request.Find("query")->string_value(), request.Find("input"), eval);
  if (!result.diagnostics.empty()) return Failure(result.diagnostics[0].code, result.diagnostics[0].ToString());
  if (result.error) return Failure(result.error->code, result.error->ToString());
  return Answers(result);
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const intentgate::Result<json::Value> request = json::Parse(line, {std::size_t{64} << 20, 1000});
    std::cout << json::Write(request.ok() ? RunCase(*request) : Failure("request", request.error().message)) << std::endl;
  }
  return 0;
}
