#include "rego/partial/partial.h"

#include <algorithm>
#include <optional>

#include <intentgate/rego_format.h>
#include <intentgate/rego_parse.h>

#include "rego/partial/print.h"
#include "rego/partial/support.h"
#include "rego/partial/tidy.h"
#include "rego/syntax/parser.h"
#include "rego/tools/ast_json.h"

namespace intentgate::rego::partial {
namespace {

[[noreturn]] void Refuse(std::string message) { throw EvalAbort{"rego_partial_error", std::move(message)}; }

struct Named {
  bool input = false;
  Path path;
};

// "input.a.b", "data.a".
Named ParsePath(const std::string& text, std::string_view what) {
  Diagnostics none({}, 1);
  const Body body = ParseQuery(text, 0, none);
  const bool one = none.empty() && body.exprs.size() == 1 && body.exprs[0].kind == ExprKind::kTerm && !body.exprs[0].negated && body.exprs[0].withs.empty();
  if (!one) Refuse("the " + std::string(what) + " " + text + " is no reference such as input.resource or data.rows");
  const Term& term = body.exprs[0].terms[0];
  const Term& head = term.IsRef() ? term.items[0] : term;
  if ((!head.IsVar("input") && !head.IsVar("data")) || (term.IsRef() && !IsGroundStrings(term, 1)) || (!term.IsRef() && !term.IsVar())) {
    Refuse("the " + std::string(what) + " " + text + " must be input or data and names behind it, such as input.resource or data.rows");
  }
  Named named{head.IsVar("input"), {}};
  for (std::size_t i = 1; i < term.items.size(); ++i) named.path.push_back(term.items[i].text);
  return named;
}

// The value without what is at the path.
json::Value Without(const json::Value& value, const Path& path, std::size_t at, const std::string& text) {
  if (!value.is_object()) Refuse("the known input has a value that is no object above the unknown " + text + ": leave it out, or name its place as unknown");
  json::Value out = json::Object{};
  for (const auto& [name, member] : value.object()) {
    if (name != path[at]) {
      out.Set(name, member);
    } else if (at + 1 < path.size()) {
      out.Set(name, Without(member, path, at + 1, text));
    }
  }
  return out;
}

json::Value KnownInput(const PartialOptions& options) {
  json::Value known = options.input == nullptr ? json::Value() : *options.input;
  for (const std::string& text : options.unknowns) {
    const Named unknown = ParsePath(text, "unknown");
    if (!unknown.input || known.is_null()) continue;
    known = unknown.path.empty() ? json::Value() : Without(known, unknown.path, 0, text);
  }
  return known;
}

Unknowns ReadUnknowns(const RuleTree& tree, const json::Value& data, const PartialOptions& options) {
  const std::string& space = options.support_namespace;
  if (!IsName(space)) Refuse("the namespace " + space + " of the support modules must be a name such as partial");
  if (tree.root().Child(space) != nullptr || (data.is_object() && data.Find(space) != nullptr)) {
    Refuse("the policy has rules or data at data." + space + ", where support modules would stand: choose another namespace for these");
  }
  Unknowns unknowns(tree, options.nondeterministic_builtins);
  for (const std::string& text : options.unknowns) {
    Named unknown = ParsePath(text, "unknown");
    if (!unknown.input && unknown.path.empty()) Refuse("data as a whole cannot be unknown, because the rules are in it: name the documents that are, such as data.rows");
    unknowns.Add(unknown.input, std::move(unknown.path));
  }
  unknowns.Add(false, {space});
  return unknowns;
}

std::vector<Path> ReadKept(const PartialOptions& options) {
  std::vector<Path> kept;
  for (const std::string& text : options.disable_inlining) {
    Named path = ParsePath(text, "path");
    if (path.input) Refuse("the path " + text + " names no rule: only rules, below data, are inlined");
    kept.push_back(std::move(path.path));
  }
  return kept;
}

void AddQueries(const Query& query, World& world, std::vector<State> states, PartialResult& result) {
  const std::size_t most = world.options.limits.max_queries;
  if (states.size() > most) {
    throw EvalAbort{"eval_limit_error", "the query comes to more than " + std::to_string(most) + " queries: raise max_queries, or keep rules whole with disable_inlining"};
  }
  std::set<std::string> seen;
  std::size_t bytes = 0;
  for (State& state : states) {
    Tidy(state.residual, {}, query.shown, world.budget);
    for (const std::int32_t var : query.shown) {
      const auto known = state.known.find(var);
      if (known != state.known.end()) state.residual.push_back(Unify(Var(var, world.names[var], {}), known->second));
    }
    std::string text = QueryText(state.residual, world.names, query.shown);
    bytes += text.size();
    if (bytes > world.options.limits.max_text_bytes) throw EvalAbort{"eval_limit_error", "the queries are longer than max_text_bytes allows"};
    if (seen.insert(text).second) result.queries.push_back(std::move(text));
  }
}

void AddModules(std::map<Path, std::vector<Rule>> modules, World& world, PartialResult& result) {
  std::size_t bytes = 0;
  for (const auto& [package, rules] : modules) {
    std::string name;
    for (const std::string& part : package) name += (name.empty() ? "" : "/") + part;
    std::string text = ModuleText(package, rules, world.names);
    bytes += text.size();
    if (bytes > world.options.limits.max_text_bytes) throw EvalAbort{"eval_limit_error", "the support modules are longer than max_text_bytes allows"};
    Result<std::string> formatted = Format(text);
    result.support.push_back({name + ".rego", formatted.ok() ? std::move(*formatted) : std::move(text)});
  }
}

// What was written down must be a policy: nothing that the printer or this evaluator gets wrong leaves as an answer. Errors of type are none of
// theirs: known values stand where the policy had input, and `1 == "a"` is a comparison that never holds.
void CheckText(const PartialResult& result) {
  std::vector<SourceFile> files = result.support;
  std::string queries = "package __check\n";
  for (const std::string& query : result.queries) queries += "\nholds if {\n" + (query.empty() ? "true" : query) + "\n}\n";
  files.push_back({"queries", std::move(queries)});
  CompileOptions options;
  options.granted_builtins = {"http.send", "net.lookup_ip_addr", "opa.runtime"};
  const CompileResult compiled = CompiledPolicy::Compile(files, json::Value(), options);
  for (const Diagnostic& error : compiled.diagnostics) {
    if (error.code != "rego_type_error") Refuse("what is left of the query cannot be written down as a policy: " + error.ToString());
  }
}

}  // namespace

PartialResult Evaluate(const Query& query, const RuleTree& tree, const json::Value& data, const PartialOptions& options, RunKnown run) {
  PartialResult result;
  const json::Value input = KnownInput(options);
  World world{tree, data, input, options, std::move(run), ReadUnknowns(tree, data, options),
              Budget(options.eval.limits.max_steps, options.eval.limits.max_memory_bytes, options.eval.cancel), {}};
  world.names.Take(query.names);
  Support support(world, ReadKept(options));
  Evaluator evaluator(world, support);
  State state;
  state.PushBody(query.body, true);
  AddQueries(query, world, evaluator.Run(std::move(state), Mode::kSplit), result);
  AddModules(support.Write(evaluator), world, result);
  CheckText(result);
  result.steps = options.eval.limits.max_steps - world.budget.steps_left();
  return result;
}

}  // namespace intentgate::rego::partial

namespace intentgate::rego {

bool PartialResult::always() const { return ok() && std::find(queries.begin(), queries.end(), "") != queries.end(); }

std::string PartialResult::ToSource() const {
  std::string out;
  std::size_t number = 0;
  for (const std::string& query : queries) out += "# Query " + std::to_string(++number) + "\n" + query + "\n\n";
  number = 0;
  for (const SourceFile& module : support) out += "# Module " + std::to_string(++number) + "\n" + module.text + "\n";
  return out;
}

std::string PartialResult::ToJson() const {
  std::string out = "{";
  for (const std::string& query : queries) {
    Diagnostics none({}, 1);
    out += out.size() == 1 ? "\"queries\":[" : ",";
    out += query.empty() ? "[]" : QueryJson(ParseQuery(query, 0, none));
  }
  if (!queries.empty()) out += ']';
  for (std::size_t i = 0; i < support.size(); ++i) {
    out += i > 0 ? "," : queries.empty() ? "\"modules\":[" : ",\"modules\":[";
    out += ParseModuleToJson(support[i]).json;
  }
  if (!support.empty()) out += ']';
  return out + "}";
}

}  // namespace intentgate::rego
