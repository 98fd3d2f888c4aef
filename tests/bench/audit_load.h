// What the benchmarks of the audit stores drive them with.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"

namespace intentgate::bench {

inline constexpr int kWaiting = 256;

inline AuditEvent Typical(int i) {
  AuditEvent e;
  e.tenant = "acme";
  e.decision = "allow";
  e.method = "tools/call";
  e.tool = "read_file";
  e.agent_id = "finance-bot-" + std::to_string(i % 10);
  e.session_id = "0190b7c2-0000-7000-8000-00000000000" + std::to_string(i % 10);
  e.arg_keys = {"encoding", "path"};
  e.args_sha256 = std::string(64, 'a');
  e.capability_token_id = "aVXJgAECAwQFBgcICQoLDA";
  e.root_capability_token_id = "aVXJgAECAwQFBgcICQoLDA";
  e.caveat_count = 5;
  e.intent_summary = "read the invoices of last month";
  e.policy_sha256 = std::string(64, 'b');
  e.latency_us = 123;
  e.remote_ip = "10.0.0.1:53104";
  e.charges = {{"root:aVXJgAECAwQFBgcICQoLDA:calls", 0, 1}, {"agent:calls", 1'700'000'000, 1}};
  return e;
}

inline double Seconds(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

inline double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// How long the disk needs for a page appended to a file, as a commit does it.
inline void Fsync(const char* store, const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string page(8'192, 'x');
  std::vector<double> micros;
  for (int i = 0; i < 300 && file >= 0; ++i) {
    const double start = Seconds(CLOCK_MONOTONIC);
    if (::write(file, page.data(), page.size()) < 0 || ::fdatasync(file) != 0) break;
    micros.push_back((Seconds(CLOCK_MONOTONIC) - start) * 1e6);
  }
  if (file >= 0) ::close(file);
  ::unlink(path.c_str());
  if (!micros.empty()) std::printf("audit.%s.disk_fsync_p50 us %.0f\n", store, Quantile(micros, 0.5));
}

// Calls `done` events through `log` with kWaiting of them always waiting.
class Drive {
 public:
  Drive(audit::AuditLog& log, int total) : log_(log), total_(total) {}

  void Run() {
    for (int i = 0; i < kWaiting; ++i) Next();
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return done_ == total_; });
  }
  int failed() const { return failed_; }

 private:
  void Next() {
    const int i = started_++;
    if (i >= total_) return;
    log_.Append(Typical(i), AuditDurability::kDurable, [this](Result<AuditReceipt> r) {
      if (!r.ok()) ++failed_;
      Next();
      const std::lock_guard lock(mutex_);
      if (++done_ == total_) finished_.notify_one();
    });
  }

  audit::AuditLog& log_;
  const int total_;
  std::atomic<int> started_{0}, failed_{0};
  int done_ = 0;
  std::mutex mutex_;
  std::condition_variable finished_;
};

inline void ThroughLog(const char* name, const std::shared_ptr<audit::AuditStore>& store, int total) {
  auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  if (!log.ok()) return;
  const double wall = Seconds(CLOCK_MONOTONIC), cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  Drive drive(**log, total);
  drive.Run();
  const double took = Seconds(CLOCK_MONOTONIC) - wall;
  std::printf("audit.%s.durable_events_per_second 1/s %.0f\n", name, total / took);
  std::printf("audit.%s.cpu_per_event us %.2f\n", name, (Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / total * 1e6);
  const AuditStats stats = (*log)->stats();
  std::printf("audit.%s.batch_mean events %.0f\n", name,
              static_cast<double>(stats.committed) / static_cast<double>(stats.batches));
  // Commit times, as the upper bound of the bucket that holds the quantile.
  for (const auto& [label, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    std::size_t i = 0;
    while (i + 1 < stats.commit_micros_buckets.size() &&
           static_cast<double>(stats.commit_micros_buckets[i]) < share * static_cast<double>(stats.batches)) {
      ++i;
    }
    std::printf("audit.%s.commit_%s us %d\n", name, label, 100 << i);
  }
  if (drive.failed() > 0) std::printf("audit.%s.failed events %d\n", name, drive.failed());
}

// Events a second, placed beforehand, so that only the store is timed; 0 when it failed.
inline double Bare(audit::AuditStore& store, const std::string& tenant, int batches, int size) {
  std::vector<audit::TenantBatch> made;
  std::string prev;
  for (int b = 0, i = 0; b < batches; ++b) {
    audit::TenantBatch batch{tenant, {}};
    for (int k = 0; k < size; ++k, ++i) {
      AuditEvent e = Typical(i);
      e.tenant = tenant;
      e.event_id = "0190b7c2-0000-7000-8000-" + std::to_string(100'000'000'000 + i);
      e.ts_micros = 1'700'000'000'000'000 + i;
      const audit::EventDraft draft = audit::MakeDraft(std::move(e), "bench", false);
      batch.events.push_back(draft.stored);
      audit::Place(draft, i, prev, batch.events.back().record);
      prev = batch.events.back().record.hash;
    }
    made.push_back(std::move(batch));
  }
  const double wall = Seconds(CLOCK_MONOTONIC);
  for (const audit::TenantBatch& batch : made) {
    if (!store.Append(std::span(&batch, 1)).ok()) return 0;
  }
  return batches * size / (Seconds(CLOCK_MONOTONIC) - wall);
}

// What the log's rate is to be held against, in the same run: bare transactions of the same size, and one an event.
inline void Peers(const char* row, audit::AuditStore& store) {
  for (const auto& [peer, batches, size] : {std::tuple{"bare_loop_of_256", 200, kWaiting}, {"per_event_transaction", 1'000, 1}}) {
    std::printf("audit.%s.durable_events_per_second peer:%s %.0f\n", row, peer, Bare(store, peer, batches, size));
  }
}

}  // namespace intentgate::bench
