// The engine's front door: compiles sources through the passes, pools machines, turns EvalAbort into
// values.

#include <algorithm>
#include <new>

#include <intentgate/rego.h>
#include <intentgate/rego_partial.h>

#include "base/utf8.h"
#include "rego/compile/build_plan.h"
#include "rego/compile/dependencies.h"
#include "rego/compile/recursion.h"
#include "rego/compile/resolve.h"
#include "rego/compile/tests.h"
#include "rego/compile/types.h"
#include "rego/partial/partial.h"
#include "rego/syntax/parser.h"
#include "rego/meter.h"
#include "rego/vm/machine_pool.h"
#include "rego/vm/reachable.h"

namespace intentgate::rego {
namespace {

constexpr std::size_t kPlanMemory = std::size_t{4} << 30;
constexpr std::string_view kQueryFile = "query";

int ArityOfOp(const void* tree, const Term& op) { return ArityOf(*static_cast<const RuleTree*>(tree), op); }

}  // namespace

struct CompiledPolicy::Impl {
  std::vector<std::string> file_names;
  json::Value data;
  Arena arena{kPlanMemory};
  RuleTree tree;
  PlanContext plans;
  ProgramInfo program;
  std::map<std::string, const RuleSet*, std::less<>> entrypoints;
  std::vector<std::string> packages;
  std::vector<TestRule> tests;
  std::shared_ptr<const Clock> clock = SystemClock();

  mutable MachinePool machines;

  EvalError ToError(const EvalAbort& abort) const {
    EvalError error{abort.code, base::ReplaceInvalidUtf8(abort.message), {}, abort.line, abort.column};
    if (abort.line > 0) error.file = abort.file < file_names.size() ? file_names[abort.file] : std::string(kQueryFile);
    return error;
  }

  // What an evaluation reads as input: a tree, a text, or nothing.
  struct Input {
    const json::Value* tree = nullptr;
    const JsonText* text = nullptr;
  };

  static std::optional<EvalError> SetInput(Machine& machine, const Input& input) {
    if (input.tree != nullptr) machine.SetInput(Value::FromJson(machine.arena(), *input.tree));
    if (input.text == nullptr) return std::nullopt;
    const Result<Value> read = machine.input_text().Read(machine.arena(), input.text->text, input.text->limits);
    if (!read.ok()) return EvalError{"eval_input_error", read.error().message, {}, 0, 0};
    machine.SetInput(*read);
    return std::nullopt;
  }

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
  void Eval(std::string_view entrypoint, const Input& input, const EvalOptions& options, EvalResult& result) const;
};

CompiledPolicy::CompiledPolicy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CompiledPolicy::~CompiledPolicy() = default;

namespace {

bool CheckSizes(std::span<const SourceFile> files, const json::Value& data, const CompileLimits& limits, Diagnostics& diagnostics) {
  std::size_t bytes = 0;
  for (const SourceFile& file : files) bytes += file.text.size();
  if (bytes > limits.max_source_bytes) {
    diagnostics.Compile({}, "the sources are larger than " + std::to_string(limits.max_source_bytes) + " bytes", "raise max_source_bytes");
  }
  if (!data.is_null() && !data.is_object()) diagnostics.Compile({}, "the data document must be an object");
  return diagnostics.empty();
}

std::vector<Module> ParseAll(std::span<const SourceFile> files, const CompileOptions& options, Diagnostics& diagnostics) {
  std::vector<Module> modules;
  std::size_t rules = 0;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    const Dialect dialect = files[i].version.value_or(options.version) == LanguageVersion::kV1 ? Dialect::kV1 : Dialect::kV0;
    modules.push_back(ParseModule(files[i].text, i, dialect, diagnostics));
    rules += modules.back().rules.size();
  }
  if (rules > options.limits.max_rules) {
    diagnostics.Compile({}, "the policy has more than " + std::to_string(options.limits.max_rules) + " rules", "raise max_rules");
  }
  return modules;
}

void CheckGroups(const RuleTree& tree, Diagnostics& diagnostics) {
  for (RuleGroup* group : tree.groups()) {
    for (GroupedRule& rule : group->rules) rule.skip_safety = !CheckRuleTypes(rule, tree, diagnostics);
  }
  CheckRecursion(tree, diagnostics);
}

}  // namespace

