// Prints `name unit value` lines. audit_bench [FOLDER]: where the SQLite file goes; the disk decides.
//
// 256 callers each have one event waiting; when it is acknowledged they append the next one. Peers: the
// same rows in bare transactions of the same size, and one transaction an event.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace {

using namespace intentgate;

constexpr int kWaiting = 256;

AuditEvent Typical(int i) {
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

double Seconds(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
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

void ThroughLog(const char* name, const std::shared_ptr<audit::AuditStore>& store, int total) {
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

void WithThreads(const std::shared_ptr<audit::AuditStore>& store, int total) {
  auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  if (!log.ok()) return;
  std::atomic<int> next{0};
  const double wall = Seconds(CLOCK_MONOTONIC);
  std::vector<std::thread> threads;
  for (int t = 0; t < kWaiting; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; (i = next++) < total;) static_cast<void>((*log)->AppendAndWait(Typical(i)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("audit.sqlite.durable_events_per_second_256_threads 1/s %.0f\n",
              total / (Seconds(CLOCK_MONOTONIC) - wall));
}

// Events placed beforehand, so that only the store is timed.
void Bare(const char* name, audit::AuditStore& store, const std::string& tenant, int batches, int size) {
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
    if (!store.Append(std::span(&batch, 1)).ok()) return;
  }
  std::printf("audit.%s 1/s %.0f\n", name, batches * size / (Seconds(CLOCK_MONOTONIC) - wall));
}

void Verification(audit::AuditStore& store) {
  double wall = Seconds(CLOCK_MONOTONIC);
  const auto report = audit::VerifyChain(store, "acme");
  if (!report.ok() || !report->ok) return;
  std::printf("audit.verify_events_per_second 1/s %.0f\n",
              static_cast<double>(report->verified) / (Seconds(CLOCK_MONOTONIC) - wall));
  AuditFilter filter;
  filter.tenant = "acme";
  ExportVerifier verifier;
  double verifying = 0;
  wall = Seconds(CLOCK_MONOTONIC);
  const Status exported =
      audit::ExportEvents(store, filter, ExportFormat::kNdjson, *SystemClock(), [&](std::string_view piece) {
        const double start = Seconds(CLOCK_MONOTONIC);
        verifier.Feed(piece);
        verifying += Seconds(CLOCK_MONOTONIC) - start;
        return Status();
      });
  const double took = Seconds(CLOCK_MONOTONIC) - wall - verifying;
  const auto verdict = verifier.Finish();
  if (!exported.ok() || !verdict.complete) return;
  std::printf("audit.export_events_per_second 1/s %.0f\n", static_cast<double>(verdict.events) / took);
  std::printf("audit.verify_export_events_per_second 1/s %.0f\n", static_cast<double>(verdict.events) / verifying);
}

void Preparation() {
  constexpr int kEvents = 100'000;
  std::size_t bytes = 0;
  const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < kEvents; ++i) {
    AuditEvent e = Typical(i);
    e.event_id = "0190b7c2-0000-7000-8000-000000000000";
    e.ts_micros = 1'700'000'000'000'000 + i;
    const audit::EventDraft draft = audit::MakeDraft(std::move(e), "bench", false);
    AuditRecord record;
    audit::Place(draft, i, "", record);
    bytes += record.canonical.size();
  }
  std::printf("audit.canonical_and_hash us %.2f\n", (Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / kEvents * 1e6);
  std::printf("audit.canonical_size bytes %.0f\n", static_cast<double>(bytes) / kEvents);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = std::filesystem::path(argc > 1 ? argv[1] : "/tmp") /
                                       ("intentgate-audit-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  Preparation();
  ThroughLog("memory", std::make_shared<store::MemoryStore>(), 200'000);
  {
    auto store = store::SqliteStore::Open((folder / "gate.db").string(), {});
    if (!store.ok()) {
      std::fprintf(stderr, "%s\n", store.error().message.c_str());
      return 1;
    }
    ThroughLog("sqlite", *store, 200'000);
    Verification(**store);
    WithThreads(*store, 100'000);
    Bare("sqlite.bare_loop_of_256", **store, "bare", 400, kWaiting);
    Bare("sqlite.one_transaction_per_event", **store, "single", 1'000, 1);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
