// A policy and an input from one text, divided by a line of dashes: every rule is evaluated with the whole input, and in part with
// `input.a` and `data` known and the rest of the input unknown. What is left must answer the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/rego_partial.h>

namespace json = intentgate::json;
namespace rego = intentgate::rego;

namespace {

rego::EvalOptions Limits(std::uint64_t steps) {
  static const intentgate::ManualClock clock(1'700'000'000'000'000);
  rego::EvalOptions options;
  options.clock = &clock;
  options.limits = {steps, std::size_t{8} << 20, 60};
  return options;
}

// True if the query has an answer; nullopt if it ended in an error.
std::optional<bool> Holds(const rego::CompiledPolicy& policy, const std::string& query, const json::Value& input) {
  const rego::QueryResult result = policy.Query(query + "\ntrue", &input, Limits(100'000));
  if (!result.ok()) return std::nullopt;
  return !result.answers.empty();
}

void Compare(const rego::CompiledPolicy& policy, const std::string& query, const json::Value& input) {
  json::Value known = json::Object{};
  if (const json::Value* a = input.Find("a")) known.Set("a", *a);
  json::Value rest = json::Object{};
  rego::PartialOptions options;
  options.unknowns.clear();
  for (const char* name : {"b", "c", "d", "x"}) {
    options.unknowns.push_back(std::string("input.") + name);
    if (const json::Value* value = input.Find(name)) rest.Set(name, *value);
  }
  json::Value whole = rest;
  if (const json::Value* a = known.Find("a")) whole.Set("a", *a);
  options.input = &known;
  options.eval = Limits(20'000);
  const rego::PartialResult left = policy.PartialEval(query, options);
  const std::optional<bool> wanted = Holds(policy, query, whole);
  if (!left.ok() || !wanted) return;
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile(left.support);
  if (!compiled.ok()) std::abort();
  bool holds = false;
  for (const std::string& one : left.queries) {
    const std::optional<bool> answer = Holds(*compiled.policy, one, rest);
    if (!answer) return;
    holds = holds || *answer;
  }
  if (holds != *wanted) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t divider = text.find("\n---\n");
  const rego::SourceFile file{"fuzz.rego", text.substr(0, divider)};
  json::Value input = json::Object{};
  if (divider != std::string::npos) {
    const intentgate::Result<json::Value> parsed = json::Parse(text.substr(divider + 5));
    if (parsed.ok() && parsed->is_object()) input = *parsed;
  }
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile({&file, 1});
  if (!compiled.ok()) return 0;
  std::size_t count = 0;
  for (const std::string& rule : compiled.policy->RuleNames()) {
    if (++count > 6) break;
    Compare(*compiled.policy, rule, input);
    Compare(*compiled.policy, "not " + rule, input);
  }
  return 0;
}
