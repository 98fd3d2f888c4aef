// policy bench.

#include "cli/policy_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>
#include <vector>

#include "cli/policy_common.h"
#include "cli/watch.h"

namespace intentgate::cli {
namespace {

constexpr std::int64_t kBatchNanos = 20'000;      // what one reading of the clock should cover
constexpr std::size_t kMaxBatches = 1'000'000;

}  // namespace

Measured MeasureQuery(const rego::CompiledPolicy& policy, const std::string& reference, const json::Value* input, std::int64_t nanos,
                      std::uint64_t max_steps, const rego::HostAccess* host, EvalWatch& watch) {
  const std::shared_ptr<const Clock> clock = SystemClock();
  rego::EvalOptions options;
  options.limits.max_steps = max_steps;
  options.host = host;
  options.cancel = watch.token();
  watch.Restart();
  const auto once = [&] { return input == nullptr ? policy.Eval(reference, options) : policy.Eval(reference, *input, options); };
  Measured out;
  std::int64_t before = clock->MonotonicNanos();
  const std::int64_t end = before + nanos;
  const rego::EvalResult first = once();
  out.error = first.error;
  SayCause(watch, out.error);
  if (out.error) return out;
  out.steps = first.steps;
  out.memory_bytes = first.memory_bytes;
  const std::int64_t cold = std::max<std::int64_t>(1, clock->MonotonicNanos() - before);
  const std::int64_t batch = std::clamp<std::int64_t>(kBatchNanos / cold, 1, 1'000);
  std::vector<std::int64_t> times;
  do {
    watch.Restart();
    before = clock->MonotonicNanos();
    for (std::int64_t i = 0; i < batch; ++i) {
      if (rego::EvalResult result = once(); !result.ok()) {
        out.error = std::move(result.error);
        SayCause(watch, out.error);
        return out;
      }
    }
    times.push_back((clock->MonotonicNanos() - before) / batch);
  } while (clock->MonotonicNanos() < end && times.size() < kMaxBatches);
  std::sort(times.begin(), times.end());
  const auto at = [&](std::size_t percent) { return times[std::min(times.size() - 1, times.size() * percent / 100)]; };
  out.samples = times.size() * static_cast<std::uint64_t>(batch);
  out.fastest = times.front();
  out.median = at(50);
  out.p90 = at(90);
  out.p99 = at(99);
  out.mean = std::accumulate(times.begin(), times.end(), std::int64_t{0}) / static_cast<std::int64_t>(times.size());
  return out;
}

json::Value MeasuredJson(const Measured& m) {
  return json::MakeObject({{"samples", static_cast<std::int64_t>(m.samples)}, {"min_ns", m.fastest}, {"median_ns", m.median},
                           {"mean_ns", m.mean}, {"p90_ns", m.p90}, {"p99_ns", m.p99}, {"steps", static_cast<std::int64_t>(m.steps)},
                           {"memory_bytes", static_cast<std::int64_t>(m.memory_bytes)}});
}

int PolicyBench(const PolicyBenchOptions& options, const Streams& streams) {
  const Result<std::int64_t> timeout = ParseTimeout(options.timeout);
  if (!timeout.ok()) return Fail(streams, timeout.error());
  const Result<PolicyFiles> files = ReadPolicyFiles(options.source, streams);
  if (!files.ok()) return ReportUnreadable(files.error(), streams);
  const Result<std::optional<json::Value>> input = ReadPolicyInput(options.input, streams);
  if (!input.ok()) return ReportUnreadable(input.error(), streams);
  const Result<rego::EngineOptions> engine = PolicyEngine(options.source, streams);
  if (!engine.ok()) return ReportUnreadable(engine.error(), streams);
  const rego::CompileResult compiled = CompilePolicyFiles(*files, *engine);
  if (!compiled.ok()) return ReportDiagnostics(compiled.diagnostics, options.json, streams, kExitPolicy);
  EvalWatch watch(*timeout);
  const Measured m = MeasureQuery(*compiled.policy, options.query, input->has_value() ? &**input : nullptr, options.milliseconds * 1'000'000,
                                  rego::EvalLimits().max_steps, engine->host.get(), watch);
  if (m.error) {
    streams.err << "intentgate: " << m.error->ToString() << "\n";
    return kExitPolicy;
  }
  if (options.json) {
    streams.out << json::Write(MeasuredJson(m)) << "\n";
    return kExitOk;
  }
  streams.out << fmt::format("samples  {}\nmedian   {}\nfastest  {}\nmean     {}\np90      {}\np99      {}\nsteps    {}\nmemory   {} bytes\n", m.samples,
                             ShowNanos(m.median), ShowNanos(m.fastest), ShowNanos(m.mean), ShowNanos(m.p90), ShowNanos(m.p99), m.steps,
                             m.memory_bytes);
  return kExitOk;
}

}  // namespace intentgate::cli
