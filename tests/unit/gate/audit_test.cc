#include "unit/gate/world.h"

#include "support/scratch_folder.h"

namespace intentgate::gate {
namespace {

constexpr const char* kAllowed = "allow  allowed";

// Asks until the log has found out that its store is well again; each try is an event that proves it.
Decision AskUntilRecorded(World& w, const std::string& token) {
  Decision d = w.Ask(token);
  for (int i = 0; i < 1'000 && d.event_id.empty(); ++i) d = w.Ask(token);
  return d;
}

}  // namespace

TEST_CASE("an event tells the call, its token and its answer") {
  World w;
  w.Open();
  const std::string token = w.Token({Caveat::MaxCalls(3)}, {.subject = "bot", .tenant = "acme"});
  const Decision d = w.Ask(token, "read_file", R"({"path":"/x","n":1.10})");
  const json::Value e = w.LastEvent("acme");
  CHECK(Text(e, "event_id") == d.event_id);
  CHECK(Text(e, "decision") == "allow");
  CHECK(Text(e, "tool") == "read_file");
  CHECK(Text(e, "method") == "tools/call");
  CHECK(Text(e, "agent_id") == "bot");
  CHECK(Text(e, "session_id") == "s1");
  CHECK(Text(e, "remote_ip") == "192.0.2.1");
  CHECK(Text(e, "arg_keys") == R"(["n","path"])");
  CHECK(Text(e, "args_sha256").size() == 64);
  CHECK(e.Find("arg_values") == nullptr);
  CHECK(Text(e, "capability_token_id") == d.jti);
  CHECK(Text(e, "policy_sha256") == w.policy->Digest());
}

TEST_CASE("an event tells through whose hands a token went") {
  World w;
  w.Open();
  const std::string root = w.Token();
  w.Ask(root);
  CHECK(w.LastEvent().Find("details") == nullptr);
  const auto clock = SystemClock();
  const auto random = SystemRandom();
  const std::string first = *Attenuate(root, {Caveat::MaxCalls(9)}, {.label = "researcher"}, *clock, *random);
  const std::string second = *Attenuate(first, {Caveat::MaxCalls(5)}, {}, *clock, *random);
  w.Ask(second);
  const json::Value event = w.LastEvent();
  const json::Array& hops = event.Find("details")->Find("delegation")->array();
  REQUIRE(hops.size() == 3);
  CHECK(Text(hops[0], "id") == Text(event, "root_capability_token_id"));
  CHECK(Text(hops[1], "label") == "researcher");
  CHECK(hops[2].Find("label") == nullptr);
  CHECK(Text(hops[2], "id") == Text(event, "capability_token_id"));
}

TEST_CASE("argument values are in the event only as far as the settings say") {
  World w;
  const std::string arguments = R"({"a":"secret","b":[1,"x",{"c":true}],"d":null})";
  w.settings.arg_values = ArgRedaction::kScalars;
  w.Open();
  w.Ask(w.Token(), "read_file", arguments);
  CHECK(Text(w.LastEvent(), "arg_values") == R"({"a":null,"b":[1,null,{"c":true}],"d":null})");
  w.settings.arg_values = ArgRedaction::kRaw;
  w.Open();
  w.Ask(w.Token(), "read_file", arguments);
  CHECK(Text(w.LastEvent(), "arg_values") == arguments);
  w.settings.arg_values = ArgRedaction::kOff;
  w.Open();
  w.Ask(w.Token(), "read_file", arguments);
  CHECK(json::Write(w.LastEvent()).find("secret") == std::string::npos);
}

TEST_CASE("when the decision cannot be recorded nothing is allowed and nothing is taken") {
  World w;
  w.Open();
  const std::string token = w.Token({Caveat::MaxCalls(2)});
  CHECK(Said(w.Ask(token)) == kAllowed);
  w.store->audit_fails = true;
  for (int i = 0; i < 5; ++i) {
    const Decision d = w.Ask(token);
    CHECK(Said(d) == "block  gate.audit_unavailable");
    CHECK(d.event_id.empty());
    CHECK_FALSE(d.receipt.has_value());
  }
  CHECK_FALSE(w.gate->Health().ready);
  // A refusal stays the refusal it is.
  CHECK(Said(w.Ask(token, "blocked_tool")) == "block policy policy.blocked");
  CHECK(Said(w.Ask(token, "human_tool")) == "block  gate.audit_unavailable");
  w.store->audit_fails = false;
  CHECK_FALSE(AskUntilRecorded(w, token).event_id.empty());
  int allowed = 0;
  for (int i = 0; i < 5; ++i) allowed += w.Ask(token).allowed();
  CHECK(allowed <= 1);
  int recorded = 0;
  for (const json::Value& event : w.Events()) recorded += Text(event, "decision") == "allow" && Text(event, "kind") == "decision";
  CHECK(recorded == 2);
}

TEST_CASE("a store that does not answer at the start is an error of Open") {
  World w;
  const auto open = [&] {
    return AssembleGate({.settings = w.settings, .clock = w.clock, .random = SystemRandom(), .audit_store = w.store,
                         .budget_store = w.store, .revocation_store = w.store, .extractor = w.extractor, .policy = w.policy});
  };
  w.store->budget_fails = true;
  CHECK(open().error().code == ErrorCode::kUnavailable);
  w.store->budget_fails = false;
  w.store->revocations_fail = true;
  CHECK(open().error().code == ErrorCode::kUnavailable);
  w.store->revocations_fail = false;
  CHECK(open().ok());
}

TEST_CASE("what became of an allowed call is an event of its own") {
  World w;
  w.Open();
  const Decision d = w.Ask(w.Token({}, {.subject = "bot", .tenant = "acme"}));
  w.gate->RecordOutcome(d, {.outcome = "tool_error", .upstream_status = 200, .latency_us = 1500, .result_bytes = 12});
  const json::Value e = w.LastEvent("acme");
  CHECK(Text(e, "kind") == "outcome");
  CHECK(Text(e, "decision_event_id") == d.event_id);
  CHECK(Text(e, "outcome") == "tool_error");
  CHECK(Text(e, "upstream_status") == "200");
  CHECK(Text(e, "result_bytes") == "12");
}

TEST_CASE("an outcome that cannot be stored is counted, makes the gate unready and is declared in the chain") {
  World w;
  w.Open();
  const std::string token = w.Token();
  const Decision d = w.Ask(token);
  REQUIRE(d.allowed());
  REQUIRE(w.gate->Stats().failed == 0);
  w.store->audit_fails = true;
  w.gate->RecordOutcome(d, {.outcome = "success"});
  CHECK_FALSE(w.gate->Flush().ok());
  CHECK(w.gate->Stats().failed == 1);
  CHECK_FALSE(w.gate->Health().ready);
  w.store->audit_fails = false;
  CHECK_FALSE(AskUntilRecorded(w, token).event_id.empty());
  int declared = 0;
  for (const json::Value& event : w.Events()) declared += Text(event, "tool") == "audit/gap_declared";
  CHECK(declared == 1);
}

TEST_CASE("a request that was refused before the first question is in the chain of its tenant") {
  World w;
  w.Open();
  w.gate->RecordRefusedRequest({.token = w.Token({}, {.subject = "bot", .tenant = "acme"}), .tool = "delete_all"}, "two names");
  CHECK(Text(w.LastEvent("acme"), "code") == "gate.invalid_request");
  CHECK(Text(w.LastEvent("acme"), "reason") == "two names");
  CHECK(Text(w.LastEvent("acme"), "agent_id") == "bot");
  w.gate->RecordRefusedRequest({}, "no JSON");
  CHECK(Text(w.LastEvent(), "reason") == "no JSON");
}

TEST_CASE("a tool's own durability decides whether its caller waits") {
  World w;
  w.settings.tools = {{.pattern = "fast_*", .durability = AuditDurability::kAsync}};
  w.Open();
  const std::string token = w.Token();
  CHECK(w.Ask(token, "slow").receipt.has_value());
  CHECK_FALSE(w.Ask(token, "fast_one").receipt.has_value());
  w.settings.durability = AuditDurability::kAsync;
  w.settings.tools = {{.pattern = "slow", .durability = AuditDurability::kDurable}};
  w.Open();
  CHECK(w.Ask(token, "slow").receipt.has_value());
  CHECK_FALSE(w.Ask(token, "other").receipt.has_value());
  CHECK(w.gate->Flush().ok());
  CHECK(w.Events().size() >= 4);
}

TEST_CASE("a journaled call is allowed without a place in the chain, and is in the chain after a flush") {
  const test::ScratchFolder folder;
  World w;
  w.settings.durability = AuditDurability::kJournal;
  w.settings.journal_directory = folder.File("journal");
  w.settings.audit_producer = "gw-1";
  w.Open();
  const Decision d = w.Ask(w.Token());
  CHECK(d.allowed());
  CHECK_FALSE(d.receipt.has_value());
  CHECK(w.gate->Flush().ok());
  CHECK(Text(w.LastEvent(), "event_id") == d.event_id);
  CHECK(Text(w.LastEvent(), "producer_id").find("gw-1:") == 0);
}

TEST_CASE("closing the gate flushes the chain") {
  World w;
  w.settings.durability = AuditDurability::kAsync;
  w.Open();
  const std::string token = w.Token();
  for (int i = 0; i < 100; ++i) CHECK(w.Ask(token).allowed());
  w.gate.reset();
  int recorded = 0;
  const Result<std::vector<AuditRecord>> records = w.store->Scan("default", 0, 1'000);
  REQUIRE(records.ok());
  for (const AuditRecord& record : *records) recorded += record.canonical.find("\"read_file\"") != std::string::npos;
  CHECK(recorded == 100);
}

}  // namespace intentgate::gate
