#include "core_turns.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

namespace intentgate::bench {
namespace {

// A power of two. A core that changes threads 35,000 times a second fills it in 15 seconds.
constexpr std::size_t kRecords = 32 << 20;
constexpr unsigned kKernelThread = 0x00200000;   // PF_KTHREAD of /proc/PID/stat
constexpr std::array<std::string_view, 6> kKernelHelpers{"kworker", "ksoftirqd", "jbd2", "rcu", "migration", "kswapd"};

std::size_t PageBytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

// What the kernel appends for `sample_type`.
struct Switch {
  perf_event_header header;
  std::uint32_t other_process, other_thread;
  std::uint32_t process, thread;
  std::uint64_t nanoseconds;
};

std::chrono::steady_clock::time_point At(std::uint64_t nanoseconds) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(nanoseconds));
}

}  // namespace

CoreTurns::CoreTurns(int core) {
  perf_event_attr wanted{};
  wanted.size = sizeof(wanted);
  wanted.type = PERF_TYPE_SOFTWARE;
  wanted.config = PERF_COUNT_SW_DUMMY;
  wanted.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  wanted.sample_id_all = 1;
  wanted.context_switch = 1;
  wanted.use_clockid = 1;
  wanted.clockid = CLOCK_MONOTONIC;   // that of steady_clock
  event_ = static_cast<int>(syscall(SYS_perf_event_open, &wanted, -1, core, -1, PERF_FLAG_FD_CLOEXEC));
  if (event_ < 0) return;
  void* mapped = mmap(nullptr, PageBytes() + kRecords, PROT_READ | PROT_WRITE, MAP_SHARED, event_, 0);
  if (mapped != MAP_FAILED) buffer_ = mapped;
}

CoreTurns::~CoreTurns() {
  if (buffer_ != nullptr) munmap(buffer_, PageBytes() + kRecords);
  if (event_ >= 0) close(event_);
}

std::optional<std::vector<CoreTurn>> CoreTurns::Turns() const {
  if (buffer_ == nullptr) return std::nullopt;
  auto* about = static_cast<perf_event_mmap_page*>(buffer_);
  const char* records = static_cast<const char*>(buffer_) + PageBytes();
  const std::uint64_t end = std::atomic_ref(about->data_head).load(std::memory_order_acquire);
  std::vector<CoreTurn> turns;
  std::optional<CoreTurn> now;
  for (std::uint64_t at = 0; at < end;) {
    Switch record{};
    // The buffer is never full, so no record is cut at its end.
    std::memcpy(&record, records + at, std::min<std::uint64_t>(sizeof(record), end - at));
    if (record.header.type == PERF_RECORD_LOST || record.header.size == 0) return std::nullopt;
    at += record.header.size;
    if (record.header.type != PERF_RECORD_SWITCH_CPU_WIDE) continue;
    // A thread that leaves says who follows and one that comes who was there. Both are looked at, because some threads' own records are missing.
    const bool leaves = (record.header.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
    const auto follows = static_cast<pid_t>(leaves ? record.other_process : record.process);
    if (now && now->process == follows) continue;
    if (now && now->process != 0) {
      now->until = At(record.nanoseconds);
      turns.push_back(*now);
    }
    now = CoreTurn{follows, At(record.nanoseconds), {}};
  }
  return turns;
}

std::optional<std::string> OtherProcess(pid_t process, pid_t measured) {
  if (process == measured) return std::nullopt;
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  const std::string stat = text.str();
  const std::size_t open = stat.find('('), close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return "one that is over";
  std::string name = stat.substr(open + 1, close - open - 1);
  std::replace_if(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');   // a process may call itself anything
  std::istringstream rest(stat.substr(close + 1));
  std::string state;
  long parent = 0, group = 0, session = 0, terminal = 0, terminal_group = 0;
  unsigned flags = 0;
  rest >> state >> parent >> group >> session >> terminal >> terminal_group >> flags;
  const bool helps = (flags & kKernelThread) != 0 && std::any_of(kKernelHelpers.begin(), kKernelHelpers.end(), [&](std::string_view helper) {
    return name.starts_with(helper);
  });
  if (helps) return std::nullopt;
  return name;
}

std::vector<bool> WaitedBehind(const std::vector<TimedCall>& calls, const std::vector<CoreTurn>& turns) {
  std::vector<bool> waited(calls.size());
  std::chrono::steady_clock::time_point caught_up;   // at the latest
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const TimedCall& call = calls[i];
    // The first that was not over when the call was due; the turns of a core do not overlap.
    auto turn = std::partition_point(turns.begin(), turns.end(), [&](const CoreTurn& t) { return t.until <= call.due; });
    waited[i] = call.due < caught_up;
    for (; turn != turns.end() && turn->from < call.answered; ++turn) {
      waited[i] = true;
      caught_up = std::max(caught_up, turn->until + kCatchUp * (turn->until - turn->from));
    }
    if (waited[i] && call.last_in_progress) caught_up = {};
  }
  return waited;
}

}  // namespace intentgate::bench
