#include "partial.h"

#include <string_view>
#include <utility>
#include <vector>

#include <intentgate/rego_partial.h>

#include "convert.h"
#include "policy_object.h"

namespace intentgate::node {
namespace {

void ReadNames(const json::Value& request, std::string_view name, std::vector<std::string>& to) {
  const json::Value* list = request.Find(name);
  if (list == nullptr || !list->is_array()) return;
  to.clear();
  for (const json::Value& each : list->array()) to.push_back(each.is_string() ? each.string_value() : "");
}

bool Flag(const json::Value& request, std::string_view name) {
  const json::Value* flag = request.Find(name);
  return flag != nullptr && flag->is_bool() && flag->bool_value();
}

rego::PartialOptions ReadOptions(const json::Value& request, const rego::EvalLimits& limits) {
  rego::PartialOptions options;
  options.input = request.Find("input");
  ReadNames(request, "unknowns", options.unknowns);
  ReadNames(request, "disableInlining", options.disable_inlining);
  options.shallow_inlining = Flag(request, "shallowInlining");
  options.nondeterministic_builtins = Flag(request, "nondeterministicBuiltins");
  options.support_namespace = Member(request, "supportNamespace", options.support_namespace);
  options.eval.limits = limits;
  const auto limit = [&](std::string_view name, std::size_t& to) {
    if (const auto most = Integer(request, name)) to = static_cast<std::size_t>(*most);
  };
  limit("maxQueries", options.limits.max_queries);
  limit("maxRules", options.limits.max_rules);
  limit("maxTextBytes", options.limits.max_text_bytes);
  limit("maxAlternatives", options.limits.max_alternatives);
  return options;
}

json::Value ToJson(const rego::PartialResult& left) {
  json::Array queries;
  for (const std::string& query : left.queries) queries.push_back(query);
  json::Array support;
  for (const rego::SourceFile& module : left.support) support.push_back(json::MakeObject({{"name", module.name}, {"text", module.text}}));
  return json::MakeObject({{"queries", json::Value(std::move(queries))},
                           {"support", json::Value(std::move(support))},
                           {"always", left.always()},
                           {"never", left.never()},
                           {"source", left.ToSource()},
                           {"steps", static_cast<std::int64_t>(left.steps)}});
}

}  // namespace

Job PartialJob(std::shared_ptr<const policy::Policy> policy, const rego::EvalLimits& limits, std::string query, std::string request,
               std::shared_ptr<rego::CancelToken> cancel) {
  return [policy = std::move(policy), limits, query = std::move(query), request = std::move(request),
          cancel = std::move(cancel)]() -> Result<std::string> {
    const Result<json::Value> read = json::Parse(request);
    if (!read.ok()) return read.error();
    rego::PartialOptions options = ReadOptions(*read, limits);
    options.eval.cancel = cancel.get();
    const rego::PartialResult left = policy->engine().PartialEval(query, options);
    if (!left.diagnostics.empty()) return DiagnosticsJson("the query does not compile", left.diagnostics);
    if (left.error) return json::Write(json::MakeObject({{"code", left.error->code}, {"message", left.error->ToString()}}));
    return json::Write(json::MakeObject({{"value", ToJson(left)}}));
  };
}

}  // namespace intentgate::node
