// The export's format is frozen by files. INTENTGATE_UPDATE_GOLDEN=1 writes them again; review the diff.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/retention_store.h"
#include "store/memory/memory_store.h"

namespace intentgate::audit {
namespace {

using Outcome = ExportVerifier::Report::Outcome;

class CountingRandom final : public Random {
 public:
  Status Fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
    return {};
  }

 private:
  std::atomic<std::uint8_t> next_{0};
};

std::string PathOf(const std::string& name) { return std::string(INTENTGATE_TEST_DATA) + "/golden/audit/" + name; }

std::string ReadGolden(const std::string& name) {
  std::ifstream file(PathOf(name), std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string MakeExport(const AuditFilter& filter, const CommitmentRule& rule = {}) {
  const auto memory = std::make_shared<store::MemoryStore>();
  const auto clock = std::make_shared<ManualClock>(1'767'323'045'123'000);
  AuditLogOptions options;
  options.producer_id = "gw-1";
  options.deployment = "golden";
  options.commit = rule;
  auto log = AuditLog::Create(memory, options, clock, std::make_shared<CountingRandom>());
  for (int i = 0; i < 6; ++i) {
    clock->AdvanceMicros(1'500);
    AuditEvent e;
    e.kind = i % 2 == 0 ? EventKind::kDecision : EventKind::kOutcome;
    e.tenant = i < 4 ? "acme" : "caf\xc3\xa9";
    if (i % 2 == 0) {
      e.decision = i == 2 ? "block" : "allow";
      e.check = i == 2 ? Check::kPolicy : Check::kNone;
      e.reason_code = i == 2 ? Reason::kPolicyBlocked : Reason::kAllowed;
      e.reason = i == 2 ? "over the \"limit\"\n<of> 10\xe2\x82\xac, \xf0\x9f\x98\x80, ,\"event\":" : "";
      e.arg_values = json::MakeObject({{"\xef\xbc\xa1", json::Value::Double(1e21)}, {"\xf0\x90\x80\x80", true}});
    } else {
      e.outcome = "success";
      e.upstream_status = 200;
    }
    e.tool = "read_file";
    e.agent_id = "agent-" + std::to_string(i % 3);
    e.latency_us = 1'234 * i;
    REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
  }
  std::string out;
  REQUIRE(ExportEvents(*memory, filter, ExportFormat::kNdjson, *clock, [&](std::string_view piece) {
            out += piece;
            return Status();
          }, memory.get()).ok());
  return out;
}

// With private values.
std::string MakePrivateExport() { return MakeExport({}, {{"arg_values", "reason"}, 0}); }

// Of a chain whose first two events were pruned; the event that says so names the hash `behind`, or else the right one.
std::string MakePrunedExport(std::string behind = {}) {
  const auto memory = std::make_shared<store::MemoryStore>();
  const auto clock = std::make_shared<ManualClock>(1'767'323'045'123'000);
  AuditLogOptions options;
  options.producer_id = "gw-1";
  auto log = AuditLog::Create(memory, options, clock, std::make_shared<CountingRandom>());
  const auto append = [&](AuditEvent e) {
    clock->AdvanceMicros(1'500);
    e.tenant = "acme";
    REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
  };
  for (const char* tool : {"a", "b", "c"}) {
    AuditEvent e;
    e.decision = "allow";
    e.tool = tool;
    append(std::move(e));
  }
  const std::string last = memory->Scan("acme", 1, 1)->front().hash;
  if (behind.empty()) behind = last;
  AuditEvent pruned;
  pruned.kind = EventKind::kControl;
  pruned.tool = kPrunedTool;
  pruned.details = json::MakeObject({{"first_seq", 2}, {"prev_hash", behind}});
  append(std::move(pruned));
  REQUIRE(static_cast<RetentionStore&>(*memory).Prune("acme", {2, last}).ok());
  std::string out;
  REQUIRE(ExportEvents(*memory, {}, ExportFormat::kNdjson, *clock, [&](std::string_view piece) {
            out += piece;
            return Status();
          }).ok());
  return out;
}

std::string MakeWronglyPrunedExport() { return MakePrunedExport(std::string(64, 'a')); }

AuditFilter Decisions() {
  AuditFilter filter;
  filter.kind = "decision";
  return filter;
}

std::string WithValue(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from, text.find(",\"private\":")), from.size(), to);
  return text;
}

void UpdateIfAsked() {
  if (std::getenv("INTENTGATE_UPDATE_GOLDEN") == nullptr) return;
  const auto write = [](const std::string& name, const std::string& bytes) {
    std::ofstream(PathOf(name), std::ios::binary) << bytes;
  };
  const std::string intact = MakeExport({});
  write("export_intact.ndjson", intact);
  write("export_filtered.ndjson", MakeExport(Decisions()));
  write("export_truncated.ndjson", intact.substr(0, intact.size() * 3 / 4));
  std::string tampered = intact;
  tampered.replace(tampered.find("\"decision\":\"block\""), 18, "\"decision\":\"allow\"");
  write("export_tampered.ndjson", tampered);
  const std::string with_values = MakePrivateExport();
  write("export_private.ndjson", with_values);
  write("export_private_tampered.ndjson", WithValue(with_values, "1e+21", "1e+22"));
  write("export_pruned.ndjson", MakePrunedExport());
  write("export_pruned_tampered.ndjson", MakeWronglyPrunedExport());
}

ExportVerifier::Report Verify(const std::string& name) {
  ExportVerifier verifier;
  verifier.Feed(ReadGolden(name));
  return verifier.Finish();
}

}  // namespace

TEST_CASE("an export is exactly the golden bytes") {
  UpdateIfAsked();
  CHECK(MakeExport({}) == ReadGolden("export_intact.ndjson"));
  CHECK(MakeExport(Decisions()) == ReadGolden("export_filtered.ndjson"));
  CHECK(MakePrivateExport() == ReadGolden("export_private.ndjson"));
  CHECK(MakePrunedExport() == ReadGolden("export_pruned.ndjson"));
  CHECK(MakeWronglyPrunedExport() == ReadGolden("export_pruned_tampered.ndjson"));
}

TEST_CASE("the golden exports get the verdicts that the second verifier gives them, too") {
  CHECK(Verify("export_intact.ndjson").complete);
  CHECK(Verify("export_intact.ndjson").outcome == Outcome::kIntact);
  CHECK(Verify("export_filtered.ndjson").outcome == Outcome::kIntact);
  CHECK_FALSE(Verify("export_filtered.ndjson").complete);
  CHECK(Verify("export_truncated.ndjson").outcome == Outcome::kTruncated);
  const auto tampered = Verify("export_tampered.ndjson");
  CHECK(tampered.outcome == Outcome::kTampered);
  CHECK(tampered.bad_seq == 3);
  CHECK(Verify("export_private.ndjson").complete);
  const auto altered = Verify("export_private_tampered.ndjson");
  CHECK(altered.outcome == Outcome::kTampered);
  CHECK(altered.message.find("arg_values") != std::string::npos);
  const auto pruned = Verify("export_pruned.ndjson");
  CHECK_MESSAGE(pruned.complete, pruned.message);
  CHECK(pruned.events == 3);
  CHECK(pruned.message.find("pruned") != std::string::npos);
  REQUIRE(pruned.pruned.size() == 1);
  CHECK(pruned.pruned[0].tenant == "acme");
  CHECK(pruned.pruned[0].first_seq == 2);
  CHECK(pruned.pruned[0].prev_hash.size() == 64);
  const auto removed = Verify("export_pruned_tampered.ndjson");
  CHECK(removed.outcome == Outcome::kTampered);
  CHECK(removed.bad_seq == 0);
  CHECK(removed.bad_line == 2);
}

}  // namespace intentgate::audit
