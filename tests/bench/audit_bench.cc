// Prints `name unit value` lines. audit_bench [FOLDER]: where the SQLite file goes; the disk decides.
//
// 1,024 callers each have one event waiting; when it is acknowledged they append the next one. Peers: the
// same rows in bare transactions of the same size, and one transaction an event.

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit_load.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace {

using namespace intentgate;
using namespace intentgate::bench;

constexpr int kThreads = 256;

void WithThreads(const std::shared_ptr<audit::AuditStore>& store, int total) {
  auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  if (!log.ok()) return;
  std::atomic<int> next{0};
  const double wall = Seconds(CLOCK_MONOTONIC);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; (i = next++) < total;) static_cast<void>((*log)->AppendAndWait(Typical(i)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("audit.sqlite.durable_events_per_second_256_threads 1/s %.0f\n",
              total / (Seconds(CLOCK_MONOTONIC) - wall));
}

void Verification(audit::AuditStore& store) {
  double cpu = Seconds(CLOCK_THREAD_CPUTIME_ID);
  const auto report = audit::VerifyChain(store, "acme");
  if (!report.ok() || !report->ok) return;
  std::printf("audit.verify_store_events_per_second 1/s %.0f of one core\n",
              static_cast<double>(report->verified) / (Seconds(CLOCK_THREAD_CPUTIME_ID) - cpu));
  AuditFilter filter;
  filter.tenant = "acme";
  cpu = Seconds(CLOCK_THREAD_CPUTIME_ID);
  const Status exported = audit::ExportEvents(store, filter, ExportFormat::kNdjson, *SystemClock(),
                                              [](std::string_view) { return Status(); });
  if (!exported.ok()) return;
  std::printf("audit.export_events_per_second 1/s %.0f of one core\n",
              static_cast<double>(report->verified) / (Seconds(CLOCK_THREAD_CPUTIME_ID) - cpu));
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
    Fsync("sqlite", (folder / "fsync").string());
    ThroughLog("sqlite", *store, 200'000);
    Verification(**store);
    WithThreads(*store, 100'000);
    Peers("sqlite", **store);
  }
  std::filesystem::remove_all(folder);
  return 0;
}
