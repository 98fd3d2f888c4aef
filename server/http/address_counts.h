// How many connections each address has, over all loops of a server.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace intentgate::http {

// Thread-safe.
class AddressCounts {
 public:
  // 0: no limit, and nothing is counted.
  explicit AddressCounts(std::size_t max_each) : max_each_(max_each) {}

  // False when the address has as many as it may; else Leave has to follow.
  [[nodiscard]] bool Enter(const std::string& address) {
    if (max_each_ == 0) return true;
    const std::lock_guard lock(mutex_);
    std::size_t& count = counts_[address];
    if (count >= max_each_) return false;
    ++count;
    return true;
  }
  void Leave(const std::string& address) {
    if (max_each_ == 0) return;
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }

 private:
  const std::size_t max_each_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace intentgate::http
