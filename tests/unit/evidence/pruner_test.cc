#include "evidence/pruner.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "evidence/archive_file.h"
#include "evidence/sealer.h"
#include "support/scratch_folder.h"
#include "unit/evidence/evidence_world.h"

namespace intentgate::test {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000, kSecond = 1'000'000;
const AdminContext kAnn{"ann", "", ""};

// A retention store that fails, or that stops in the middle of a pruning.
class BreakingRetention final : public audit::RetentionStore {
 public:
  explicit BreakingRetention(std::shared_ptr<store::MemoryStore> store) : store_(std::move(store)) {}
  Status Prune(std::string_view tenant, const audit::PrunePoint& point) override {
    if (!broken) return static_cast<audit::RetentionStore&>(*store_).Prune(tenant, point);
    if (stop_at > 0) {
      const auto last = store_->Scan(tenant, stop_at - 1, 1);
      static_cast<void>(static_cast<audit::RetentionStore&>(*store_).Prune(tenant, {stop_at, last->front().hash}).ok());
    }
    return Error{ErrorCode::kUnavailable, "killed"};
  }
  Status AddHold(const LegalHold& hold) override { return store_->AddHold(hold); }
  Status RemoveHold(std::string_view tenant, std::string_view id) override { return store_->RemoveHold(tenant, id); }
  Result<std::vector<LegalHold>> Holds(std::string_view tenant) override { return store_->Holds(tenant); }
  bool broken = false;
  std::int64_t stop_at = 0;

 private:
  std::shared_ptr<store::MemoryStore> store_;
};

// A gate's evidence that may prune; one second passes from event to event.
struct PrunableRun {
  ScratchFolder folder;
  std::shared_ptr<store::MemoryStore> store = std::make_shared<store::MemoryStore>();
  std::shared_ptr<BreakingRetention> retention = std::make_shared<BreakingRetention>(store);
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(kStart);
  std::unique_ptr<audit::AuditLog> log;
  std::unique_ptr<Evidence> evidence;
  std::string archives = folder.File("archives");

  explicit PrunableRun(bool signing = true, bool archive_values = false) {
    std::filesystem::create_directories(archives);
    audit::AuditLogOptions options;
    options.deployment = "prod";
    options.commit = {{"remote_ip"}, 0};
    log = *audit::AuditLog::Create(store, std::move(options), clock, SystemRandom());
    evidence::EvidenceSetup setup;
    setup.tree = store;
    setup.values = store;
    setup.retention = retention;
    setup.archive_directory = archives;
    setup.archive_values = archive_values;
    setup.clock = clock;
    setup.deployment = "prod";
    if (signing) {
      setup.signer = std::make_unique<evidence::Signer>(evidence::SignerSetup{
          store, clock, "prod", KeyOf(1), std::nullopt, *evidence::SignerStateFile::Open(folder.File("state")), std::nullopt});
    }
    setup.sealer.interval_ms = 0;
    evidence = evidence::MakeEvidence(std::move(setup), *log);
  }

  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      clock->AdvanceMicros(kSecond);
      AuditEvent event;
      event.tenant = "acme";
      event.remote_ip = "192.0.2.1";
      REQUIRE(log->AppendAndWait(std::move(event)).ok());
    }
  }
  // Of the events before number `seq`, which came `seq` seconds after the start.
  Result<PruneReport> PruneBefore(std::int64_t seq, bool dry_run = false) {
    return evidence->Prune({"acme", kStart + seq * kSecond, "a test", dry_run}, kAnn);
  }
  std::int64_t Begin() const { return store->Pruned("acme")->first_seq; }
  BundleReport VerifyFile(const std::string& path) const {
    std::ifstream in(path, std::ios::binary);
    return VerifyText({std::istreambuf_iterator<char>(in), {}});
  }
  BundleReport VerifyText(const std::string& bytes, std::vector<std::string> older = {}) const {
    auto verifier = BundleVerifier::Create({{evidence->VerifierKey()}, std::move(older), {}});
    REQUIRE(verifier.ok());
    verifier->Feed(bytes);
    return verifier->Finish();
  }
  std::string Bundle() {
    REQUIRE(evidence->CheckpointNow("acme").ok());
    std::string out;
    REQUIRE(evidence->WriteBundle({.tenant = "acme", .filter = {}}, [&](std::string_view piece) {
      out += piece;
      return Status();
    }).ok());
    return out;
  }
  std::size_t PrunedEvents() const {
    AuditFilter filter;
    filter.tenant = "acme";
    filter.tool = "audit/pruned";
    return store->Query(filter, true, "", 100)->records.size();
  }
};

}  // namespace

