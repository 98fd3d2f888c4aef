#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "audit/audit_log.h"
#include "audit/canonical_event.h"
#include "audit/csv.h"
#include "audit/export_format.h"
#include "store/memory/memory_store.h"
#include "support/event_lines.h"
#include "support/export_digest.h"

namespace intentgate::audit {
namespace {

using Outcome = ExportVerifier::Report::Outcome;

std::shared_ptr<store::MemoryStore> FilledStore() {
  const auto memory = std::make_shared<store::MemoryStore>();
  auto log = AuditLog::Create(memory, {}, SystemClock(), SystemRandom());
  for (int i = 1; i <= 10; ++i) {
    for (const char* tenant : {"acme", "be\"ta"}) {
      AuditEvent e;
      e.tenant = tenant;
      e.decision = i % 2 == 0 ? "allow" : "block";
      e.tool = "tool" + std::to_string(i);
      e.reason = "a reason, with \"quotes\"\nand ,\"event\": inside";
      REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
    }
  }
  return memory;
}

std::string Export(AuditStore& store, const AuditFilter& filter = {}, ExportFormat format = ExportFormat::kNdjson) {
  std::string out;
  REQUIRE(ExportEvents(store, filter, format, *SystemClock(), [&](std::string_view piece) {
            out += piece;
            return Status();
          }).ok());
  return out;
}

ExportVerifier::Report Verify(std::string_view file, std::size_t piece = std::string_view::npos) {
  ExportVerifier verifier;
  while (!file.empty()) {
    verifier.Feed(file.substr(0, piece));
    file.remove_prefix(std::min(piece, file.size()));
  }
  return verifier.Finish();
}

std::vector<std::string> Lines(const std::string& file) {
  std::vector<std::string> lines;
  std::stringstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string file;
  for (const std::string& line : lines) file += line + "\n";
  return file;
}

// The trailer that a forger would write: right digest over whatever stands before it.
void FixTrailer(std::vector<std::string>& lines) {
  const std::string trailer = lines.back();
  lines.pop_back();
  const std::string sha = test::ExportDigestOf(Join(lines));
  const std::size_t at = trailer.find("\"sha256\":\"") + 10;
  lines.push_back(trailer.substr(0, at) + sha + trailer.substr(at + 64));
}

void Replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a whole export is intact and complete, fed whole or byte by byte") {
  const auto store = FilledStore();
  const std::string file = Export(*store);
  for (const std::size_t piece : {std::string_view::npos, std::size_t{1}, std::size_t{7}}) {
    const auto report = Verify(file, piece);
    INFO(report.message);
    CHECK(report.outcome == Outcome::kIntact);
    CHECK(report.complete);
    CHECK(report.events == 22);
    REQUIRE(report.heads.size() == 2);
    CHECK(report.heads[0].first == "acme");
    CHECK(report.heads[0].second.hash == store->Head("acme")->hash);
  }
}

TEST_CASE("an export of nothing is intact") {
  store::MemoryStore empty;
  const auto report = Verify(Export(empty));
  CHECK(report.outcome == Outcome::kIntact);
  CHECK(report.events == 0);
}

TEST_CASE("a filtered export is intact and says what it cannot prove") {
  const auto store = FilledStore();
  AuditFilter filter;
  filter.tenant = "acme";
  CHECK(Verify(Export(*store, filter)).complete);   // a tenant's whole chain
  filter.decision = "allow";
  const auto report = Verify(Export(*store, filter));
  CHECK(report.outcome == Outcome::kIntact);
  CHECK_FALSE(report.complete);
  CHECK(report.events == 5);
  CHECK(report.message.find("cannot be proved") != std::string::npos);
}

TEST_CASE("every change of an export is found, named, and found at the right line") {
  struct Case {
    const char* name;
    std::function<void(std::vector<std::string>&)> apply;
    Outcome outcome;
    std::optional<std::int64_t> line;
  };
  // Lines: 1 header, 2..12 acme, 13..23 be"ta, 24 trailer.
  const std::vector<Case> cases = {
      {"a byte of an event", [](auto& l) { Replace(l[4], "\"block\"", "\"alloc\""); }, Outcome::kTampered, 5},
      {"an event and its hash",
       [](auto& l) {
         auto record = RecordOfLine(l[4]);
         Replace(record.canonical, "\"block\"", "\"allow\"");
         record.hash = ChainHash(record.prev_hash, record.canonical);
         l[4].clear();
         AppendEventLine(record, l[4]);
         l[4].pop_back();
         FixTrailer(l);
       },
       Outcome::kTampered, 6},
      {"an event removed", [](auto& l) { l.erase(l.begin() + 4); FixTrailer(l); }, Outcome::kTampered, 5},
      {"the first event removed", [](auto& l) { l.erase(l.begin() + 1); FixTrailer(l); }, Outcome::kTampered, 2},
      {"an event twice", [](auto& l) { l.insert(l.begin() + 4, l[4]); FixTrailer(l); }, Outcome::kTampered, 6},
      {"two events swapped", [](auto& l) { std::swap(l[4], l[5]); FixTrailer(l); }, Outcome::kTampered, 5},
      {"the last event of a chain removed", [](auto& l) { l.erase(l.begin() + 22); FixTrailer(l); }, Outcome::kTruncated, 23},
      {"the seq of a line", [](auto& l) { Replace(l[4], "\"seq\":3", "\"seq\":4"); FixTrailer(l); }, Outcome::kTampered, 5},
      {"the tenant of a line", [](auto& l) { Replace(l[4], "acme", "acne"); FixTrailer(l); }, Outcome::kTampered, 5},
      {"the header", [](auto& l) { Replace(l[0], "\"created\":\"2", "\"created\":\"3"); }, Outcome::kTampered, 24},
      {"the trailer's head", [](auto& l) { Replace(l.back(), "\"hash\":\"", "\"hash\":\"0"); }, Outcome::kTampered, 24},
      {"a tenant taken out of the trailer",
       [](auto& l) {
         const std::size_t from = l.back().find("{\"tenant\":\"be");
         l.back().erase(from - 1, l.back().find('}', from) + 1 - (from - 1));
       },
       Outcome::kTampered, 24},
      {"the trailer removed", [](auto& l) { l.pop_back(); }, Outcome::kTruncated, 23},
      {"half the file", [](auto& l) { l.resize(12); }, Outcome::kTruncated, 12},
      {"a line of rubbish", [](auto& l) { l.insert(l.begin() + 4, "rubbish"); }, Outcome::kMalformed, 5},
      {"text after the trailer", [](auto& l) { l.push_back(l[4]); }, Outcome::kMalformed, 25},
      {"no header", [](auto& l) { l.erase(l.begin()); }, Outcome::kMalformed, 1},
      {"an unknown format", [](auto& l) { Replace(l[0], "export-1", "export-9"); }, Outcome::kMalformed, 1},
  };
  const auto store = FilledStore();
  const std::vector<std::string> clean = Lines(Export(*store));
  for (const Case& c : cases) {
    CAPTURE(c.name);
    std::vector<std::string> lines = clean;
    c.apply(lines);
    const auto report = Verify(Join(lines));
    INFO(report.message);
    CHECK(report.outcome == c.outcome);
    CHECK(report.bad_line == c.line);
    CHECK_FALSE(report.complete);
  }
}

TEST_CASE("a file cut at any byte is never intact") {
  const auto store = FilledStore();
  AuditFilter filter;
  filter.tenant = "acme";
  const std::string file = Export(*store, filter);
  for (std::size_t length = 0; length < file.size(); length += 13) {
    CAPTURE(length);
    const auto report = Verify(file.substr(0, length));
    CHECK(report.outcome != Outcome::kIntact);
    CHECK(report.outcome != Outcome::kTampered);
  }
  CHECK(Verify(file.substr(0, file.size() - 1)).outcome == Outcome::kTruncated);
}

TEST_CASE("any single flipped bit is found") {
  const auto store = FilledStore();
  AuditFilter filter;
  filter.tenant = "acme";
  const std::string file = Export(*store, filter);
  for (std::size_t i = 0; i < file.size(); i += 3) {
    std::string flipped = file;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
    CAPTURE(i);
    CHECK(Verify(flipped).outcome != Outcome::kIntact);
  }
}

TEST_CASE("a neighbour in a filtered export gives a forged event away") {
  const auto store = FilledStore();
  AuditFilter filter;
  filter.tenant = "acme";
  filter.kind = "decision";
  std::vector<std::string> lines = Lines(Export(*store, filter));
  auto record = RecordOfLine(lines[3]);
  Replace(record.canonical, "\"block\"", "\"allow\"");
  record.hash = ChainHash(record.prev_hash, record.canonical);
  lines[3].clear();
  AppendEventLine(record, lines[3]);
  lines[3].pop_back();
  FixTrailer(lines);
  const auto report = Verify(Join(lines));
  CHECK(report.outcome == Outcome::kTampered);
  CHECK(report.bad_seq == 4);
}

TEST_CASE("lines of a filtered export that were moved are found") {
  const auto store = FilledStore();
  AuditFilter filter;
  filter.tenant = "acme";
  filter.decision = "allow";   // every second event: none has its neighbour here
  std::vector<std::string> lines = Lines(Export(*store, filter));
  std::swap(lines[2], lines[3]);
  FixTrailer(lines);
  const auto report = Verify(Join(lines));
  CHECK(report.outcome == Outcome::kTampered);
  CHECK(report.bad_line == 4);
}

TEST_CASE("pieces are at most 64 KiB or one event, and an error of the sink ends the export") {
  const auto store = std::make_shared<store::MemoryStore>();
  {
    auto log = AuditLog::Create(store, {}, SystemClock(), SystemRandom());
    for (int i = 0; i < 300; ++i) {
      AuditEvent e;
      e.reason = std::string(i == 100 ? 200'000 : 1'000, 'x');
      REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
    }
  }
  int large = 0, pieces = 0;
  std::string file;
  REQUIRE(ExportEvents(*store, {}, ExportFormat::kNdjson, *SystemClock(), [&](std::string_view piece) {
            ++pieces;
            large += piece.size() > 64 * 1024 ? 1 : 0;
            file += piece;
            return Status();
          }).ok());
  CHECK(large == 1);
  CHECK(pieces > 3);
  CHECK(Verify(file).outcome == Outcome::kIntact);
  const Status stopped = ExportEvents(*store, {}, ExportFormat::kCsv, *SystemClock(), [](std::string_view) {
    return Status(Error{ErrorCode::kCancelled, "enough"});
  });
  CHECK(stopped.error().code == ErrorCode::kCancelled);
}

TEST_CASE("CSV has the public product's columns first, quotes by RFC 4180 and disarms formulas") {
  const auto store = std::make_shared<store::MemoryStore>();
  {
    auto log = AuditLog::Create(store, {}, SystemClock(), SystemRandom());
    AuditEvent e;
    e.tool = "=HYPERLINK(\"http://x\")";
    e.agent_id = "-2+3";
    e.arg_keys = {"a", "b"};
    e.decision = "allow";
    REQUIRE((*log)->AppendAndWait(std::move(e)).ok());
  }
  AuditFilter filter;
  filter.kind = "decision";
  const std::string csv = Export(*store, filter, ExportFormat::kCsv);
  CHECK(csv.starts_with("ts,event,schema_version,decision,check,reason,tenant,agent_id,session_id,tool,arg_keys,"
                        "capability_token_id,root_capability_token_id,caveat_count,pending_id,decided_by,intent_summary,"
                        "latency_ms,remote_ip,upstream_status,requires_step_up,elevation_id,kind,seq,event_id,"));
  CHECK(csv.find("\"'=HYPERLINK(\"\"http://x\"\")\",a;b,") != std::string::npos);
  CHECK(csv.find(",'-2+3,") != std::string::npos);
  CHECK(csv.ends_with("\r\n"));
}

TEST_CASE("a CSV cell that a spreadsheet would run gets an apostrophe, wherever it would begin") {
  const auto cell = [](std::string_view text) {
    std::string out;
    AppendCsvCell(text, out);
    return out;
  };
  for (const char* formula : {"=1", "+1", "-1", "@x", "\tx", "\rx", " =1", "\n=1", "\xef\xbb\xbf=1", "\xc2\xa0+1", "\xe3\x80\x80@x",
                              "\xef\xbc\x9d" "1", "\xef\xbc\x8b" "1", "\xef\xbc\x8d" "1", "\xef\xbc\xa0x", "\xe2\x88\x92" "1"}) {
    INFO(formula);
    const std::string made = cell(formula);
    CHECK((made.starts_with("'") || made.starts_with("\"'")));
  }
  CHECK(cell("a;=1") == "a;'=1");
  CHECK(cell("a; \t+1") == "a;' \t'+1");
  CHECK(cell("a\n=1") == "\"a\n'=1\"");
  CHECK(cell("a\r\n@x") == "\"a\r'\n'@x\"");
  CHECK(cell("a=1 + 2 - 3 @ home; b") == "a=1 + 2 - 3 @ home; b");
  CHECK(cell("").empty());
}

}  // namespace intentgate::audit
