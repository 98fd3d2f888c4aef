#include "audit/journal_format.h"

#include <doctest/doctest.h>

namespace intentgate::audit {
namespace {

EventDraft Draft() {
  AuditEvent event;
  event.event_id = "id-1";
  event.tenant = "acme";
  event.ts_micros = 1'700'000'000'000'000;
  event.tool = "caf\xc3\xa9";
  event.agent_id = std::string("a\0b", 3);
  event.decision = "allow";
  event.charges = {{"root:\xff:calls", 60, -3}};   // counters are bytes, whatever a token's id was
  EventDraft draft = MakeDraft(std::move(event), "gw-1:abc", true);
  draft.producer_seq = 41;
  PrivateValue value{"arg_values", {}, "{\"a\":\"\xf0\x9f\x98\x80\"}"};
  value.salt[15] = 0xfe;
  draft.stored.private_values.push_back(std::move(value));
  return draft;
}

}  // namespace

TEST_CASE("an entry gives back the event that would have been chained, and what is stored beside it") {
  const EventDraft draft = Draft();
  const auto entry = DecodeEntry(7, EncodeEntry(draft));
  REQUIRE(entry.ok());
  CHECK(entry->sequence == 7);
  CHECK(entry->producer_id == "gw-1:abc");
  CHECK(entry->producer_seq == 41);
  AuditRecord direct, journaled;
  Place(draft, 12, "prev", direct);
  Place(entry->draft, 12, "prev", journaled);
  CHECK(journaled.canonical == direct.canonical);
  CHECK(journaled.hash == direct.hash);
  AuditRecord unplaced;
  Place(draft, 0, "", unplaced);
  CanonicalChecker checker;
  CHECK(FirstDifference(*checker.Check(unplaced.canonical), entry->draft.stored) == "");
  REQUIRE(entry->draft.stored.charges.size() == 1);
  CHECK(entry->draft.stored.charges[0].counter == "root:\xff:calls");
  CHECK(entry->draft.stored.charges[0].bucket == 60);
  CHECK(entry->draft.stored.charges[0].amount == -3);
  REQUIRE(entry->draft.stored.private_values.size() == 1);
  CHECK(entry->draft.stored.private_values[0].member == "arg_values");
  CHECK(entry->draft.stored.private_values[0].salt[15] == 0xfe);
  CHECK(entry->draft.stored.private_values[0].value == draft.stored.private_values[0].value);
}

TEST_CASE("an entry that was cut or has something behind it is refused") {
  const std::string whole = EncodeEntry(Draft());
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(DecodeEntry(0, whole.substr(0, n)).ok());
  CHECK_FALSE(DecodeEntry(0, whole + "x").ok());
}

TEST_CASE("a frame that was cut is torn, one that was changed is damaged") {
  std::string bytes;
  AppendFrame(3, "payload", bytes);
  const std::string followed = bytes + "rest";
  const FrameRead whole = ReadFrame(followed);
  CHECK(whole.kind == FrameKind::kFrame);
  CHECK(whole.sequence == 3);
  CHECK(whole.payload == "payload");
  CHECK(whole.size == bytes.size());
  CHECK(ReadFrame("").kind == FrameKind::kEnd);
  for (std::size_t n = 1; n < bytes.size(); ++n) CHECK(ReadFrame(bytes.substr(0, n)).kind == FrameKind::kTorn);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    CAPTURE(i);
    CHECK(ReadFrame(changed).kind == FrameKind::kDamaged);
  }
}

TEST_CASE("a segment of another format is not read") {
  CHECK(*ReadSegmentHeader(SegmentHeader("gw:1")) == "gw:1");
  CHECK(ReadSegmentHeader("intentgate-journal-2\ngw").error().code == ErrorCode::kUnsupportedVersion);
  CHECK(ReadSegmentHeader("anything").error().code == ErrorCode::kMalformed);
}

}  // namespace intentgate::audit
