// A pointer to an immutable value that one thread exchanges while others read.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace intentgate::gate {

// Thread-safe. The lock is held for the copy of a pointer.
template <typename T>
class Swapped {
 public:
  explicit Swapped(std::shared_ptr<const T> value = nullptr) : value_(std::move(value)) {}

  std::shared_ptr<const T> Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void Set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace intentgate::gate
