// Appends durably from several threads until it is killed, and writes the id of every acknowledged
// event to its standard output: one line, one write, after the acknowledgement.

#include <unistd.h>

#include <cstdio>
#include <thread>
#include <vector>

#include "audit/audit_log.h"
#include "store/sqlite/sqlite_store.h"

namespace {

constexpr int kThreads = 4;

void AppendForEver(intentgate::audit::AuditLog& log, int number) {
  for (;;) {
    intentgate::AuditEvent event;
    event.tenant = number % 2 == 0 ? "even" : "odd";
    event.decision = "allow";
    event.tool = "read_file";
    event.charges = {{"calls", 0, 1}};
    const auto receipt = log.AppendAndWait(std::move(event));
    if (!receipt.ok()) {
      std::fprintf(stderr, "append: %s\n", receipt.error().ToString().c_str());
      _exit(3);
    }
    const std::string line = receipt->event_id + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(4);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto store = intentgate::store::SqliteStore::Open(argv[1], {});
  if (!store.ok()) {
    std::fprintf(stderr, "open: %s\n", store.error().ToString().c_str());
    return 2;
  }
  auto log = intentgate::audit::AuditLog::Create(*store, {}, intentgate::SystemClock(), intentgate::SystemRandom());
  if (!log.ok()) {
    std::fprintf(stderr, "log: %s\n", log.error().ToString().c_str());
    return 2;
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&log, i] { AppendForEver(**log, i); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}
