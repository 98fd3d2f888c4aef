#include <doctest/doctest.h>

#include <string>

#include "audit/audit_log.h"
#include "evidence/ocsf/ocsf.h"
#include "store/memory/memory_store.h"
#include "support/sample_events.h"

namespace intentgate::evidence {
namespace {

using test::SampleAdmin;
using test::SampleCall;
using test::SampleChain;
using test::SampleControl;
using test::SampleOutcome;

constexpr OcsfVersion kVersions[] = {OcsfVersion::k1_8_0, OcsfVersion::k1_9_0};

json::Value Rendered(const AuditEvent& event, OcsfOptions options = {}) {
  SampleChain chain;
  const Result<json::Value> out = RenderOcsf(chain.Next(event), options);
  REQUIRE(out.ok());
  return *out;
}

std::int64_t Number(const json::Value& event, std::string_view pointer) {
  const json::Value* member = event.AtPointer(pointer);
  INFO(pointer);
  REQUIRE(member != nullptr);
  REQUIRE(member->AsInt64());
  return *member->AsInt64();
}

std::string Text(const json::Value& event, std::string_view pointer) {
  const json::Value* member = event.AtPointer(pointer);
  return member != nullptr && member->is_string() ? member->string_value() : "";
}

bool HasProfile(const json::Value& event, std::string_view name) {
  const json::Value* profiles = event.AtPointer("/metadata/profiles");
  if (profiles == nullptr) return false;
  for (const json::Value& profile : profiles->array()) {
    if (profile.string_value() == name) return true;
  }
  return false;
}

// status, action, disposition, severity
struct Row {
  std::int64_t status, action, disposition, severity;
};

void CheckRow(const json::Value& event, const Row& row) {
  CHECK(Number(event, "/status_id") == row.status);
  CHECK(Number(event, "/action_id") == row.action);
  CHECK(Number(event, "/disposition_id") == row.disposition);
  CHECK(Number(event, "/severity_id") == row.severity);
}

}  // namespace

TEST_CASE("each answer of the gate has its row of the table") {
  struct Case {
    const char* decision;
    Reason code;
    Check check;
    Row row;
  };
  const Case cases[] = {
      {"allow", Reason::kAllowed, Check::kNone, {1, 1, 1, 1}},
      {"block", Reason::kTokenBadMac, Check::kCapability, {2, 2, 26, 3}},
      {"block", Reason::kTokenRevoked, Check::kCapability, {2, 2, 24, 3}},
      {"block", Reason::kIntentNotCovered, Check::kIntent, {2, 2, 26, 3}},
      {"block", Reason::kPolicyBlocked, Check::kPolicy, {2, 2, 26, 3}},
      {"block", Reason::kBudgetRate, Check::kBudget, {2, 2, 2, 2}},
      {"block", Reason::kInvalidRequest, Check::kNone, {2, 2, 25, 2}},
      {"escalate", Reason::kPolicyEscalated, Check::kPolicy, {99, 99, 14, 2}},
  };
  for (const OcsfVersion version : kVersions) {
    for (const Case& c : cases) {
      INFO(c.decision << " " << ReasonName(c.code));
      const json::Value event = Rendered(SampleCall(c.decision, c.code, c.check), {.version = version});
      CHECK(Number(event, "/class_uid") == 6003);
      CHECK(Number(event, "/type_uid") == 600399);
      CheckRow(event, c.row);
      CHECK(Text(event, "/status_code") == ReasonName(c.code));
    }
  }
  CHECK(Text(Rendered(SampleCall("escalate", Reason::kPolicyEscalated, Check::kPolicy)), "/status") == "Pending approval");
}

TEST_CASE("an approval's answer says that a person gave it") {
  for (const auto& [decision, row] : {std::pair{"allow", Row{1, 1, 8, 1}}, {"block", Row{2, 2, 25, 3}}}) {
    AuditEvent e = SampleCall(decision, Reason::kPolicyEscalated, Check::kPolicy);
    e.pending_id = "pending-1";
    e.decided_by = "alice";
    const json::Value event = Rendered(e);
    CheckRow(event, row);
    CHECK(Text(event, "/unmapped/intentgate/decided_by") == "alice");
  }
  AuditEvent late = SampleCall("block", Reason::kPolicyEscalated, Check::kPolicy);
  late.pending_id = "pending-1";
  CheckRow(Rendered(late), {2, 2, 2, 3});
}

TEST_CASE("each outcome has its row, and points at its decision") {
  const json::Value good = Rendered(SampleOutcome("success", 200));
  CheckRow(good, {1, 1, 1, 1});
  CHECK(Number(good, "/http_response/code") == 200);
  CHECK(Text(good, "/metadata/correlation_uid") == "the-decision");
  CHECK(Text(good, "/metadata/event_code") == "outcome.success");
  CHECK(Number(good, "/duration") == 45);
  for (const char* bad : {"tool_error", "timeout", "transport", "upstream_http", "unheard_of"}) {
    CheckRow(Rendered(SampleOutcome(bad, 0)), {2, 1, 27, 2});
  }
  CheckRow(Rendered(SampleOutcome("cancelled", 0)), {99, 1, 1, 1});
}

TEST_CASE("admin actions are entity management, the chain's own events are the application's life") {
  const json::Value mint = Rendered(SampleAdmin("admin/mint"));
  CHECK(Number(mint, "/type_uid") == 300401);
  CHECK(Text(mint, "/entity/uid") == "token-2");
  CHECK(Text(mint, "/actor/user/name") == "tenant:acme");
  CHECK(Text(mint, "/src_endpoint/ip") == "2001:db8::1");
  CHECK(Number(mint, "/src_endpoint/port") == 4711);
  CHECK(Text(mint, "/unmapped/intentgate/elevation_id") == "elevation-7");
  CHECK(Number(Rendered(SampleAdmin("admin/revoke")), "/type_uid") == 300411);
  CHECK(Number(Rendered(SampleAdmin("admin/policy")), "/type_uid") == 300410);
  CHECK(Text(Rendered(SampleAdmin("admin/new_thing")), "/activity_name") == "new_thing");

  CHECK(Number(Rendered(SampleControl("audit/genesis")), "/type_uid") == 600206);
  const json::Value gap = Rendered(SampleControl("audit/gap_declared"));
  CHECK(Number(gap, "/type_uid") == 600299);
  CHECK(Number(gap, "/severity_id") == 4);
  CHECK(gap.AtPointer("/is_alert")->bool_value());
  CHECK(Text(gap, "/status_detail") == "commit_failed");
  CHECK(Number(gap, "/unmapped/intentgate/details/count") == 3);
}

TEST_CASE("only 1.9.0 has the agent, the delegation and the record's integrity") {
  const AuditEvent call = SampleCall("allow", Reason::kAllowed, Check::kNone);
  const json::Value old = Rendered(call, {.version = OcsfVersion::k1_8_0});
  CHECK(Text(old, "/metadata/version") == "1.8.0");
  CHECK(Text(old, "/actor/app_uid") == "finance-bot");
  CHECK(old.Find("ai_agent") == nullptr);
  CHECK(old.Find("attestation_list") == nullptr);
  CHECK(Text(old, "/unmapped/intentgate/root_capability_token_id") == "token-1");
  CHECK_FALSE(HasProfile(old, "record_integrity"));

  const json::Value now = Rendered(call, {.log_key_name = "gate.example/log"});
  CHECK(Text(now, "/metadata/version") == "1.9.0");
  CHECK(Text(now, "/actor/application/uid") == "finance-bot");
  CHECK(Text(now, "/ai_agent/instance_uid") == "session-1");
  CHECK(Text(now, "/delegation/uid") == "token-2");
  CHECK(Text(now, "/delegation/parent_uid") == "token-1");
  CHECK(Text(now, "/attestation_list/0/authority_uid") == "gate.example/log");
  CHECK(now.AtPointer("/unmapped/intentgate/root_capability_token_id") == nullptr);
  for (const char* profile : {"security_control", "ai_operation", "record_integrity"}) CHECK(HasProfile(now, profile));
}

TEST_CASE("every member of an event is either placed or under unmapped, and the hashes are there") {
  for (const OcsfVersion version : kVersions) {
    SampleChain chain;
    for (const AuditEvent& sample : test::SampleEvents()) {
      const AuditRecord record = chain.Next(sample);
      const auto rendered = RenderOcsf(record, {.version = version});
      REQUIRE(rendered.ok());
      const std::string text = json::Write(*rendered);
      const auto event = json::Parse(record.canonical);
      for (const json::Member& member : event->object()) {
        if (!member.value.is_string() || member.name == "remote_ip") continue;   // an address is taken apart
        INFO(member.name << " of " << record.canonical);
        CHECK(text.find(json::Write(member.value)) != std::string::npos);
      }
      CHECK(Text(*rendered, "/unmapped/intentgate/hash") == record.hash);
      CHECK(Text(*rendered, "/unmapped/intentgate/prev_hash") == record.prev_hash);
      CHECK(Number(*rendered, "/time") == 1'700'000'000'123);
    }
  }
}

TEST_CASE("a stream links each event to the one before it, and to no other") {
  SampleChain acme, beta("beta");
  OcsfLines lines({});
  const auto next = [&](const AuditRecord& record) {
    std::string out;
    REQUIRE(lines.Append(record, out).ok());
    REQUIRE(out.back() == '\n');
    return *json::Parse(out);
  };
  const AuditRecord first = acme.Next(SampleControl("audit/genesis"));
  CHECK(next(first).AtPointer("/attestation_list/0/prev_event") == nullptr);
  const AuditRecord second = acme.Next(SampleCall("allow", Reason::kAllowed, Check::kNone));
  const json::Value linked = next(second);
  CHECK(Text(linked, "/attestation_list/0/prev_event/uid") == first.event_id);
  CHECK(Number(linked, "/attestation_list/0/prev_event/type_uid") == 600206);
  CHECK(Text(linked, "/attestation_list/0/prev_event/fingerprint/value") == first.hash);
  CHECK(Text(linked, "/attestation_list/0/fingerprint/value") == second.hash);
  // Another tenant's event, and an event behind a hole, have no known predecessor.
  (void)beta.Next(SampleControl("audit/genesis"));
  CHECK(next(beta.Next(SampleCall("allow", Reason::kAllowed, Check::kNone))).AtPointer("/attestation_list/0/prev_event") == nullptr);
  (void)acme.Next(SampleCall("allow", Reason::kAllowed, Check::kNone));
  CHECK(next(acme.Next(SampleCall("allow", Reason::kAllowed, Check::kNone))).AtPointer("/attestation_list/0/prev_event") == nullptr);
}

TEST_CASE("a peer's address is an address only if it is one") {
  const auto endpoint = [](const char* remote) {
    AuditEvent e = SampleCall("allow", Reason::kAllowed, Check::kNone);
    e.remote_ip = remote;
    return json::Write(*Rendered(e).Find("src_endpoint"));
  };
  CHECK(endpoint("10.0.0.1") == R"({"ip":"10.0.0.1"})");
  CHECK(endpoint("10.0.0.1:80") == R"({"ip":"10.0.0.1","port":80})");
  CHECK(endpoint("::1") == R"({"ip":"::1"})");
  CHECK(endpoint("[::1]:65535") == R"({"ip":"::1","port":65535})");
  CHECK(endpoint("[::1]:65536") == R"({"name":"[::1]:65536"})");
  CHECK(endpoint("unix:/run/x") == R"({"name":"unix:/run/x"})");
  CHECK(endpoint("") == R"({"name":"in-process"})");
}

TEST_CASE("bytes that are no event are refused, and nothing is written") {
  for (const char* bad : {"", "{", "[]", "7", "{}", R"({"ts":"yesterday"})"}) {
    AuditRecord record;
    record.canonical = bad;
    std::string out = "kept";
    const Status status = OcsfLines({}).Append(record, out);
    INFO(bad);
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().code == ErrorCode::kCorrupt);
    CHECK(out == "kept");
  }
}

TEST_CASE("an export is rendered line by line, through the filter") {
  const auto store = std::make_shared<store::MemoryStore>();
  auto log = audit::AuditLog::Create(store, {}, SystemClock(), SystemRandom());
  for (const AuditEvent& sample : test::SampleEvents()) {
    if (sample.kind == EventKind::kGenesis) continue;   // the log writes it
    REQUIRE((*log)->AppendAndWait(sample).ok());
  }
  AuditFilter filter;
  filter.kind = "outcome";
  OcsfLines lines({});
  std::string out;
  const audit::EventRenderer render = [&](const AuditRecord& r, std::string& line) { return lines.Append(r, line); };
  REQUIRE(audit::ExportRendered(*store, filter, render, [&](std::string_view piece) {
            out += piece;
            return Status();
          }).ok());
  CHECK(std::count(out.begin(), out.end(), '\n') == 7);
  CHECK(out.find("\"export\"") == std::string::npos);
}

}  // namespace intentgate::evidence
