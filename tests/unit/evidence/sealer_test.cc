#include "evidence/sealer.h"

#include <condition_variable>
#include <filesystem>

#include "store/sqlite/sqlite_store.h"
#include "unit/evidence/evidence_world.h"

namespace intentgate::test {
namespace {

// The parts of a run with a sealer that the test drives.
template <typename Store>
struct SealerRun {
  std::shared_ptr<Store> store;
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(1'700'000'000'000'000);
  std::unique_ptr<audit::AuditLog> log;
  std::unique_ptr<evidence::Signer> signer;
  std::vector<audit::StoredCheckpoint> checkpoints;
  std::vector<EvidenceNotice> notices;
  std::unique_ptr<evidence::Sealer> sealer;

  SealerRun(std::shared_ptr<Store> over, const std::string& state_file, std::uint8_t key_seed = 1)
      : store(std::move(over)) {
    auto made = audit::AuditLog::Create(store, {}, clock, SystemRandom());
    REQUIRE(made.ok());
    log = *std::move(made);
    auto file = evidence::SignerStateFile::Open(state_file);
    REQUIRE(file.ok());
    signer = std::make_unique<evidence::Signer>(
        evidence::SignerSetup{store, clock, "prod", KeyOf(key_seed), std::nullopt, *std::move(file)});
    Start({.interval_ms = 0});
  }
  void Start(const evidence::SealerOptions& options) {
    evidence::SealerHooks hooks;
    hooks.signed_one = [this](const std::string&, const audit::StoredCheckpoint& one) { checkpoints.push_back(one); };
    hooks.notice = [this](const EvidenceNotice& notice) { notices.push_back(notice); };
    sealer = std::make_unique<evidence::Sealer>(*log, *signer, clock, options, std::move(hooks));
  }
  void Append(int count = 1) {
    for (int i = 0; i < count; ++i) {
      AuditEvent event;
      event.tenant = "acme";
      REQUIRE(log->AppendAndWait(std::move(event)).ok());
    }
  }
  std::int64_t Count(const std::string& tool) const {
    AuditFilter filter;
    filter.tenant = "acme";
    filter.tool = tool;
    return *store->Count(filter);
  }
};

}  // namespace

TEST_CASE("a round signs when there is news, and again after a while without") {
  const ScratchFolder folder;
  SealerRun run(std::make_shared<store::MemoryStore>(), folder.File("state"));
  run.sealer->Round();
  CHECK(run.checkpoints.empty());
  run.Append(3);
  run.sealer->Round();
  // The chain had no word of a key: the round brought it in first.
  REQUIRE(run.checkpoints.size() == 1);
  CHECK(run.checkpoints[0].size == 5);
  CHECK(run.Count("audit/key_rotated") == 1);
  run.sealer->Round();
  CHECK(run.checkpoints.size() == 1);
  run.clock->AdvanceMicros(59'999'999);
  run.sealer->Round();
  CHECK(run.checkpoints.size() == 1);
  run.clock->AdvanceMicros(1);
  run.sealer->Round();
  REQUIRE(run.checkpoints.size() == 2);
  CHECK(run.checkpoints[1].size == 5);
  CHECK(run.checkpoints[1].signed_at_micros == run.checkpoints[0].signed_at_micros + 60'000'000);
  run.Append();
  run.sealer->Round();
  CHECK(run.checkpoints.size() == 3);
  CHECK(run.Count("audit/key_rotated") == 1);
}

TEST_CASE("another key is noted in the chain once, with the one before") {
  const ScratchFolder folder;
  const auto store = std::make_shared<store::MemoryStore>();
  for (int i = 0; i < 2; ++i) {
    SealerRun run(store, folder.File("state"), 1);
    run.Append();
    run.sealer->Round();
    CHECK(run.Count("audit/key_rotated") == 1);
  }
  SealerRun run(store, folder.File("state"), 90);
  run.Append();
  run.sealer->Round();
  run.sealer->Round();
  AuditFilter filter;
  filter.tenant = "acme";
  filter.tool = "audit/key_rotated";
  const auto noted = store->Query(filter, false, "", 10);
  REQUIRE(noted->records.size() == 2);
  CHECK(noted->records[0].canonical.find("\"previous_key\":\"" + KeyOf(1).verifier().ToString() + "\"") != std::string::npos);
  CHECK(noted->records[0].canonical.find("\"signing_key\":\"" + KeyOf(90).verifier().ToString() + "\"") != std::string::npos);
}

TEST_CASE("a fork is told once, in the chain and to the listener, and its end too") {
  const ScratchFolder folder;
  const std::string db = folder.File("gate.db"), newer = folder.File("newer.db"), state = folder.File("state");
  const auto open = [&] { return *store::SqliteStore::Open(db, {}); };
  {
    SealerRun run(open(), state);
    run.Append(3);
    run.sealer->Round();
  }
  std::filesystem::copy_file(db, folder.File("backup.db"));
  {
    SealerRun run(open(), state);
    run.Append(4);
    run.sealer->Round();
  }
  std::filesystem::copy_file(db, newer);
  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(folder.File("backup.db"), db, overwrite);
  {
    SealerRun run(open(), state);
    for (int i = 0; i < 3; ++i) {
      run.Append();
      run.sealer->Round();
    }
    CHECK(run.checkpoints.empty());
    CHECK(run.Count("audit/fork_detected") == 1);
    REQUIRE(run.notices.size() == 1);
    CHECK(run.notices[0].problem);
    CHECK(run.notices[0].message.find("fork_detected: ") != std::string::npos);
  }
  // The right database is brought back.
  std::filesystem::copy_file(newer, db, overwrite);
  SealerRun run(open(), state);
  run.Append();
  run.sealer->Round();
  CHECK(run.checkpoints.size() == 1);
  CHECK(run.Count("audit/fork_detected") == 0);
}

TEST_CASE("the thread signs by itself, early after many events, and at its end") {
  const ScratchFolder folder;
  SealerRun run(std::make_shared<store::MemoryStore>(), folder.File("state"));
  std::mutex mutex;
  std::condition_variable wake;
  std::uint64_t covered = 0;
  evidence::SealerHooks hooks;
  hooks.signed_one = [&](const std::string&, const audit::StoredCheckpoint& one) {
    const std::lock_guard lock(mutex);
    covered = one.size;
    wake.notify_all();
  };
  // An interval that the test does not wait for: only the number of events can be the reason.
  run.sealer = std::make_unique<evidence::Sealer>(*run.log, *run.signer, run.clock,
                                                  evidence::SealerOptions{.interval_ms = 50'000, .max_events = 10}, hooks);
  run.Append(20);
  {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return covered >= 10; });
  }
  run.Append();
  run.sealer.reset();
  CHECK(covered == static_cast<std::uint64_t>(run.store->Head("acme")->next_seq));
}

}  // namespace intentgate::test
