// Who had a core, and from when until when, as the kernel's scheduler says (perf_event_open(2), PERF_RECORD_SWITCH_CPU_WIDE).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace intentgate::bench {

// Of a process on the core, whichever of its threads ran.
struct CoreTurn {
  pid_t process = 0;
  std::chrono::steady_clock::time_point from, until;
};

// Watches a core from construction to destruction, without a thread of its own; each change of thread costs that core two records of 32 bytes. It
// takes the right to watch whole cores (root, CAP_PERFMON, or `kernel.perf_event_paranoid` of 0 and less).
class CoreTurns {
 public:
  explicit CoreTurns(int core);
  ~CoreTurns();
  CoreTurns(const CoreTurns&) = delete;
  CoreTurns& operator=(const CoreTurns&) = delete;

  // The turns until now, in their order, without the idle core's. Nothing without the right to watch, or when there were too many to hold.
  std::optional<std::vector<CoreTurn>> Turns() const;

 private:
  int event_ = -1;
  void* buffer_ = nullptr;
};

// The name of a process that takes a core from `measured` for something else; nothing for `measured` itself and for those threads of the kernel
// that may be at work for it, whoever they work for: its timers, network and disk. A process that is over is called "one that is over".
std::optional<std::string> OtherProcess(pid_t process, pid_t measured);

// A call of a load at a given rate, of those in the order of their answers.
struct TimedCall {
  std::chrono::steady_clock::time_point due, answered;
  bool last_in_progress = false;   // no other call waited for its answer when this one came
};

// A core that is busy to four fifths needs so many times the length of a turn of others to catch up with it.
inline constexpr int kCatchUp = 4;

// Which of `calls` waited behind `turns` (in their order): those in progress or due during one, and those due after it while the server answers
// what queued meanwhile, which is until nothing is in progress, but no longer than kCatchUp times the turn. What else made a call wait is the server's own.
std::vector<bool> WaitedBehind(const std::vector<TimedCall>& calls, const std::vector<CoreTurn>& turns);

}  // namespace intentgate::bench
