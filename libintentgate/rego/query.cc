// Queries: compiled on top of a policy's plans, for one evaluation (CompiledPolicy::Query) or many (Query).

#include <algorithm>
#include <new>
#include <utility>

#include <intentgate/rego_engine.h>

#include "rego/compile/build_plan.h"
#include "rego/compile/infer.h"
#include "rego/compile/resolve.h"
#include "rego/compile/types.h"
#include "rego/policy_impl.h"
#include "rego/query_impl.h"
#include "rego/syntax/parser.h"

namespace intentgate::rego {
namespace {

int ArityOfOp(const void* tree, const Term& op) { return ArityOf(*static_cast<const RuleTree*>(tree), op); }

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

std::unique_ptr<LoweredQuery> LowerQuery(const CompiledPolicy::Impl& policy, std::string_view text, Diagnostics& diagnostics) {
  const auto file = static_cast<std::uint32_t>(policy.file_names.size());
  Body body = ParseQuery(text, file, diagnostics);
  if (!diagnostics.empty()) return nullptr;
  auto out = std::make_unique<LoweredQuery>(policy.max_plan_bytes);
  out->names = ResolveQuery(body, file, diagnostics);
  CheckQueryTypes(body, policy.tree, diagnostics);
  auto vars = static_cast<std::int32_t>(out->names.size());
  CaptureValues(body, policy.tree, out->captured, vars);
  SafetyPass safety(ArityOfOp, &policy.tree, diagnostics);
  CollectOpenVars(body, out->shown);
  safety.OrderBody(body, out->bound, VarSet());
  if (diagnostics.empty()) InferQueryTypes(body, static_cast<std::size_t>(vars), policy.tree, policy.rule_types, diagnostics);
  if (!diagnostics.empty()) return nullptr;
  PlanContext plans = policy.plans;
  plans.arena = &out->arena;
  plans.diagnostics = &diagnostics;
  RuleTree tree;
  if (AddMocks(plans, body)) {
    // What is replaced here and nowhere in the modules is called by their plans without a look: they are made again.
    tree = policy.tree.Copy();
    PlanContext again;
    again.arena = &out->arena;
    again.tree = &tree;
    again.diagnostics = &diagnostics;
    again.print = plans.print;
    again.mocks = std::move(plans.mocks);
    BuildPlans(again, policy.plans.root->base);
    plans = std::move(again);
  }
  Lowering lowering(plans, vars, false);
  out->block = lowering.LowerBody(&body);
  if (!diagnostics.empty()) return nullptr;
  out->slots = lowering.slots();
  out->info = {plans.root, plans.sets.size(), plans.input_paths.size(), plans.mocks.size(), plans.joins, plans.comprehensions, &policy.file_names};
  return out;
}

void RunQuery(const CompiledPolicy::Impl& policy, const LoweredQuery& query, const CompiledPolicy::Impl::Input& input,
              const EvalOptions& options, QueryResult& result) {
  result.error = policy.Guarded(input, options, query.info, [&](Machine& machine) {
    machine.RunQuery(*query.block, query.slots, [&](const Value* frame) {
      const bool failed_test = query.captured.size() > 1 && std::any_of(query.captured.begin(), query.captured.end(), [&](std::int32_t var) {
        return var != kNoVar && frame[var].is_false();
      });
      if (failed_test) return;  // a lone expression may be false, one among others must hold
      QueryAnswer answer;
      for (std::size_t i = 0; i < query.names.size(); ++i) {
        const auto var = static_cast<std::int32_t>(i);
        if (query.names[i] == "_" || !query.shown.Has(var) || !query.bound.Has(var)) continue;
        answer.bindings.emplace_back(query.names[i], machine.Whole(frame[i]).ToJson());
      }
      for (const std::int32_t var : query.captured) {
        answer.expressions.push_back(var == kNoVar ? json::Value(true) : machine.Whole(frame[var]).ToJson());
      }
      result.answers.push_back(std::move(answer));
    });
  });
}

Query::Query(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Query::~Query() = default;

const std::string& Query::text() const { return impl_->text; }
bool Query::is_reference() const { return impl_->target.has_value(); }
const EvalOptions& Query::options() const { return impl_->options; }
const std::shared_ptr<const CompiledPolicy>& Query::policy() const { return impl_->policy; }

PreparedQuery Query::Impl::Prepare(std::shared_ptr<const CompiledPolicy> policy, std::string_view text, const EngineOptions& options) {
  PreparedQuery result;
  const CompiledPolicy::Impl& compiled = *policy->impl_;
  const SourceFile source{std::string(kQueryFile), std::string(text)};
  Diagnostics diagnostics({&source, 1}, options.compile.limits.max_errors, static_cast<std::uint32_t>(compiled.file_names.size()));
  try {
    auto impl = std::make_unique<Impl>();
    impl->compiled = &compiled;
    impl->policy = std::move(policy);
    impl->text = text;
    impl->Take(options);
    if (const auto known = compiled.entrypoints.find(text); known != compiled.entrypoints.end()) {
      impl->target.emplace().rule = known->second;
    } else if (std::optional<std::vector<Term>> keys = CompiledPolicy::Impl::ParseEntrypoint(text)) {
      impl->target.emplace().keys = *std::move(keys);
    }
    impl->lowered = LowerQuery(compiled, text, diagnostics);
    if (impl->lowered != nullptr) result.query = std::make_shared<const Query>(std::move(impl));
  } catch (const EvalAbort& abort) {
    diagnostics.Compile({}, abort.message);
  } catch (const std::bad_alloc&) {
    diagnostics.Compile({}, "the process has no memory left");
  }
  result.diagnostics = diagnostics.Take();
  return result;
}

void Query::Impl::Take(const EngineOptions& from) {
  host = from.host;
  clock = from.clock;
  options.limits = from.limits;
  options.host = host.get();
  options.clock = clock.get();
  options.strict_builtin_errors = from.strict_builtin_errors;
}

void Query::Impl::Eval(const CompiledPolicy::Impl::Input& input, const EvalOptions& with, EvalResult& result) const {
  if (target) return compiled->Eval(*target, input, with, result);
  result = EvalResult();
  result.error = EvalError{"rego_parse_error", "the query is no reference like data.package.rule: ask for its answers", {}, 0, 0};
}

EvalResult Query::Eval(const json::Value& input, const EvalOptions& options) const {
  EvalResult result;
  impl_->Eval({.tree = &input}, options, result);
  return result;
}

EvalResult Query::Eval(const JsonText& input, const EvalOptions& options) const {
  EvalResult result;
  impl_->Eval({.text = &input}, options, result);
  return result;
}

EvalResult Query::Eval(const EvalOptions& options) const {
  EvalResult result;
  impl_->Eval({}, options, result);
  return result;
}

void Query::EvalInto(EvalResult& result, const json::Value& input, const EvalOptions& options) const { impl_->Eval({.tree = &input}, options, result); }
void Query::EvalInto(EvalResult& result, const JsonText& input, const EvalOptions& options) const { impl_->Eval({.text = &input}, options, result); }

QueryResult Query::Answers(const json::Value* input, const EvalOptions& options) const {
  QueryResult result;
  RunQuery(*impl_->compiled, *impl_->lowered, {.tree = input}, options, result);
  return result;
}

}  // namespace intentgate::rego
