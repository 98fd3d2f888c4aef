// Gate::Open as an embedder uses it: real settings, the SQLite store, a policy from a file.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <intentgate/evidence.h>
#include <intentgate/gate.h>
#include <intentgate/intent.h>
#include <intentgate/keys.h>
#include <intentgate/settings.h>

namespace intentgate {
namespace {

constexpr const char* kMasterKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

constexpr const char* kPolicy = R"(package intentgate.policy
import rego.v1
default decision := {"allow": false, "reason": "no rule allows this tool"}
decision := {"allow": true, "reason": "reading is allowed"} if startswith(input.tool, "read_")
decision := {"allow": false, "escalate": true, "reason": "a human decides"} if input.tool == "move_file"
)";

// A folder with a configuration, gone with the test.
class Home {
 public:
  Home() {
    std::string name = (std::filesystem::temp_directory_path() / "intentgate-open-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    Put("policy.rego", kPolicy);
  }
  ~Home() { std::filesystem::remove_all(path_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  void Put(const std::string& name, const std::string& text) const { std::ofstream(path_ + "/" + name) << text; }
  const std::string& path() const { return path_; }
  bool Has(const std::string& name) const { return std::filesystem::exists(path_ + "/" + name); }

  Result<std::shared_ptr<Gate>> TryOpen(const std::string& more = "") const {
    const std::string yaml = "store: {sqlite_path: gate.db}\npolicy: {files: [policy.rego]}\n" + more;
    const SettingsLoad load = LoadGateSettings(yaml, path_ + "/gate.yaml", {{"INTENTGATE_MASTER_KEY", kMasterKey}});
    for (const SettingsProblem& p : load.problems) FAIL(p.where << ": " << p.message);
    return Gate::Open(load.settings);
  }
  std::shared_ptr<Gate> Open(const std::string& more = "") const {
    Result<std::shared_ptr<Gate>> gate = TryOpen(more);
    if (!gate.ok()) FAIL(gate.error().ToString());
    return *gate;
  }

 private:
  std::string path_;
};

std::string MintOn(Gate& gate, std::vector<Caveat> caveats = {}) {
  const Result<MintedToken> minted = gate.Mint({.subject = "bot", .caveats = std::move(caveats)}, {.actor = "superadmin"});
  REQUIRE(minted.ok());
  return minted->token;
}

}  // namespace

TEST_CASE("one token through every check, a restart, and a chain that verifies and exports") {
  const Home home;
  std::string token, revoked;
  {
    const std::shared_ptr<Gate> gate = home.Open();
    token = MintOn(*gate, {Caveat::MaxCalls(3), Caveat::Argument("/path", Constraint::Subpath("/data"))});
    revoked = MintOn(*gate);
    const json::Value good = json::MakeObject({{"path", "/data/x"}});
    const json::Value bad = json::MakeObject({{"path", "/data/../etc/passwd"}});
    CHECK(gate->Authorize({.token = token, .tool = "read_file", .arguments = &good}).allowed());
    CHECK(gate->Authorize({.token = token, .tool = "read_file", .arguments = &bad}).code == Reason::kArgumentRefused);
    CHECK(gate->Authorize({.token = token, .tool = "write_file", .arguments = &good}).code == Reason::kPolicyBlocked);
    CHECK(gate->Authorize({.token = token, .tool = "move_file", .arguments = &good}).verdict == Verdict::kEscalate);
    const Decision d = gate->Authorize({.token = token, .tool = "read_file", .arguments = &good});
    CHECK(d.allowed());
    gate->RecordOutcome(d, {});
    CHECK(gate->Revoke({.tenant = "default", .id = gate->CheckToken(revoked).jti}, {.actor = "superadmin"}).ok());
  }
  const std::shared_ptr<Gate> gate = home.Open();
  const json::Value good = json::MakeObject({{"path", "/data/x"}});
  CHECK(gate->Authorize({.token = token, .tool = "read_file", .arguments = &good}).allowed());
  CHECK(gate->Authorize({.token = token, .tool = "read_file", .arguments = &good}).code == Reason::kBudgetExhausted);
  CHECK(gate->Authorize({.token = revoked, .tool = "read_file"}).code == Reason::kTokenRevoked);

  const Result<VerifyReport> report = gate->VerifyAudit("default");
  REQUIRE(report.ok());
  CHECK_MESSAGE(report->ok, report->problem);
  ExportVerifier verifier;
  REQUIRE(gate->ExportAudit({}, ExportFormat::kNdjson, [&](std::string_view piece) {
    verifier.Feed(piece);
    return Status();
  }).ok());
  const ExportVerifier::Report exported = verifier.Finish();
  CHECK_MESSAGE(exported.outcome == ExportVerifier::Report::Outcome::kIntact, exported.message);
  CHECK(exported.complete);
  CHECK(gate->CountAudit({}).value() == exported.events);
}

TEST_CASE("a policy from a signed bundle: read where its key signed it, refused otherwise") {
  const std::string bundles = std::string(INTENTGATE_TEST_DATA) + "/unit/rego/bundles/";
  const auto settings_of = [&](const std::string& policy) {
    GateSettings settings;
    settings.store = StoreKind::kMemory;
    settings.keys = *KeyRing::FromMasterKey(kMasterKey);
    const auto file = [&](const std::string& name) {
      std::ifstream in(bundles + name, std::ios::binary);
      return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    settings.policy_sources = {{policy, policy == "own.rego" ? std::string(kPolicy) : file(policy)}};
    settings.policy_bundle_key_file = bundles + "rsa.pub.pem";
    return settings;
  };
  const auto refusal = [](const GateSettings& settings) {
    const Result<std::shared_ptr<Gate>> gate = Gate::Open(settings);
    REQUIRE_FALSE(gate.ok());
    return gate.error().message;
  };
  const Result<std::shared_ptr<Gate>> gate = Gate::Open(settings_of("rs256.tar.gz"));
  REQUIRE_MESSAGE(gate.ok(), gate.error().message);
  const std::string token = MintOn(**gate);
  CHECK((*gate)->Authorize({.token = token, .tool = "list_files"}).allowed());
  CHECK((*gate)->Authorize({.token = token, .tool = "delete_file"}).code == Reason::kPolicyBlocked);
  CHECK(refusal(settings_of("ps384.tar.gz")).find("signature is not one of the key 'default' by RS256") != std::string::npos);
  CHECK(refusal(settings_of("plain.tar.gz")).find("not signed") != std::string::npos);
  CHECK(refusal(settings_of("own.rego")).find("bundle_error: own.rego: is no bundle") != std::string::npos);
  GateSettings unchecked = settings_of("rs256.tar.gz");
  unchecked.policy_bundle_key_file.clear();
  CHECK(refusal(unchecked).find("is signed; give the key") != std::string::npos);
  unchecked.policy_bundle_key_file = "/no/such/key";
  CHECK(refusal(unchecked).find("/no/such/key: the file of policy.bundle_key_file cannot be read") != std::string::npos);
}

TEST_CASE("the built-in extractor holds calls against the prompt once the tools are known") {
  const Home home;
  const std::shared_ptr<Gate> gate = home.Open();
  const std::string token = MintOn(*gate);
  const Call call{.token = token, .tool = "read_file", .prompt = "Read the file notes.txt and summarize it"};
  CHECK(gate->Authorize(call).code == Reason::kIntentUnavailable);
  gate->SetToolCatalogue({{"read_file", "Read the contents of a file", {"path"}},
                          {"read_mail", "Read messages of a mailbox", {"folder"}},
                          {"delete_file", "Delete a file", {"path"}}});
  CHECK(gate->Authorize(call).allowed());
  CHECK(gate->Authorize({.token = token, .tool = "delete_file", .prompt = call.prompt}).check == Check::kIntent);
}

TEST_CASE("two gates on one file: what one revokes the other learns, and both chains are one") {
  const Home home;
  const std::shared_ptr<Gate> a = home.Open("capability: {revocation_refresh_ms: 10, revocation_max_age_ms: 60000}");
  const std::shared_ptr<Gate> b = home.Open("capability: {revocation_refresh_ms: 10, revocation_max_age_ms: 60000}");
  const std::string token = MintOn(*a);
  CHECK(b->Authorize({.token = token, .tool = "read_file"}).allowed());
  REQUIRE(a->Revoke({.tenant = "default", .id = a->CheckToken(token).jti}, {}).ok());
  CHECK(a->CheckToken(token).code == Reason::kTokenRevoked);
  while (b->CheckToken(token).allowed()) std::this_thread::yield();
  {
    std::vector<std::jthread> threads;
    for (const auto& gate : {a, b}) {
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([gate] {
          const std::string own = MintOn(*gate);
          for (int i = 0; i < 20; ++i) CHECK(gate->Authorize({.token = own, .tool = "read_file"}).allowed());
        });
      }
    }
  }
  const Result<VerifyReport> report = a->VerifyAudit("default");
  REQUIRE(report.ok());
  CHECK_MESSAGE(report->ok, report->problem);
}

TEST_CASE("a proof of possession is used up for every gate on the file, also behind a restart") {
  const Home home;
  const auto use = [](Gate& gate, const std::string& id) {
    // Shared, because set_value may still be at work when get has returned.
    const auto told = std::make_shared<std::promise<Result<ProofUse>>>();
    gate.UseProof(id, SystemClock()->UnixSeconds() + 75, [told](Result<ProofUse> used) { told->set_value(std::move(used)); });
    return told->get_future().get().value();
  };
  {
    const std::shared_ptr<Gate> one = home.Open(), two = home.Open();
    CHECK(use(*one, "p1") == ProofUse::kFirst);
    CHECK(use(*two, "p1") == ProofUse::kAgain);
    CHECK(use(*two, "p2") == ProofUse::kFirst);
  }
  const std::shared_ptr<Gate> later = home.Open();
  CHECK(use(*later, "p2") == ProofUse::kAgain);
  CHECK(use(*later, "p3") == ProofUse::kFirst);
}

TEST_CASE("settings that cannot work open nothing and leave no file behind") {
  const Home home;
  home.Put("policy.rego", "package intentgate.policy\ndecision := {");
  const Result<std::shared_ptr<Gate>> gate = home.TryOpen();
  REQUIRE_FALSE(gate.ok());
  CHECK(gate.error().message.find("policy.files: ") == 0);
  CHECK(gate.error().message.find("policy.rego:2") != std::string::npos);
  CHECK_FALSE(home.Has("gate.db"));
}

TEST_CASE("an extractor behind HTTP that does not answer refuses the calls that carry a prompt") {
  const Home home;
  const std::shared_ptr<Gate> gate = home.Open("intent: {extractor_url: \"http://127.0.0.1:1\", extractor_timeout_ms: 2000}");
  const std::string token = MintOn(*gate);
  CHECK(gate->Authorize({.token = token, .tool = "read_file", .prompt = "read it"}).code == Reason::kIntentUnavailable);
  CHECK(gate->Authorize({.token = token, .tool = "read_file"}).allowed());
  const Result<std::shared_ptr<Gate>> bad = home.TryOpen("intent: {extractor_url: \"http://user:s3cr3t@host\"}");
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().message.find("intent.extractor_url: ") == 0);
  CHECK(bad.error().message.find("s3cr3t") == std::string::npos);
}

TEST_CASE("a database that cannot be opened is named") {
  const Home home;
  home.Put("gate.db", "this is no database, but it is long enough to look like a file of some kind");
  const Result<std::shared_ptr<Gate>> gate = home.TryOpen();
  REQUIRE_FALSE(gate.ok());
  CHECK(gate.error().message.find("store.sqlite_path: ") == 0);
  CHECK(gate.error().message.find("gate.db") != std::string::npos);
}

TEST_CASE("a gate with a signing key has everything under a checkpoint when it is gone") {
  const Home home;
  const auto random = SystemRandom();
  const std::string signing = "audit: {signing: {key_file: signing.key, deployment: acme, interval_ms: 3600000, max_merge_delay_ms: 3600000}}\n";
  const Result<std::string> key = MakeSigningKeyFile(home.path() + "/signing.key", "acme", *random);
  REQUIRE(key.ok());
  {
    const std::shared_ptr<Gate> gate = home.Open(signing);
    REQUIRE(gate->evidence() != nullptr);
    CHECK(gate->evidence()->VerifierKey() == *key);
    CHECK(gate->Describe().find("checkpoints signed as acme") != std::string::npos);
    const std::string token = MintOn(*gate);
    for (int i = 0; i < 3; ++i) CHECK(gate->Authorize({.token = token, .tool = "read_file"}).allowed());
    CHECK(gate->evidence()->LatestCheckpoint("default").error().code == ErrorCode::kNotFound);
  }
  CHECK(home.Has("signing.key.state"));
  const std::shared_ptr<Gate> gate = home.Open(signing);
  const Result<CheckpointInfo> checkpoint = gate->evidence()->LatestCheckpoint("default");
  REQUIRE(checkpoint.ok());
  CHECK(checkpoint->origin == "acme/audit/default/1");
  const Result<Freshness> fresh = gate->evidence()->FreshnessOf("default");
  REQUIRE(fresh.ok());
  CHECK(fresh->ok);
  CHECK(fresh->uncommitted_events == 0);
  CHECK(checkpoint->size == fresh->head.next_seq);
}

TEST_CASE("a signing key that cannot be used stops the opening, with the setting's name") {
  const Home home;
  const auto error_of = [&](const std::string& signing) {
    const Result<std::shared_ptr<Gate>> gate = home.TryOpen("audit: {signing: {" + signing + "}}\n");
    REQUIRE_FALSE(gate.ok());
    CHECK_FALSE(home.Has("gate.db"));
    return gate.error().message;
  };
  CHECK(error_of("key_file: none.key").find("audit.signing.key_file: ") == 0);
  const auto random = SystemRandom();
  REQUIRE(MakeSigningKeyFile(home.path() + "/signing.key", "acme", *random).ok());
  CHECK(error_of("key_file: signing.key, previous_key_file: signing.key").find("audit.signing.previous_key_file: ") == 0);
  REQUIRE(MakeTimeKeyFile(home.path() + "/time.key", "acme", *random).ok());
  CHECK(error_of("key_file: signing.key, time_key_file: signing.key").find("audit.signing.time_key_file: ") == 0);
  CHECK(error_of("key_file: time.key").find("audit.signing.key_file: ") == 0);
  CHECK(error_of("key_file: signing.key, previous_key_file: time.key").find("audit.signing.previous_key_file: ") == 0);
  home.Put("state", "not a state");
  CHECK(error_of("key_file: signing.key, state_file: state").find("audit.signing.state_file: ") == 0);
  CHECK(error_of("key_file: signing.key, deployment: 'two words'").find("audit.signing.deployment: ") == 0);
  CHECK(error_of("key_file: signing.key.state").find("audit.signing.key_file: ") == 0);
}

TEST_CASE("without a key there is evidence, but nothing is signed") {
  const Home home;
  const std::shared_ptr<Gate> gate = home.Open();
  REQUIRE(gate->evidence() != nullptr);
  CHECK(gate->evidence()->VerifierKey().empty());
  CHECK(gate->evidence()->CheckpointNow("default").error().code == ErrorCode::kUnavailable);
  MintOn(*gate);
  CHECK(gate->evidence()->Verify("default", false)->chain.ok);
  CHECK(gate->evidence()->FreshnessOf("default")->ok);
}

}  // namespace intentgate
