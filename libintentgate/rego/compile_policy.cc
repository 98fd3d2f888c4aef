// Compiling: sources through the passes, in their order (docs/design/rego.md).

#include <algorithm>
#include <new>
#include <optional>

#include "rego/compile/annotations.h"
#include "rego/compile/build_plan.h"
#include "rego/compile/infer.h"
#include "rego/compile/recursion.h"
#include "rego/compile/resolve.h"
#include "rego/compile/tests.h"
#include "rego/compile/types.h"
#include "rego/memory_limit.h"
#include "rego/policy_impl.h"
#include "rego/syntax/parser.h"

namespace intentgate::rego {
namespace {

// Syntax trees are built of tokens, so these are what is counted.
std::size_t TreeBytes(const std::vector<ModuleAst>& modules) {
  std::size_t tokens = 0;
  for (const ModuleAst& module : modules) tokens += module.tokens;
  return tokens * kBytesPerToken;
}

std::vector<ModuleAst> ParseAll(std::span<const SourceFile> files, const CompileOptions& options, Diagnostics& diagnostics) {
  std::vector<ModuleAst> modules;
  std::size_t tokens_left = options.limits.max_memory_bytes / kBytesPerToken;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    const Dialect dialect = files[i].version.value_or(options.version) == LanguageVersion::kV1 ? Dialect::kV1 : Dialect::kV0;
    modules.push_back(ParseModule(files[i].text, i, dialect, diagnostics, {.max_tokens = tokens_left}));
    tokens_left -= std::min(tokens_left, modules.back().tokens);
  }
  return modules;
}

bool CheckRules(const std::vector<ModuleAst>& modules, const CompileLimits& limits, Diagnostics& diagnostics) {
  std::size_t rules = 0;
  for (const ModuleAst& module : modules) rules += module.rules.size();
  if (rules > limits.max_rules) {
    diagnostics.Compile({}, "the policy has more than " + std::to_string(limits.max_rules) + " rules", "raise max_rules");
  }
  return diagnostics.empty();
}

void OverMemory(const CompileLimits& limits, Diagnostics& diagnostics) {
  diagnostics.Compile({}, "compiling takes more than " + std::to_string(limits.max_memory_bytes) + " bytes of memory (max_memory_bytes)",
                      "make the policy or its data smaller, or raise CompileLimits::max_memory_bytes");
}

void CheckGroups(const RuleTree& tree, Diagnostics& diagnostics) {
  for (RuleGroup* group : tree.groups()) {
    for (GroupedRule& rule : group->rules) rule.skip_safety = !CheckRuleTypes(rule, tree, diagnostics);
  }
  CheckRecursion(tree, diagnostics);
}

std::vector<std::string> PackagesOf(const std::vector<ModuleAst>& modules) {
  std::vector<std::string> packages;
  for (const ModuleAst& module : modules) packages.push_back(TermText(module.package));
  std::sort(packages.begin(), packages.end());
  packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
  return packages;
}

// From modules to a resolved and checked tree of rules.
void BuildTree(CompiledPolicy::Impl& impl, std::vector<ModuleAst> modules, std::span<const SourceFile> files, const CompileOptions& options,
               const BuiltinNames& allowed, Diagnostics& diagnostics) {
  if (options.tests) impl.tests = PrepareTests(modules, diagnostics);
  impl.tree.Grant(options.granted_builtins);
  if (allowed) impl.tree.AllowOnly(*allowed);
  const bool asks = std::any_of(files.begin(), files.end(), [](const SourceFile& f) { return f.text.find("rego.metadata.") != std::string::npos; });
  std::optional<Annotations> annotations;
  if (asks) annotations.emplace(impl.arena, modules, diagnostics);
  ResolveModules(modules, CollectNames(modules), annotations ? &*annotations : nullptr, options.strict, impl.tree, diagnostics);
  impl.packages = PackagesOf(modules);
  CheckGroups(impl.tree, diagnostics);
}

void BuildPolicy(CompiledPolicy::Impl& impl, const json::Value& data, const CompileOptions& options, Diagnostics& diagnostics) {
  impl.data = data.is_null() ? json::Value(json::Object{}) : data;
  impl.plans.arena = &impl.arena;
  impl.plans.tree = &impl.tree;
  impl.plans.diagnostics = &diagnostics;
  impl.plans.print = options.print;
  const Value base = Value::FromJson(impl.arena, impl.data);
  base.Freeze();
  BuildPlans(impl.plans, base);
  if (diagnostics.empty()) impl.rule_types = InferTypes(impl.tree, diagnostics);
  impl.plans.diagnostics = nullptr;
  for (const RuleSet* set : impl.plans.sets) impl.entrypoints.emplace(set->name, set);
  impl.program = {impl.plans.root, impl.plans.sets.size(), impl.plans.input_paths.size(), impl.plans.mocks.size(), impl.plans.joins, impl.plans.comprehensions, &impl.file_names};
}

}  // namespace

