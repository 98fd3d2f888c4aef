// Counters and histograms, and the text that a Prometheus server reads.
//
// Recording is a relaxed add on a cell that few threads share; reading sums the cells. The exposition
// is written here (text format 0.0.4) because it is forty lines and the format is fixed by a golden test.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace intentgate::telemetry {

inline constexpr std::size_t kMetricCells = 8;
inline constexpr std::size_t kMaxBuckets = 16;

// Thread-safe.
class Counter {
 public:
  void Add(std::uint64_t n = 1);
  std::uint64_t value() const;

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> n{0};
  };
  std::array<Cell, kMetricCells> cells_;
};

// Buckets whose upper bounds double. Thread-safe.
class Histogram {
 public:
  // REQUIRES: 1 <= buckets <= kMaxBuckets.
  Histogram(double first_bound, std::size_t buckets) : first_bound_(first_bound), buckets_(buckets) {}
  void Observe(double value);

  struct Snapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> cumulative;  // one for each bound
    std::uint64_t count = 0;
    double sum = 0;
  };
  Snapshot Read() const;

 private:
  struct alignas(64) Cell {
    std::array<std::atomic<std::uint64_t>, kMaxBuckets + 1> n{};
    std::atomic<std::int64_t> sum_billionths{0};
  };
  const double first_bound_;
  const std::size_t buckets_;
  std::array<Cell, kMetricCells> cells_;
};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Owns the metrics. Thread-compatible while metrics are added, thread-safe from then on. Metrics live as
// long as the registry and do not move.
class Registry {
 public:
  explicit Registry(std::string prefix) : prefix_(std::move(prefix)) {}
  Registry(const Registry&) = delete;  // hands out references
  Registry& operator=(const Registry&) = delete;

  // A family exists once its first metric is added; later ones share its help text.
  Counter& AddCounter(std::string_view family, std::string_view help, Labels labels);
  Histogram& AddHistogram(std::string_view family, std::string_view help, Labels labels, double first_bound,
                          std::size_t buckets);
  // A value that someone else keeps, asked for at each Render.
  void AddGauge(std::string_view family, std::string_view help, std::function<double()> read);
  // The same for a family whose series come and go: (value of the one label, value).
  using LabelledValues = std::vector<std::pair<std::string, double>>;
  void AddGauges(std::string_view family, std::string_view help, std::string label, std::function<LabelledValues()> read);
  void AddCounterReader(std::string_view family, std::string_view help, std::function<double()> read);
  void AddHistogramReader(std::string_view family, std::string_view help, std::function<Histogram::Snapshot()> read);

  // Counters that are 0 are left out when their family has labels.
  std::string Render() const;

 private:
  struct Series {
    std::string labels;  // `check="policy",decision="allow"`, escaped
    const Counter* counter = nullptr;
    const Histogram* histogram = nullptr;
    std::function<double()> value;
    std::string label;   // of `values`
    std::function<LabelledValues()> values;
    std::function<Histogram::Snapshot()> distribution;
  };
  struct Family {
    std::string name, help, type;
    std::vector<Series> series;
  };
  Family& FamilyOf(std::string_view name, std::string_view help, std::string_view type);

  const std::string prefix_;
  std::deque<Counter> counters_;
  std::deque<Histogram> histograms_;
  std::vector<Family> families_;
};

}  // namespace intentgate::telemetry
