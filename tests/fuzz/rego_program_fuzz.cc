// Policies that a generator writes from the bytes, with data and input: what compiles is evaluated with small limits. The same
// evaluation twice gives the same answer for the same steps; so do an evaluation that is observed, one of the formatted text, and
// a query for one key where the whole document has an answer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>
#include <intentgate/rego_format.h>
#include <intentgate/rego_observe.h>

#include "fuzz/support/rego_writer.h"

namespace fuzz = intentgate::fuzz;
namespace json = intentgate::json;
namespace rego = intentgate::rego;

namespace {

[[noreturn]] void Fail(const fuzz::RegoCase& sample, const std::string& what) {
  std::cerr << what << "\n" << sample.module << "\ninput " << sample.input << "\ndata " << sample.data << "\n";
  std::abort();
}

rego::EvalOptions Options() {
  static const intentgate::ManualClock clock(1'700'000'000'000'000);
  rego::EvalOptions options;
  options.clock = &clock;
  options.limits = {20'000, std::size_t{4} << 20, 100};
  return options;
}

rego::CompileResult Compile(const fuzz::RegoCase& sample, const std::string& text) {
  const rego::SourceFile file{"fuzz.rego", text};
  rego::CompileOptions options;
  options.version = sample.v0 ? rego::LanguageVersion::kV0 : rego::LanguageVersion::kV1;
  options.print = true;
  return rego::CompiledPolicy::Compile({&file, 1}, *json::Parse(sample.data), options);
}

bool Same(const rego::EvalResult& a, const rego::EvalResult& b) {
  if (a.ok() != b.ok()) return false;
  return a.ok() ? a.defined == b.defined && a.value == b.value : a.error->code == b.error->code;
}

std::string Told(const rego::EvalResult& r) { return r.ok() ? json::Write(r.value) : r.error->ToString(); }

bool HitLimit(const rego::EvalResult& r) { return !r.ok() && r.error->code == "eval_limit_error"; }

// Whether a key of the rule is that text.
bool HasKey(const rego::CompiledPolicy& policy, const std::string& rule, const std::string& text, const json::Value& input) {
  const rego::QueryResult keys = policy.Query("x := [k | data.p." + rule + "[k]]", &input, Options());
  if (!keys.ok() || keys.answers.empty()) return true;
  const json::Array& all = keys.answers[0].bindings[0].second.array();
  return std::any_of(all.begin(), all.end(), [&](const json::Value& key) { return key.is_string() && key.string_value() == text; });
}

void CheckKeys(const fuzz::RegoCase& sample, const rego::CompiledPolicy& policy, const json::Value& rules, const json::Value& input) {
  for (const json::Member& rule : rules.object()) {
    if (!rule.value.is_object()) continue;
    for (const json::Member& member : rule.value.object()) {
      const std::string key = json::Write(json::Value(member.name));
      const rego::QueryResult r = policy.Query("x := data.p." + rule.name + "[" + key + "]", &input, Options());
      if (r.error && r.error->code == "eval_limit_error") continue;
      // A key that is no string reads as its text in the whole document, and the rule's type may know that there is no such text.
      if (!r.error && !r.ok() && r.diagnostics[0].code == "rego_type_error" && !HasKey(policy, rule.name, member.name, input)) continue;
      if (!r.ok()) Fail(sample, "a key of " + rule.name + " fails alone: " + (r.error ? r.error->ToString() : r.diagnostics[0].ToString()));
      if (!r.answers.empty() && !(r.answers[0].bindings[0].second == member.value)) Fail(sample, "another value at " + rule.name + "[" + key + "]");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::RegoCase sample = fuzz::WriteRegoCase({data, size});
  if (std::getenv("SHOW_CASE") != nullptr) std::cerr << sample.module << "\ninput " << sample.input << "\ndata " << sample.data << "\n";
  const rego::CompileResult compiled = Compile(sample, sample.module);
  if (!compiled.ok()) {
    if (std::getenv("SHOW_CASE") != nullptr) std::cerr << compiled.diagnostics[0].ToString() << "\n";
    if (compiled.diagnostics.empty() || compiled.diagnostics[0].code.empty()) Fail(sample, "refused without a reason");
    return 0;
  }
  const json::Value input = *json::Parse(sample.input);
  const rego::CompiledPolicy& policy = *compiled.policy;
  const rego::EvalResult a = policy.Eval("data.p", input, Options());
  const rego::EvalResult b = policy.Eval("data.p", input, Options());
  if (!Same(a, b) || a.steps != b.steps) Fail(sample, "two evaluations differ");
  if (a.memory_bytes > Options().limits.max_memory_bytes) Fail(sample, "more memory than the limit");
  if (HitLimit(a)) return 0;

  rego::Coverage coverage;
  rego::EvalOptions observed = Options();
  observed.limits.max_steps *= 100;
  observed.limits.max_depth *= 2;
  observed.observer = &coverage;
  const rego::EvalResult seen = policy.Eval("data.p", input, observed);
  // What print is given is computed for an observer only, and may find a conflict.
  const bool prints = sample.module.find("print(") != std::string::npos;
  if (!prints && !HitLimit(seen) && !Same(a, seen)) Fail(sample, "an observer changes the answer: " + Told(a) + " and " + Told(seen));

  const auto formatted = rego::Format(sample.module, sample.v0 ? rego::LanguageVersion::kV0 : rego::LanguageVersion::kV1);
  if (!formatted.ok()) Fail(sample, "what compiles is not formatted: " + formatted.error().message);
  const rego::CompileResult again = Compile(sample, *formatted);
  if (!again.ok()) Fail(sample, "formatted text does not compile: " + again.diagnostics[0].ToString() + "\n" + *formatted);
  if (!Same(a, again.policy->Eval("data.p", input, Options()))) Fail(sample, "formatting changes the answer");

  if (a.ok() && a.defined && a.value.is_object()) CheckKeys(sample, policy, a.value, input);
  return 0;
}