TEST_CASE("pruned events stand in a verified archive, the chain says so, and what remains verifies from there") {
  PrunableRun run;
  run.Append(1'000);
  const std::string before = run.evidence->CheckpointNow("acme")->note;
  const auto planned = run.PruneBefore(700, true);
  REQUIRE_MESSAGE(planned.ok(), planned.error().message);
  CHECK(planned->next_first_seq == 512);   // 700 rounded down to a whole block
  CHECK(run.Begin() == 0);
  CHECK(run.PrunedEvents() == 0);

  const auto first = run.PruneBefore(700);
  REQUIRE_MESSAGE(first.ok(), first.error().message);
  CHECK(first->first_seq == 0);
  CHECK(first->next_first_seq == 512);
  CHECK(run.Begin() == 512);
  CHECK(run.PrunedEvents() == 1);
  run.Append(300);
  const auto second = run.PruneBefore(900);
  REQUIRE_MESSAGE(second.ok(), second.error().message);
  CHECK(second->first_seq == 512);
  CHECK(second->next_first_seq == 768);

  const BundleReport one = run.VerifyFile(first->archive), two = run.VerifyFile(second->archive);
  CHECK_MESSAGE(one.verdict == BundleVerdict::kIntact, one.message);
  CHECK_MESSAGE(two.verdict == BundleVerdict::kIntact, two.message);
  CHECK(one.events == 512);
  CHECK(two.first_seq == 512);
  CHECK(two.next_seq == 768);
  CHECK(two.archive);

  // Archive and rest together: one follows the other, and all of it is in the log that was signed.
  const std::string rest = run.Bundle();
  const BundleReport remaining = run.VerifyText(rest, {before});
  CHECK_MESSAGE(remaining.verdict == BundleVerdict::kIntact, remaining.message);
  CHECK(remaining.first_seq == 768);
  CHECK(remaining.events == run.store->Head("acme")->next_seq - 768);
  CHECK(audit::VerifyChain(*run.store, "acme", 0, {}, run.store.get())->ok);
  const auto checked = run.evidence->Verify("acme", false);
  REQUIRE(checked.ok());
  CHECK_MESSAGE(checked->chain.ok, checked->chain.problem);
  CHECK(run.evidence->FreshnessOf("acme")->ok);
  const auto proof = run.evidence->ProofOf("acme", run.store->Scan("acme", 768, 1)->front().event_id);
  CHECK(proof.ok());

  const json::Value said = *json::Parse(run.store->Query([] {
    AuditFilter filter;
    filter.tenant = "acme";
    filter.tool = "audit/pruned";
    return filter;
  }(), false, "", 1)->records.front().canonical);
  CHECK(said.AtPointer("/details/archive_sha256")->string_value() == second->archive_sha256);
  CHECK(said.AtPointer("/details/compact_range")->array().size() == 2);   // 768 = 512 + 256
  CHECK(said.Find("actor")->string_value() == "ann");
}

TEST_CASE("nothing goes that is too young, that fills no block, or that no checkpoint covers") {
  PrunableRun run;
  run.Append(600);
  CHECK(run.PruneBefore(200)->next_first_seq == 0);
  CHECK(run.Begin() == 0);
  CHECK(std::filesystem::is_empty(run.archives));
  CHECK(run.PruneBefore(100'000)->next_first_seq == 512);

  PrunableRun unsigned_run(false);
  unsigned_run.Append(600);
  const auto refused = unsigned_run.PruneBefore(600);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(refused.error().message.find("audit.signing.key_file") != std::string::npos);
  CHECK(unsigned_run.Begin() == 0);
}

TEST_CASE("a hold that covers one of the events stops it before anything is written") {
  PrunableRun run;
  run.Append(600);
  LegalHold hold{"acme", "case 7", "court", "ann", 1};
  hold.from_micros = hold.to_micros = kStart + 100 * kSecond;
  REQUIRE(run.store->AddHold(hold).ok());
  const auto refused = run.PruneBefore(600);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(refused.error().message.find("case 7") != std::string::npos);
  CHECK(std::filesystem::is_empty(run.archives));
  CHECK(run.PrunedEvents() == 0);
  REQUIRE(run.store->RemoveHold("acme", "case 7").ok());
  CHECK(run.PruneBefore(600).ok());
}

TEST_CASE("a pruning that ended at any step is brought to its end by the next one") {
  for (const std::int64_t stop_at : {0, 256}) {
    CAPTURE(stop_at);
    PrunableRun run;
    run.Append(1'000);
    run.retention->broken = true;
    run.retention->stop_at = stop_at;
    const auto killed = run.PruneBefore(700);
    REQUIRE_FALSE(killed.ok());
    CHECK(killed.error().message == "killed");
    CHECK(run.Begin() == stop_at);
    CHECK(run.PrunedEvents() == 1);
    CHECK(audit::VerifyChain(*run.store, "acme")->ok);
    run.retention->broken = false;
    const auto resumed = run.PruneBefore(100);   // nothing else is old enough
    REQUIRE_MESSAGE(resumed.ok(), resumed.error().message);
    CHECK(resumed->resumed);
    CHECK(run.Begin() == 512);
    CHECK(run.PrunedEvents() == 1);
    CHECK(audit::VerifyChain(*run.store, "acme")->ok);
    CHECK(run.VerifyText(run.Bundle()).verdict == BundleVerdict::kIntact);
  }
}

TEST_CASE("of two processes that prune a tenant at once, one says so in the chain; the other one deletes nothing") {
  PrunableRun run;
  run.Append(1'000);
  // The other process: has its event in the chain and deletes nothing yet.
  const auto other = *audit::AuditLog::Create(run.store, {}, run.clock, SystemRandom());
  const auto setup_for = [&](const std::string& archives, std::function<Status(std::string_view)> sign) {
    std::filesystem::create_directories(archives);
    evidence::PrunerSetup setup;
    setup.tree = run.store;
    setup.retention = run.retention;
    setup.clock = run.clock;
    setup.archive_directory = archives;
    setup.keys = {run.evidence->VerifierKey()};
    setup.sign = std::move(sign);
    return setup;
  };
  const auto sign = [&](std::string_view tenant) {
    const auto signed_now = run.evidence->CheckpointNow(tenant);
    return signed_now.ok() ? Status() : Status(signed_now.error());
  };
  evidence::Pruner second(setup_for(run.folder.File("elsewhere"), sign), *other);
  bool raced = false;
  evidence::Pruner first(setup_for(run.archives, [&](std::string_view tenant) {
    if (!std::exchange(raced, true)) {
      run.retention->broken = true;
      CHECK_FALSE(second.Prune({"acme", kStart + 400 * kSecond, "the other", false}, kAnn).ok());
      run.retention->broken = false;
    }
    return sign(tenant);
  }), *run.log);
  const auto refused = first.Prune({"acme", kStart + 700 * kSecond, "this one", false}, kAnn);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(refused.error().message.find("another process") != std::string::npos);
  CHECK(run.PrunedEvents() == 1);
  CHECK(run.Begin() == 0);
  // The next one brings the other's pruning to its end and goes on.
  const auto next = first.Prune({"acme", kStart + 700 * kSecond, "this one", false}, kAnn);
  REQUIRE_MESSAGE(next.ok(), next.error().message);
  CHECK(next->resumed);
  CHECK(run.Begin() == 512);
  CHECK(audit::VerifyChain(*run.store, "acme")->ok);
  CHECK(run.VerifyText(run.Bundle()).verdict == BundleVerdict::kIntact);
}

TEST_CASE("an archive that was left by an interrupted run is taken, one that was altered is not") {
  PrunableRun run;
  run.Append(600);
  const std::string path = run.archives + "/" + evidence::ArchiveName("acme", 0, 512);
  std::ofstream(path + ".part", std::ios::binary) << "half an archive";
  run.retention->broken = true;
  CHECK_FALSE(run.PruneBefore(600).ok());
  REQUIRE(std::filesystem::exists(path));
  CHECK_FALSE(std::filesystem::exists(path + ".part"));

  PrunableRun other;
  other.Append(600);
  std::ofstream(other.archives + "/" + evidence::ArchiveName("acme", 0, 512), std::ios::binary) << "not an archive";
  const auto refused = other.PruneBefore(600);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(other.Begin() == 0);
  CHECK(other.PrunedEvents() == 0);
}

TEST_CASE("a chain that was altered is not archived, and so not pruned") {
  PrunableRun run;
  run.Append(600);
  REQUIRE(run.evidence->CheckpointNow("acme").ok());
  // What a database's owner could do: another event in the place of one that is signed for.
  auto events = *run.store->ScanStored("acme", 0, 1'000);
  std::string& text = events[100].record.canonical;
  text.replace(text.find("acme"), 4, "acmf");
  const auto forged = std::make_shared<store::MemoryStore>();
  const std::vector<audit::TenantBatch> batches{{"acme", events}};
  REQUIRE(forged->Append(batches).ok());
  evidence::PrunerSetup setup;
  setup.tree = run.store;
  setup.retention = forged;
  setup.clock = run.clock;
  setup.archive_directory = run.archives;
  setup.keys = {run.evidence->VerifierKey()};
  setup.sign = [](std::string_view) { return Status(); };
  const auto log = *audit::AuditLog::Create(forged, {}, run.clock, SystemRandom());
  evidence::Pruner pruner(std::move(setup), *log);
  const auto refused = pruner.Prune({"acme", kStart + 600 * kSecond, "", false}, kAnn);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kCorrupt);
  CHECK(refused.error().message.find("not an intact archive segment") != std::string::npos);
  CHECK(forged->Pruned("acme")->first_seq == 0);
  CHECK(forged->Head("acme")->next_seq == 601);
}

TEST_CASE("where a quorum of witnesses is asked for, only what they have seen goes") {
  PrunableRun run;
  run.Append(600);
  const auto first = run.evidence->CheckpointNow("acme");
  run.Append(300);
  REQUIRE(run.evidence->CheckpointNow("acme").ok());
  evidence::PrunerSetup setup;
  setup.tree = run.store;
  setup.retention = run.retention;
  setup.clock = run.clock;
  setup.archive_directory = run.archives;
  setup.only_witnessed = true;
  setup.keys = {run.evidence->VerifierKey()};
  setup.sign = [](std::string_view) { return Status(); };
  evidence::Pruner pruner(std::move(setup), *run.log);
  const PruneRequest everything{"acme", kStart + 10'000 * kSecond, "", false};
  const auto refused = pruner.Prune(everything, kAnn);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("quorum of witnesses") != std::string::npos);
  auto checkpoints = *run.store->Checkpoints("acme", static_cast<std::uint64_t>(first->size), 1);
  checkpoints[0].witnessed_at_micros = kStart;
  REQUIRE(run.store->PutCheckpoint("acme", checkpoints[0]).ok());
  CHECK(pruner.Prune(everything, kAnn)->next_first_seq == 512);   // 601 are witnessed, 901 are there
}

TEST_CASE("private values go into an archive only when that is set, and go with the events") {
  for (const bool archived : {false, true}) {
    PrunableRun run(true, archived);
    run.Append(600);
    const auto pruned = run.PruneBefore(600);
    REQUIRE_MESSAGE(pruned.ok(), pruned.error().message);
    std::ifstream in(pruned->archive, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    CHECK((bytes.find("192.0.2.1") != std::string::npos) == archived);
    CHECK(run.VerifyFile(pruned->archive).verdict == BundleVerdict::kIntact);
    const std::vector<std::int64_t> gone{1, 511}, kept{512};
    CHECK(run.store->PrivateValues("acme", gone)->empty());
    CHECK(run.store->PrivateValues("acme", kept)->size() == 1);
  }
}

TEST_CASE("a process that fell behind signs on after another one pruned") {
  PrunableRun run;
  run.Append(600);
  evidence::Integrator behind(*run.store, "acme");
  REQUIRE(behind.CatchUp(0).ok());
  run.Append(600);
  REQUIRE(run.PruneBefore(1'100).ok());
  CHECK(run.Begin() == 1'024);
  const auto state = run.store->GetSignerState("acme");
  const auto tree = behind.CatchUp((*state)->size);
  REQUIRE_MESSAGE(tree.ok(), tree.error().message);
  CHECK(tree->Root() == (*state)->root);

  // Without its tiles a pruned chain cannot build its tree again; they are left alone.
  evidence::Integrator fresh(*run.store, "acme");
  CHECK(fresh.CatchUp((*state)->size).ok());
  REQUIRE(run.store->DropTiles("acme").ok());
  evidence::Integrator lost(*run.store, "acme");
  const auto refused = lost.CatchUp((*state)->size);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("log_tiles") != std::string::npos);
}

TEST_CASE("an archive's name tells tenants apart") {
  CHECK(evidence::ArchiveName("acme", 0, 512) == "acme-000000000000-000000000512.tar");
  CHECK(evidence::ArchiveName("../a b", 512, 1'024) == "%2e%2e%2fa%20b-000000000512-000000001024.tar");
  CHECK(evidence::ArchiveName("a%2e", 0, 256) != evidence::ArchiveName("a.", 0, 256));
}

}  // namespace intentgate::test
