#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "audit/canonical_event.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "store/sqlite/packed_text.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"

namespace intentgate::store {
namespace {

constexpr std::size_t kMost = 1 << 20;

void CheckComesBack(const std::string& text) {
  CAPTURE(text);
  std::string packed;
  REQUIRE(PackText(text, packed));
  CHECK(packed.size() <= text.size() + 1);
  const auto back = UnpackText(packed, kMost);
  REQUIRE(back);
  CHECK(*back == text);
}

std::string DecisionText() {
  AuditEvent e;
  e.kind = EventKind::kDecision;
  e.event_id = "01a22881-6927-7a0c-929d-eb20522cc250";
  e.tenant = "default";
  e.ts_micros = 1'795'975'899'431'207;
  e.decision = "allow";
  e.reason = "read";
  e.method = "tools/call";
  e.tool = "read_file";
  e.agent_id = "bench";
  e.args_sha256 = std::string(64, 'a');
  e.arg_keys = {"path"};
  e.capability_token_id = e.root_capability_token_id = "H_G5us7ySrdpdNdl";
  e.caveat_count = 2;
  e.policy_sha256 = "5f2b303998b652dd83f8fccdae4dc8364c71cc4f24aea722d2fe50d5319ba0a7";
  audit::EventDraft draft = audit::MakeDraft(std::move(e), "25c773c978354b31", true);
  draft.producer_seq = 590;
  AuditRecord record;
  audit::Place(draft, 592, std::string(64, '0'), record);
  return record.canonical;
}

}  // namespace

TEST_CASE("packed: a text comes back as it was") {
  for (const char* text :
       {"", "x", "{}", "\"", "\"\"", "{\"", "{\"a", "{\"a\"", "{\"a\":", "\\", "\"\\", "\"\\\"", "{\"a\\\"tool\":1}", "{\"a\":\"\\\\\",\"tool\":\"x\"}",
        "{\"agent_id\":\"bench\",\"tool\":\"tool\"}", "{\"tool\":\"\\\"allow\\\"\"}", "{\"agent_id\":{\"agent_id\":[\"allow\",\"block\"]}}",
        "{\"x\":\"0123456789abcdef\"}", "{\"x\":\"0123456789abcde\"}", "{\"x\":\"0123456789ABCDEF\"}", "{\"x\":\"0123456789abcdeg\"}", "{\"x\":\"noon:/`@noon:/`@\"}", "{\"0123456789abcdef\":\"0123456789abcdef\"}",
        "{\"x\":\"01a22881-6927-7a0c-929d-eb20522cc250\"}", "{\"x\":\"01A22881-6927-7a0c-929d-eb20522cc250\"}",
        "{\"x\":\"01a22881x6927-7a0c-929d-eb20522cc250\"}", "{\"x\":\"01a22881-6927-7a0c-929d-eb20522cc25-\"}",
        "{\"ts\":\"2026-11-29T18:11:39.431207Z\"}", "{\"ts\":\"2026-11-29T18:11:39Z\"}", "{\"ts\":\"2026-11-29T18:11:39.430Z\"}",
        "{\"ts\":\"2026-11-29T18:11:39.4312071Z\"}", "{\"ts\":\"2026-11-29T18:11:39+00:00\"}", "{\"ts\":\"0000-01-01T00:00:00Z\"}",
        "{\"ts\":\"9999-12-31T23:59:59.999999Z\"}", "{\"ts\":\"2026-02-30T18:11:39Z\"}", "{\"ts\":\"2026-11-29T18:11:39.Z\"}", "{\"ts\":\"2026-11-29T18:11:39.000000000Z\"}",
        "{\"ts\":\"2026-11-29T18:11:39.0000000000Z\"}", "{\"ts\":\"2026-11-29T18:11:3xZ\"}", "{\"ts\":\"2026-11-29T18:11:39,1Z\"}", "{\"a\":\"\x7f\xc2\x80\xc3\xa4\xf0\x9f\x98\x80\"}"}) {
    CheckComesBack(text);
  }
  for (const std::size_t digits : {14u, 16u, 18u, 508u, 510u, 512u, 1'024u}) CheckComesBack("{\"x\":\"" + std::string(digits, 'b') + "\"}");
}

TEST_CASE("packed: an event takes less than half") {
  const std::string text = DecisionText();
  CheckComesBack(text);
  std::string packed;
  REQUIRE(PackText(text, packed));
  CHECK(packed.size() * 2 < text.size());
}

TEST_CASE("packed: the format is that of files which are there") {
  std::string packed;
  REQUIRE(PackText(R"({"agent_id":"b","decision":"allow","tool":"allowed","ts":"2026-11-29T18:11:39.43121Z","x":"00112233445566ff"})", packed));
  CHECK(packed == std::string("\x01\x00\"b\"\x06\xff\x1d\x1a\xff\x33\x1b\xfc\x20\x26\x11\x29\x18\x11\x39\x05\x43\x12\x10,\"x\":\xfe\x08\0\x11\x22\x33\x44\x55\x66\xff}", 40));
  REQUIRE(PackText("\"00112233-4455-6677-8899-aabbccddeeff\"{\"delegation\":", packed));
  CHECK(packed == std::string("\x01\xfd\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\xff\x6f", 20));
}

TEST_CASE("packed: words keep their places") {
  std::string packed("\x01", 1);
  for (char word = 0; word < 0x20; ++word) packed += word;
  for (int word = 0; word < 0x70; ++word) packed.append(1, '\xff').append(1, static_cast<char>(word));
  const auto words = UnpackText(packed, kMost);
  REQUIRE(words);
  // Of files that are there. New words go behind these; another digest would mean that old events are read as other ones.
  CHECK(base::HexEncode(crypto::Sha256(base::AsBytes(*words))) == "65ac66a63676aa64fe2d152dc764d2683effbf737bc5db782fefbe0158318489");
  std::string again;
  REQUIRE(PackText(*words, again));
  CHECK(again == packed);
}

TEST_CASE("packed: what could not come back is not packed") {
  std::string packed;
  for (const char* text : {"a\nb", "\x01", "\x1f", "\xfc", "\xff", "{\"a\":\"\xfe\"}"}) CHECK_FALSE(PackText(text, packed));
  CHECK_FALSE(PackText(std::string_view("\0", 1), packed));
}

TEST_CASE("packed: damage is no text, and never more than is allowed") {
  const std::string text = DecisionText();
  std::string packed;
  REQUIRE(PackText(text, packed));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const auto cut = UnpackText(std::string_view(packed).substr(0, size), kMost);
    if (cut) CHECK(*cut != text);
  }
  for (std::size_t at = 0; at < packed.size(); ++at) {
    for (const int flip : {1, 0x20, 0x80, 0xff}) {
      std::string damaged = packed;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto read = UnpackText(damaged, kMost);
      if (read) CHECK(*read != text);
    }
  }
  CHECK_FALSE(UnpackText("", kMost));
  CHECK_FALSE(UnpackText("{\"agent_id\":1}", kMost));
  CHECK_FALSE(UnpackText("\x02{}", kMost));
  CHECK_FALSE(UnpackText("\x01\xff\x70", kMost));
  CHECK_FALSE(UnpackText(std::string("\x01\xfc\x20\x26\x11\x29\x18\x11\x3a\0", 10), kMost));
  CHECK_FALSE(UnpackText("\x01\xfc\x20\x26\x11\x29\x18\x11\x39\x0a\x11\x11\x11\x11\x11", kMost));
  CHECK(UnpackText(packed, text.size()));
  CHECK_FALSE(UnpackText(packed, text.size() - 1));
  CHECK_FALSE(UnpackText("\x01" + std::string(1'000, '\x02'), 1'000));
}

TEST_CASE("the longest event that a log takes comes back") {
  const test::ScratchFolder folder;
  const auto store = SqliteStore::Open(folder.File("gate.db"), {});
  REQUIRE(store.ok());
  AuditEvent e;
  e.kind = EventKind::kGenesis;
  e.tenant = "acme";
  e.event_id = "first";
  e.ts_micros = 1'000;
  e.reason = std::string(audit::kMaxEventBytes, 'x');
  audit::EventDraft draft = audit::MakeDraft(AuditEvent(e), "test", true);
  e.reason.resize(2 * audit::kMaxEventBytes - draft.text.size());
  draft = audit::MakeDraft(std::move(e), "test", true);
  REQUIRE(draft.bytes() == audit::kMaxEventBytes);
  draft.producer_seq = 7;
  audit::Place(draft, 0, {}, draft.stored.record);
  const std::string text = draft.stored.record.canonical;
  REQUIRE(text.size() > audit::kMaxEventBytes);   // by its place
  audit::TenantBatch batch{"acme", {}};
  batch.events.push_back(std::move(draft.stored));
  REQUIRE((*store)->Append(std::vector{std::move(batch)}).ok());
  CHECK((*store)->Scan("acme", 0, 1)->front().canonical == text);
}

}  // namespace intentgate::store
