#include "unit/evidence/signed_log.h"

namespace intentgate::test {

TEST_CASE("a bundle of everything is intact, whatever its size and however it is fed") {
  for (const int size : {1, 2, 3, 255, 256, 257, 600}) {
    CAPTURE(size);
    SignedLog log;
    log.Append(size);
    const std::string note = log.Sign(static_cast<std::uint64_t>(size));
    const std::string bundle = log.Bundle();
    for (const std::size_t piece : {std::size_t{7}, std::size_t{512}, std::size_t{1} << 20}) {
      const BundleReport report = VerifyBundle(bundle, {{log.key.verifier().ToString()}, {}}, piece);
      CHECK_MESSAGE(report.verdict == BundleVerdict::kIntact, report.message);
      CHECK(report.complete);
      CHECK(report.events == size);
      CHECK(report.covered == size);
      CHECK(report.checkpoint_note == note);
      CHECK(report.last_hash == log.store.Head("acme")->hash);
      CHECK(report.signed_by == std::vector<std::string>{"acme-log"});
    }
  }
}

TEST_CASE("a second key says when a checkpoint was signed, and alone it proves nothing") {
  SignedLog log;
  log.Append(10);
  auto note = tlog::ParseNote(log.Sign(10));
  REQUIRE(note.ok());
  const auto timer = tlog::SigningKey::Generate("acme-time", tlog::KeyType::kCosignature, *SystemRandom());
  REQUIRE(timer.ok());
  REQUIRE(tlog::SignNote(*note, *timer, 1'700'000'123).ok());
  log.tree.newest.front().note = tlog::WriteNote(*note);
  const std::string bundle = log.Bundle(), key = log.key.verifier().ToString(), time_key = timer->verifier().ToString();
  const BundleReport both = VerifyBundle(bundle, {{key, time_key}, {}});
  CHECK_MESSAGE(both.verdict == BundleVerdict::kIntact, both.message);
  CHECK(both.cosigned_at_micros == 1'700'000'123'000'000);
  CHECK(both.signed_by == std::vector<std::string>{"acme-log", "acme-time"});
  CHECK(VerifyBundle(bundle, {{key}, {}}).cosigned_at_micros == 0);
  CHECK(VerifyBundle(bundle, {{time_key}, {}}).verdict == BundleVerdict::kUnknownKey);
  const auto against = BundleVerifier::Create({{time_key}, {tlog::WriteNote(*note)}, {}});
  REQUIRE_FALSE(against.ok());
  CHECK(against.error().code == ErrorCode::kUnknownKey);
  // Another time is another signature.
  std::string moved = tlog::WriteNote(*note);
  note->signatures.back().bytes[7] = static_cast<std::uint8_t>(note->signatures.back().bytes[7] ^ 1);
  log.tree.newest.front().note = tlog::WriteNote(*note);
  CHECK(log.tree.newest.front().note != moved);
  CHECK(VerifyBundle(log.Bundle(), {{key, time_key}, {}}).verdict == BundleVerdict::kTampered);
}

TEST_CASE("a filtered bundle proves each of its events and says what it cannot prove") {
  SignedLog log;
  log.Append(600);
  log.Sign(600);
  BundleRequest request;
  request.filter.agent_id = "reader";
  const BundleReport report = VerifyBundle(log, log.Bundle(request));
  CHECK_MESSAGE(report.verdict == BundleVerdict::kIntact, report.message);
  CHECK(report.filtered);
  CHECK_FALSE(report.complete);
  CHECK(report.events == 200);
  CHECK(report.message.find("cannot be proved") != std::string::npos);
}

TEST_CASE("events behind the checkpoint are left out, or named as uncovered") {
  SignedLog log;
  log.Append(10);
  log.Sign(7);
  CHECK(VerifyBundle(log, log.Bundle()).events == 7);
  BundleRequest all;
  all.include_uncovered = true;
  const BundleReport report = VerifyBundle(log, log.Bundle(all));
  CHECK_MESSAGE(report.verdict == BundleVerdict::kIntact, report.message);
  CHECK(report.events == 10);
  CHECK(report.uncovered_events == 3);
  CHECK(report.message.find("no signature covers them") != std::string::npos);
}

TEST_CASE("without a checkpoint a bundle is intact only for those who hold no key, and says how little that is") {
  SignedLog log;
  log.Append(5);
  const std::string bundle = log.Bundle();
  const BundleReport unsigned_report = VerifyBundle(bundle, {});
  CHECK(unsigned_report.verdict == BundleVerdict::kIntact);
  CHECK(unsigned_report.message.find("There is no checkpoint") != std::string::npos);
  CHECK(VerifyBundle(log, bundle).verdict == BundleVerdict::kNotCovered);
}

TEST_CASE("a checkpoint that none of the keys signed is of an unknown key") {
  SignedLog log;
  log.Append(5);
  log.Sign(5);
  const std::string bundle = log.Bundle();
  CHECK(VerifyBundle(bundle, {{MakeKey("acme-log").verifier().ToString()}, {}}).verdict == BundleVerdict::kUnknownKey);
  CHECK(VerifyBundle(bundle, {}).verdict == BundleVerdict::kUnknownKey);
}

TEST_CASE("a bundle is held against an older checkpoint of the same log") {
  SignedLog log;
  log.Append(300);
  const std::string older = log.Sign(100);
  log.Sign(300);
  const std::string key = log.key.verifier().ToString();
  CHECK(VerifyBundle(log.Bundle(), {{key}, {older}}).verdict == BundleVerdict::kIntact);

  SignedLog rewritten;
  rewritten.key = log.key;
  rewritten.Append(300, "another history");
  const std::string newer = rewritten.Sign(300);
  const BundleReport fork = VerifyBundle(rewritten.Bundle(), {{key}, {older}});
  CHECK(fork.verdict == BundleVerdict::kForked);
  REQUIRE(fork.fork.has_value());
  CHECK(fork.fork->older_note == older);
  CHECK(fork.fork->newer_note == newer);

  rewritten.Sign(50);
  CHECK(VerifyBundle(rewritten.Bundle(), {{key}, {older}}).verdict == BundleVerdict::kNotCovered);
}

TEST_CASE("a pruned chain's bundle is intact from where it begins; without the chain's word it is truncated") {
  for (const bool said : {true, false}) {
    SignedLog log;
    log.Append(600);
    const std::string prev_hash = log.store.Scan("acme", 511, 1)->front().hash;
    if (said) {
      AuditEvent event;
      event.kind = EventKind::kControl;
      event.tool = "audit/pruned";
      event.details = json::MakeObject({{"first_seq", 512}, {"prev_hash", prev_hash}});
      log.AppendEvent(std::move(event));
    } else {
      log.Append(1);
    }
    log.Sign(601);
    REQUIRE(log.store.Prune("acme", {512, prev_hash}).ok());
    const BundleReport report = VerifyBundle(log, log.Bundle());
    CHECK_MESSAGE(report.verdict == (said ? BundleVerdict::kIntact : BundleVerdict::kTruncated), report.message);
    CHECK(report.first_seq == 512);
  }
}

TEST_CASE("a bundle carries private values when asked for, and every byte of them is held against the event") {
  SignedLog log;
  log.Append(3);
  log.AppendPrivate("a \"quoted\" line\n,\"event\":\xe2\x82\xac");
  log.AppendPrivate("another");
  log.Sign(5);
  CHECK(log.Bundle().find("quoted") == std::string::npos);
  for (const bool filtered : {false, true}) {
    BundleRequest request;
    request.include_values = true;
    if (filtered) request.filter.agent_id = "reader";
    const std::string bundle = log.Bundle(request);
    const BundleReport report = VerifyBundle(log, bundle);
    CHECK_MESSAGE(report.verdict == BundleVerdict::kIntact, report.message);
    const std::size_t from = bundle.find(",\"private\":"), end = bundle.find(",\"event\":{", from);
    REQUIRE(from != std::string::npos);
    for (std::size_t at = from; at < end; ++at) {
      std::string changed = bundle;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      CHECK_MESSAGE(VerifyBundle(log, changed).verdict != BundleVerdict::kIntact, "byte " << at << " was changed unnoticed");
    }
  }
  const std::vector<std::int64_t> first{3};
  CHECK(*log.store.ErasePrivateValues("acme", first) == 2);
  BundleRequest request;
  request.include_values = true;
  const std::string rest = log.Bundle(request);
  CHECK(VerifyBundle(log, rest).verdict == BundleVerdict::kIntact);
  CHECK(rest.find("quoted") == std::string::npos);
  CHECK(rest.find("another") != std::string::npos);
}

TEST_CASE("a store that holds less than its checkpoint covers gives no bundle") {
  SignedLog log;
  log.Append(5);
  log.Sign(5);
  log.tree.newest.front().size = 6;
  const ManualClock clock(0);
  const Status written = evidence::WriteBundle(log.store, log.tree, {.tenant = "acme", .filter = {}}, clock,
                                               [](std::string_view) -> Status { return {}; });
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().code == ErrorCode::kCorrupt);
}

}  // namespace intentgate::test
