// Callers that append durably until they are told to stop, and remember what was acknowledged.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "audit/audit_log.h"
#include "support/checked_chains.h"

namespace intentgate::test {

class Load {
 public:
  // Between two tries of a caller that was refused.
  static constexpr std::chrono::milliseconds kPause{5};

  // `name` begins the ids of its events; with a folder for a journal they wait there for the chain.
  Load(std::shared_ptr<audit::AuditStore> store, int threads, std::string name = "load", std::string journal = "")
      : store_(std::move(store)), name_(std::move(name)), journaled_(!journal.empty()) {
    audit::AuditLogOptions options;
    options.retry_micros = 100'000;
    options.journal.directory = std::move(journal);
    auto log = audit::AuditLog::Create(store_, options, SystemClock(), SystemRandom());
    REQUIRE(log.ok());
    log_ = std::move(*log);
    for (int t = 0; t < threads; ++t) threads_.emplace_back([this, t] { Run(t); });
  }
  ~Load() { Stop(); }
  Load(const Load&) = delete;   // owns the threads
  Load& operator=(const Load&) = delete;

  // False when that takes more than a minute.
  bool WaitFor(std::size_t more) {
    std::unique_lock lock(mutex_);
    const std::size_t wanted = ids_.acknowledged.size() + more;
    return grown_.wait_for(lock, std::chrono::minutes(1), [&] { return ids_.acknowledged.size() >= wanted; });
  }
  // Returns when a call was refused; false when none is within a minute.
  bool WaitForRefusal() {
    std::unique_lock lock(mutex_);
    return refused_.wait_for(lock, std::chrono::minutes(1), [&] { return failed_ > 0; });
  }
  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    log_.reset();
  }
  // After Stop.
  const CallersIds& ids() const { return ids_; }
  std::size_t failed() const { return failed_; }
  const std::string& last_error() const { return last_error_; }

 private:
  void Run(int number) {
    for (std::int64_t n = 0; !stopping_; ++n) {
      AuditEvent event;
      event.event_id = name_ + "-" + std::to_string(number) + "-" + std::to_string(n);
      event.tenant = number % 2 == 0 ? "even" : "odd";
      event.decision = "allow";
      event.tool = "read_file";
      event.charges = {{"calls", 0, 1}};
      {
        const std::lock_guard lock(mutex_);
        ids_.tried.insert(event.event_id);
      }
      const auto receipt = log_->AppendAndWait(
          std::move(event), journaled_ ? AuditDurability::kJournal : AuditDurability::kDurable);
      if (!receipt.ok()) {
        std::unique_lock lock(mutex_);
        ++failed_;
        last_error_ = receipt.error().message;
        refused_.notify_all();
        grown_.wait_for(lock, kPause);   // or until somebody else got through
        continue;
      }
      {
        const std::lock_guard lock(mutex_);
        ids_.acknowledged.insert(receipt->event_id);
      }
      grown_.notify_all();
    }
  }

  std::shared_ptr<audit::AuditStore> store_;
  const std::string name_;
  const bool journaled_;
  std::unique_ptr<audit::AuditLog> log_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> failed_{0};
  std::mutex mutex_;
  std::condition_variable grown_, refused_;
  CallersIds ids_;
  std::string last_error_;
};

}  // namespace intentgate::test