CompileResult CompiledPolicy::Compile(std::span<const SourceFile> files, const json::Value& data, const CompileOptions& options) {
  Diagnostics diagnostics(files, options.limits.max_errors);
  CompileResult result;
  try {
    auto impl = std::make_unique<Impl>();
    const auto failed = [&] {
      result.diagnostics = diagnostics.Take();
      return !result.diagnostics.empty();
    };
    if (!CheckSizes(files, data, options.limits, diagnostics)) return failed(), result;
    std::vector<Module> modules = ParseAll(files, options, diagnostics);
    if (failed()) return result;
    if (options.tests) impl->tests = PrepareTests(modules, diagnostics);
    impl->tree.Grant(options.granted_builtins);
    const bool asks = std::any_of(files.begin(), files.end(), [](const SourceFile& f) { return f.text.find("rego.metadata.") != std::string::npos; });
    std::optional<Annotations> annotations;
    if (asks) annotations.emplace(impl->arena, modules, diagnostics);
    ResolveModules(modules, CollectNames(modules), annotations ? &*annotations : nullptr, impl->tree, diagnostics);
    CheckGroups(impl->tree, diagnostics);
    impl->data = data.is_null() ? json::Value(json::Object{}) : data;
    impl->plans.arena = &impl->arena;
    impl->plans.tree = &impl->tree;
    impl->plans.diagnostics = &diagnostics;
    impl->plans.print = options.print;
    const Value base = Value::FromJson(impl->arena, impl->data);
    base.Freeze();
    BuildPlans(impl->plans, base);
    if (failed()) return result;
    impl->plans.diagnostics = nullptr;
    for (const SourceFile& file : files) impl->file_names.push_back(file.name);
    for (const RuleSet* set : impl->plans.sets) impl->entrypoints.emplace(set->name, set);
    for (const Module& module : modules) impl->packages.push_back(TermText(module.package));
    std::sort(impl->packages.begin(), impl->packages.end());
    impl->packages.erase(std::unique(impl->packages.begin(), impl->packages.end()), impl->packages.end());
    impl->program = {impl->plans.root, impl->plans.sets.size(), impl->plans.input_paths.size(), impl->plans.mocks.size(), impl->plans.joins, impl->plans.comprehensions, &impl->file_names};
    result.policy = std::make_shared<const CompiledPolicy>(std::move(impl));
  } catch (const EvalAbort& abort) {
    diagnostics.Compile({}, abort.message);
    result.diagnostics = diagnostics.Take();
  } catch (const std::bad_alloc&) {
    diagnostics.Compile({}, "the process has no memory left");
    result.diagnostics = diagnostics.Take();
  }
  return result;
}

std::optional<std::vector<Term>> CompiledPolicy::Impl::ParseEntrypoint(std::string_view text) {
  Diagnostics none({}, 1);
  Body body = ParseQuery(text, 0, none);
  if (!none.empty() || body.exprs.size() != 1 || body.exprs[0].kind != ExprKind::kTerm) return std::nullopt;
  Term& ref = body.exprs[0].terms[0];
  if (ref.IsVar("data")) return std::vector<Term>();
  if (!ref.IsRef() || !ref.items[0].IsVar("data")) return std::nullopt;
  std::vector<Term> keys(std::make_move_iterator(ref.items.begin() + 1), std::make_move_iterator(ref.items.end()));
  if (!std::all_of(keys.begin(), keys.end(), [](const Term& t) { return t.IsScalar(); })) return std::nullopt;
  return keys;
}

void CompiledPolicy::Impl::Eval(std::string_view entrypoint, const Input& input, const EvalOptions& options, EvalResult& result) const {
  result.error.reset();
  result.defined = false;
  result.steps = 0;
  result.memory_bytes = 0;
  const auto known = entrypoints.find(entrypoint);
  std::optional<std::vector<Term>> keys;
  if (known == entrypoints.end()) {
    keys = ParseEntrypoint(entrypoint);
    if (!keys) {
      result.value = json::Value();
      result.error = EvalError{"rego_parse_error", "the entry point must be a reference like data.package.rule", {}, 0, 0};
      return;
    }
  }
  result.error = Guarded(input, options, program, [&](Machine& machine) {
    Value value;
    if (keys) {
      value = Value::Virtual(program.root);
      for (const Term& key : *keys) value = machine.Member(value, ConstantOf(machine.arena(), key));
      if (value.type() == Type::kVirtual) value = machine.Read(*static_cast<const DocNode*>(value.virtual_node()));
    } else if (known->second->kind != SetKind::kFunction) {
      value = machine.EvalRule(*known->second);
    }
    if (value.defined()) value.WriteJson(result.value);
    result.defined = value.defined();
    result.steps = options.limits.max_steps - machine.steps_left();
    result.memory_bytes = machine.arena().bytes_used();
  });
  if (!result.defined) result.value = json::Value();
}

EvalResult CompiledPolicy::Eval(std::string_view entrypoint, const json::Value& input, const EvalOptions& options) const {
  EvalResult result;
  impl_->Eval(entrypoint, {.tree = &input}, options, result);
  return result;
}

