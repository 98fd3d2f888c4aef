// Callers that append durably until they are told to stop, and remember what was acknowledged.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "audit/audit_log.h"

namespace intentgate::test {

class Load {
 public:
  Load(std::shared_ptr<audit::AuditStore> store, int threads) : store_(std::move(store)) {
    audit::AuditLogOptions options;
    options.retry_micros = 100'000;
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
    const std::size_t wanted = acknowledged_.size() + more;
    return grown_.wait_for(lock, std::chrono::minutes(1), [&] { return acknowledged_.size() >= wanted; });
  }
  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    log_.reset();
  }
  // After Stop.
  const std::set<std::string>& acknowledged() const { return acknowledged_; }
  std::size_t failed() const { return failed_; }
  const std::string& last_error() const { return last_error_; }

 private:
  void Run(int number) {
    while (!stopping_) {
      AuditEvent event;
      event.tenant = number % 2 == 0 ? "even" : "odd";
      event.decision = "allow";
      event.tool = "read_file";
      event.charges = {{"calls", 0, 1}};
      const auto receipt = log_->AppendAndWait(std::move(event));
      if (!receipt.ok()) {
        ++failed_;
        const std::lock_guard lock(mutex_);
        last_error_ = receipt.error().message;
        std::this_thread::yield();
        continue;
      }
      {
        const std::lock_guard lock(mutex_);
        acknowledged_.insert(receipt->event_id);
      }
      grown_.notify_all();
    }
  }

  std::shared_ptr<audit::AuditStore> store_;
  std::unique_ptr<audit::AuditLog> log_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> failed_{0};
  std::mutex mutex_;
  std::condition_variable grown_;
  std::set<std::string> acknowledged_;
  std::string last_error_;
};

// Every id in the chains. Checks that they verify and that the counters are the sums of their decisions.
template <typename Store>
std::set<std::string> CheckedIds(Store& store) {
  std::set<std::string> ids;
  for (const char* tenant : {"even", "odd"}) {
    const auto report = audit::VerifyChain(store, tenant);
    REQUIRE(report.ok());
    INFO(report->problem);
    CHECK(report->ok);
    std::int64_t decisions = 0, charged = 0;
    for (std::int64_t next = 0; next < report->head.next_seq;) {
      const auto page = store.ScanStored(tenant, next, 1'000);
      REQUIRE(page.ok());
      REQUIRE_FALSE(page->empty());
      for (const audit::StoredEvent& e : *page) {
        CHECK(ids.insert(e.record.event_id).second);
        decisions += e.kind == "decision" ? 1 : 0;
      }
      next = page->back().record.seq + 1;
    }
    const auto counters = store.Load(0);
    REQUIRE(counters.ok());
    for (const budget::CounterRow& row : *counters) charged += row.tenant == tenant ? row.amount : 0;
    CHECK(charged == decisions);
  }
  return ids;
}

}  // namespace intentgate::test
