#include "audit/canonical_event.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>

#include "base/utf8.h"

namespace intentgate::audit {
namespace {

AuditEvent FullEvent() {
  AuditEvent e;
  e.event_id = "0190b7c2-0000-7000-8000-000000000001";
  e.ts_micros = 1'767'323'045'123'456;
  e.tenant = "acme";
  e.decision = "block";
  e.check = Check::kCapability;
  e.reason_code = Reason::kArgumentRefused;
  e.reason = "path is outside \"/data\" \\ <b>\n\x01 \xe2\x80\xa8 \xf0\x9f\x98\x80";
  e.method = "tools/call";
  e.tool = "read_file";
  e.agent_id = "agent-x";
  e.session_id = "s1";
  e.arg_keys = {"a", "path"};
  e.args_sha256 = std::string(64, 'a');
  e.arg_values = json::MakeObject({{"path", "/etc"}, {"n", json::Value::Double(1.5)}});
  e.capability_token_id = "jti";
  e.root_capability_token_id = "root";
  e.caveat_count = 3;
  e.refused_caveat = 0;
  e.intent_summary = "read invoices";
  e.policy_sha256 = std::string(64, 'b');
  e.requires_step_up = true;
  e.latency_us = 1'234;
  e.remote_ip = "127.0.0.1:5";
  e.decision_event_id = "d1";
  e.upstream_status = 200;
  e.outcome = "success";
  e.result_sha256 = std::string(64, 'c');
  e.result_bytes = 77;
  e.actor = "ann";
  e.elevation_id = "elev";
  e.pending_id = "p1";
  e.decided_by = "bob";
  e.details = json::MakeObject({{"z", 1}, {"a", nullptr}});
  return e;
}

std::string CanonicalOf(AuditEvent event, std::int64_t producer_seq = 41, std::int64_t seq = 7) {
  EventDraft draft = MakeDraft(std::move(event), "gw-1:00ff", true);
  draft.producer_seq = producer_seq;
  AuditRecord record;
  Place(draft, seq, "", record);
  return record.canonical;
}

std::string Golden(const std::string& name) {
  std::ifstream file(std::string(INTENTGATE_TEST_DATA) + "/golden/audit/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

json::Value Parsed(const std::string& canonical) {
  auto value = json::Parse(canonical, kEventLimits);
  REQUIRE(value.ok());
  return std::move(*value);
}

}  // namespace

TEST_CASE("an event with every member is exactly the golden bytes") {
  CHECK(CanonicalOf(FullEvent()) + "\n" == Golden("full_event.json"));
}

TEST_CASE("what the writer writes by hand is what RFC 8785 prescribes") {
  for (const bool full : {true, false}) {
    const std::string canonical = CanonicalOf(full ? FullEvent() : AuditEvent{.event_id = "x", .ts_micros = 1});
    CHECK(json::WriteJcs(Parsed(canonical)).value() == canonical);
    CHECK(ReadCanonical(canonical).ok());
  }
}

TEST_CASE("a text that moves to its place is the one that is written there, at every other place, too") {
  for (const bool numbered : {true, false}) {
    EventDraft draft = MakeDraft(FullEvent(), "gw-1:00ff", numbered);
    if (numbered) draft.producer_seq = 1234;
    const std::string text = draft.text;
    for (const std::int64_t seq : {std::int64_t{0}, std::int64_t{7}, std::int64_t{1'000'000'000'000}}) {
      AuditRecord written, moved;
      Place(draft, seq, "before", written);
      MoveToPlace(draft, seq, "before", moved);
      CHECK(moved.canonical == written.canonical);
      CHECK(moved.hash == written.hash);
      CHECK(moved.prev_hash == "before");
      CHECK(moved.seq == seq);
      MoveFromPlace(draft, moved);
      CHECK(draft.text == text);
    }
  }
}

TEST_CASE("a draft in the memory of an event that is over is the draft that a new one would be") {
  const auto small = [] { return AuditEvent{.kind = EventKind::kControl, .event_id = "x", .ts_micros = 1, .tenant = "other"}; };
  for (const bool given_back : {true, false}) {
    AuditEvent full = FullEvent();
    full.charges = {{"root:jti:calls", 60, 1}};
    EventDraft draft = MakeDraft(std::move(full), "gw-1:00ff", true, {{"remote_ip", {1}, "127.0.0.1:5"}});
    draft.producer_seq = 12;
    StoredEvent placed = std::move(draft.stored);
    MoveToPlace(draft, 9, std::string(64, '0'), placed.record);
    placed.record.values = placed.private_values;
    if (given_back) GiveBack(std::move(placed), draft);
    FillDraft(small(), "p", false, {}, draft);

    const EventDraft fresh = MakeDraft(small(), "p", false);
    CHECK(draft.text == fresh.text);
    CHECK(draft.seq_at == fresh.seq_at);
    CHECK(draft.producer_seq_at == fresh.producer_seq_at);
    CHECK_FALSE(draft.producer_seq.has_value());
    CHECK(draft.bytes() == fresh.bytes());
    const StoredEvent &a = draft.stored, &b = fresh.stored;
    CHECK(std::tie(a.record.tenant, a.record.event_id, a.record.seq, a.record.prev_hash, a.record.hash, a.record.canonical) ==
          std::tie(b.record.tenant, b.record.event_id, b.record.seq, b.record.prev_hash, b.record.hash, b.record.canonical));
    CHECK(std::tie(a.ts_micros, a.kind, a.decision, a.check, a.tool, a.agent_id, a.jti, a.elevation_id, a.root_jti, a.session_id, a.code, a.actor) ==
          std::tie(b.ts_micros, b.kind, b.decision, b.check, b.tool, b.agent_id, b.jti, b.elevation_id, b.root_jti, b.session_id, b.code, b.actor));
    CHECK(a.record.values.empty());
    CHECK(a.charges.empty());
    CHECK(a.private_values.empty());
  }
}

TEST_CASE("empty members are left out") {
  const json::Value event = Parsed(CanonicalOf(AuditEvent{.kind = EventKind::kControl, .event_id = "x", .ts_micros = 1}));
  for (const char* name : {"decision", "check", "code", "reason", "arg_keys", "details", "latency_ms", "refused_caveat",
                           "requires_step_up", "upstream_status"}) {
    CHECK(event.Find(name) == nullptr);
  }
}

TEST_CASE("columns taken from an event and columns read from its bytes are the same") {
  const EventDraft draft = MakeDraft(FullEvent(), "p", false);
  StoredEvent written = draft.stored;
  Place(draft, 3, "", written.record);
  const auto read = ReadCanonical(written.record.canonical);
  REQUIRE(read.ok());
  CanonicalChecker checker;
  CHECK(FirstDifference(*checker.Check(written.record.canonical), *read) == "");
  CHECK(FirstDifference(*checker.Check(written.record.canonical), written) == "");
  CHECK(read->jti == "jti");
  CHECK(read->check == "capability");
}

TEST_CASE("invalid UTF-8 of any one text is cleaned") {
  for (std::string AuditEvent::*const text :
       {&AuditEvent::event_id, &AuditEvent::tenant, &AuditEvent::decision, &AuditEvent::reason, &AuditEvent::method, &AuditEvent::tool,
        &AuditEvent::agent_id, &AuditEvent::session_id, &AuditEvent::args_sha256, &AuditEvent::capability_token_id,
        &AuditEvent::root_capability_token_id, &AuditEvent::intent_summary, &AuditEvent::policy_sha256, &AuditEvent::remote_ip,
        &AuditEvent::decision_event_id, &AuditEvent::outcome, &AuditEvent::result_sha256, &AuditEvent::actor,
        &AuditEvent::elevation_id, &AuditEvent::pending_id, &AuditEvent::decided_by}) {
    AuditEvent bad, clean;
    bad.event_id = clean.event_id = "id";
    bad.tenant = clean.tenant = "acme";
    bad.ts_micros = clean.ts_micros = 1;
    bad.*text = "quite a long text, \"quoted\" \xc3\xa9, and then \xff";
    clean.*text = "quite a long text, \"quoted\" \xc3\xa9, and then \xef\xbf\xbd";
    const EventDraft of_bad = MakeDraft(std::move(bad), "p", true), of_clean = MakeDraft(std::move(clean), "p", true);
    CHECK(of_bad.text == of_clean.text);
    CHECK(of_bad.seq_at == of_clean.seq_at);
    CHECK(of_bad.producer_seq_at == of_clean.producer_seq_at);
    CHECK(of_bad.text.find("then \xef\xbf\xbd\"") != std::string::npos);
    const StoredEvent &a = of_bad.stored, &b = of_clean.stored;
    CHECK(std::tie(a.record.tenant, a.record.event_id, a.decision, a.tool, a.agent_id, a.jti, a.elevation_id, a.root_jti,
                   a.session_id, a.actor) == std::tie(b.record.tenant, b.record.event_id, b.decision, b.tool, b.agent_id, b.jti,
                                                      b.elevation_id, b.root_jti, b.session_id, b.actor));
  }
}

TEST_CASE("invalid UTF-8 becomes U+FFFD in the bytes and in the columns") {
  AuditEvent e = FullEvent();
  e.tool = "bad\xff";
  e.session_id = "\xc0\xaf";
  e.arg_keys = {"k\xed\xa0\x80"};
  const EventDraft draft = MakeDraft(std::move(e), "p", false);
  CHECK(draft.stored.tool == "bad\xef\xbf\xbd");
  CHECK(base::IsValidUtf8(draft.text));
}

TEST_CASE("values that RFC 8785 would change are kept as text") {
  AuditEvent e = FullEvent();
  e.arg_values = *json::Parse(R"({"n":1234567890123456789012345678901234567890,"m":1.10})");
  const json::Value event = Parsed(CanonicalOf(std::move(e)));
  CHECK(event.Find("arg_values") == nullptr);
  REQUIRE(event.Find("arg_values_text") != nullptr);
  CHECK(event.Find("arg_values_text")->string_value() ==
        R"({"n":1234567890123456789012345678901234567890,"m":1.10})");
}

TEST_CASE("values that would not read back are kept as text") {
  AuditEvent twice = FullEvent();
  twice.details = json::Object{{"a", 1}, {"a", 2}};
  CHECK(Parsed(CanonicalOf(std::move(twice))).Find("details_text") != nullptr);

  AuditEvent bad = FullEvent();
  bad.arg_values = json::Object{{"k\xff", 2}};
  const json::Value event = Parsed(CanonicalOf(std::move(bad)));
  CHECK(event.Find("arg_values_text")->string_value() == "{\"k\xef\xbf\xbd\":2}");
}

TEST_CASE("a call as deep as a call may be is an event that can be read") {
  std::string deep;
  for (int i = 0; i < 128; ++i) deep += "[";
  for (int i = 0; i < 128; ++i) deep += "]";
  AuditEvent e = FullEvent();
  e.arg_values = *json::Parse(deep);
  CHECK(ReadCanonical(CanonicalOf(std::move(e))).ok());
}

TEST_CASE("values of any depth leave an event that can be read") {
  for (int depth = 155; depth <= 165; ++depth) {
    AuditEvent e = FullEvent();
    e.arg_values = json::Value(1);
    for (int i = 0; i < depth; ++i) e.arg_values = json::Value(json::Array{std::move(*e.arg_values)});
    CHECK(ReadCanonical(CanonicalOf(std::move(e))).ok());
  }
}

TEST_CASE("numbers beyond what a double holds are cut to the largest that it does") {
  AuditEvent e = FullEvent();
  e.result_bytes = std::numeric_limits<std::int64_t>::max();
  const std::string canonical = CanonicalOf(std::move(e));
  CHECK(canonical.find("\"result_bytes\":9007199254740991") != std::string::npos);
  CHECK(ReadCanonical(canonical).ok());
}

TEST_CASE("the chain hash is SHA-256 over the previous hash's text and the bytes") {
  // printf '%s' abc | sha256sum
  CHECK(ChainHash("a", "bc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(ChainHash("", "abc") == ChainHash("a", "bc"));
}

TEST_CASE("bytes that are not one canonical event are refused with what is wrong") {
  const std::string good = CanonicalOf(FullEvent());
  CHECK(ReadCanonical("[]").error().message.find("not exactly one object") != std::string::npos);
  CHECK(ReadCanonical("{").error().message.find("a text is missing") != std::string::npos);
  CHECK(ReadCanonical("{\"seq\": 1}").error().message.find("canonical form (RFC 8785)") != std::string::npos);
  CHECK(ReadCanonical("{\"ts\":\"2026-01-01T00:00:00Z\"}").error().message.find("sequence") != std::string::npos);
  CHECK(ReadCanonical("{\"seq\":1,\"ts\":\"yesterday\"}").error().message.find("ts") != std::string::npos);
  CHECK(ReadCanonical(good + " ").error().code == ErrorCode::kMalformed);
}

}  // namespace intentgate::audit
