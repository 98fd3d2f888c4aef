#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "audit/audit_log.h"
#include "audit/filter.h"
#include "contract/stores.h"

namespace intentgate::test {
namespace {

using audit::StoredEvent;
using audit::TenantBatch;

ChainHead HeadOf(audit::AuditStore& store, const std::string& tenant) {
  const auto head = store.Head(tenant);
  REQUIRE(head.ok());
  return *head;
}

void AppendOne(audit::AuditStore& store, const std::string& tenant, AuditEvent event) {
  const ChainHead head = HeadOf(store, tenant);
  const std::vector<TenantBatch> batches{{tenant, {MakeStored(tenant, head.next_seq, head.hash, std::move(event))}}};
  REQUIRE(store.Append(batches).ok());
}

std::vector<std::string> AllPages(audit::AuditStore& store, const AuditFilter& filter, bool ascending,
                                  std::size_t limit) {
  std::vector<std::string> places;
  std::string after;
  do {
    const auto page = store.Query(filter, ascending, after, limit);
    REQUIRE(page.ok());
    REQUIRE(page->records.size() <= limit);
    for (const AuditRecord& r : page->records) places.push_back(r.tenant + std::to_string(r.seq));
    after = page->next;
  } while (!after.empty());
  return places;
}

}  // namespace

TEST_CASE("a tenant without events has the head {0, \"\"}") {
  ForEachStore([](Stores& s) {
    const ChainHead head = HeadOf(*s.audit, "nobody");
    CHECK(head.next_seq == 0);
    CHECK(head.hash.empty());
    CHECK(s.audit->Tenants()->empty());
    CHECK(s.audit->Scan("nobody", 0, 10)->empty());
  });
}

TEST_CASE("what was appended is given back byte for byte, with its columns") {
  ForEachStore([](Stores& s) {
    AuditEvent event;
    event.decision = "block";
    event.check = Check::kPolicy;
    event.tool = "caf\xc3\xa9";
    event.agent_id = std::string("a\0b", 3);
    event.reason = "\xe2\x80\xa8 and \xf0\x9f\x98\x80";
    event.capability_token_id = "jti-1";
    event.elevation_id = "elev-1";
    event.root_capability_token_id = "root-1";
    event.session_id = "session-1";
    event.reason_code = Reason::kPolicyBlocked;
    event.actor = "alice";
    const TenantBatch first = MakeBatch("acme", {}, 1);
    REQUIRE(s.audit->Append(std::span(&first, 1)).ok());
    const StoredEvent stored = MakeStored("acme", 1, first.events[0].record.hash, event);
    const TenantBatch second{"acme", {stored}};
    REQUIRE(s.audit->Append(std::span(&second, 1)).ok());

    const auto back = s.audit->ScanStored("acme", 1, 10);
    REQUIRE(back.ok());
    REQUIRE(back->size() == 1);
    const StoredEvent& e = back->front();
    CHECK(e.record.canonical == stored.record.canonical);
    CHECK(e.record.hash == stored.record.hash);
    CHECK(e.record.prev_hash == stored.record.prev_hash);
    CHECK(e.ts_micros == stored.ts_micros);
    CHECK(e.kind == "decision");
    CHECK(e.decision == "block");
    CHECK(e.check == "policy");
    CHECK(e.tool == event.tool);
    CHECK(e.agent_id == event.agent_id);
    CHECK(e.jti == "jti-1");
    CHECK(e.elevation_id == "elev-1");
    CHECK(e.root_jti == "root-1");
    CHECK(e.session_id == "session-1");
    CHECK(e.code == "policy.blocked");
    CHECK(e.actor == "alice");
    CHECK(audit::VerifyChain(*s.audit, "acme")->ok);
  });
}

TEST_CASE("a batch of any size keeps each event's columns with it") {
  ForEachStore([](Stores& s) {
    std::size_t expected = 0;
    ChainHead head;
    for (const int size : {1, 7, 9, 32, 33, 41, 75}) {
      TenantBatch batch{"acme", {}};
      for (int i = 0; i < size; ++i) {
        AuditEvent event;
        event.tool = "tool-" + std::to_string(expected);
        event.actor = "actor-" + std::to_string(expected++);
        batch.events.push_back(MakeStored("acme", head.next_seq, head.hash, std::move(event)));
        head = {head.next_seq + 1, batch.events.back().record.hash};
      }
      REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    }
    const auto back = s.audit->ScanStored("acme", 0, 1'000);
    REQUIRE(back.ok());
    REQUIRE(back->size() == expected);
    for (std::size_t i = 0; i < expected; ++i) {
      CHECK((*back)[i].tool == "tool-" + std::to_string(i));
      CHECK((*back)[i].actor == "actor-" + std::to_string(i));
    }
    CHECK(audit::VerifyChain(*s.audit, "acme")->ok);
  });
}

TEST_CASE("a batch that does not start at the head is a conflict and changes nothing") {
  ForEachStore([](Stores& s) {
    const TenantBatch genesis = MakeBatch("acme", {}, 2);
    REQUIRE(s.audit->Append(std::span(&genesis, 1)).ok());
    const ChainHead head = HeadOf(*s.audit, "acme");

    const std::vector<TenantBatch> stale{MakeBatch("acme", {}, 1), MakeBatch("acme", {1, "x"}, 1),
                                         MakeBatch("acme", {2, "wrong hash"}, 1), MakeBatch("acme", {3, head.hash}, 1)};
    for (const TenantBatch& batch : stale) {
      // Together with a tenant that would fit: all or none.
      const std::vector<TenantBatch> both{MakeBatch("beta", {}, 1), batch};
      const Status status = s.audit->Append(both);
      REQUIRE_FALSE(status.ok());
      CHECK(status.error().code == ErrorCode::kConflict);
    }
    CHECK(HeadOf(*s.audit, "acme").next_seq == 2);
    CHECK(HeadOf(*s.audit, "beta").next_seq == 0);
    CHECK(s.audit->Tenants()->size() == 1);
  });
}

TEST_CASE("a scan starts where it is told and gives at most the limit") {
  ForEachStore([](Stores& s) {
    const TenantBatch batch = MakeBatch("acme", {}, 10);
    REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    const auto some = s.audit->Scan("acme", 4, 3);
    REQUIRE(some->size() == 3);
    CHECK(some->front().seq == 4);
    CHECK(some->back().seq == 6);
    CHECK(s.audit->Scan("acme", 9, 3)->size() == 1);
    CHECK(s.audit->Scan("acme", 10, 3)->empty());
  });
}

TEST_CASE("pages follow each other without loss or repetition, also while events arrive") {
  ForEachStore([](Stores& s) {
    const std::vector<TenantBatch> batches{MakeBatch("a", {}, 5), MakeBatch("b", {}, 4)};
    REQUIRE(s.audit->Append(batches).ok());
    CHECK(AllPages(*s.audit, {}, true, 2) ==
          std::vector<std::string>{"a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2", "b3"});
    // Same timestamps in both tenants: newest first, then by place.
    CHECK(AllPages(*s.audit, {}, false, 2) ==
          std::vector<std::string>{"a4", "b3", "a3", "b2", "a2", "b1", "a1", "b0", "a0"});
    AuditFilter one;
    one.tenant = "b";
    CHECK(AllPages(*s.audit, one, false, 3) == std::vector<std::string>{"b3", "b2", "b1", "b0"});

    const auto first = s.audit->Query(one, false, "", 2);
    const TenantBatch more = MakeBatch("b", HeadOf(*s.audit, "b"), 3);
    REQUIRE(s.audit->Append(std::span(&more, 1)).ok());
    const auto second = s.audit->Query(one, false, first->next, 2);
    REQUIRE(second->records.size() == 2);
    CHECK(second->records[0].seq == 1);
    CHECK(second->next.empty());
    const auto exactly = s.audit->Query(one, true, "", 7);
    CHECK(exactly->next.empty());
  });
}

TEST_CASE("a page position that this store did not give out is refused") {
  ForEachStore([](Stores& s) {
    for (const char* bad : {"zzz", "!", "MS4y", "Li4"}) {
      const auto page = s.audit->Query({}, true, bad, 10);
      REQUIRE_FALSE(page.ok());
      CHECK(page.error().code == ErrorCode::kInvalidArgument);
    }
  });
}

TEST_CASE("each filter takes exactly the events that carry its value") {
  ForEachStore([](Stores& s) {
    const TenantBatch genesis = MakeBatch("acme", {}, 1);
    REQUIRE(s.audit->Append(std::span(&genesis, 1)).ok());
    for (int i = 0; i < 4; ++i) {
      AuditEvent e;
      e.ts_micros = 1'000 + i;
      e.event_id = "id" + std::to_string(i);
      e.decision = i % 2 == 0 ? "allow" : "block";
      e.check = i == 1 ? Check::kBudget : Check::kPolicy;
      e.tool = "t" + std::to_string(i);
      e.agent_id = "agent" + std::to_string(i % 2);
      e.capability_token_id = "jti" + std::to_string(i);
      e.elevation_id = i == 3 ? "elev" : "";
      e.kind = i == 2 ? EventKind::kControl : EventKind::kDecision;
      e.root_capability_token_id = i < 2 ? "root" : "";
      e.session_id = i == 1 ? "session" : "";
      e.reason_code = i == 1 ? Reason::kBudgetRate : Reason::kAllowed;
      e.actor = i == 3 ? "alice" : "";
      AppendOne(*s.audit, "acme", e);
    }
    const auto places = [&](auto set) {
      AuditFilter f;
      set(f);
      const auto found = AllPages(*s.audit, f, true, 10);
      CHECK(s.audit->Count(f).value() == static_cast<std::int64_t>(found.size()));
      return found;
    };
    using Found = std::vector<std::string>;
    CHECK(places([](AuditFilter& f) { f.decision = "allow"; }) == Found{"acme1", "acme3"});
    CHECK(places([](AuditFilter& f) { f.check = "budget"; }) == Found{"acme2"});
    CHECK(places([](AuditFilter& f) { f.tool = "t0"; }) == Found{"acme1"});
    CHECK(places([](AuditFilter& f) { f.agent_id = "agent1"; }) == Found{"acme2", "acme4"});
    CHECK(places([](AuditFilter& f) { f.jti = "jti3"; }) == Found{"acme4"});
    CHECK(places([](AuditFilter& f) { f.event_id = "id2"; }) == Found{"acme3"});
    CHECK(places([](AuditFilter& f) { f.elevation_id = "elev"; }) == Found{"acme4"});
    CHECK(places([](AuditFilter& f) { f.kind = "control"; }) == Found{"acme3"});
    CHECK(places([](AuditFilter& f) { f.kind = "genesis"; }) == Found{"acme0"});
    CHECK(places([](AuditFilter& f) { f.from_micros = 1'001; f.to_micros = 1'002; }) == Found{"acme2", "acme3"});
    CHECK(places([](AuditFilter& f) { f.root_jti = "root"; }) == Found{"acme1", "acme2"});
    CHECK(places([](AuditFilter& f) { f.session_id = "session"; }) == Found{"acme2"});
    CHECK(places([](AuditFilter& f) { f.code = "budget.rate"; }) == Found{"acme2"});
    CHECK(places([](AuditFilter& f) { f.actor = "alice"; }) == Found{"acme4"});
    CHECK(places([](AuditFilter& f) { f.from_seq = 2; f.to_seq = 3; }) == Found{"acme2", "acme3"});
    CHECK(places([](AuditFilter& f) { f.from_seq = 5; }) == Found{});
    CHECK(places([](AuditFilter& f) { f.decision = "block"; }) == Found{"acme2", "acme4"});
    CHECK(places([](AuditFilter& f) { f.tenant = "other"; }) == Found{});
    CHECK(places([](AuditFilter& f) { f.tool = "t0' OR '1'='1"; }) == Found{});
  });
}

TEST_CASE("a limit that no page can have is refused, not cut") {
  ForEachStore([](Stores& s) {
    const TenantBatch batch = MakeBatch("acme", {}, 3);
    REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    for (const std::size_t bad : {std::size_t{0}, audit::kMaxPage + 1, SIZE_MAX}) {
      const auto page = s.audit->Query({}, true, "", bad);
      REQUIRE_FALSE(page.ok());
      CHECK(page.error().code == ErrorCode::kInvalidArgument);
      CHECK(page.error().message.find("next") != std::string::npos);
    }
    CHECK(s.audit->Query({}, true, "", audit::kMaxPage)->records.size() == 3);
  });
}

// Times run backwards, jump, and repeat; the window is cut by time and the pages stay in the order of the chain.
TEST_CASE("a window of time takes exactly its events, whatever the order of their times, over many pages") {
  ForEachStore([](Stores& s) {
    constexpr int kEvents = 5'000;
    const auto time_of = [](std::int64_t seq) { return 1'000'000 + (seq * 7'919) % 100'003 + (seq / 1'500) * 50'000; };
    ChainHead head;
    for (int made = 0; made < kEvents;) {
      TenantBatch batch{"acme", {}};
      for (int i = 0; i < 500; ++i, ++made) {
        AuditEvent e;
        e.ts_micros = time_of(made);
        e.agent_id = "agent" + std::to_string(made % 7);
        e.kind = EventKind::kDecision;
        batch.events.push_back(MakeStored("acme", made, head.hash, std::move(e)));
        head = {made + 1, batch.events.back().record.hash};
      }
      REQUIRE(s.audit->Append(std::span(&batch, 1)).ok());
    }
    const std::pair<std::int64_t, std::int64_t> windows[] = {
        {0, 2'000'000}, {1'050'000, 1'060'000}, {1'000'000, 1'000'000}, {1'150'000, 1'170'000}, {2'000'000, 3'000'000}, {9, 8}};
    for (const char* tenant : {"acme", ""}) {
      for (const auto& [from, to] : windows) {
        for (const char* agent : {"", "agent3"}) {
          AuditFilter f;
          f.tenant = tenant;
          f.agent_id = agent;
          f.from_micros = from;
          f.to_micros = to;
          std::vector<std::string> wanted;
          for (std::int64_t seq = 0; seq < kEvents; ++seq) {
            if (time_of(seq) < from || time_of(seq) > to || (*agent != 0 && (seq == 0 || seq % 7 != 3))) continue;
            wanted.push_back("acme" + std::to_string(seq));
          }
          INFO(from << ".." << to << " " << agent << " of '" << tenant << "'");
          CHECK(AllPages(*s.audit, f, true, 333) == wanted);
          if (*tenant == 0) continue;
          std::reverse(wanted.begin(), wanted.end());
          CHECK(AllPages(*s.audit, f, false, 333) == wanted);
        }
      }
    }
  });
}

TEST_CASE("a page begun before events arrive goes on behind its last one, under every filter") {
  ForEachStore([](Stores& s) {
    const auto grow = [&](int count) {
      for (int i = 0; i < count; ++i) {
        AuditEvent e;
        e.agent_id = "agent";
        e.tool = "tool";
        e.decision = "block";
        AppendOne(*s.audit, "acme", e);
      }
    };
    grow(21);   // 0 is the genesis event
    AuditFilter f;
    f.tenant = "acme";
    f.agent_id = "agent";
    f.tool = "tool";
    f.decision = "block";
    f.from_micros = 0;
    f.from_seq = 3;
    std::vector<std::int64_t> seen;
    std::string after;
    do {
      const auto page = s.audit->Query(f, false, after, 4);
      REQUIRE(page.ok());
      for (const AuditRecord& r : page->records) seen.push_back(r.seq);
      after = page->next;
      grow(3);
    } while (!after.empty());
    std::vector<std::int64_t> wanted;
    for (std::int64_t seq = 20; seq >= 3; --seq) wanted.push_back(seq);
    CHECK(seen == wanted);
  });
}

TEST_CASE("writers that race for one chain lose nothing and fork nothing") {
  ForEachStore([](Stores& s) {
    constexpr int kThreads = 4, kEach = 25;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int done = 0; done < kEach;) {
          const auto head = s.audit->Head("acme");
          const TenantBatch batch = MakeBatch("acme", *head, 1);
          const Status status = s.audit->Append(std::span(&batch, 1));
          if (status.ok()) ++done;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(HeadOf(*s.audit, "acme").next_seq == kThreads * kEach);
    const auto report = audit::VerifyChain(*s.audit, "acme");
    CHECK(report->ok);
    CHECK(report->verified == kThreads * kEach);
  });
}

}  // namespace intentgate::test
