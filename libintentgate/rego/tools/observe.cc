// Observers that add up: printed text, coverage, profiles.

#include <algorithm>
#include <utility>

#include <intentgate/rego_observe.h>

namespace intentgate::rego {

ObserverList::ObserverList(std::vector<EvalObserver*> observers) : observers_(std::move(observers)) { std::erase(observers_, nullptr); }

void ObserverList::OnEvent(const EvalEvent& event) {
  for (EvalObserver* observer : observers_) observer->OnEvent(event);
}

void PrintedText::OnEvent(const EvalEvent& event) {
  if (event.kind != EvalEventKind::kPrint || cut_) return;
  if (text_.size() + event.text.size() > kMaxBytes) {
    cut_ = true;
    text_ += "... more was printed than is kept\n";
    return;
  }
  text_ += event.text;
  text_ += '\n';
}

std::string PrintedText::Take() {
  cut_ = false;
  return std::exchange(text_, {});
}

void Coverage::OnEvent(const EvalEvent& event) {
  if (event.kind != EvalEventKind::kEval && event.kind != EvalEventKind::kExit) return;
  const auto known = hit_.find(event.file);
  (known != hit_.end() ? known->second : hit_[std::string(event.file)]).insert(event.line);
}

std::vector<FileCoverage> Coverage::Report(const CompiledPolicy& policy) const {
  std::map<std::string, FileCoverage> files;
  for (const SourceLine& place : policy.ReachableLines()) {
    FileCoverage& file = files[place.file];
    file.file = place.file;
    const auto hit = hit_.find(place.file);
    const bool covered = hit != hit_.end() && hit->second.count(place.line) > 0;
    (covered ? file.covered : file.not_covered).push_back(place.line);
  }
  std::vector<FileCoverage> out;
  for (auto& [name, file] : files) out.push_back(std::move(file));
  return out;
}

double FileCoverage::percent() const { return OverallPercent({this, 1}); }

double OverallPercent(std::span<const FileCoverage> files) {
  std::size_t covered = 0, all = 0;
  for (const FileCoverage& file : files) {
    covered += file.covered.size();
    all += file.covered.size() + file.not_covered.size();
  }
  return all == 0 ? 0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
}

Profile::Profile(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

void Profile::OnEvent(const EvalEvent& event) {
  const std::int64_t now = clock_->MonotonicNanos();
  if (running_ != nullptr) running_->nanos += now - since_;
  if (event.kind == EvalEventKind::kEval || event.kind == EvalEventKind::kRedo) {
    ProfileLine& line = lines_[{std::string(event.file), event.line}];
    line.file = event.file;
    line.line = event.line;
    ++(event.kind == EvalEventKind::kEval ? line.evals : line.redos);
    running_ = &line;
  }
  // The bookkeeping above is not the policy's time.
  since_ = clock_->MonotonicNanos();
}

void Profile::Stop() {
  if (running_ != nullptr) running_->nanos += clock_->MonotonicNanos() - since_;
  running_ = nullptr;
}

std::vector<ProfileLine> Profile::Report() const {
  std::vector<ProfileLine> out;
  for (const auto& [place, line] : lines_) out.push_back(line);
  std::stable_sort(out.begin(), out.end(), [](const ProfileLine& a, const ProfileLine& b) { return a.nanos > b.nanos; });
  return out;
}

}  // namespace intentgate::rego