EvalResult CompiledPolicy::Eval(std::string_view entrypoint, const EvalOptions& options) const {
  EvalResult result;
  impl_->Eval(entrypoint, {}, options, result);
  return result;
}

EvalResult CompiledPolicy::Eval(std::string_view entrypoint, const JsonText& input, const EvalOptions& options) const {
  EvalResult result;
  impl_->Eval(entrypoint, {.text = &input}, options, result);
  return result;
}

void CompiledPolicy::EvalInto(EvalResult& result, std::string_view entrypoint, const json::Value& input, const EvalOptions& options) const {
  impl_->Eval(entrypoint, {.tree = &input}, options, result);
}

void CompiledPolicy::EvalInto(EvalResult& result, std::string_view entrypoint, const JsonText& input, const EvalOptions& options) const {
  impl_->Eval(entrypoint, {.text = &input}, options, result);
}

namespace {

// f(x, out), where `out` takes the result.
bool HasOutput(const Expr& expr, const RuleTree& tree) {
  const Term& term = expr.terms[0];
  return term.IsCall() && term.items.size() == static_cast<std::size_t>(ArityOf(tree, term.items[0])) + 2;
}

// A plain expression also answers with its value, and false does not fail it.
void CaptureValues(Body& body, const RuleTree& tree, std::vector<std::int32_t>& captured, std::int32_t& vars) {
  for (Expr& expr : body.exprs) {
    if (expr.kind != ExprKind::kTerm || expr.negated || IsUnify(expr) || HasOutput(expr, tree)) {
      captured.push_back(kNoVar);
      continue;
    }
    Term var = MakeVar("_value", expr.at);
    var.var = vars++;
    captured.push_back(var.var);
    expr.terms[0] = MakeComposite(TermKind::kCall, {MakeVar("eq", expr.at), std::move(var), std::move(expr.terms[0])}, expr.at);
  }
}

}  // namespace

QueryResult CompiledPolicy::Query(std::string_view text, const json::Value* input, const EvalOptions& options) const {
  QueryResult result;
  const SourceFile source{std::string(kQueryFile), std::string(text)};
  const auto file = static_cast<std::uint32_t>(impl_->file_names.size());
  Diagnostics diagnostics({&source, 1}, 20, file);
  const auto failed = [&] { return result.diagnostics = diagnostics.Take(), !result.diagnostics.empty(); };
  try {
    Body body = ParseQuery(source.text, file, diagnostics);
    if (failed()) return result;
    const std::vector<std::string> names = ResolveQuery(body, file, diagnostics);
    CheckQueryTypes(body, impl_->tree, diagnostics);
    auto vars = static_cast<std::int32_t>(names.size());
    std::vector<std::int32_t> captured;
    CaptureValues(body, impl_->tree, captured, vars);
    SafetyPass safety(ArityOfOp, &impl_->tree, diagnostics);
    VarSet bound;
    VarSet shown;
    CollectOpenVars(body, shown);
    safety.OrderBody(body, bound, VarSet());
    if (failed()) return result;
    Arena arena(kPlanMemory);
    PlanContext plans = impl_->plans;
    plans.arena = &arena;
    plans.diagnostics = &diagnostics;
    Lowering lowering(plans, vars, true);
    const Block* block = lowering.LowerBody(&body);
    if (failed()) return result;
    const ProgramInfo info = {plans.root,         plans.sets.size(), plans.input_paths.size(),
                              plans.mocks.size(), plans.joins,       plans.comprehensions, &impl_->file_names};
    result.error = impl_->Guarded({.tree = input}, options, info, [&](Machine& machine) {
      machine.RunQuery(*block, lowering.slots(), [&](const Value* frame) {
        const bool failed_test = captured.size() > 1 && std::any_of(captured.begin(), captured.end(), [&](std::int32_t var) {
          return var != kNoVar && frame[var].is_false();
        });
        if (failed_test) return;  // a lone expression may be false, one among others must hold
        QueryAnswer answer;
        for (std::size_t i = 0; i < names.size(); ++i) {
          const auto var = static_cast<std::int32_t>(i);
          if (names[i] != "_" && shown.Has(var) && bound.Has(var)) answer.bindings.emplace_back(names[i], machine.Whole(frame[i]).ToJson());
        }
        for (const std::int32_t var : captured) {
          answer.expressions.push_back(var == kNoVar ? json::Value(true) : machine.Whole(frame[var]).ToJson());
        }
        result.answers.push_back(std::move(answer));
      });
    });
  } catch (const EvalAbort& abort) {
    result.error = impl_->ToError(abort);
  } catch (const std::bad_alloc&) {
    result.error = EvalError{"eval_limit_error", "the process has no memory left", {}, 0, 0};
  }
  return result;
}

