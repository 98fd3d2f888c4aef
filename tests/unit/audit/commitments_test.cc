#include "audit/commitments.h"

#include <doctest/doctest.h>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/erasure.h"
#include "store/memory/memory_store.h"

namespace intentgate::audit {
namespace {

AuditEvent Call() {
  AuditEvent e;
  e.event_id = "e1";
  e.ts_micros = 1'700'000'000'000'000;
  e.tenant = "acme";
  e.tool = "read_file";
  e.agent_id = "agent-7";
  e.remote_ip = "192.0.2.1";
  e.args_sha256 = std::string(64, 'a');
  e.arg_values = json::MakeObject({{"b", 1}, {"a", "secret"}});
  e.reason = "because";
  return e;
}

const CommitmentRule kRule{{"arg_values", "remote_ip"}, 0};

std::vector<std::string> Names(const std::vector<PrivateValue>& values) {
  std::vector<std::string> names;
  for (const PrivateValue& value : values) names.push_back(value.member);
  return names;
}

struct Fixture {
  std::shared_ptr<store::MemoryStore> memory = std::make_shared<store::MemoryStore>();
  std::unique_ptr<AuditLog> log;
  Fixture() {
    AuditLogOptions options;
    options.commit = kRule;
    log = *AuditLog::Create(memory, options, SystemClock(), SystemRandom());
  }
  void Append(AuditEvent event) { REQUIRE(log->AppendAndWait(std::move(event)).ok()); }
  AuditRecord Last() {
    std::vector<AuditRecord> records = *memory->Scan("acme", memory->Head("acme")->next_seq - 1, 1);
    REQUIRE(AddValues(*memory, records).ok());
    return records.front();
  }
};

}  // namespace

TEST_CASE("what the rule names is taken out, in the order of member, and nothing else") {
  AuditEvent e = Call();
  const std::vector<PrivateValue> taken = TakePrivate(kRule, e);
  REQUIRE(Names(taken) == std::vector<std::string>{"arg_values", "remote_ip"});
  CHECK(taken[0].value == R"({"a":"secret","b":1})");
  CHECK(taken[1].value == "192.0.2.1");
  CHECK_FALSE(e.arg_values.has_value());
  CHECK(e.remote_ip.empty());
  CHECK(e.reason == "because");
}

TEST_CASE("a value above the size is taken whatever its name; one at the size is not") {
  for (const std::size_t size : {99u, 100u, 101u}) {
    AuditEvent e = Call();
    e.arg_values = json::Value(std::string(size - 2, 'x'));   // with its quotes
    e.reason = std::string(size, 'x');
    const auto names = Names(TakePrivate({{}, 100}, e));
    CHECK(names == (size > 100 ? std::vector<std::string>{"arg_values", "reason"} : std::vector<std::string>{}));
  }
}

TEST_CASE("genesis and control events keep everything, because verification reads them") {
  AuditEvent e = Call();
  e.kind = EventKind::kControl;
  e.details = json::MakeObject({{"first_seq", 256}});
  CHECK(TakePrivate({{"details", "remote_ip"}, 1}, e).empty());
  CHECK(e.details.Find("first_seq") != nullptr);
}

TEST_CASE("arguments that JCS cannot carry are committed to as the text that would stand in the event") {
  AuditEvent e = Call();
  e.arg_values = *json::Parse(R"({"n":1234567890123456789012345678901234567890})");
  const auto taken = TakePrivate(kRule, e);
  CHECK(Names(taken)[0] == "arg_values_text");
  CHECK(taken[0].value == R"({"n":1234567890123456789012345678901234567890})");
}

TEST_CASE("the event holds the commitments in canonical form, and none of the values") {
  Fixture f;
  f.Append(Call());
  const AuditRecord record = f.Last();
  const json::Value event = *json::Parse(record.canonical);
  CHECK(*json::WriteJcs(event) == record.canonical);
  CHECK(record.canonical.find("secret") == std::string::npos);
  CHECK(record.canonical.find("192.0.2.1") == std::string::npos);
  REQUIRE(record.values.size() == 2);
  for (const PrivateValue& value : record.values) {
    CHECK(event.Find("commitments")->Find(value.member)->string_value() == Commitment(value));
  }
  CHECK(record.values[0].salt != record.values[1].salt);
  const json::Value shown = *ShownEvent(record);
  CHECK(*json::WriteJcs(*shown.Find("arg_values")) == R"({"a":"secret","b":1})");
  CHECK(shown.Find("remote_ip")->string_value() == "192.0.2.1");
}

TEST_CASE("two events with the same value have different commitments") {
  Fixture f;
  f.Append(Call());
  const std::string first = json::Write(*json::Parse(f.Last().canonical)->Find("commitments"));
  AuditEvent again = Call();
  again.event_id = "e2";
  f.Append(std::move(again));
  CHECK(json::Write(*json::Parse(f.Last().canonical)->Find("commitments")) != first);
}

TEST_CASE("without randomness for a salt nothing is recorded") {
  struct Broken final : Random {
    Status Fill(std::span<std::uint8_t> out) override {
      if (out.size() == 16 && broken) return Error{ErrorCode::kUnavailable, "no randomness"};
      return SystemRandom()->Fill(out);
    }
    bool broken = false;
  };
  const auto random = std::make_shared<Broken>();
  const auto memory = std::make_shared<store::MemoryStore>();
  AuditLogOptions options;
  options.commit = kRule;
  auto log = AuditLog::Create(memory, options, SystemClock(), random);
  random->broken = true;
  CHECK_FALSE((*log)->AppendAndWait(Call()).ok());
  CHECK(memory->Head("acme")->next_seq == 0);
}

TEST_CASE("an altered value, salt or member is found, by the chain's verification too") {
  Fixture f;
  f.Append(Call());
  const AuditRecord record = f.Last();
  const auto refused = [&](auto change) {
    std::vector<PrivateValue> values = record.values;
    change(values);
    const Status fit = CheckValues(record.canonical, values);
    return !fit.ok() && fit.error().code == ErrorCode::kCorrupt;
  };
  CHECK(CheckValues(record.canonical, record.values).ok());
  CHECK(refused([](auto& v) { v[0].value += " "; }));
  CHECK(refused([](auto& v) { v[1].salt[3] ^= 1; }));
  CHECK(refused([](auto& v) { v[1].member = "reason"; }));
  CHECK(refused([](auto& v) { std::swap(v[0], v[1]); }));
  CHECK(refused([](auto& v) { v[1] = v[0]; }));
  CHECK_FALSE(refused([](auto& v) { v.erase(v.begin()); }));

  CHECK(VerifyChain(*f.memory, "acme", 0, {}, f.memory.get())->ok);
  audit::TenantBatch forged{"acme", *f.memory->ScanStored("acme", 0, 10)};
  forged.events.back().private_values = record.values;
  forged.events.back().private_values[1].value = "192.0.2.99";
  store::MemoryStore other;
  REQUIRE(other.Append(std::span(&forged, 1)).ok());
  const auto report = VerifyChain(other, "acme", 0, {}, &other);
  CHECK_FALSE(report->ok);
  CHECK(report->broken_seq == record.seq);
  CHECK(report->problem.rfind("value: ", 0) == 0);
}

TEST_CASE("an erasure takes the values of the matching events, and the chain and its exports stay valid") {
  Fixture f;
  for (int i = 0; i < 2'500; ++i) {
    AuditEvent e = Call();
    e.event_id = "e" + std::to_string(i);
    e.agent_id = i % 5 == 0 ? "leaver" : "stayer";
    f.log->Append(std::move(e), AuditDurability::kAsync, {});
  }
  REQUIRE(f.log->Flush().ok());
  AuditFilter filter;
  CHECK(CheckErasure(filter).error().code == ErrorCode::kInvalidArgument);
  filter.tenant = "acme";
  CHECK(CheckErasure(filter).error().code == ErrorCode::kInvalidArgument);
  filter.agent_id = "leaver";
  CHECK(CheckErasure(filter).ok());
  const auto planned = EraseValues(*f.memory, {*f.memory, {}}, filter, true);
  CHECK(planned->events == 500);
  CHECK(planned->values == 1'000);
  CHECK(EraseValues(*f.memory, {*f.memory, {}}, filter, false)->values == 1'000);
  CHECK(EraseValues(*f.memory, {*f.memory, {}}, filter, false)->values == 0);
  CHECK(VerifyChain(*f.memory, "acme", 0, {}, f.memory.get())->ok);
  std::string text;
  REQUIRE(ExportEvents(*f.memory, {}, ExportFormat::kNdjson, *SystemClock(), [&](std::string_view piece) {
            text += piece;
            return Status();
          }, f.memory.get()).ok());
  ExportVerifier verifier;
  verifier.Feed(text);
  CHECK(verifier.Finish().complete);
  std::size_t values = 0;
  for (std::size_t at = 0; (at = text.find("\"member\":\"remote_ip\"", at)) != std::string::npos; ++at) ++values;
  CHECK(values == 2'000);
}

TEST_CASE("a hold that covers a matching event is named") {
  Fixture f;
  f.Append(Call());
  AuditFilter filter;
  filter.tenant = "acme";
  filter.agent_id = "agent-7";
  LegalHold hold{"acme", "case 7", "court", "ann", 1};
  hold.from_micros = 1'700'000'000'000'001;
  REQUIRE(f.memory->AddHold(hold).ok());
  CHECK(CheckHolds(*f.memory, *f.memory, filter).ok());
  hold.id = "case 8";
  hold.from_micros = hold.to_micros = 1'700'000'000'000'000;
  REQUIRE(f.memory->AddHold(hold).ok());
  const Status held = CheckHolds(*f.memory, *f.memory, filter);
  REQUIRE_FALSE(held.ok());
  CHECK(held.error().message.find("case 8") != std::string::npos);
}

}  // namespace intentgate::audit
