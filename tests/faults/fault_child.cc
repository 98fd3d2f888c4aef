// What is run with one system call failing, and afterwards without.
//
//   fault_child append store|journal|signer FOLDER   says "ready", waits for a line on its standard input, then appends, or
//                                                    signs, until enough has succeeded; on its standard output "? ID"
//                                                    before it asks, "! ID" when it was told that it is done
//   fault_child verify store|journal|signer FOLDER   opens the same again, reads such lines from its standard input, and
//                                                    ends with 0 if nothing is lost or forged, all verifies and it goes on
//
// For the signer an ID is a checkpoint's size and root.

#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>

#include "audit/audit_log.h"
#include "base/encoding.h"
#include "evidence/signer.h"
#include "store/sqlite/sqlite_store.h"
#include "support/fixed_random.h"

namespace intentgate::test {
namespace {

constexpr int kTries = 200;
constexpr const char* kTenant = "acme";

[[noreturn]] void End(int code, const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::fflush(stderr);
  ::_exit(code);
}
[[noreturn]] void Wrong(const std::string& what) { End(1, what); }

template <typename T>
T Started(Result<T> result, const char* what) {
  if (!result.ok()) End(2, std::string(what) + ": " + result.error().ToString());
  return *std::move(result);
}

// With a system call that is not one of those that fail.
void Say(const char* what, const std::string& id) {
  std::string line = what + id + "\n";
  const iovec all{line.data(), line.size()};
  if (::writev(STDOUT_FILENO, &all, 1) != static_cast<ssize_t>(line.size())) ::_exit(4);
}

struct World {
  bool journaled = false;
  std::string folder;
  std::shared_ptr<store::SqliteStore> store;
  std::unique_ptr<audit::AuditLog> log;

  World(const std::string& kind, std::string place) : journaled(kind == "journal"), folder(std::move(place)) {
    store::SqliteOptions small;
    small.checkpoint_pages = 40;   // so that the WAL is copied and starts over within a run
    store = Started(store::SqliteStore::Open(folder + "/gate.db", small), "open");
    audit::AuditLogOptions options;
    options.retry_micros = 1'000;
    if (journaled) {
      options.journal.directory = folder + "/journal";
      options.journal.max_bytes = 64 << 10;   // segments of an eighth of it: some are full within a run
    }
    log = Started(audit::AuditLog::Create(store, options, SystemClock(), SystemRandom()), "log");
  }

  Result<AuditReceipt> Append(const std::string& id) {
    AuditEvent event;
    event.tenant = kTenant;
    event.event_id = id;
    event.decision = "allow";
    event.tool = "read_file";
    event.reason = std::string(200, 'r');
    return log->AppendAndWait(std::move(event), journaled ? AuditDurability::kJournal : AuditDurability::kDurable);
  }

