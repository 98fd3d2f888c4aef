// What a decision costs that an agent waits for: a known token, the policy of the example gateway, the
// memory store, events queued and not waited for. One line: name, unit, value. Batches of 200 calls, the median
// batch counts; the chain is flushed between batches, outside the measured time.
//
// The second line is the CPU time of the calling thread alone, which does not depend on what else runs.
//
// Usage: gate_bench [POLICY.rego], from the root of the tree

#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <intentgate/gate.h>
#include <intentgate/settings.h>

namespace {

using namespace intentgate;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "gate_bench: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) Fail(result.error().ToString());
  return std::move(*result);
}

double Nanos(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Work>
void Measure(Gate& gate, const std::string& name, Work work) {
  constexpr int kRounds = 200;
  constexpr std::size_t kBatches = 400;
  std::vector<double> wall, cpu;
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    const double wall_start = Nanos(CLOCK_MONOTONIC), cpu_start = Nanos(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < kRounds; ++i) work();
    wall.push_back((Nanos(CLOCK_MONOTONIC) - wall_start) / kRounds);
    cpu.push_back((Nanos(CLOCK_THREAD_CPUTIME_ID) - cpu_start) / kRounds);
    if (!gate.Flush().ok()) Fail("the chain could not be flushed");
  }
  for (std::vector<double>* values : {&wall, &cpu}) std::nth_element(values->begin(), values->begin() + kBatches / 2, values->end());
  std::printf("%s ns %.0f\n%s_cpu ns %.0f\n", name.c_str(), wall[kBatches / 2], name.c_str(), cpu[kBatches / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string file = argc > 1 ? argv[1] : "examples/gateway/policy.rego";
  std::ostringstream policy;
  policy << std::ifstream(file).rdbuf();
  GateSettings settings;
  settings.keys = Must(KeyRing::FromMasterKey("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"));
  settings.store = StoreKind::kMemory;
  settings.durability = AuditDurability::kAsync;
  settings.agent_budget.window_calls = 1'000'000'000;
  settings.policy_sources = {{file, policy.str()}};
  const std::shared_ptr<Gate> gate = Must(Gate::Open(settings));
  const std::string token = Must(gate->Mint({.subject = "bench-agent",
                                             .caveats = {Caveat::ToolAllow({"read_text_file", "write_file"}),
                                                         Caveat::Argument("/path", Constraint::Subpath("/data/files"))}},
                                            {.actor = "bench"})).token;
  const json::Value arguments = json::MakeObject({{"path", "/data/files/notes/welcome.txt"}});
  const Call call{.token = token, .tool = "read_text_file", .arguments = &arguments, .session_id = "s1", .remote_ip = "127.0.0.1"};
  // The first event of a tenant waits for the chain to say that some may be lost.
  if (const Decision d = gate->Authorize(call); !d.allowed()) Fail(d.reason);

  Measure(*gate, "gate.authorize_warm", [&] {
    if (!gate->Authorize(call).allowed()) Fail("a call was refused");
  });
  Measure(*gate, "gate.explain_warm", [&] {
    if (!gate->Explain(call).allowed()) Fail("a call was refused");
  });
  return 0;
}
