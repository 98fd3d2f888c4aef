// Prints `name unit value` lines. Starts a PostgreSQL server of its own, with fsync, in the scratch folder (TMPDIR); the
// disk decides, so its fsync is measured in the same run.
//
// Peers: the same rows in bare transactions of the same size, and one transaction an event under the head's row lock.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "audit_load.h"
#include "store/postgres/postgres_store.h"
#include "support/postgres.h"

namespace {

using namespace intentgate;
using namespace intentgate::bench;

double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// Of a page appended to a file, as a commit does it.
void Fsync(const std::string& path) {
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
  if (!micros.empty()) std::printf("audit.postgres.disk_fsync_p50 us %.0f\n", Quantile(micros, 0.5));
}

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
  Fsync(server->socket_folder() + "/fsync");
  store::PostgresOptions options;
  options.url = server->Url();
  auto store = store::PostgresStore::Open(std::move(options));
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  ThroughLog("postgres", *store, 100'000);
  Bare("postgres.bare_loop_of_256", **store, "bare", 200, kWaiting);
  Bare("postgres.one_transaction_per_event", **store, "single", 1'000, 1);
  OpenLoop(*store, 5'000, 5);
  return 0;
}