PartialResult CompiledPolicy::PartialEval(std::string_view text, const PartialOptions& options) const {
  PartialResult result;
  const SourceFile source{std::string(kQueryFile), std::string(text)};
  const auto file = static_cast<std::uint32_t>(impl_->file_names.size());
  Diagnostics diagnostics({&source, 1}, 20, file);
  const auto failed = [&] { return result.diagnostics = diagnostics.Take(), !result.diagnostics.empty(); };
  // A body of known expressions is a query of its own.
  const partial::RunKnown run = [&](const Body& body, std::int32_t vars, bool new_not, const json::Value& input, partial::Budget& budget,
                                    const std::function<void(Machine&, const Value*, const VarSet&)>& answer) {
    Arena arena(kPlanMemory);
    PlanContext plans = impl_->plans;
    plans.arena = &arena;
    plans.diagnostics = &diagnostics;
    Lowering lowering(plans, vars, new_not);
    const Block* block = lowering.LowerBody(&body);
    if (failed()) throw EvalAbort{"rego_type_error", result.diagnostics[0].message};
    const ProgramInfo info = {plans.root,         plans.sets.size(), plans.input_paths.size(),
                              plans.mocks.size(), plans.joins,       plans.comprehensions, &impl_->file_names};
    EvalOptions eval = options.eval;
    eval.limits.max_steps = budget.steps_left();
    std::optional<EvalError> error = impl_->Guarded({.tree = input.is_null() ? nullptr : &input}, eval, info, [&](Machine& machine) {
      machine.RunQuery(*block, lowering.slots(), [&](const Value* frame) { answer(machine, frame, lowering.bound()); });
      budget.SetStepsLeft(std::min(budget.steps_left(), machine.steps_left()));
    });
    if (error) throw std::move(*error);
  };
  try {
    partial::Query query{ParseQuery(source.text, file, diagnostics), {}, {}};
    if (failed()) return result;
    query.names = ResolveQuery(query.body, file, diagnostics);
    CheckQueryTypes(query.body, impl_->tree, diagnostics);
    SafetyPass safety(ArityOfOp, &impl_->tree, diagnostics);
    VarSet bound;
    VarSet shown;
    CollectOpenVars(query.body, shown);
    safety.OrderBody(query.body, bound, VarSet());
    if (failed()) return result;
    for (std::size_t i = 0; i < query.names.size(); ++i) {
      const auto var = static_cast<std::int32_t>(i);
      if (query.names[i] != "_" && shown.Has(var) && bound.Has(var)) query.shown.insert(var);
    }
    result = partial::Evaluate(query, impl_->tree, impl_->data, options, run);
  } catch (const EvalError& error) {
    result.error = error;
  } catch (const EvalAbort& abort) {
    result.error = impl_->ToError(abort);
  } catch (const std::bad_alloc&) {
    result.error = EvalError{"eval_limit_error", "the process has no memory left", {}, 0, 0};
  }
  if (result.error) result.queries.clear(), result.support.clear();
  return result;
}

bool CompiledPolicy::HasRule(std::string_view reference) const { return impl_->entrypoints.count(reference) > 0; }

std::vector<std::string> CompiledPolicy::RuleNames() const {
  std::vector<std::string> out;
  for (const auto& [name, set] : impl_->entrypoints) out.push_back(name);
  return out;
}

std::vector<std::string> CompiledPolicy::Packages() const { return impl_->packages; }

std::vector<SourceLine> CompiledPolicy::ReachableLines() const {
  std::vector<SourceLine> lines;
  const std::vector<const RuleSet*> sets(impl_->plans.sets.begin(), impl_->plans.sets.end());
  for (const Location at : ReachablePlaces(sets)) lines.push_back({impl_->file_names[at.file], at.line});
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

const std::vector<TestRule>& CompiledPolicy::Tests() const { return impl_->tests; }

Result<Dependencies> CompiledPolicy::DependenciesOf(std::string_view query) const {
  const SourceFile source{std::string(kQueryFile), std::string(query)};
  Diagnostics diagnostics({&source, 1}, 1);
  Body body = ParseQuery(source.text, 0, diagnostics);
  if (diagnostics.empty()) ResolveQuery(body, 0, diagnostics);
  if (!diagnostics.empty()) return Error{ErrorCode::kInvalidArgument, diagnostics.Take()[0].ToString()};
  return rego::DependenciesOf(body, impl_->tree);
}

}  // namespace intentgate::rego
