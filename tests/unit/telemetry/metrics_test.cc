#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "telemetry/gateway_metrics.h"
#include "telemetry/metrics.h"

namespace intentgate::telemetry {

TEST_CASE("the exposition is the text format, to the byte") {
  Registry registry("p_");
  Counter& plain = registry.AddCounter("plain_total", "Counts\nthings.", {});
  Counter& labelled = registry.AddCounter("labelled_total", "By label.", {{"a", "x\"y\\z"}, {"b", "2"}});
  registry.AddCounter("labelled_total", "By label.", {{"a", "never"}, {"b", "1"}});
  Histogram& times = registry.AddHistogram("time_seconds", "Times.", {{"r", "1"}}, 0.25, 3);
  registry.AddGauge("depth", "Depth.", [] { return 2.5; });
  plain.Add(3);
  labelled.Add();
  for (const double t : {0.1, 0.25, 0.3, 0.9, 5.0}) times.Observe(t);
  CHECK(registry.Render() ==
        "# HELP p_plain_total Counts\\nthings.\n# TYPE p_plain_total counter\np_plain_total 3\n"
        "# HELP p_labelled_total By label.\n# TYPE p_labelled_total counter\n"
        "p_labelled_total{a=\"x\\\"y\\\\z\",b=\"2\"} 1\n"
        "# HELP p_time_seconds Times.\n# TYPE p_time_seconds histogram\n"
        "p_time_seconds_bucket{r=\"1\",le=\"0.25\"} 2\np_time_seconds_bucket{r=\"1\",le=\"0.5\"} 3\n"
        "p_time_seconds_bucket{r=\"1\",le=\"1\"} 4\np_time_seconds_bucket{r=\"1\",le=\"+Inf\"} 5\n"
        "p_time_seconds_sum{r=\"1\"} 6.55\np_time_seconds_count{r=\"1\"} 5\n"
        "# HELP p_depth Depth.\n# TYPE p_depth gauge\np_depth 2.5\n");
}

TEST_CASE("no count is lost between threads") {
  Counter counter;
  Histogram histogram(1, 2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) {
        counter.Add();
        histogram.Observe(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counter.value() == 80'000);
  CHECK(histogram.Read().count == 80'000);
  CHECK(histogram.Read().sum == doctest::Approx(80'000));
}

TEST_CASE("a decision counts for the check that refused and those before it, and for no other") {
  GatewayMetrics metrics({});
  Decision decision;
  decision.check = Check::kPolicy;
  decision.verdict = Verdict::kEscalate;
  decision.code = Reason::kPolicyEscalated;
  decision.times.policy = 1'500;
  decision.times.revocation = 200;
  metrics.Decided(decision);
  decision.times = {};
  decision.check = Check::kNone;
  decision.verdict = Verdict::kBlock;
  decision.code = Reason::kAuditUnavailable;
  metrics.Decided(decision);
  const std::string text = metrics.Render();
  for (const std::string line : {"{check=\"capability\",decision=\"allow\"} 1", "{check=\"intent\",decision=\"allow\"} 1",
                                 "{check=\"policy\",decision=\"escalate\"} 1"}) {
    CHECK(text.find("check_decisions_total" + line) != std::string::npos);
  }
  CHECK(text.find("check_decisions_total{check=\"budget\"") == std::string::npos);
  CHECK(text.find("check=\"policy\",decision=\"allow\"") == std::string::npos);
  CHECK(text.find("check_duration_seconds_count{check=\"policy\"} 1") != std::string::npos);
  CHECK(text.find("check_duration_seconds_count{check=\"budget\"} 1") == std::string::npos);
  CHECK(text.find("revocation_lookup_duration_seconds_count 1") != std::string::npos);
}

}  // namespace intentgate::telemetry
