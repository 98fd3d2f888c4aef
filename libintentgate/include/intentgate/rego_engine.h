// Rego for programs that compile again and again, or ask one query again and again.
//
//   rego::EngineOptions options;
//   options.limits.max_steps = 100'000;
//   const rego::Engine engine(options);
//   rego::ModuleResult rules = engine.Parse({"rules.rego", rules_text});
//   rego::ModuleResult roles = engine.Parse({"roles.rego", roles_text});
//   if (!rules.ok() || !roles.ok()) return Show(rules.diagnostics, roles.diagnostics);
//   const std::shared_ptr<const rego::Module> modules[] = {rules.module, roles.module};
//   rego::CompileResult compiled = engine.Compile(modules, data);
//   if (!compiled.ok()) return Show(compiled.diagnostics);
//   rego::PreparedQuery allow = engine.Prepare(compiled.policy, "data.rules.allow");
//   rego::EvalResult result = allow.query->Eval(input);
//
// When one file changes, parse that one and compile again with the others' modules as they are. Everything here is immutable
// and thread-safe, and keeps alive what it needs: a query its policy, its clock and its host. Nothing throws.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/rego_parse.h>
#include <intentgate/result.h>

namespace intentgate::rego {

// One file, parsed.
class Module {
 public:
  ~Module();
  Module(const Module&) = delete;  // shared, never copied
  Module& operator=(const Module&) = delete;

  const std::string& name() const;     // for messages
  const std::string& text() const;
  const std::string& package() const;  // "data.authz"
  LanguageVersion version() const;     // what it was read as; v0 with `import rego.v1` is kV0

  // The syntax tree, as ParseModuleToJson writes it; its `version` is this module's.
  ParsedModule ToJson(const ParseJsonOptions& options = {}) const;
  // The metadata blocks, an array of objects in the order of the text. kMalformed: one is no metadata.
  Result<json::Value> Annotations() const;
  // The text, laid out (rego_format.h).
  Result<std::string> Format() const;

  struct Impl;
  explicit Module(std::unique_ptr<const Impl> impl);

 private:
  friend class Engine;
  std::unique_ptr<const Impl> impl_;
};

struct ModuleResult {
  std::shared_ptr<const Module> module;  // null if there are diagnostics
  std::vector<Diagnostic> diagnostics;
  bool ok() const { return module != nullptr; }
};

// A query that is compiled: what CompiledPolicy::Query does with its text is done once.
class Query {
 public:
  ~Query();
  Query(const Query&) = delete;  // shared, never copied
  Query& operator=(const Query&) = delete;

  const std::string& text() const;
  // True for a ground reference, such as "data.authz.allow"; any other query has answers only.
  bool is_reference() const;
  // The engine's limits, clock and host: the start for options of one evaluation, such as with a CancelToken. What it
  // points to lives as long as the query.
  const EvalOptions& options() const;
  const std::shared_ptr<const CompiledPolicy>& policy() const;

  // The value of the reference, as CompiledPolicy::Eval and EvalInto. Otherwise the error rego_parse_error.
  EvalResult Eval(const json::Value& input, const EvalOptions& options) const;
  EvalResult Eval(const JsonText& input, const EvalOptions& options) const;
  EvalResult Eval(const EvalOptions& options) const;  // without input
  EvalResult Eval(const json::Value& input) const { return Eval(input, options()); }
  EvalResult Eval(const JsonText& input) const { return Eval(input, options()); }
  EvalResult Eval() const { return Eval(options()); }
  void EvalInto(EvalResult& result, const json::Value& input, const EvalOptions& options) const;
  void EvalInto(EvalResult& result, const JsonText& input, const EvalOptions& options) const;

  // All answers, as CompiledPolicy::Query. `input` may be null (a pointer, for none).
  QueryResult Answers(const json::Value* input, const EvalOptions& options) const;
  QueryResult Answers(const json::Value* input) const { return Answers(input, options()); }

  struct Impl;
  explicit Query(std::unique_ptr<const Impl> impl);

 private:
  friend class Engine;
  std::unique_ptr<const Impl> impl_;
};

struct PreparedQuery {
  std::shared_ptr<const Query> query;  // null if there are diagnostics
  std::vector<Diagnostic> diagnostics;
  bool ok() const { return query != nullptr; }
};

struct EngineOptions {
  CompileOptions compile;                  // language, limits and granted builtins of what it compiles
  // The only builtins that policies may call, operators among them ("plus"); absent: all. What `compile` must grant must
  // be granted as well. rego_capabilities.h reads them from OPA's files.
  std::optional<std::vector<std::string>> builtins;
  EvalLimits limits;                       // of each evaluation
  std::shared_ptr<const HostAccess> host;  // does what is granted; null: granted builtins fail
  std::shared_ptr<const Clock> clock;      // for time.now_ns; the system's if null
  bool strict_builtin_errors = false;
};

// Makes modules, policies and queries by one configuration.
class Engine {
 public:
  explicit Engine(EngineOptions options = {});

  const EngineOptions& options() const { return options_; }

  ModuleResult Parse(SourceFile file) const;
  // As CompiledPolicy::Compile, without parsing. Modules of any engine; those that are null are left out.
  CompileResult Compile(std::span<const std::shared_ptr<const Module>> modules, const json::Value& data = json::Value()) const;
  CompileResult Compile(std::span<const SourceFile> files, const json::Value& data = json::Value()) const;
  // REQUIRES: `policy` is not null.
  PreparedQuery Prepare(std::shared_ptr<const CompiledPolicy> policy, std::string_view query) const;

 private:
  EngineOptions options_;
};

}  // namespace intentgate::rego
