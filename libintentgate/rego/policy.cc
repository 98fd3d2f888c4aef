// The engine's front door: evaluates rules and queries, turns EvalAbort into values, says what a policy has.

#include <algorithm>
#include <iterator>
#include <new>

#include <intentgate/rego.h>

#include "base/utf8.h"
#include "rego/compile/dependencies.h"
#include "rego/compile/resolve.h"
#include "rego/policy_impl.h"
#include "rego/syntax/parser.h"
#include "rego/vm/reachable.h"

namespace intentgate::rego {

CompiledPolicy::CompiledPolicy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CompiledPolicy::~CompiledPolicy() = default;

EvalError CompiledPolicy::Impl::ToError(const EvalAbort& abort) const {
  EvalError error{abort.code, base::ReplaceInvalidUtf8(abort.message), {}, abort.line, abort.column};
  if (abort.line > 0) error.file = abort.file < file_names.size() ? file_names[abort.file] : std::string(kQueryFile);
  return error;
}

std::optional<EvalError> CompiledPolicy::Impl::SetInput(Machine& machine, const Input& input) {
  if (input.tree != nullptr) machine.SetInput(Value::FromJson(machine.arena(), *input.tree));
  if (input.text == nullptr) return std::nullopt;
  const Result<Value> read = machine.input_text().Read(machine.arena(), input.text->text, input.text->limits);
  if (!read.ok()) return EvalError{"eval_input_error", read.error().message, {}, 0, 0};
  machine.SetInput(*read);
  return std::nullopt;
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

void CompiledPolicy::Impl::Eval(const Target& target, const Input& input, const EvalOptions& options, EvalResult& result) const {
  result.error.reset();
  result.defined = false;
  result.steps = 0;
  result.memory_bytes = 0;
  result.error = Guarded(input, options, program, [&](Machine& machine) {
    Value value;
    if (target.rule == nullptr) {
      value = Value::Virtual(program.root);
      for (const Term& key : target.keys) value = machine.Member(value, ConstantOf(machine.arena(), key));
      if (value.type() == Type::kVirtual) value = machine.Read(*static_cast<const DocNode*>(value.virtual_node()));
    } else if (target.rule->kind != SetKind::kFunction) {
      value = machine.EvalRule(*target.rule);
    }
    if (value.defined()) value.WriteJson(result.value);
    result.defined = value.defined();
    result.steps = options.limits.max_steps - machine.steps_left();
    result.memory_bytes = machine.arena().bytes_used();
  });
  if (!result.defined) result.value = json::Value();
}

void CompiledPolicy::Impl::Eval(std::string_view entrypoint, const Input& input, const EvalOptions& options, EvalResult& result) const {
  Target target;
  if (const auto known = entrypoints.find(entrypoint); known != entrypoints.end()) {
    target.rule = known->second;
  } else if (std::optional<std::vector<Term>> keys = ParseEntrypoint(entrypoint)) {
    target.keys = *std::move(keys);
  } else {
    result = EvalResult();
    result.error = EvalError{"rego_parse_error", "the entry point must be a reference like data.package.rule", {}, 0, 0};
    return;
  }
  Eval(target, input, options, result);
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

QueryResult CompiledPolicy::Query(std::string_view text, const json::Value* input, const EvalOptions& options) const {
  QueryResult result;
  const SourceFile source{std::string(kQueryFile), std::string(text)};
  Diagnostics diagnostics({&source, 1}, 20, static_cast<std::uint32_t>(impl_->file_names.size()));
  try {
    const std::unique_ptr<LoweredQuery> query = LowerQuery(*impl_, text, diagnostics);
    if (query != nullptr) RunQuery(*impl_, *query, {.tree = input}, options, result);
  } catch (const EvalAbort& abort) {
    result.error = impl_->ToError(abort);
  } catch (const std::bad_alloc&) {
    result.error = EvalError{"eval_limit_error", "the process has no memory left", {}, 0, 0};
  }
  result.diagnostics = diagnostics.Take();
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
