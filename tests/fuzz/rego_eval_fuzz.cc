// A policy and an input from one text, divided by a line of dashes, evaluated with tiny limits: every rule and the whole of
// data. The same evaluation twice gives the same answer and the same number of steps.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace json = intentgate::json;
namespace rego = intentgate::rego;

namespace {

void CheckTwice(const rego::CompiledPolicy& policy, const std::string& entrypoint, const json::Value& input) {
  static const intentgate::ManualClock clock(1'700'000'000'000'000);
  rego::EvalOptions options;
  options.clock = &clock;
  options.limits = {3000, std::size_t{2} << 20, 60};
  const rego::EvalResult a = policy.Eval(entrypoint, input, options);
  const rego::EvalResult b = policy.Eval(entrypoint, input, options);
  if (a.ok() != b.ok() || a.defined != b.defined || a.steps != b.steps || !(a.value == b.value)) std::abort();
  if (!a.ok() && (a.defined || a.error->code.empty())) std::abort();
  if (a.memory_bytes > options.limits.max_memory_bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t divider = text.find("\n---\n");
  const rego::SourceFile file{"fuzz.rego", text.substr(0, divider)};
  json::Value input;
  if (divider != std::string::npos) {
    const intentgate::Result<json::Value> parsed = json::Parse(text.substr(divider + 5));
    if (parsed.ok()) input = *parsed;
  }
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile({&file, 1});
  if (!compiled.ok()) return 0;
  std::size_t count = 0;
  for (const std::string& rule : compiled.policy->RuleNames()) {
    if (++count > 8) break;
    CheckTwice(*compiled.policy, rule, input);
  }
  CheckTwice(*compiled.policy, "data", input);
  return 0;
}
