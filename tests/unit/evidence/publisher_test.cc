#include "evidence/publisher.h"

#include <fstream>
#include <iterator>

#include <intentgate/bundle.h>
#include <intentgate/json.h>

#include "evidence/newest.h"
#include "unit/evidence/evidence_world.h"
#include "unit/evidence/fake_witness.h"
#include "unit/evidence/signed_log.h"

namespace intentgate::test {
namespace {

std::shared_ptr<FakeWitness> MakeWitness(std::uint8_t seed, const std::vector<tlog::VerifierKey>& logs) {
  FixedRandom random(seed);
  auto key = tlog::SigningKey::Generate("w" + std::to_string(seed), tlog::KeyType::kCosignature, random);
  REQUIRE(key.ok());
  return std::make_shared<FakeWitness>(*std::move(key), logs);
}

// A log whose checkpoints go out when the test says so.
struct Published {
  ScratchFolder folder;
  MemoryRun run{std::make_shared<store::MemoryStore>(), folder.File("state"), KeyOf(1)};
  std::shared_ptr<FakeWitness> witness;
  std::vector<EvidenceNotice> notices;
  std::unique_ptr<evidence::Publisher> publisher;

  explicit Published(std::shared_ptr<FakeWitness> asked = MakeWitness(150, {KeyOf(1).verifier()})) : witness(std::move(asked)) {}
  void Make(const std::string& policy, evidence::Anchors anchors = {}) {
    evidence::PublisherSetup setup;
    setup.http = witness;
    if (!policy.empty()) {
      auto parsed = evidence::WitnessPolicy::Parse(policy);
      REQUIRE_MESSAGE(parsed.ok(), parsed.error().message);
      setup.policy = *std::move(parsed);
    }
    setup.anchors = std::move(anchors);
    setup.interval_ms = 0;
    publisher = std::make_unique<evidence::Publisher>(*run.log, *run.store, run.clock, std::move(setup),
                                                      [this](const EvidenceNotice& notice) { notices.push_back(notice); });
  }
  std::string Policy() const { return witness->PolicyLine("w") + "quorum w\n"; }
  // Appends, signs and publishes.
  void Step(int events = 1) {
    for (int i = 0; i < events; ++i) run.Append();
    REQUIRE(run.evidence->CheckpointNow("acme").ok());
    Again();
  }
  // As Step, with events that another copy of the log does not have.
  void StepOtherwise() {
    for (int i = 0; i < 20; ++i) run.Append("written after the restore");
    Step();
  }
  void Again() {
    publisher->Offer("acme", **evidence::NewestCheckpoint(*run.store, "acme"));
    publisher->Round();
  }
  audit::StoredCheckpoint Newest() const { return **evidence::NewestCheckpoint(*run.store, "acme"); }
};

}  // namespace

TEST_CASE("a witness follows the log and its cosignature makes the quorum") {
  Published log;
  log.Make(log.Policy());
  for (int step = 0; step < 40; ++step) {
    log.Step(step % 7 + 1);
    CHECK(log.Newest().witnessed_at_micros > 0);
    CHECK(log.witness->followed["prod/audit/acme/1"].size == log.Newest().size);
  }
  CHECK(log.notices.empty());
  CHECK(log.witness->requests.size() == 40);
  CHECK(log.witness->requests[0].url == "http://w.test/w/add-checkpoint");
  // A checkpoint that is signed again keeps its cosignatures, and nobody is asked again.
  log.run.clock->AdvanceMicros(1'000'000);
  REQUIRE(log.run.evidence->CheckpointNow("acme").ok());
  CHECK(log.Newest().witnessed_at_micros > 0);
  log.Again();
  CHECK(log.witness->requests.size() == 40);

  const auto policy = log.Policy();
  BundleRequest request;
  request.tenant = "acme";
  std::string bundle;
  REQUIRE(log.run.evidence->WriteBundle(request, [&](std::string_view piece) -> Status {
    bundle += piece;
    return {};
  }).ok());
  BundleTrust trust{{log.run.evidence->VerifierKey()}, {}, {}, policy};
  const BundleReport report = VerifyBundle(bundle, trust);
  CHECK(report.verdict == BundleVerdict::kIntact);
  CHECK(report.signed_by == std::vector<std::string>{"prod", "w150"});
  trust.witness_policy = MakeWitness(30, {})->PolicyLine("other") + "quorum other\n";
  const BundleReport unwitnessed = VerifyBundle(bundle, trust);
  CHECK(unwitnessed.verdict == BundleVerdict::kNotCovered);
  CHECK(unwitnessed.message.find("does not have its quorum of witnesses") != std::string::npos);
}

TEST_CASE("a witness that is away is asked again, and the bundle can be under the last witnessed checkpoint") {
  Published log;
  log.Make(log.Policy());
  log.Step(5);
  const std::uint64_t witnessed = log.Newest().size;
  log.witness->down = true;
  log.Step();
  log.Step();
  CHECK(log.Newest().witnessed_at_micros == 0);
  REQUIRE(log.notices.size() == 1);
  CHECK(log.notices[0].source == "witness w");
  CHECK(log.notices[0].problem);
  CHECK((*evidence::NewestWitnessed(*log.run.store, "acme"))->size == witnessed);
  BundleRequest request;
  request.tenant = "acme";
  request.witnessed = true;
  std::string bundle;
  REQUIRE(log.run.evidence->WriteBundle(request, [&](std::string_view piece) -> Status {
    bundle += piece;
    return {};
  }).ok());
  const BundleTrust trust{{log.run.evidence->VerifierKey()}, {}, {}, log.Policy()};
  const BundleReport report = VerifyBundle(bundle, trust);
  CHECK(report.verdict == BundleVerdict::kIntact);
  CHECK(report.covered == static_cast<std::int64_t>(witnessed));

  log.witness->down = false;
  log.publisher->Round();   // what was offered before has not been forgotten
  CHECK(log.Newest().witnessed_at_micros > 0);
  REQUIRE(log.notices.size() == 2);
  CHECK_FALSE(log.notices[1].problem);
}

TEST_CASE("a new run learns from the witness how far it has followed") {
  Published log;
  log.Make(log.Policy());
  log.Step(5);
  log.Make(log.Policy());
  log.Step(5);
  CHECK(log.Newest().witnessed_at_micros > 0);
  CHECK(log.witness->statuses == std::vector<std::int64_t>{200, 409, 200});
  CHECK(log.notices.empty());
}

TEST_CASE("a log that lost what its witness cosigned is told apart from a faster replica") {
  Published log;
  log.Make(log.Policy());
  log.Step(5);
  log.witness->followed["prod/audit/acme/1"].size = 1'000;
  log.Make(log.Policy());
  log.Step();
  CHECK(log.Newest().witnessed_at_micros == 0);
  REQUIRE(log.notices.size() == 1);
  CHECK(log.notices[0].message.find("has cosigned 1000 events, but the chain has only") != std::string::npos);
}

TEST_CASE("a witness of another history refuses, and is believed") {
  Published log;
  log.Make(log.Policy());
  log.Step(9);
  // The same log, restored and grown otherwise, with a state file that was lost as well.
  Published restored{log.witness};
  restored.Make(restored.Policy());
  restored.StepOtherwise();
  CHECK(restored.Newest().witnessed_at_micros == 0);
  REQUIRE(restored.notices.size() == 1);
  CHECK(restored.notices[0].message.find("two histories were signed") != std::string::npos);
  CHECK(log.witness->statuses.back() == 422);
}

TEST_CASE("a restored log that outgrows its witness between two rounds is told of twice: it went back, then it has two histories") {
  Published log;
  log.Make(log.Policy());
  log.Step(9);
  Published restored{log.witness};
  restored.Make(restored.Policy());
  restored.Step();
  restored.Step();
  restored.StepOtherwise();
  restored.Step();
  REQUIRE(restored.notices.size() == 2);
  CHECK(restored.notices[0].message.find("but the chain has only") != std::string::npos);
  CHECK(restored.notices[1].message.find("two histories were signed") != std::string::npos);
}

TEST_CASE("what a witness must not do counts for nothing") {
  Published log;
  log.witness->lies = true;
  log.Make(log.Policy());
  log.Step();
  CHECK(log.Newest().witnessed_at_micros == 0);
  REQUIRE(log.notices.size() == 1);
  CHECK(log.notices[0].message.find("that its key did not make") != std::string::npos);
  Published stranger;
  stranger.witness = MakeWitness(60, {KeyOf(90).verifier()});
  stranger.Make(stranger.Policy());
  stranger.Step();
  REQUIRE(stranger.notices.size() == 1);
  CHECK(stranger.notices[0].message.find("does not accept the log's key (HTTP 403)") != std::string::npos);
}

TEST_CASE("anchors keep each checkpoint once: a file, another tenant's chain") {
  Published log;
  const std::string file = log.folder.File("anchor.ndjson");
  log.Make("", {.webhook_url = "", .file = file, .tenant = "auditor"});
  log.Step(3);
  log.Again();
  log.Step(3);
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE(lines.size() == 2);
  const auto kept = json::Parse(lines[1]);
  REQUIRE(kept.ok());
  CHECK(kept->Find("tenant")->string_value() == "acme");
  CHECK(kept->Find("note")->string_value() == log.Newest().note);
  AuditFilter filter;
  filter.tenant = "auditor";
  filter.tool = "audit/anchored";
  const auto events = log.run.store->Query(filter, true, "", 10);
  REQUIRE(events->records.size() == 2);
  CHECK(events->records[1].canonical.find("\"origin\":\"prod/audit/acme/1\"") != std::string::npos);
  // The anchor's own checkpoints go nowhere but to the file.
  REQUIRE(log.run.evidence->CheckpointNow("auditor").ok());
  log.publisher->Offer("auditor", **evidence::NewestCheckpoint(*log.run.store, "auditor"));
  log.publisher->Round();
  CHECK(*log.run.store->Count(filter) == 2);
}

TEST_CASE("a webhook that fails is told and asked again") {
  struct Hook final : base::HttpFetcher {
    std::vector<std::string> bodies;
    std::int64_t status = 500;
    Result<base::HttpFetchReply> Fetch(const base::HttpFetchRequest& request) override {
      CHECK(request.url == "http://hook.test/x");
      bodies.push_back(request.body);
      return base::HttpFetchReply{status, ""};
    }
  };
  Published log;
  const auto hook = std::make_shared<Hook>();
  evidence::PublisherSetup setup;
  setup.http = hook;
  setup.anchors.webhook_url = "http://hook.test/x";
  setup.interval_ms = 0;
  log.publisher = std::make_unique<evidence::Publisher>(*log.run.log, *log.run.store, log.run.clock, std::move(setup),
                                                        [&](const EvidenceNotice& n) { log.notices.push_back(n); });
  log.Step();
  REQUIRE(log.notices.size() == 1);
  CHECK(log.notices[0].message == "the webhook answered with HTTP 500");
  hook->status = 204;
  log.publisher->Round();
  CHECK(hook->bodies.size() == 2);
  CHECK(log.notices.size() == 2);
  log.publisher->Round();
  CHECK(hook->bodies.size() == 2);
}

}  // namespace intentgate::test
