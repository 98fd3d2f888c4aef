// Engine and Module: parsing once, compiling often.

#include <intentgate/rego_engine.h>

#include <new>
#include <utility>

#include <intentgate/rego_format.h>

#include "rego/compile/annotations.h"
#include "rego/memory_limit.h"
#include "rego/policy_impl.h"
#include "rego/query_impl.h"
#include "rego/syntax/parser.h"
#include "rego/syntax/relocate.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kAnnotationMemory = std::size_t{64} << 20;

}  // namespace

struct Module::Impl {
  SourceFile file;
  std::string package;
  ModuleAst tree;  // of file 0
};

Module::Module(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Module::~Module() = default;

const std::string& Module::name() const { return impl_->file.name; }
const std::string& Module::text() const { return impl_->file.text; }
const std::string& Module::package() const { return impl_->package; }
LanguageVersion Module::version() const { return impl_->tree.dialect == Dialect::kV0 ? LanguageVersion::kV0 : LanguageVersion::kV1; }

ParsedModule Module::ToJson(const ParseJsonOptions& options) const { return ParseModuleToJson(impl_->file, options); }

Result<json::Value> Module::Annotations() const {
  Arena arena(kAnnotationMemory);
  Diagnostics diagnostics({&impl_->file, 1}, 1);
  try {
    const rego::Annotations read(arena, {&impl_->tree, 1}, diagnostics);
    if (!diagnostics.empty()) return Error{ErrorCode::kMalformed, diagnostics.Take()[0].ToString()};
    json::Array out;
    for (const rego::Annotations::Standing& one : read.all()) out.push_back(one.content.ToJson());
    return json::Value(std::move(out));
  } catch (const EvalAbort& abort) {
    return Error{ErrorCode::kLimitExceeded, abort.message};
  }
}

Result<std::string> Module::Format() const { return rego::Format(impl_->file.text, version()); }

Engine::Engine(EngineOptions options) : options_(std::move(options)) {}

ModuleResult Engine::Parse(SourceFile file) const {
  ModuleResult result;
  Diagnostics diagnostics({&file, 1}, options_.compile.limits.max_errors);
  const CompileLimits& limits = options_.compile.limits;
  if (file.text.size() > limits.max_source_bytes) {
    diagnostics.Compile({}, "the source is larger than " + std::to_string(limits.max_source_bytes) + " bytes", "raise max_source_bytes");
  } else {
    auto impl = std::make_unique<Module::Impl>();
    file.version = file.version.value_or(options_.compile.version);
    const Dialect dialect = *file.version == LanguageVersion::kV1 ? Dialect::kV1 : Dialect::kV0;
    impl->tree = ParseModule(file.text, 0, dialect, diagnostics, {.max_tokens = limits.max_memory_bytes / kBytesPerToken});
    if (diagnostics.empty()) {
      impl->package = TermText(impl->tree.package);
      impl->file = std::move(file);
      result.module = std::make_shared<const Module>(std::move(impl));
    }
  }
  result.diagnostics = diagnostics.Take();
  return result;
}

CompileResult Engine::Compile(std::span<const std::shared_ptr<const Module>> modules, const json::Value& data) const {
  std::vector<SourceFile> files;
  std::vector<ModuleAst> trees;
  for (const std::shared_ptr<const Module>& module : modules) {
    if (module == nullptr) continue;
    trees.push_back(CopyForFile(module->impl_->tree, static_cast<std::uint32_t>(files.size())));
    files.push_back(module->impl_->file);
  }
  Diagnostics diagnostics(files, options_.compile.limits.max_errors);
  CompileResult result;
  std::unique_ptr<CompiledPolicy::Impl> impl;
  if (CheckSizes(files, data, options_.compile.limits, diagnostics)) {
    impl = CompileModules(std::move(trees), files, data, options_.compile, options_.builtins, diagnostics);
  }
  if (impl != nullptr) result.policy = std::make_shared<const CompiledPolicy>(std::move(impl));
  result.diagnostics = diagnostics.Take();
  return result;
}

CompileResult Engine::Compile(std::span<const SourceFile> files, const json::Value& data) const {
  return CompileFiles(files, data, options_.compile, options_.builtins);
}

PreparedQuery Engine::Prepare(std::shared_ptr<const CompiledPolicy> policy, std::string_view query) const {
  return Query::Impl::Prepare(std::move(policy), query, options_);
}

}  // namespace intentgate::rego
