// Sees when the machine itself takes a core away. A thread of real-time priority on that core sleeps and looks how late it
// wakes: no program of ordinary priority can make it late, so what does is the host, the hypervisor or the kernel.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <thread>

namespace intentgate::bench {

// How often, in all and at most the thread woke late.
struct Stalls {
  std::size_t count = 0;
  std::chrono::duration<double, std::milli> sum{}, longest{};
};

// Watches from construction to destruction. Without the right to real-time priority it sees nothing, and `watching` is false.
class CoreWatch {
 public:
  explicit CoreWatch(int core);
  ~CoreWatch();
  CoreWatch(const CoreWatch&) = delete;
  CoreWatch& operator=(const CoreWatch&) = delete;

  bool watching() const { return watching_; }
  // Those until now.
  Stalls stalls() const;

 private:
  void Run();

  bool watching_ = false;
  std::atomic<bool> over_ = false;
  mutable std::mutex mutex_;
  Stalls stalls_;
  std::thread thread_;
};

}  // namespace intentgate::bench
