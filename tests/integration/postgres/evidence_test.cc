// Two gateways, each with its own signer's state and archive, on one database.

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <filesystem>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <intentgate/bundle.h>
#include <intentgate/evidence.h>
#include <intentgate/gate.h>
#include <intentgate/json.h>
#include <intentgate/settings.h>

#include "base/encoding.h"
#include "fixture.h"
#include "support/scratch_folder.h"
#include "tlog/merkle.h"

namespace intentgate::test {
namespace {

const std::string kTenant = "default";
constexpr std::int64_t kFarAway = 4'000'000'000'000'000;
const AdminContext kAnn{"ann", "", ""};

// What two machines share: a database and a signing key.
struct Site {
  ScratchFolder folder;
  std::string database;
  std::string key_file = folder.File("key"), verifier_key;
  std::shared_ptr<Gate> gates[2];

  explicit Site(std::string name) : database(std::move(name)) {
    PostgresServer::Shared().Sql("CREATE DATABASE " + database);
    const auto made = MakeSigningKeyFile(key_file, "acme.example", *SystemRandom());
    REQUIRE(made.ok());
    verifier_key = *made;
    for (int i = 0; i < 2; ++i) Start(i);
  }
  void Start(int i) {
    const std::string own = folder.File(std::to_string(i));
    std::filesystem::create_directories(own);
    std::string url = PostgresServer::Shared().Url();
    url.replace(url.find("dbname=postgres"), std::string::npos, "dbname=" + database);
    SettingsLoad load = LoadGateSettings(
        "capability: {required: false}\nstore: {kind: postgres}\naudit: {durability: async, signing: {key_file: " + key_file +
            ", state_file: " + own + "/state, deployment: acme.example}, retention: {archive_directory: " + own + "}}\n",
        "", {{"INTENTGATE_POSTGRES_URL", url}});
    REQUIRE_MESSAGE(load.problems.empty(), load.problems.front().message);
    load.settings.signing_interval_ms = 0;   // only the tests sign
    auto gate = Gate::Open(load.settings);
    REQUIRE_MESSAGE(gate.ok(), gate.error().message);
    gates[i] = *std::move(gate);
  }
  void Stop() {
    for (std::shared_ptr<Gate>& gate : gates) gate.reset();
  }
  void Append(int i, int count) {
    for (int n = 0; n < count; ++n) static_cast<void>(gates[i]->Authorize({.tool = "read_file"}).allowed());
    const Status flushed = gates[i]->Flush();
    REQUIRE_MESSAGE(flushed.ok(), flushed.error().message);
  }
  std::vector<AuditRecord> Events(int i, const std::string& tool) {
    AuditFilter filter;
    filter.tenant = kTenant;
    filter.tool = tool;
    const auto page = gates[i]->QueryAudit(filter, {}, 1'000);
    REQUIRE(page.ok());
    return page->records;
  }
  // Of gate 1, so that what gate 0 wrote is read from the store.
  BundleReport VerifyBundle() {
    REQUIRE(gates[1]->evidence()->CheckpointNow(kTenant).ok());
    auto verifier = BundleVerifier::Create({{verifier_key}, {}, {}});
    REQUIRE(verifier.ok());
    REQUIRE(gates[1]->evidence()->WriteBundle({.tenant = kTenant, .filter = {}}, [&](std::string_view piece) {
      verifier->Feed(piece);
      return Status();
    }).ok());
    return verifier->Finish();
  }
};

}  // namespace

TEST_CASE("two gateways sign one chain from one state at once, and never two histories") {
  Site site("signing_site");
  constexpr int kRounds = 25;
  std::vector<CheckpointInfo> signed_ones[2];
  std::vector<std::string> problems[2];
  std::vector<std::thread> threads;
  for (const int i : {0, 1}) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        for (int n = 0; n < 5; ++n) static_cast<void>(site.gates[i]->Authorize({.tool = "read_file"}).allowed());
        auto checkpoint = site.gates[i]->evidence()->CheckpointNow(kTenant);
        // A gateway that was slower five times in a row leaves it to its next round.
        if (checkpoint.ok()) signed_ones[i].push_back(*std::move(checkpoint));
        else if (checkpoint.error().code != ErrorCode::kConflict) problems[i].push_back(checkpoint.error().message);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::int64_t, std::string> roots;
  for (const int i : {0, 1}) {
    CHECK_MESSAGE(problems[i].empty(), problems[i].front());
    CHECK(signed_ones[i].size() > 0);
    std::int64_t before = 0;
    for (const CheckpointInfo& one : signed_ones[i]) {
      CHECK(one.size >= before);
      before = one.size;
      const auto [known, fresh] = roots.emplace(one.size, one.root_hex);
      CHECK((fresh || known->second == one.root_hex));
    }
  }
  // Each is of the one chain that is there.
  const auto store = OpenStore([&] {
    store::PostgresOptions options;
    options.url = PostgresServer::Shared().Url();
    options.url.replace(options.url.find("dbname=postgres"), std::string::npos, "dbname=" + site.database);
    return options;
  }());
  tlog::CompactRange tree;
  for (const auto& [size, root] : roots) {
    const auto hashes = store->ChainHashes(kTenant, static_cast<std::int64_t>(tree.size()),
                                           static_cast<std::size_t>(size) - tree.size());
    REQUIRE(hashes.ok());
    for (const tlog::Hash& hash : *hashes) tree.Append(tlog::LeafHash(hash));
    CHECK(base::HexEncode(tree.Root()) == root);
  }
  CHECK(site.VerifyBundle().verdict == BundleVerdict::kIntact);
}

TEST_CASE("a PostgreSQL backup that is restored under two gateways is caught by both, and calls go on") {
  PostgresServer& server = PostgresServer::Shared();
  Site site("restored_site");
  site.Append(0, 20);
  REQUIRE(site.gates[0]->evidence()->CheckpointNow(kTenant).ok());
  site.Stop();
  server.Sql("CREATE DATABASE backup_of_site TEMPLATE " + site.database);
  for (const int i : {0, 1}) site.Start(i);
  site.Append(0, 20);
  const auto newest = site.gates[0]->evidence()->CheckpointNow(kTenant);
  REQUIRE(newest.ok());
  REQUIRE(site.gates[1]->evidence()->CheckpointNow(kTenant).ok());
  site.Stop();
  server.Sql("DROP DATABASE " + site.database);
  server.Sql("ALTER DATABASE backup_of_site RENAME TO " + site.database);

  for (const int i : {0, 1}) site.Start(i);
  for (const int i : {0, 1}) {
    CAPTURE(i);
    site.Append(i, 30);   // longer than what was signed, but another history
    const auto refused = site.gates[i]->evidence()->CheckpointNow(kTenant);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kCorrupt);
    CHECK(refused.error().message.rfind("fork_detected: ", 0) == 0);
    CHECK_FALSE(site.gates[i]->evidence()->FreshnessOf(kTenant)->ok);
  }
  // An operator says so, at one of them; both sign from then on, and the older checkpoint proves what happened.
  const auto epoch = site.gates[0]->evidence()->OpenEpoch(kTenant, "restored the backup", kAnn);
  REQUIRE_MESSAGE(epoch.ok(), epoch.error().message);
  CHECK(epoch->epoch == 2);
  const auto other = site.gates[1]->evidence()->CheckpointNow(kTenant);
  REQUIRE_MESSAGE(other.ok(), other.error().message);
  CHECK(other->epoch == 2);
  CHECK(site.Events(1, "audit/epoch_opened").size() == 1);
  CHECK(site.VerifyBundle().verdict == BundleVerdict::kIntact);
}

TEST_CASE("two gateways prune one tenant at once: each pruning is in the chain once, and what remains is proved") {
  Site site("pruned_site");
  std::map<std::int64_t, std::int64_t> announced;   // by the event's place, where the chain begins from then on
  int pruned = 0;
  for (int round = 0; round < 8; ++round) {
    std::vector<std::string> problems[2];
    std::barrier turn(2);
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (const int i : {0, 1}) site.Append(i, 150);
    for (const int i : {0, 1}) {
      threads.emplace_back([&, i] {
        turn.arrive_and_wait();
        const auto report = site.gates[i]->evidence()->Prune({kTenant, kFarAway, "old", false}, kAnn);
        if (report.ok()) done += report->archive.empty() ? 0 : 1;
        else if (report.error().code != ErrorCode::kConflict) problems[i].push_back(report.error().message);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int i : {0, 1}) CHECK_MESSAGE(problems[i].empty(), problems[i].front());
    for (const AuditRecord& record : site.Events(0, "audit/pruned")) {
      announced[record.seq] = *json::Parse(record.canonical)->AtPointer("/details/first_seq")->AsInt64();
    }
    pruned += done;
  }
  std::set<std::int64_t> places;
  for (const auto& [seq, first_seq] : announced) places.insert(first_seq);
  CHECK(pruned >= 4);
  CHECK(announced.size() == static_cast<std::size_t>(pruned));
  CHECK(places.size() == announced.size());
  const BundleReport rest = site.VerifyBundle();
  CHECK_MESSAGE(rest.verdict == BundleVerdict::kIntact, rest.message);
}

}  // namespace intentgate::test