bool CheckSizes(std::span<const SourceFile> files, const json::Value& data, const CompileLimits& limits, Diagnostics& diagnostics) {
  std::size_t bytes = 0;
  for (const SourceFile& file : files) bytes += file.text.size();
  if (bytes > limits.max_source_bytes) {
    diagnostics.Compile({}, "the sources are larger than " + std::to_string(limits.max_source_bytes) + " bytes", "raise max_source_bytes");
  }
  if (!data.is_null() && !data.is_object()) diagnostics.Compile({}, "the data document must be an object");
  return diagnostics.empty();
}

std::unique_ptr<CompiledPolicy::Impl> CompileModules(std::vector<ModuleAst> modules, std::span<const SourceFile> files, const json::Value& data,
                                                     const CompileOptions& options, const BuiltinNames& allowed, Diagnostics& diagnostics) {
  const CompileLimits& limits = options.limits;
  if (!CheckRules(modules, limits, diagnostics)) return nullptr;
  const std::size_t trees = TreeBytes(modules);
  if (trees > limits.max_memory_bytes) return OverMemory(limits, diagnostics), nullptr;
  auto impl = std::make_unique<CompiledPolicy::Impl>(limits.max_memory_bytes - trees);
  try {
    for (const SourceFile& file : files) impl->file_names.push_back(file.name);
    BuildTree(*impl, std::move(modules), files, options, allowed, diagnostics);
    BuildPolicy(*impl, data, options, diagnostics);
  } catch (const EvalAbort& abort) {
    if (IsMemoryLimit(abort)) {
      OverMemory(limits, diagnostics);
    } else {
      diagnostics.Compile({}, abort.message);
    }
  } catch (const std::bad_alloc&) {
    diagnostics.Compile({}, "the process has no memory left");
  }
  if (!diagnostics.empty()) return nullptr;
  return impl;
}

CompileResult CompileFiles(std::span<const SourceFile> files, const json::Value& data, const CompileOptions& options, const BuiltinNames& allowed) {
  Diagnostics diagnostics(files, options.limits.max_errors);
  CompileResult result;
  try {
    std::unique_ptr<CompiledPolicy::Impl> impl;
    if (CheckSizes(files, data, options.limits, diagnostics)) {
      std::vector<ModuleAst> modules = ParseAll(files, options, diagnostics);
      if (diagnostics.empty()) impl = CompileModules(std::move(modules), files, data, options, allowed, diagnostics);
    }
    if (impl != nullptr) result.policy = std::make_shared<const CompiledPolicy>(std::move(impl));
  } catch (const std::bad_alloc&) {
    diagnostics.Compile({}, "the process has no memory left");
  }
  result.diagnostics = diagnostics.Take();
  return result;
}

CompileResult CompiledPolicy::Compile(std::span<const SourceFile> files, const json::Value& data, const CompileOptions& options) {
  return CompileFiles(files, data, options, std::nullopt);
}

}  // namespace intentgate::rego
