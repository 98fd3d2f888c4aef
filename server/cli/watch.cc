// A thread that waits for the deadline, for SIGINT and for being told; the evaluation's thread does not look at a clock.

#include "cli/watch.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <intentgate/clock.h>
#include <intentgate/json.h>

namespace intentgate::cli {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr double kMaxTimeoutNanos = 86'400e9;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;  // owns the descriptor
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

sigset_t Interrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

class EvalWatch::Watcher {
 public:
  explicit Watcher(std::int64_t timeout_nanos)
      : timeout_(timeout_nanos), clock_(SystemClock()), deadline_(clock_->MonotonicNanos() + timeout_nanos) {
    const sigset_t interrupt = Interrupt();
    // Before the thread begins, so that the signal waits for it.
    ::pthread_sigmask(SIG_BLOCK, &interrupt, &before_);
    signal_.emplace(::signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK));
    thread_ = std::thread([this] { Watch(); });
  }
  ~Watcher() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    Wake();
    thread_.join();
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Watcher(const Watcher&) = delete;  // the thread points to it
  Watcher& operator=(const Watcher&) = delete;

  const rego::CancelToken* token() const { return &token_; }

  Cause cause() const {
    const std::lock_guard lock(mutex_);
    return cause_;
  }

  void Restart() {
    {
      const std::lock_guard lock(mutex_);
      if (cause_ == Cause::kInterrupt) return;
      cause_ = Cause::kNone;
      token_.Reset();
      deadline_ = clock_->MonotonicNanos() + timeout_;
    }
    Wake();
  }

  std::int64_t timeout() const { return timeout_; }

 private:
  void Wake() {
    ::eventfd_write(wake_.get(), 1);
  }

  void Cancel(Cause cause) {
    cause_ = cause;
    token_.Cancel();
  }

  // How long to wait, in milliseconds; -1: until something happens. nullopt: the watch is over.
  std::optional<int> NextWait() {
    const std::lock_guard lock(mutex_);
    if (ended_) return std::nullopt;
    if (timeout_ == 0 || cause_ != Cause::kNone) return -1;
    const std::int64_t left = deadline_ - clock_->MonotonicNanos();
    if (left > 0) return static_cast<int>(left / kNanosPerMilli + 1);
    Cancel(Cause::kTimeout);
    return -1;
  }

  void Watch() {
    pollfd waits[2] = {{wake_.get(), POLLIN, 0}, {signal_->get(), POLLIN, 0}};
    while (const std::optional<int> wait = NextWait()) {
      ::poll(waits, 2, *wait);
      eventfd_t woken = 0;
      ::eventfd_read(wake_.get(), &woken);
      signalfd_siginfo info;
      if (::read(signal_->get(), &info, sizeof info) != sizeof info) continue;
      const std::lock_guard lock(mutex_);
      Cancel(Cause::kInterrupt);
      // The next one finds this thread unprotected and ends the process.
      const sigset_t interrupt = Interrupt();
      ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
      waits[1].fd = -1;
    }
  }

  const std::int64_t timeout_;
  const std::shared_ptr<const Clock> clock_;
  rego::CancelToken token_;
  sigset_t before_;
  const Descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::optional<Descriptor> signal_;
  mutable std::mutex mutex_;
  std::int64_t deadline_;       // guarded by mutex_, as the two below
  Cause cause_ = Cause::kNone;
  bool ended_ = false;
  std::thread thread_;
};

EvalWatch::EvalWatch(std::int64_t timeout_nanos) : watcher_(std::make_unique<Watcher>(timeout_nanos)) {}
EvalWatch::~EvalWatch() = default;

const rego::CancelToken* EvalWatch::token() const { return watcher_->token(); }
EvalWatch::Cause EvalWatch::cause() const { return watcher_->cause(); }
void EvalWatch::Restart() { watcher_->Restart(); }

std::string EvalWatch::Explain() const {
  switch (cause()) {
    case Cause::kTimeout: return "after " + std::to_string(watcher_->timeout() / kNanosPerMilli) + "ms (--timeout)";
    case Cause::kInterrupt: return "by Ctrl-C";
    case Cause::kNone: break;
  }
  return "";
}

Result<std::int64_t> ParseTimeout(const std::string& text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
  const Error bad{ErrorCode::kInvalidArgument, "--timeout: '" + text + "' is no duration of at most a day, such as 500ms, 10s or 1m30s"};
  if (text == "0") return 0;
  double total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const Result<json::Value> count = json::Value::NumberFromText(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const std::string_view unit = rest.substr(0, std::min(rest.find_first_of("0123456789."), rest.size()));
    const auto known = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& one) { return one.first == unit; });
    if (!count.ok() || known == std::end(kUnits)) return bad;
    total += count->AsDouble().value_or(kMaxTimeoutNanos) * known->second;
    rest.remove_prefix(unit.size());
  }
  if (text.empty() || !(total <= kMaxTimeoutNanos)) return bad;
  return static_cast<std::int64_t>(std::ceil(total));
}

}  // namespace intentgate::cli
