#include "telemetry/metrics.h"

#include <cmath>
#include <functional>
#include <thread>

#include <fmt/format.h>

namespace intentgate::telemetry {
namespace {

std::size_t CellOfThisThread() {
  static thread_local const std::size_t cell = std::hash<std::thread::id>{}(std::this_thread::get_id()) % kMetricCells;
  return cell;
}

std::string Escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '"' && quotes) out += "\\\"";
    else out += c;
  }
  return out;
}

std::string LabelText(Labels labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += fmt::format("{}=\"{}\"", fmt::string_view(name.data(), name.size()), Escape(value, true));
  }
  return out;
}

std::string Braced(std::string_view labels, std::string_view more = {}) {
  if (labels.empty() && more.empty()) return {};
  std::string out = "{";
  out += labels;
  if (!labels.empty() && !more.empty()) out += ',';
  out += more;
  return out + "}";
}

void AppendSample(std::string& out, const std::string& name, const std::string& labels, double value) {
  out += name;
  out += labels;
  out += std::isinf(value) ? std::string(" +Inf\n") : fmt::format(" {}\n", value);
}

void AppendSample(std::string& out, const std::string& name, const std::string& labels, std::uint64_t value) {
  out += name;
  out += labels;
  out += fmt::format(" {}\n", value);
}

void AppendHistogram(std::string& out, const std::string& name, const std::string& labels,
                     const Histogram::Snapshot& shot) {
  for (std::size_t i = 0; i < shot.bounds.size(); ++i) {
    AppendSample(out, name + "_bucket", Braced(labels, fmt::format("le=\"{}\"", shot.bounds[i])), shot.cumulative[i]);
  }
  AppendSample(out, name + "_bucket", Braced(labels, "le=\"+Inf\""), shot.count);
  AppendSample(out, name + "_sum", Braced(labels), shot.sum);
  AppendSample(out, name + "_count", Braced(labels), shot.count);
}

}  // namespace

void Counter::Add(std::uint64_t n) { cells_[CellOfThisThread()].n.fetch_add(n, std::memory_order_relaxed); }

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.n.load(std::memory_order_relaxed);
  return sum;
}

void Histogram::Observe(double value) {
  std::size_t bucket = 0;
  for (double bound = first_bound_; bucket < buckets_ && value > bound; bound *= 2) ++bucket;
  Cell& cell = cells_[CellOfThisThread()];
  cell.n[bucket].fetch_add(1, std::memory_order_relaxed);
  cell.sum_billionths.fetch_add(static_cast<std::int64_t>(value * 1e9), std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::Read() const {
  Snapshot shot;
  std::int64_t sum = 0;
  double bound = first_bound_;
  for (std::size_t i = 0; i <= buckets_; ++i, bound *= 2) {
    for (const Cell& cell : cells_) shot.count += cell.n[i].load(std::memory_order_relaxed);
    if (i == buckets_) break;
    shot.bounds.push_back(bound);
    shot.cumulative.push_back(shot.count);
  }
  for (const Cell& cell : cells_) sum += cell.sum_billionths.load(std::memory_order_relaxed);
  shot.sum = static_cast<double>(sum) / 1e9;
  return shot;
}

Registry::Family& Registry::FamilyOf(std::string_view name, std::string_view help, std::string_view type) {
  const std::string full = prefix_ + std::string(name);
  for (Family& family : families_) {
    if (family.name == full) return family;
  }
  return families_.emplace_back(Family{full, std::string(help), std::string(type), {}});
}

Counter& Registry::AddCounter(std::string_view family, std::string_view help, Labels labels) {
  Counter& counter = counters_.emplace_back();
  Series series;
  series.labels = LabelText(labels);
  series.counter = &counter;
  FamilyOf(family, help, "counter").series.push_back(std::move(series));
  return counter;
}

Histogram& Registry::AddHistogram(std::string_view family, std::string_view help, Labels labels, double first_bound,
                                  std::size_t buckets) {
  Histogram& histogram = histograms_.emplace_back(first_bound, buckets);
  Series series;
  series.labels = LabelText(labels);
  series.histogram = &histogram;
  FamilyOf(family, help, "histogram").series.push_back(std::move(series));
  return histogram;
}

void Registry::AddGauge(std::string_view family, std::string_view help, std::function<double()> read) {
  Series series;
  series.value = std::move(read);
  FamilyOf(family, help, "gauge").series.push_back(std::move(series));
}

void Registry::AddGauges(std::string_view family, std::string_view help, std::string label,
                         std::function<LabelledValues()> read) {
  Series series;
  series.label = std::move(label);
  series.values = std::move(read);
  FamilyOf(family, help, "gauge").series.push_back(std::move(series));
}

void Registry::AddCounterReader(std::string_view family, std::string_view help, std::function<double()> read) {
  Series series;
  series.value = std::move(read);
  FamilyOf(family, help, "counter").series.push_back(std::move(series));
}

void Registry::AddHistogramReader(std::string_view family, std::string_view help,
                                  std::function<Histogram::Snapshot()> read) {
  Series series;
  series.distribution = std::move(read);
  FamilyOf(family, help, "histogram").series.push_back(std::move(series));
}

std::string Registry::Render() const {
  std::string out;
  for (const Family& family : families_) {
    out += "# HELP " + family.name + " " + Escape(family.help, false) + "\n";
    out += "# TYPE " + family.name + " " + family.type + "\n";
    for (const Series& series : family.series) {
      if (series.counter != nullptr) {
        const std::uint64_t value = series.counter->value();
        if (value > 0 || series.labels.empty()) AppendSample(out, family.name, Braced(series.labels), value);
      } else if (series.histogram != nullptr) {
        AppendHistogram(out, family.name, series.labels, series.histogram->Read());
      } else if (series.distribution) {
        AppendHistogram(out, family.name, series.labels, series.distribution());
      } else if (series.values) {
        for (const auto& [label, value] : series.values()) {
          AppendSample(out, family.name, Braced(LabelText({{series.label, label}})), value);
        }
      } else {
        AppendSample(out, family.name, Braced(series.labels), series.value());
      }
    }
  }
  return out;
}

}  // namespace intentgate::telemetry
