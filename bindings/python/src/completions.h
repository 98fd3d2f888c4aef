// Answers that came on a thread of the gate, on their way to whoever waits for them. The gate's threads never touch the
// interpreter: they put the answer into a queue and make a file descriptor readable, which an event loop watches or a
// thread polls. So the interpreter may end, and a loop may close, while calls are still being judged.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include <intentgate/approval.h>

#include "decision.h"

namespace intentgate::python {

// Thread-safe.
class CompletionQueue {
 public:
  using Answer = std::variant<Decided, Result<Approval>>;
  using Entry = std::pair<std::uint64_t, Answer>;

  // Null when the process has no file descriptor left.
  static std::shared_ptr<CompletionQueue> Create();
  CompletionQueue(int read_end, int write_end) : read_end_(read_end), write_end_(write_end) {}
  ~CompletionQueue();
  CompletionQueue(const CompletionQueue&) = delete;  // owns descriptors
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  std::uint64_t NewTicket();
  void Put(std::uint64_t ticket, Answer answer);
  std::vector<Entry> TakeAll();
  int read_end() const { return read_end_; }

 private:
  const int read_end_;
  const int write_end_;
  std::mutex mutex_;
  std::vector<Entry> ready_;
  std::uint64_t last_ticket_ = 0;
};

// Adds the type Completions to the module.
void RegisterCompletions(pybind11::module_& module);

}  // namespace intentgate::python
