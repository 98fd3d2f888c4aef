// What a compiled policy holds, and how an evaluation on it is guarded. For policy.cc, compile_policy.cc, query.cc.
#pragma once

#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/rego.h>

#include "rego/arena.h"
#include "rego/compile/infer.h"
#include "rego/compile/lower.h"
#include "rego/compile/rule_tree.h"
#include "rego/meter.h"
#include "rego/vm/machine_pool.h"

namespace intentgate::rego {

inline constexpr std::string_view kQueryFile = "query";

struct CompiledPolicy::Impl {
  explicit Impl(std::size_t max_memory_bytes) : arena(max_memory_bytes), max_plan_bytes(max_memory_bytes) {}

  std::vector<std::string> file_names;
  json::Value data;
  Arena arena;
  std::size_t max_plan_bytes;  // of a query, too
  RuleTree tree;
  RuleTypes rule_types;
  PlanContext plans;
  ProgramInfo program;
  std::map<std::string, const RuleSet*, std::less<>> entrypoints;
  std::vector<std::string> packages;
  std::vector<TestRule> tests;
  std::shared_ptr<const Clock> clock = SystemClock();

  mutable MachinePool machines;

  // What an evaluation reads as input: a tree, a text, or nothing.
  struct Input {
    const json::Value* tree = nullptr;
    const JsonText* text = nullptr;
  };
  // What Eval evaluates: a rule, or the keys of a ground reference below data.
  struct Target {
    const RuleSet* rule = nullptr;
    std::vector<Term> keys;
  };

  EvalError ToError(const EvalAbort& abort) const;
  static std::optional<EvalError> SetInput(Machine& machine, const Input& input);
  // Runs `body` on a pooled machine; every failure becomes an EvalError.
  template <typename Body>
  std::optional<EvalError> Guarded(const Input& input, const EvalOptions& options, const ProgramInfo& info, const Body& body) const {
    try {
      const MachinePool::Lease machine(machines);
      machine->Start(info, options, options.clock != nullptr ? *options.clock : *clock);
      std::optional<EvalError> error;
      try {
        const Meter meter = machine->Metered();
        error = SetInput(*machine, input);
        if (!error) body(*machine);
      } catch (const EvalAbort& abort) {
        error = ToError(abort);
      }
      return error;
    } catch (const std::bad_alloc&) {
      return EvalError{"eval_limit_error", "the process has no memory left", {}, 0, 0};
    } catch (const std::exception& e) {
      return EvalError{"eval_internal_error", e.what(), {}, 0, 0};
    }
  }

  // The keys of a ground reference below data; nullopt if `text` is none.
  static std::optional<std::vector<Term>> ParseEntrypoint(std::string_view text);
  void Eval(const Target& target, const Input& input, const EvalOptions& options, EvalResult& result) const;
  void Eval(std::string_view entrypoint, const Input& input, const EvalOptions& options, EvalResult& result) const;
};

// A query that is lowered on top of a policy's plans.
struct LoweredQuery {
  explicit LoweredQuery(std::size_t max_memory_bytes) : arena(max_memory_bytes) {}

  Arena arena;
  const Block* block = nullptr;
  std::uint32_t slots = 0;
  ProgramInfo info;
  std::vector<std::string> names;      // of its variables, by number
  std::vector<std::int32_t> captured;  // for each expression, the variable with its value; kNoVar: it is true
  VarSet shown, bound;
};

// Null, with diagnostics, if the text is wrong. Throws EvalAbort at the limit of the plans' memory.
std::unique_ptr<LoweredQuery> LowerQuery(const CompiledPolicy::Impl& policy, std::string_view text, Diagnostics& diagnostics);
void RunQuery(const CompiledPolicy::Impl& policy, const LoweredQuery& query, const CompiledPolicy::Impl::Input& input,
              const EvalOptions& options, QueryResult& result);

// The only builtins that may be called; nullopt: all.
using BuiltinNames = std::optional<std::vector<std::string>>;
// Whether sources and data are of a size and kind that can be compiled.
bool CheckSizes(std::span<const SourceFile> files, const json::Value& data, const CompileLimits& limits, Diagnostics& diagnostics);
// The passes behind the parser. Keeps nothing of `files`. Diagnostics that there are already end it.
std::unique_ptr<CompiledPolicy::Impl> CompileModules(std::vector<ModuleAst> modules, std::span<const SourceFile> files, const json::Value& data,
                                                     const CompileOptions& options, const BuiltinNames& allowed, Diagnostics& diagnostics);

CompileResult CompileFiles(std::span<const SourceFile> files, const json::Value& data, const CompileOptions& options, const BuiltinNames& allowed);

}  // namespace intentgate::rego
