#include "audit/journal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "support/fake_journal_files.h"
#include "support/scratch_folder.h"

namespace intentgate::audit {
namespace {

using test::FakeJournalFiles;
using Fault = FakeJournalFiles::Fault;
using Ids = std::vector<std::string>;

constexpr const char* kFolder = "/journal";
constexpr std::uint64_t kSegmentBytes = 900;   // some three events

std::string Entry(const std::string& id) {
  AuditEvent event;
  event.event_id = id;
  event.tenant = "acme";
  event.ts_micros = 1'700'000'000'000'000;
  EventDraft draft = MakeDraft(std::move(event), "gw:1", true);
  draft.producer_seq = 0;
  return EncodeEntry(draft);
}

std::unique_ptr<Journal> Open(const std::shared_ptr<JournalFiles>& files) {
  auto journal = Journal::Open(files, kFolder, kSegmentBytes, "gw:1");
  REQUIRE(journal.ok());
  return std::move(*journal);
}

Status WriteOne(Journal& journal, const std::string& id) {
  const std::string entry = Entry(id);
  return journal.Write(std::span(&entry, 1));
}

struct DrainedAll {
  Ids ids;
  std::vector<JournalDamage> damages;
};

DrainedAll Drain(Journal& journal, std::size_t page_size = 2) {
  DrainedAll all;
  for (;;) {
    auto page = journal.Peek(page_size, 1'000);
    REQUIRE(page.ok());
    if (page->empty()) return all;
    for (const JournalEntry& e : page->entries) all.ids.push_back(e.draft.stored.record.event_id);
    if (page->damage) all.damages.push_back(*page->damage);
    journal.Drained();
  }
}

Ids Numbered(int from, int to) {
  Ids ids;
  for (int i = from; i < to; ++i) ids.push_back("e" + std::to_string(i));
  return ids;
}

}  // namespace

TEST_CASE("what was written is drained in order, over many segments, and leaves no file behind") {
  const auto files = std::make_shared<FakeJournalFiles>();
  {
    const auto journal = Open(files);
    for (const std::string& id : Numbered(0, 20)) REQUIRE(WriteOne(*journal, id).ok());
    CHECK(files->Names().size() > 3);
    CHECK(journal->events() == 20);
    CHECK(journal->bytes() > 5'000);
    CHECK(Drain(*journal).ids == Numbered(0, 20));
    CHECK(journal->events() == 0);
    CHECK(journal->bytes() == 0);
    CHECK(files->Names().size() <= 1);
    REQUIRE(WriteOne(*journal, "last").ok());
    CHECK(Drain(*journal).ids == Ids{"last"});
  }
  CHECK(files->Names().empty());
}

TEST_CASE("a page is given again until it is drained") {
  const auto files = std::make_shared<FakeJournalFiles>();
  const auto journal = Open(files);
  for (const std::string& id : Numbered(0, 3)) REQUIRE(WriteOne(*journal, id).ok());
  CHECK(journal->Peek(2, 10'000)->entries.size() == 2);
  CHECK(journal->Peek(1, 10'000)->entries.front().draft.stored.record.event_id == "e0");
  journal->Drained();
  CHECK(Drain(*journal).ids == Ids{"e1", "e2"});
}

TEST_CASE("an event larger than the page and the segment is drained") {
  const auto files = std::make_shared<FakeJournalFiles>();
  const auto journal = Open(files);
  AuditEvent event;
  event.event_id = "large";
  event.tenant = "acme";
  event.ts_micros = 1;
  event.reason = std::string(50'000, 'x');
  EventDraft draft = MakeDraft(std::move(event), "gw:1", true);
  draft.producer_seq = 0;
  const std::string entry = EncodeEntry(draft);
  REQUIRE(journal->Write(std::span(&entry, 1)).ok());
  CHECK(Drain(*journal).ids == Ids{"large"});
}

TEST_CASE("a journal has one process; events that were left are the next one's") {
  const auto files = std::make_shared<FakeJournalFiles>();
  auto journal = Open(files);
  REQUIRE(WriteOne(*journal, "e0").ok());
  const auto second = Journal::Open(files, kFolder, kSegmentBytes, "gw:2");
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kUnavailable);
  journal.reset();
  CHECK(Drain(*Open(files)).ids == Ids{"e0"});
}

TEST_CASE("whatever call fails, and whatever a crash keeps: no acknowledged event is lost, none is drained twice") {
  for (const Fault fault : {Fault::kFail, Fault::kShort}) {
    for (int which = 1; which <= 40; ++which) {
      for (const std::size_t kept : {std::size_t{0}, std::size_t{10}, std::size_t{100'000}}) {
        CAPTURE(which);
        CAPTURE(kept);
        const auto files = std::make_shared<FakeJournalFiles>();
        std::set<std::string> acknowledged, refused;
        Ids drained;
        {
          auto journal = Open(files);
          files->SetFaults([&](int n, const std::string&) { return n == which ? fault : Fault::kNone; });
          for (const std::string& id : Numbered(0, 12)) {
            const bool ok = WriteOne(*journal, id).ok();
            CHECK(journal->healthy() == ok);
            (ok ? acknowledged : refused).insert(id);
          }
          CHECK(refused.size() <= 1);   // a new file takes what comes after
          const auto page = journal->Peek(4, 10'000);
          REQUIRE(page.ok());
          for (const JournalEntry& e : page->entries) drained.push_back(e.draft.stored.record.event_id);
          journal->Drained();
          files->SetFaults([](int, const std::string&) { return Fault::kFail; });   // nor does it end cleanly
          static_cast<void>(WriteOne(*journal, "at the end").ok());
        }
        files->SetFaults(nullptr);
        files->Crash(kept);
        const auto journal = Open(files);
        const DrainedAll rest = Drain(*journal);
        CHECK(rest.damages.empty());
        std::set<std::string> all(drained.begin(), drained.end());
        std::multiset<std::string> twice(rest.ids.begin(), rest.ids.end());
        for (const std::string& id : rest.ids) {
          CHECK(twice.count(id) == 1);
          all.insert(id);
        }
        for (const std::string& id : acknowledged) CHECK(all.count(id) == 1);
        for (const std::string& id : refused) CHECK(all.count(id) == 0);
      }
    }
  }
}

TEST_CASE("after a failed sync the segment takes nothing more") {
  const auto files = std::make_shared<FakeJournalFiles>();
  const auto journal = Open(files);
  REQUIRE(WriteOne(*journal, "e0").ok());
  files->SetFaults([](int, const std::string& call) { return call == "sync" ? Fault::kFail : Fault::kNone; });
  const Status failed = WriteOne(*journal, "e1");
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::kIo);
  CHECK_FALSE(journal->healthy());
  CHECK_FALSE(journal->Write({}).ok());
  files->SetFaults(nullptr);
  CHECK(journal->Write({}).ok());
  CHECK(journal->healthy());
  REQUIRE(WriteOne(*journal, "e2").ok());
  CHECK(files->Names().size() == 2);
  CHECK(Drain(*journal).ids == Ids{"e0", "e2"});
}

TEST_CASE("bytes that changed are reported as loss, with the number of events where it is known") {
  for (const bool last_segment : {false, true}) {
    CAPTURE(last_segment);
    const auto files = std::make_shared<FakeJournalFiles>();
    auto journal = Open(files);
    for (const std::string& id : Numbered(0, 8)) REQUIRE(WriteOne(*journal, id).ok());
    journal.reset();
    const Ids names = files->Names();
    REQUIRE(names.size() >= 2);
    std::string& bytes = files->Bytes(last_segment ? names.back() : names.front());
    bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);

    journal = Open(files);
    const DrainedAll rest = Drain(*journal);
    CHECK(rest.ids.size() == 7);
    REQUIRE(rest.damages.size() == 1);
    CHECK(rest.damages[0].producer_id == "gw:1");
    CHECK(rest.damages[0].count == (last_segment ? std::nullopt : std::optional<std::uint64_t>(1)));
    journal.reset();
    CHECK(files->Names().size() == 1);   // what is damaged is put aside
    CHECK(files->Names()[0].ends_with(".damaged"));
  }
}

TEST_CASE("a segment that is missing between two is reported with the number of its events") {
  const auto files = std::make_shared<FakeJournalFiles>();
  auto journal = Open(files);
  for (const std::string& id : Numbered(0, 12)) REQUIRE(WriteOne(*journal, id).ok());
  journal.reset();
  REQUIRE(files->Names().size() >= 3);
  REQUIRE(files->Remove(files->Names()[1]).ok());
  journal = Open(files);
  const DrainedAll rest = Drain(*journal);
  REQUIRE(rest.damages.size() == 1);
  CHECK(rest.damages[0].count == 12 - rest.ids.size());
}

TEST_CASE("damage while the journal runs is reported, and what is written later is drained") {
  const auto files = std::make_shared<FakeJournalFiles>();
  const auto journal = Open(files);
  REQUIRE(WriteOne(*journal, "e0").ok());
  REQUIRE(WriteOne(*journal, "e1").ok());
  std::string& bytes = files->Bytes(files->Names()[0]);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  const auto page = journal->Peek(10, 10'000);
  REQUIRE(page.ok());
  CHECK(page->entries.size() == 1);
  REQUIRE(page->damage);
  CHECK(page->damage->count == 1);
  REQUIRE(WriteOne(*journal, "e2").ok());
  journal->Drained();
  CHECK(Drain(*journal).ids == Ids{"e2"});
}

TEST_CASE("the system's files do what the journal needs") {
  const test::ScratchFolder scratch;
  const std::string folder = scratch.File("journal");
  const auto files = SystemJournalFiles();
  {
    auto journal = Journal::Open(files, folder, kSegmentBytes, "gw:1");
    REQUIRE(journal.ok());
    for (const std::string& id : Numbered(0, 9)) REQUIRE(WriteOne(**journal, id).ok());
    const auto second = Journal::Open(files, folder, kSegmentBytes, "gw:2");
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == ErrorCode::kUnavailable);
    CHECK((*journal)->Peek(4, 100'000)->entries.size() >= 1);
    (*journal)->Drained();
  }
  auto journal = Journal::Open(files, folder, kSegmentBytes, "gw:2");
  REQUIRE(journal.ok());
  const Ids left = Drain(**journal).ids;
  CHECK(left.back() == "e8");
  journal->reset();
  CHECK(*files->List(folder) == Ids{".", "..", "lock"});
  CHECK(Journal::Open(files, scratch.File("no/such"), kSegmentBytes, "gw").error().code == ErrorCode::kIo);
}

}  // namespace intentgate::audit
