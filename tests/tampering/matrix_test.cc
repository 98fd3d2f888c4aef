// Every way to tamper with a log, on random logs, against the three verifiers: the one over the store, the one of an
// export and the one of a bundle. Each must say what the operator's table says, and none may cry wolf on a clean log.
// A failure names the operator and the seed that makes the log again.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <intentgate/bundle.h>
#include <intentgate/clock.h>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "contract/chains.h"
#include "evidence/bundle_writer.h"
#include "support/soak.h"
#include "tampering/operators.h"

namespace intentgate::test {
namespace {

// What a verifier said.
struct Said {
  bool found = false;
  std::optional<std::int64_t> seq;
  std::string message;
};

Said AskStore(Rows& rows) {
  RowStore store(rows);
  const Result<VerifyReport> report = audit::VerifyChain(store, rows.tenant);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  return {!report->ok, report->broken_seq, report->problem};
}

std::string Export(Rows& rows) {
  RowStore store(rows);
  AuditFilter filter;
  filter.tenant = rows.tenant;
  std::string out;
  const ManualClock clock(1'700'000'000'000'000);
  const Status written = audit::ExportEvents(store, filter, ExportFormat::kNdjson, clock, [&](std::string_view piece) {
    out += piece;
    return Status();
  });
  REQUIRE(written.ok());
  return out;
}

// As an auditor reads it who asked for the whole chain and has noted its head.
Said AskExport(const std::string& text, const Kept& kept) {
  ExportVerifier verifier;
  verifier.Feed(text);
  const ExportVerifier::Report report = verifier.Finish();
  if (report.outcome != ExportVerifier::Report::Outcome::kIntact) {
    // The first line is the header.
    return {true, report.bad_seq ? report.bad_seq : std::optional(report.bad_line.value_or(1) - 2), report.message};
  }
  if (!report.complete) return {true, std::nullopt, "not the whole chain"};
  for (const auto& [tenant, head] : report.heads) {
    if (head.next_seq >= kept.head.next_seq && (head.next_seq > kept.head.next_seq || head.hash == kept.head.hash)) return {};
  }
  return {true, std::nullopt, "not the head that was noted"};
}

Result<std::string> Bundle(Rows& rows, bool filtered) {
  RowStore store(rows);
  BundleRequest request;
  request.tenant = rows.tenant;
  if (filtered) request.filter.from_seq = 0;
  std::string out;
  const ManualClock clock(1'700'000'000'000'000);
  const Status written = evidence::WriteBundle(store, store, request, clock, [&](std::string_view piece) {
    out += piece;
    return Status();
  });
  if (!written.ok()) return written.error();
  return out;
}

Said AskBundle(const std::string& bytes, const Kept& kept) {
  auto verifier = BundleVerifier::Create({{kept.key}, {kept.checkpoint}});
  REQUIRE_MESSAGE(verifier.ok(), verifier.error().message);
  verifier->Feed(bytes);
  const BundleReport report = verifier->Finish();
  return {report.verdict != BundleVerdict::kIntact, report.bad_seq, report.message};
}

// A bundle that cannot be written is a finding as well.
Said AskBundleOf(Rows& rows, const Kept& kept) {
  const Result<std::string> whole = Bundle(rows, false);
  if (!whole.ok()) return {true, std::nullopt, whole.error().message};
  const Said said = AskBundle(*whole, kept);
  if (said.found) return said;
  const Result<std::string> proved = Bundle(rows, true);
  if (!proved.ok()) return {true, std::nullopt, proved.error().message};
  return AskBundle(*proved, kept);
}

void Check(const std::string& verifier, const Said& said, const Must& must) {
  INFO(verifier << " said: " << said.message << " at " << said.seq.value_or(-1) << "; the table names " << must.seq);
  CHECK(said.found == (must.kind != Must::kNotSee));
  if (must.kind == Must::kName) CHECK(said.seq == must.seq);
}

constexpr std::uint64_t kSeeds = 1'000'000;

void Run(std::span<const RowOperator> operators, int logs) {
  for (const RowOperator& op : operators) {
    INFO(std::string(op.name));
    for (int log = 0; log < logs; ++log) {
      CAPTURE(log);
      Dice dice(kSeeds + static_cast<std::uint64_t>(log));
      Rows rows = RandomLog(dice);
      const Kept kept = KeptOf(rows);
      const Verdicts must = op.apply(rows, dice);
      // Rows are read in the order of their numbers.
      std::stable_sort(rows.events.begin(), rows.events.end(),
                       [](const auto& a, const auto& b) { return a.record.seq < b.record.seq; });
      CHECK((must.store.kind != Must::kNotSee || must.exported.kind != Must::kNotSee || must.bundle.kind != Must::kNotSee));
      Check("the store's verifier", AskStore(rows), must.store);
      Check("the export's verifier", AskExport(Export(rows), kept), must.exported);
      Check("the bundle's verifier", AskBundleOf(rows, kept), must.bundle);
    }
  }
}

int Logs() { return Rounds(100, 1'000); }

}  // namespace

TEST_CASE("whoever edits what an event says is found") { Run(ByteOperators(), Logs()); }

TEST_CASE("whoever removes, moves or adds events is found") { Run(OrderOperators(), Logs()); }

TEST_CASE("whoever edits heads, columns, tiles or checkpoints is found") { Run(TreeOperators(), Logs()); }

TEST_CASE("whoever edits an export is found") {
  for (const ExportOperator& op : ExportOperators()) {
    INFO(std::string(op.name));
    for (int log = 0; log < Logs(); ++log) {
      CAPTURE(log);
      Dice dice(kSeeds + static_cast<std::uint64_t>(log));
      Rows rows = RandomLog(dice);
      std::string text = Export(rows);
      const Must must = op.apply(text, dice);
      Check("the export's verifier", AskExport(text, KeptOf(rows)), must);
    }
  }
}

TEST_CASE("whoever edits a bundle is found") {
  for (const BundleOperator& op : BundleOperators()) {
    INFO(std::string(op.name));
    for (int log = 0; log < Logs(); ++log) {
      CAPTURE(log);
      Dice dice(kSeeds + static_cast<std::uint64_t>(log));
      Rows rows = RandomLog(dice);
      std::string bytes = *Bundle(rows, op.filtered);
      const Must must = op.apply(bytes, dice);
      Check("the bundle's verifier", AskBundle(bytes, KeptOf(rows)), must);
    }
  }
}

namespace {

// Removes the first events as the retention does, once an event says so.
void PruneSome(Rows& rows, Dice& dice) {
  const std::size_t count = dice.From(1, rows.size() - 1);
  AuditEvent event;
  event.kind = EventKind::kControl;
  event.tool = std::string(audit::kPrunedTool);
  event.details = json::MakeObject({{"first_seq", static_cast<std::int64_t>(count)},
                                    {"prev_hash", rows.events[count - 1].record.hash}});
  rows.events.push_back(MakeStored(rows.tenant, rows.head.next_seq, rows.head.hash, std::move(event)));
  rows.head = {rows.head.next_seq + 1, rows.events.back().record.hash};
  RewriteAndSign(rows, rows.size() - 1, LogKey());
  rows.pruned = {static_cast<std::int64_t>(count), rows.events[count - 1].record.hash};
  rows.events.erase(rows.events.begin(), rows.events.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

TEST_CASE("nobody cries wolf on a clean log") {
  const int logs = Rounds(1'000, 10'000);
  for (int log = 0; log < logs; ++log) {
    CAPTURE(log);
    Dice dice(static_cast<std::uint64_t>(log));
    Rows rows = RandomLog(dice);
    const Kept kept = KeptOf(rows);
    const bool pruned = log % 4 == 1;
    if (pruned) PruneSome(rows, dice);
    // Events that no checkpoint covers yet.
    for (std::size_t more = log % 4 == 2 ? dice.From(1, 5) : 0; more > 0; --more) {
      rows.events.push_back(RandomEvent(dice, rows.tenant, rows.head));
      rows.head = {rows.head.next_seq + 1, rows.events.back().record.hash};
    }
    Check("the store's verifier", AskStore(rows), NotSee());
    if (!pruned) Check("the export's verifier", AskExport(Export(rows), kept), NotSee());
    if (!pruned) Check("the bundle's verifier", AskBundleOf(rows, kept), NotSee());
    if (pruned) Check("the bundle's verifier", AskBundle(*Bundle(rows, false), KeptOf(rows)), NotSee());
  }
}

}  // namespace intentgate::test
