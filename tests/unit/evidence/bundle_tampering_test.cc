#include "unit/evidence/signed_log.h"

namespace intentgate::test {
namespace {

constexpr int kEvents = 20;

// A log with the same key and checkpoint as `log`, but for one event that another store holds instead.
std::string BundleOf(SignedLog& log, const std::function<void(std::vector<audit::StoredEvent>&)>& tamper) {
  auto events = log.store.ScanStored("acme", 0, 1'000);
  REQUIRE(events.ok());
  tamper(*events);
  SignedLog forged;
  forged.key = log.key;
  forged.tree = log.tree;
  const std::vector<audit::TenantBatch> batches{{"acme", *events}};
  REQUIRE(forged.store.Append(batches).ok());
  return forged.Bundle();
}

SignedLog& Log() {
  static const auto log = [] {
    auto made = std::make_unique<SignedLog>();
    made->Append(kEvents);
    made->Sign(kEvents);
    return made;
  }();
  return *log;
}

}  // namespace

TEST_CASE("no byte of a bundle can be changed without notice") {
  const std::string bundle = Log().Bundle();
  REQUIRE(VerifyBundle(Log(), bundle).verdict == BundleVerdict::kIntact);
  for (std::size_t at = 0; at < bundle.size(); ++at) {
    std::string changed = bundle;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const BundleReport report = VerifyBundle(Log(), changed);
    CHECK_MESSAGE(report.verdict != BundleVerdict::kIntact, "byte " << at << " was changed unnoticed");
  }
}

TEST_CASE("a bundle that was cut anywhere is not intact") {
  const std::string bundle = Log().Bundle();
  for (std::size_t size = 0; size < bundle.size(); size += 101) {
    const BundleVerdict verdict = VerifyBundle(Log(), std::string_view(bundle).substr(0, size)).verdict;
    CHECK((verdict == BundleVerdict::kTruncated || verdict == BundleVerdict::kMalformed));
  }
  CHECK(VerifyBundle(Log(), bundle + std::string(512, '\0')).verdict != BundleVerdict::kIntact);
  CHECK(VerifyBundle(Log(), bundle + bundle).verdict != BundleVerdict::kIntact);
}

TEST_CASE("an event that the database's owner edits is named, with or without a new hash") {
  for (int seq = 1; seq < kEvents; ++seq) {
    const std::string edited = BundleOf(Log(), [&](auto& events) {
      std::string& text = events[static_cast<std::size_t>(seq)].record.canonical;
      text.replace(text.find("read_file"), 9, "read_fils");
    });
    const BundleReport report = VerifyBundle(Log(), edited);
    CHECK(report.verdict == BundleVerdict::kTampered);
    CHECK(report.bad_seq == seq);
    CHECK(report.message.find("it was altered") != std::string::npos);

    if (seq + 1 == kEvents) continue;
    const std::string rehashed = BundleOf(Log(), [&](auto& events) {
      AuditRecord& record = events[static_cast<std::size_t>(seq)].record;
      AuditEvent other;
      other.reason = "written later";
      record = MakeStored("acme", seq, record.prev_hash, std::move(other)).record;
    });
    const BundleReport link = VerifyBundle(Log(), rehashed);
    CHECK(link.verdict == BundleVerdict::kTampered);
    CHECK(link.bad_seq == seq + 1);
  }
}

TEST_CASE("a removed, swapped or doubled event is named") {
  const auto verdict_of = [](const std::function<void(std::vector<audit::StoredEvent>&)>& tamper) {
    return VerifyBundle(Log(), BundleOf(Log(), tamper));
  };
  const BundleReport removed = verdict_of([](auto& events) { events.erase(events.begin() + 5); });
  CHECK(removed.verdict == BundleVerdict::kTampered);
  CHECK(removed.bad_seq == 5);
  const BundleReport swapped = verdict_of([](auto& events) { std::swap(events[5], events[6]); });
  CHECK(swapped.verdict == BundleVerdict::kTampered);
  CHECK(swapped.bad_seq == 5);
  const BundleReport doubled = verdict_of([](auto& events) { events.insert(events.begin() + 5, events[5]); });
  CHECK(doubled.verdict == BundleVerdict::kTampered);
  CHECK(doubled.bad_seq == 5);
  const BundleReport foreign = verdict_of([](auto& events) {
    events[7].record = MakeStored("other", 7, events[7].record.prev_hash, {}).record;
  });
  CHECK(foreign.verdict == BundleVerdict::kTampered);
  CHECK(foreign.bad_seq == 7);
}

TEST_CASE("a chain that was written anew from some event on does not give the checkpoint's root") {
  for (const int from : {0, 1, 10, kEvents - 1}) {
    SignedLog forged;
    forged.key = Log().key;
    forged.tree = Log().tree;
    const auto events = Log().store.ScanStored("acme", 0, 1'000);
    const std::vector<audit::TenantBatch> kept{{"acme", {events->begin(), events->begin() + from}}};
    REQUIRE(forged.store.Append(kept).ok());
    forged.Append(kEvents - from, "another history");
    const BundleReport report = VerifyBundle(Log(), forged.Bundle());
    CHECK(report.verdict == BundleVerdict::kTampered);
    CHECK(report.message.find("not those that the checkpoint signs") != std::string::npos);
  }
}

TEST_CASE("a filtered bundle's events and proofs cannot be changed without notice") {
  BundleRequest request;
  request.filter.agent_id = "reader";
  const std::string bundle = Log().Bundle(request);
  REQUIRE(VerifyBundle(Log(), bundle).verdict == BundleVerdict::kIntact);
  for (std::size_t at = 0; at < bundle.size(); at += 3) {
    std::string changed = bundle;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    CHECK_MESSAGE(VerifyBundle(Log(), changed).verdict != BundleVerdict::kIntact, "byte " << at << " was changed unnoticed");
  }
}

}  // namespace intentgate::test