  std::unique_ptr<evidence::Signer> MakeSigner() {
    FixedRandom random(7);
    tlog::SigningKey key = Started(tlog::SigningKey::Generate("acme-log", tlog::KeyType::kEd25519, random), "key");
    evidence::SignerStateFile file = Started(evidence::SignerStateFile::Open(folder + "/signer.state"), "state");
    return std::make_unique<evidence::Signer>(
        evidence::SignerSetup{store, SystemClock(), "prod", std::move(key), std::nullopt, std::move(file)});
  }
};

std::string NameOf(const audit::StoredCheckpoint& checkpoint) {
  return std::to_string(checkpoint.size) + " " + base::HexEncode(checkpoint.root);
}

void AppendUntil(World& world, int wanted) {
  const std::string run = std::to_string(::getpid());
  for (int n = 0, done = 0; done < wanted; ++n) {
    if (n == kTries) End(5, "it does not go on after the fault");
    const std::string id = run + "-" + std::to_string(n);
    Say("? ", id);
    const Result<AuditReceipt> receipt = world.Append(id);
    if (receipt.ok()) Say("! ", id), ++done;
  }
}

void SignUntil(World& world, int wanted) {
  const std::unique_ptr<evidence::Signer> signer = world.MakeSigner();
  for (int n = 0, done = 0; done < wanted; ++n) {
    if (n == kTries) End(5, "the signer does not go on after the fault: " + signer->problem(kTenant));
    static_cast<void>(world.Append(std::to_string(::getpid()) + "-" + std::to_string(n)).ok());
    const Result<audit::StoredCheckpoint> checkpoint = signer->CheckpointNow(kTenant);
    if (checkpoint.ok()) Say("! ", NameOf(*checkpoint)), ++done;
  }
}

void CheckChain(audit::AuditStore& store, const std::set<std::string>& tried, const std::set<std::string>& acknowledged) {
  const Result<VerifyReport> report = audit::VerifyChain(store, kTenant);
  if (!report.ok()) Wrong("verify: " + report.error().ToString());
  if (!report->ok) Wrong("the chain does not verify: " + report->problem);
  std::set<std::string> stored;
  for (std::int64_t next = 0; next < report->head.next_seq;) {
    const auto page = store.ScanStored(kTenant, next, 1'000);
    if (!page.ok() || page->empty()) Wrong("the chain cannot be read");
    for (const audit::StoredEvent& event : *page) {
      if (event.kind != "decision") continue;
      if (!stored.insert(event.record.event_id).second) Wrong(event.record.event_id + " is there twice");
      if (!tried.empty() && tried.count(event.record.event_id) == 0) Wrong(event.record.event_id + " is forged");
    }
    next = page->back().record.seq + 1;
  }
  for (const std::string& id : acknowledged) {
    if (stored.count(id) == 0) Wrong(id + " was acknowledged and is lost");
  }
}

// Nobody but the signer makes checkpoints, and it says what it made; so it has signed nothing else.
void CheckCheckpoints(World& world, const std::set<std::string>& acknowledged) {
  const std::unique_ptr<evidence::Signer> signer = world.MakeSigner();
  const Result<audit::StoredCheckpoint> next = signer->CheckpointNow(kTenant);
  if (!next.ok()) Wrong("the signer refuses: " + next.error().ToString());
  const auto checkpoints = world.store->Checkpoints(kTenant, UINT64_MAX >> 1, 10'000);
  if (!checkpoints.ok()) Wrong("the checkpoints cannot be read");
  std::set<std::string> stored;
  tlog::CompactRange tree;
  for (auto at = checkpoints->rbegin(); at != checkpoints->rend(); ++at) {
    const auto hashes = world.store->ChainHashes(kTenant, static_cast<std::int64_t>(tree.size()), at->size - tree.size());
    if (!hashes.ok()) Wrong("the chain cannot be read");
    for (const tlog::Hash& hash : *hashes) tree.Append(tlog::LeafHash(hash));
    if (tree.size() != at->size || tree.Root() != at->root) Wrong("a checkpoint is of another history");
    stored.insert(NameOf(*at));
  }
  for (const std::string& name : acknowledged) {
    if (stored.count(name) == 0) Wrong("checkpoint " + name + " was given out and is lost");
  }
}

int Append(const std::string& kind, const std::string& folder) {
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  Say("ready", "");
  std::string go;
  std::getline(std::cin, go);
  World world(kind, folder);
  if (kind == "signer") {
    SignUntil(world, 3);
  } else {
    AppendUntil(world, kind == "journal" ? 24 : 8);
  }
  return 0;
}

int Verify(const std::string& kind, const std::string& folder) {
  std::set<std::string> tried, acknowledged;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.size() > 2 && line[1] == ' ') (line[0] == '!' ? acknowledged : tried).insert(line.substr(2));
  }
  World world(kind, folder);
  if (kind == "signer") {
    CheckCheckpoints(world, acknowledged);
    CheckChain(*world.store, {}, {});
    return 0;
  }
  CheckChain(*world.store, tried, acknowledged);
  for (int n = 0; n < 2; ++n) {
    if (!world.Append("after-" + std::to_string(n)).ok() || !world.log->Flush().ok()) Wrong("it does not go on");
  }
  return 0;
}

}  // namespace
}  // namespace intentgate::test

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const std::string what = argv[1];
  if (what == "append") return intentgate::test::Append(argv[2], argv[3]);
  return what == "verify" ? intentgate::test::Verify(argv[2], argv[3]) : 64;
}
