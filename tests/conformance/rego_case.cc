// Runs Rego test cases given as JSON, one a line, and answers each with one line of JSON: the C++ half of
// rego_runner.py. Request: {query, modules: [text], data, input, strict, v0}. Answer: {bindings: [...]} or
// {error_code, error}. With partial: {unknowns, disable_inlining, shallow_inlining} in the request, the query is evaluated in part:
// {queries, modules}. Request: {parse, v0}, a module's text. Answer: {module}, its syntax tree, or {error_code, error}.

#include <iostream>
#include <memory>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/rego_host.h>
#include <intentgate/rego_parse.h>
#include <intentgate/rego_partial.h>

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

// Names are looked up in the system; nothing else leaves the process.
class CaseHost final : public rego::HostAccess {
 public:
  intentgate::Result<json::Value> SendHttp(const json::Value&) const override {
    return intentgate::Error{intentgate::ErrorCode::kUnavailable, "no network in the conformance run"};
  }
  intentgate::Result<std::vector<std::string>> LookUpAddresses(std::string_view name) const override {
    if (!network_.ok()) return network_.error();
    return (*network_)->LookUpAddresses(name);
  }
  json::Value Runtime() const override { return json::Value(json::Object{}); }

 private:
  const intentgate::Result<std::shared_ptr<rego::HostAccess>> network_ = rego::NetworkHost({.allow_net = {"*"}});
};

bool Flag(const json::Value& request, std::string_view name) {
  const json::Value* flag = request.Find(name);
  return flag != nullptr && flag->is_bool() && flag->bool_value();
}

json::Value ParseText(const std::string& text, bool v0) {
  rego::ParseJsonOptions options;
  if (v0) options.version = rego::LanguageVersion::kV0;
  const rego::ParsedModule parsed = rego::ParseModuleToJson({"test-0.rego", text}, options);
  if (!parsed.ok()) return Failure(parsed.diagnostics[0].code, parsed.diagnostics[0].ToString());
  const intentgate::Result<json::Value> module = json::Parse(parsed.json, {std::size_t{64} << 20, 4000});
  return module.ok() ? json::MakeObject({{"module", *module}}) : Failure("json", module.error().message);
}

std::vector<std::string> Texts(const json::Value* list) {
  std::vector<std::string> out;
  if (list == nullptr) return out;
  for (const json::Value& text : list->array()) out.push_back(text.string_value());
  return out;
}

json::Value RunPartial(const rego::CompiledPolicy& policy, const json::Value& request, const json::Value& partial) {
  rego::PartialOptions options;
  options.input = request.Find("input");
  if (const json::Value* unknowns = partial.Find("unknowns")) options.unknowns = Texts(unknowns);
  options.disable_inlining = Texts(partial.Find("disable_inlining"));
  options.shallow_inlining = Flag(partial, "shallow_inlining");
  const rego::PartialResult result = policy.PartialEval(request.Find("query")->string_value(), options);
  if (!result.diagnostics.empty()) return Failure(result.diagnostics[0].code, result.diagnostics[0].ToString());
  if (result.error) return Failure(result.error->code, result.error->ToString());
  json::Array modules;
  for (const rego::SourceFile& module : result.support) modules.push_back(module.text);
  return json::MakeObject({{"queries", json::Value(json::Array(result.queries.begin(), result.queries.end()))}, {"modules", json::Value(std::move(modules))}});
}

json::Value RunCase(const json::Value& request) {
  if (const json::Value* text = request.Find("parse")) return ParseText(text->string_value(), Flag(request, "v0"));
  std::vector<rego::SourceFile> files;
  if (const json::Value* modules = request.Find("modules"); modules != nullptr && modules->is_array()) {
    for (const json::Value& text : modules->array()) {
      files.push_back({"test-" + std::to_string(files.size()) + ".rego", text.string_value()});
    }
  }
  const json::Value* data = request.Find("data");
  rego::CompileOptions options;
  if (Flag(request, "v0")) options.version = rego::LanguageVersion::kV0;
  options.granted_builtins = {"http.send", "net.lookup_ip_addr", "opa.runtime"};
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(files, data == nullptr ? json::Value() : *data, options);
  if (!compiled.ok()) return Failure(compiled.diagnostics[0].code, compiled.diagnostics[0].ToString());
  if (const json::Value* partial = request.Find("partial")) return RunPartial(*compiled.policy, request, *partial);
  rego::EvalOptions eval;
  static const CaseHost host;
  eval.host = &host;
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
