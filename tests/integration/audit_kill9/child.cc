// Appends from several threads until it is killed. For each event it writes two lines to its standard output, each in
// one write: "? ID" before it asks, "! ID" when it was told that the event is recorded.
//
//   audit_kill9_child sqlite|postgres FILE|CONNINFO SCHEMA NAME [JOURNAL FOLDER]

#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "audit/audit_log.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace {

constexpr int kThreads = 4;

void Say(const char* what, const std::string& id) {
  const std::string line = what + id + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(4);
}

void AppendForEver(intentgate::audit::AuditLog& log, intentgate::AuditPromise promise, const std::string& name, int number) {
  for (std::int64_t n = 0;; ++n) {
    intentgate::AuditEvent event;
    event.event_id = name + "-" + std::to_string(number) + "-" + std::to_string(n);
    event.tenant = number % 2 == 0 ? "even" : "odd";
    event.decision = "allow";
    event.tool = "read_file";
    event.charges = {{"calls", 0, 1}};
    Say("? ", event.event_id);
    const auto receipt = log.AppendAndWait(std::move(event), promise);
    if (!receipt.ok()) {
      std::fprintf(stderr, "append: %s\n", receipt.error().ToString().c_str());
      _exit(3);
    }
    Say("! ", receipt->event_id);
  }
}

intentgate::Result<std::shared_ptr<intentgate::audit::AuditStore>> OpenStore(char** argv) {
  const std::string kind = argv[1];
  if (kind == "sqlite") {
    auto store = intentgate::store::SqliteStore::Open(argv[2], {});
    if (!store.ok()) return store.error();
    return std::shared_ptr<intentgate::audit::AuditStore>(*store);
  }
  intentgate::store::PostgresOptions options;
  options.url = argv[2];
  options.schema = argv[3];
  auto store = intentgate::store::PostgresStore::Open(std::move(options));
  if (!store.ok()) return store.error();
  return std::shared_ptr<intentgate::audit::AuditStore>(*store);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  auto store = OpenStore(argv);
  if (!store.ok()) {
    std::fprintf(stderr, "open: %s\n", store.error().ToString().c_str());
    return 2;
  }
  intentgate::audit::AuditLogOptions options;
  intentgate::AuditPromise promise = intentgate::AuditDurability::kDurable;
  if (argc > 5) {
    options.journal.directory = argv[5];
    promise.durability = intentgate::AuditDurability::kJournal;
  }
  auto log = intentgate::audit::AuditLog::Create(*store, options, intentgate::SystemClock(), intentgate::SystemRandom());
  if (!log.ok()) {
    std::fprintf(stderr, "log: %s\n", log.error().ToString().c_str());
    return 2;
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&, i] { AppendForEver(**log, promise, argv[4], i); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}
