// policy eval, policy check.

#include <ostream>
#include <utility>

#include <intentgate/rego.h>

#include "cli/command.h"

namespace intentgate::cli {
namespace {

Result<std::vector<rego::SourceFile>> ReadSources(const std::vector<std::string>& paths, const Streams& streams) {
  std::vector<rego::SourceFile> sources;
  for (const std::string& path : paths) {
    Result<std::string> text = ReadInput(path, streams);
    if (!text.ok()) return text.error();
    sources.push_back({path, std::move(*text)});
  }
  return sources;
}

rego::CompileOptions Language(bool v0) {
  rego::CompileOptions options;
  if (v0) options.version = rego::LanguageVersion::kV0;
  return options;
}

json::Value ToJson(const std::vector<rego::Diagnostic>& diagnostics) {
  json::Array errors;
  for (const rego::Diagnostic& d : diagnostics) {
    errors.push_back(json::MakeObject(
        {{"code", d.code},
         {"message", d.message},
         {"location", json::MakeObject({{"file", d.file}, {"row", std::int64_t{d.line}}, {"col", std::int64_t{d.column}}})}}));
  }
  return json::MakeObject({{"errors", json::Value(std::move(errors))}});
}

int Report(const std::vector<rego::Diagnostic>& diagnostics, bool as_json, const Streams& streams) {
  if (as_json) {
    streams.out << json::Write(ToJson(diagnostics)) << "\n";
  } else {
    for (const rego::Diagnostic& d : diagnostics) streams.err << d.ToString() << "\n";
    streams.err << diagnostics.size() << (diagnostics.size() == 1 ? " error\n" : " errors\n");
  }
  return kExitNo;
}

json::Value ToJson(const rego::QueryAnswer& answer) {
  json::Array expressions;
  for (const json::Value& value : answer.expressions) expressions.push_back(json::MakeObject({{"value", value}}));
  json::Value out = json::MakeObject({{"expressions", json::Value(std::move(expressions))}});
  if (!answer.bindings.empty()) {
    json::Value bindings = json::Object{};
    for (const auto& [name, value] : answer.bindings) bindings.Set(name, value);
    out.Set("bindings", std::move(bindings));
  }
  return out;
}

void Print(const rego::QueryResult& result, bool as_json, std::ostream& out) {
  if (as_json) {
    json::Array answers;
    for (const rego::QueryAnswer& answer : result.answers) answers.push_back(ToJson(answer));
    json::Value document = json::Object{};
    if (!answers.empty()) document.Set("result", json::Value(std::move(answers)));
    out << json::Write(document) << "\n";
    return;
  }
  if (result.answers.empty()) out << "undefined\n";
  for (const rego::QueryAnswer& answer : result.answers) {
    for (const auto& [name, value] : answer.bindings) out << name << " = " << json::Write(value) << "\n";
    if (!answer.bindings.empty()) continue;
    for (const json::Value& value : answer.expressions) out << json::Write(value) << "\n";
  }
}

}  // namespace

int PolicyEval(const PolicyEvalOptions& options, const Streams& streams) {
  const Result<std::vector<rego::SourceFile>> sources = ReadSources(options.files, streams);
  if (!sources.ok()) return Fail(streams, sources.error());
  json::Value input;
  if (!options.input.empty()) {
    const Result<std::string> text = ReadInput(options.input, streams);
    if (!text.ok()) return Fail(streams, text.error());
    Result<json::Value> parsed = json::Parse(*text, {.max_bytes = std::size_t{16} << 20, .max_depth = 128});
    if (!parsed.ok()) return Fail(streams, Error{parsed.error().code, options.input + ": " + parsed.error().message});
    input = std::move(*parsed);
  }
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(*sources, json::Value(), Language(options.v0));
  if (!compiled.ok()) return Report(compiled.diagnostics, options.json, streams);
  const rego::QueryResult result = compiled.policy->Query(options.query, options.input.empty() ? nullptr : &input);
  if (!result.diagnostics.empty()) return Report(result.diagnostics, options.json, streams);
  if (result.error) {
    streams.err << "intentgate: " << result.error->ToString() << "\n";
    return kExitData;
  }
  Print(result, options.json, streams.out);
  return kExitOk;
}

int PolicyCheck(const PolicyCheckOptions& options, const Streams& streams) {
  const Result<std::vector<rego::SourceFile>> sources = ReadSources(options.files, streams);
  if (!sources.ok()) return Fail(streams, sources.error());
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(*sources, json::Value(), Language(options.v0));
  if (!compiled.ok()) return Report(compiled.diagnostics, options.json, streams);
  if (options.json) {
    streams.out << "{}\n";
  } else {
    streams.err << "good: " << compiled.policy->RuleNames().size() << " rules in " << compiled.policy->Packages().size()
                << (compiled.policy->Packages().size() == 1 ? " package\n" : " packages\n");
  }
  return kExitOk;
}

}  // namespace intentgate::cli
