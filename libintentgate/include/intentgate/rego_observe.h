// What an evaluation did: traces to read, lines that were covered, time by expression, printed text.
//
//   rego::Coverage coverage;
//   options.observer = &coverage;
//   policy->Eval("data.p.allow", input, options);
//   for (const rego::FileCoverage& file : coverage.Report(*policy)) Show(file);
//
// Each observer belongs to one thread at a time; it adds up what it hears over any number of evaluations. Observing
// costs some tens of nanoseconds an expression.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/rego.h>

namespace intentgate::rego {

// Hands each event to several observers, in their order. Null pointers are left out.
class ObserverList final : public EvalObserver {
 public:
  explicit ObserverList(std::vector<EvalObserver*> observers);
  void OnEvent(const EvalEvent& event) override;

 private:
  std::vector<EvalObserver*> observers_;
};

// What print wrote, line by line.
class PrintedText final : public EvalObserver {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // what is printed beyond this is left out, and said

  void OnEvent(const EvalEvent& event) override;
  // Everything so far, each line with its end; forgets it.
  std::string Take();

 private:
  std::string text_;
  bool cut_ = false;
};

// How much of an evaluation a trace tells.
enum class TraceLevel : std::uint8_t {
  kNotes,  // trace(...), and the rules on the way to it
  kFails,  // expressions that had no answer, and the rules on the way to them
  kFull,   // everything
};

// Keeps events as lines to read: "policy.rego:3  | | Fail input.role == "admin"". Expressions are shown as they
// stand in the source.
class Trace final : public EvalObserver {
 public:
  static constexpr std::size_t kMaxEvents = 100'000;  // what comes after them is left out, and said

  // The sources are those that were compiled; they outlive the trace.
  explicit Trace(std::span<const SourceFile> sources);
  void OnEvent(const EvalEvent& event) override;
  // A line for each event that the level tells; `query` is shown where the query itself is meant.
  std::string Text(TraceLevel level, std::string_view query = {}) const;
  void Clear();

 private:
  struct Line {
    EvalEventKind kind;
    std::string file;
    std::uint32_t line, column, depth;
    std::string text;
  };
  std::vector<bool> Told(TraceLevel level) const;
  std::string Excerpt(const Line& line, std::string_view query) const;

  std::span<const SourceFile> sources_;
  std::vector<Line> lines_;
  bool cut_ = false;
};

// The covered and the uncovered lines of one file. A line counts if a rule's head or an expression begins there; a
// head is covered by an answer, an expression by being tried.
struct FileCoverage {
  std::string file;
  std::vector<std::uint32_t> covered, not_covered;  // sorted
  double percent() const;
};

class Coverage final : public EvalObserver {
 public:
  void OnEvent(const EvalEvent& event) override;
  // By file, sorted. `policy` is the one that was observed.
  std::vector<FileCoverage> Report(const CompiledPolicy& policy) const;

 private:
  std::map<std::string, std::set<std::uint32_t>, std::less<>> hit_;
};

// Of all files together, from 0 to 100; 0 if there is no line.
double OverallPercent(std::span<const FileCoverage> files);

// One expression, or several that begin on one line.
struct ProfileLine {
  std::string file;
  std::uint32_t line = 0;
  std::int64_t nanos = 0;      // spent from the expression's event to the next one of any
  std::uint64_t evals = 0;     // times it was begun
  std::uint64_t redos = 0;     // times it went on to a next answer
};

class Profile final : public EvalObserver {
 public:
  explicit Profile(std::shared_ptr<const Clock> clock = SystemClock());
  void OnEvent(const EvalEvent& event) override;
  // Call after an evaluation: ends the time of its last expression.
  void Stop();
  // The slowest first.
  std::vector<ProfileLine> Report() const;

 private:
  std::shared_ptr<const Clock> clock_;
  std::map<std::pair<std::string, std::uint32_t>, ProfileLine> lines_;
  ProfileLine* running_ = nullptr;
  std::int64_t since_ = 0;
};

}  // namespace intentgate::rego
