// What it takes to stop the policies of tests/unit/rego/bombs.h at the default limits: for each, in a process of its own, the
// milliseconds of the evaluation, processor time, and the MiB by which it made the process larger. Closes with the worst;
// no test asserts these, since they depend on the machine.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include <intentgate/rego.h>

#include "unit/rego/bombs.h"

namespace intentgate {
namespace {

struct Cost {
  double ms = 0, mib = 0;
};

double CpuMs() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double PeakMib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int Measure(const test::Bomb& bomb, int out) {
  const rego::SourceFile file{"p.rego", "package t\n" + bomb.body};
  const rego::CompileResult compiled = rego::CompiledPolicy::Compile({&file, 1});
  if (!compiled.ok()) return 1;
  const json::Value input = json::MakeObject({{"s", json::Value(bomb.text)}});
  // What was used for the first time stays out of the measure.
  static_cast<void>(compiled.policy->Eval("data.t.none", input));
  const double mib = PeakMib(), ms = CpuMs();
  const rego::EvalResult r = compiled.policy->Eval("data.t.p", input);
  const Cost cost{CpuMs() - ms, PeakMib() - mib};
  if (r.ok() || r.error->code != "eval_limit_error") return 1;
  return ::write(out, &cost, sizeof cost) == sizeof cost ? 0 : 1;
}

bool Run(const test::Bomb& bomb, Cost& worst) {
  int ends[2];
  if (::pipe(ends) != 0) return false;
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(Measure(bomb, ends[1]));
  ::close(ends[1]);
  Cost cost;
  const bool got = pid > 0 && ::read(ends[0], &cost, sizeof cost) == sizeof cost;
  ::close(ends[0]);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  if (!got) return std::printf("%s: does not end at a limit\n", bomb.name), false;
  std::printf("bomb: %6.1f ms %5.1f MiB  %s\n", cost.ms, cost.mib, bomb.name);
  std::fflush(stdout);
  worst = {std::max(worst.ms, cost.ms), std::max(worst.mib, cost.mib)};
  return true;
}

}  // namespace
}  // namespace intentgate

int main() {
  intentgate::Cost worst;
  bool all = true;
  for (const intentgate::test::Bomb& bomb : intentgate::test::Bombs()) all = Run(bomb, worst) && all;
  std::printf("policy.bomb_time ms %.1f the worst of %zu\n", worst.ms, intentgate::test::Bombs().size());
  std::printf("policy.bomb_memory MiB %.1f the worst of them\n", worst.mib);
  return all ? 0 : 1;
}
