// Prints `name unit value` lines. Starts a PostgreSQL server of its own, with fsync, in the scratch folder (TMPDIR); the
// disk decides, so its fsync is measured in the same run.
//
// Peers: the same rows in bare transactions of the same size, and one transaction an event under the head's row lock.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <chrono>
#include <thread>

#include "audit_load.h"
#include "store/postgres/postgres_store.h"
#include "support/postgres.h"

namespace {

using namespace intentgate;
using namespace intentgate::bench;

// Events arrive on a timetable, whether the store keeps up or not. A wait begins when its event was due.
void OpenLoop(const std::shared_ptr<audit::AuditStore>& store, int per_second, int seconds) {
  auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  if (!log.ok()) return;
  const int total = per_second * seconds;
  std::vector<double> waits(static_cast<std::size_t>(total));
  std::atomic<int> failed{0};
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < total; ++i) {
    const auto due = start + std::chrono::microseconds(std::int64_t{1'000'000} * i / per_second);
    std::this_thread::sleep_until(due);
    (*log)->Append(Typical(i), AuditDurability::kDurable, [&, i, due](const Result<AuditReceipt>& r) {
      if (!r.ok()) ++failed;
      waits[static_cast<std::size_t>(i)] =
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - due).count();
    });
  }
  log->reset();   // waits for what is queued
  std::printf("audit.durable_wait_p50_at_%d ms %.2f postgres\n", per_second, Quantile(waits, 0.5));
  std::printf("audit.durable_wait_p99_at_%d ms %.2f postgres\n", per_second, Quantile(waits, 0.99));
  if (failed > 0) std::printf("audit.postgres.open_loop_failed events %d\n", failed.load());
}

}  // namespace

int main() {
  doctest::Context context;   // the server's helper reports with doctest
  context.setAsDefaultForAssertsOutOfTestCases();
  const auto server = test::PostgresServer::Make();
  Fsync("postgres", server->socket_folder() + "/fsync");
  store::PostgresOptions options;
  options.url = server->Url();
  auto store = store::PostgresStore::Open(std::move(options));
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  // A fresh server makes each file of its WAL when it needs it; one that has run for a while uses them again.
  if (Bare(**store, "warm", 200, kWaiting) <= 0) return 1;
  server->Sql("CHECKPOINT");
  ThroughLog("postgres", *store, 100'000);
  Peers("postgres", **store);
  server->Sql("CHECKPOINT");
  OpenLoop(*store, 5'000, 5);
  return 0;
}
