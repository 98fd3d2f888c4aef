// Those who wait for an approval's answer, and the thread that looks for it. An answer may come from another gateway
// on the same store, so the thread reads the store; Wake makes it look at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <intentgate/approval.h>

namespace intentgate::gate {

struct ApprovalWatchOptions {
  std::chrono::milliseconds poll{500};
  std::size_t max_waiting = 1'024;
  std::function<Result<std::vector<Approval>>(std::span<const std::string> ids)> look;
  std::function<void()> tick;   // once in each poll, on the watch's thread
};

// Thread-safe. Callbacks come on the watch's thread, or inside Wait when nothing can be waited for.
class ApprovalWatch {
 public:
  explicit ApprovalWatch(ApprovalWatchOptions options);
  // Those that still wait hear kCancelled.
  ~ApprovalWatch();
  ApprovalWatch(const ApprovalWatch&) = delete;   // its thread refers to it
  ApprovalWatch& operator=(const ApprovalWatch&) = delete;

  // Returns what Cancel takes; 0 when `done` was called already.
  std::uint64_t Wait(std::string tenant, std::string id, ApprovalDone done);
  // After this `done` is not called, unless it is being called at the moment.
  void Cancel(std::uint64_t handle);
  void Wake();

 private:
  struct Waiting {
    std::string tenant, id;
    ApprovalDone done;
  };
  struct Ready {
    ApprovalDone done;
    Result<Approval> result;
  };

  void Run();
  std::vector<std::string> WaitedIds() const;
  std::vector<Ready> TakeReady(std::span<const std::string> asked, const std::vector<Approval>& found);

  const ApprovalWatchOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t next_handle_ = 1;
  bool woken_ = false, stopping_ = false;
  std::thread thread_;   // last: it uses the others
};

}  // namespace intentgate::gate
