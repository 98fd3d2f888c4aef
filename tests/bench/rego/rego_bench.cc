// Time for one decision of a policy on a parsed input: rego_bench POLICY ENTRYPOINT INPUT.json [MORE.json...]

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include <intentgate/json.h>
#include <intentgate/rego.h>

namespace {

namespace json = intentgate::json;
namespace rego = intentgate::rego;

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

double NanosPerRun(const rego::CompiledPolicy& policy, const char* entrypoint, const json::Value& input, int runs) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i) {
    const rego::EvalResult r = policy.Eval(entrypoint, input);
    if (!r.ok()) return -1;
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  return took.count() / runs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const rego::SourceFile file{argv[1], ReadFile(argv[1])};
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile({&file, 1});
  for (const rego::Diagnostic& d : compiled.diagnostics) std::cerr << d.ToString() << "\n";
  if (!compiled.ok()) return 1;
  for (int i = 3; i < argc; ++i) {
    const intentgate::Result<json::Value> input = json::Parse(ReadFile(argv[i]));
    if (!input.ok()) return 1;
    const rego::EvalResult r = compiled.policy->Eval(argv[2], *input);
    std::cout << argv[i] << " " << json::Write(r.value) << " steps " << r.steps << " bytes " << r.memory_bytes;
    if (r.error) std::cout << " " << r.error->ToString();
    double best = 1e18;
    for (int round = 0; round < 7; ++round) best = std::min(best, NanosPerRun(*compiled.policy, argv[2], *input, 20000));
    std::cout << " " << best << " ns\n";
  }
  return 0;
}
