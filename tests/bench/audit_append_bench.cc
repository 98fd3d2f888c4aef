// What the two events of an allowed call cost SQLite's store: processor time of the thread and bytes. Prints `name unit
// value` lines.
//
//   audit_append_bench [CALLS] [few|many|both] [BATCH] [private]      default 40,000, both and 160
//
// few: ten agents with one tool. many: 1,000 agents, 50 tools, a token an agent, a session for each ten calls.
// private: a decision commits to two values. Batches of 160 events are what 20,000 calls a second make. For instructions, run it under
// `valgrind --tool=callgrind` with two numbers of calls and take the difference.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/canonical_event.h"
#include "audit/commitments.h"
#include "audit_load.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_folder.h"

namespace {

using namespace intentgate;
using namespace intentgate::bench;

constexpr int kBusyBatch = 160;

AuditEvent Decision(int call, bool many) {
  AuditEvent e = Typical(call);
  if (!many) return e;
  e.agent_id = "finance-bot-" + std::to_string(call * 7'919LL % 1'000);
  e.tool = "tool-" + std::to_string(call * 104'729LL % 50);
  e.root_capability_token_id = "aVXJgAECAwQFBgcICQ" + std::to_string(1'000 + call * 7'919LL % 1'000);
  e.session_id = "0190b7c2-0000-7000-8000-" + std::to_string(100'000'000'000 + call / 10);
  return e;
}

AuditEvent OutcomeOf(const AuditEvent& decision) {
  AuditEvent e;
  e.kind = EventKind::kOutcome;
  e.tenant = decision.tenant;
  e.agent_id = decision.agent_id;
  e.capability_token_id = decision.capability_token_id;
  e.root_capability_token_id = decision.root_capability_token_id;
  e.decision_event_id = "0190b7c2-0000-7000-8000-000000000000";
  e.outcome = "ok";
  e.upstream_status = 200;
  e.latency_us = 123;
  e.result_bytes = 512;
  e.result_sha256 = std::string(64, 'c');
  return e;
}

AuditEvent EventOf(int n, bool many) {
  const int call = n / 2;
  AuditEvent e = Decision(call, many);
  if (n % 2 == 1) e = OutcomeOf(e);
  e.ts_micros = 1'700'000'000'000'000 + call * 50LL;
  const std::int64_t millis = e.ts_micros / 1'000;
  char id[40];
  std::snprintf(id, sizeof id, "%08llx-%04llx-7%03x-8000-%012x", static_cast<unsigned long long>(millis >> 16),
                static_cast<unsigned long long>(millis & 0xffff), static_cast<unsigned>(n % 4'096), static_cast<unsigned>(n));
  e.event_id = id;
  return e;
}

void Append(int calls, bool many, int size, const audit::CommitmentRule& commit) {
  const test::ScratchFolder folder;
  const std::string path = folder.File("gate.db");
  auto store = store::SqliteStore::Open(path, {});
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    std::exit(1);
  }
  double cpu = 0;
  std::string prev;
  for (int n = 0; n < 2 * calls;) {
    audit::TenantBatch batch{"acme", {}};
    for (int i = 0; i < size && n < 2 * calls; ++i, ++n) {
      AuditEvent event = EventOf(n, many);
      std::vector<PrivateValue> values = audit::TakePrivate(commit, event);
      for (PrivateValue& value : values) value.salt.fill(static_cast<std::uint8_t>(n));
      audit::EventDraft draft = audit::MakeDraft(std::move(event), "bench", false, std::move(values));
      batch.events.push_back(std::move(draft.stored));
      audit::Place(draft, n, prev, batch.events.back().record);
      prev = batch.events.back().record.hash;
    }
    const double start = Seconds(CLOCK_THREAD_CPUTIME_ID);
    if (!(*store)->Append(std::span(&batch, 1)).ok()) std::exit(1);
    cpu += Seconds(CLOCK_THREAD_CPUTIME_ID) - start;
  }
  const char* name = many ? "many" : "few";
  std::printf("audit_append.sqlite.cpu_per_call.%s us %.2f\n", name, cpu / calls * 1e6);
  store->reset();   // moves the WAL into the file
  std::printf("audit_append.sqlite.size_per_event.%s bytes %.0f\n", name,
              static_cast<double>(std::filesystem::file_size(path)) / (2.0 * calls));
}

}  // namespace

int main(int argc, char** argv) {
  const int calls = argc > 1 ? std::atoi(argv[1]) : 40'000;
  const std::string which = argc > 2 ? argv[2] : "both";
  const int batch = argc > 3 ? std::atoi(argv[3]) : kBusyBatch;
  audit::CommitmentRule commit;
  if (argc > 4) commit.members = {"args_sha256", "remote_ip"};
  if (calls < 1 || batch < 1) return 2;
  if (which != "many") Append(calls, false, batch, commit);
  if (which != "few") Append(calls, true, batch, commit);
  return 0;
}
