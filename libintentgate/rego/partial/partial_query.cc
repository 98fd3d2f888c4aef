// CompiledPolicy::PartialEval: prepares the query, and runs what of it is known on the policy's machine.

#include <algorithm>
#include <new>
#include <utility>

#include <intentgate/rego_partial.h>

#include "rego/compile/resolve.h"
#include "rego/compile/types.h"
#include "rego/partial/partial.h"
#include "rego/policy_impl.h"
#include "rego/syntax/parser.h"

namespace intentgate::rego {
namespace {

int ArityOfOp(const void* tree, const Term& op) { return ArityOf(*static_cast<const RuleTree*>(tree), op); }

}  // namespace

PartialResult CompiledPolicy::PartialEval(std::string_view text, const PartialOptions& options) const {
  PartialResult result;
  const SourceFile source{std::string(kQueryFile), std::string(text)};
  const auto file = static_cast<std::uint32_t>(impl_->file_names.size());
  Diagnostics diagnostics({&source, 1}, 20, file);
  const auto failed = [&] { return result.diagnostics = diagnostics.Take(), !result.diagnostics.empty(); };
  // A body of known expressions is a query of its own.
  const partial::RunKnown run = [&](const Body& body, std::int32_t vars, bool new_not, const json::Value& input, partial::Budget& budget,
                                    const std::function<void(Machine&, const Value*, const VarSet&)>& answer) {
    Arena arena(impl_->max_plan_bytes);
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

}  // namespace intentgate::rego
