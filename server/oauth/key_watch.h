// A thread that keeps the keys of one issuer fresh, by the time and when a token needs one that is not there.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "oauth/issuer_keys.h"
#include "telemetry/log.h"

namespace intentgate::oauth {

inline constexpr std::size_t kMaxWaitingForKeys = 1'024;

// Thread-safe.
class KeyWatch {
 public:
  KeyWatch(std::shared_ptr<IssuerKeys> keys, std::shared_ptr<const telemetry::Logger> log);
  // Waits for a fetch in progress; who still waits is not called.
  ~KeyWatch();
  KeyWatch(const KeyWatch&) = delete;  // the thread refers to it
  KeyWatch& operator=(const KeyWatch&) = delete;

  // Calls `done` on the thread behind a fetch that begins now or is in progress. False, without calling: a fetch is not allowed yet
  // (IssuerKeys::MayFetch), or too many wait.
  [[nodiscard]] bool Ask(std::function<void()> done);
  IssuerKeys& keys() { return *keys_; }

 private:
  void Run();

  const std::shared_ptr<IssuerKeys> keys_;
  const std::shared_ptr<const telemetry::Logger> log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> waiting_;
  bool fetching_ = false, stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace intentgate::oauth
