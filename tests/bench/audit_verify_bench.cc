// How many events of a chain are verified a second by one core: the auditor's bundle under a signed checkpoint (the
// offline verifier), an export, and the store's own rows. Prints `name unit value` lines. AUDIT_VERIFY_EVENTS: how
// many events (default 100000).
//
// Everything is in memory, so that no disk is measured. Of several rounds the middle one counts; times are of the
// processor, so that other work on the machine does not count.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/bundle.h>
#include <intentgate/clock.h>

#include "audit_load.h"
#include "evidence/bundle_writer.h"
#include "store/memory/memory_store.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace {

using namespace intentgate;
using bench::Seconds;

constexpr int kRounds = 7;
constexpr std::size_t kPiece = std::size_t{64} << 10;   // what the command reads at once

AuditEvent Event(std::int64_t seq) {
  AuditEvent event;
  if (seq > 0) {
    event = bench::Typical(static_cast<int>(seq));
  } else {
    event.kind = EventKind::kGenesis;
  }
  event.tenant = "acme";
  event.event_id = "0190b7c2-0000-7000-8000-" + std::to_string(100'000'000'000 + seq);
  event.ts_micros = 1'700'000'000'000'000 + seq;
  return event;
}

Status FillChain(store::MemoryStore& store, std::int64_t events) {
  std::string prev;
  for (std::int64_t seq = 0; seq < events;) {
    audit::TenantBatch batch{"acme", {}};
    for (; seq < events && batch.events.size() < 1'000; ++seq) {
      const audit::EventDraft draft = audit::MakeDraft(Event(seq), "bench", false);
      batch.events.push_back(draft.stored);
      audit::Place(draft, seq, prev, batch.events.back().record);
      prev = batch.events.back().record.hash;
    }
    if (Status s = store.Append(std::span(&batch, 1)); !s.ok()) return s;
  }
  return {};
}

// Stores the tree over the chain and a checkpoint of it, and returns the key that signed.
Result<std::string> Seal(store::MemoryStore& store, std::int64_t events) {
  const Result<std::vector<tlog::Hash>> hashes = store.ChainHashes("acme", 0, static_cast<std::size_t>(events));
  if (!hashes.ok()) return hashes.error();
  tlog::CompactRange tree;
  std::vector<audit::StoredTile> tiles[8];
  const auto take = [&](unsigned level, std::uint64_t index, const tlog::Hash& hash) {
    if (level % 8 != 0) return;
    std::vector<audit::StoredTile>& row = tiles[level / 8];
    if (index % tlog::kTileWidth == 0) row.push_back({{level / 8, index / tlog::kTileWidth, 0}, {}});
    row.back().bytes.append(hash.begin(), hash.end());
    ++row.back().id.width;
  };
  for (const tlog::Hash& hash : *hashes) tree.Append(tlog::LeafHash(hash), take);
  for (const std::vector<audit::StoredTile>& row : tiles) {
    if (Status s = row.empty() ? Status() : store.PutTiles("acme", row); !s.ok()) return s.error();
  }
  const auto key = tlog::SigningKey::Generate("acme-log", tlog::KeyType::kEd25519, *SystemRandom());
  if (!key.ok()) return key.error();
  tlog::Note note{tlog::WriteCheckpoint({"acme-log/audit/acme/1", tree.size(), tree.Root()}), {}};
  if (Status s = tlog::SignNote(note, *key, 0); !s.ok()) return s.error();
  const Status stored = store.PutCheckpoint("acme", {1, tree.size(), tree.Root(), 0, tlog::WriteNote(note), 0});
  if (!stored.ok()) return stored.error();
  return key->verifier().ToString();
}

// `verify` says how many events it found to be intact.
void Measure(const char* name, const char* what, std::int64_t events, const std::function<std::int64_t()>& verify) {
  std::vector<double> rates;
  for (int round = 0; round < kRounds; ++round) {
    const double start = Seconds(CLOCK_THREAD_CPUTIME_ID);
    if (verify() != events) {
      std::fprintf(stderr, "%s: the verifier did not find %lld events intact\n", name, static_cast<long long>(events));
      std::exit(1);
    }
    rates.push_back(static_cast<double>(events) / (Seconds(CLOCK_THREAD_CPUTIME_ID) - start));
  }
  std::printf("%s 1/s %.0f of one core, %s\n", name, bench::Quantile(rates, 0.5), what);
}

template <typename Verifier>
void Feed(Verifier& verifier, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPiece))) verifier.Feed(bytes.substr(0, kPiece));
}

Status Run(std::int64_t events) {
  store::MemoryStore store;
  if (Status s = FillChain(store, events); !s.ok()) return s;
  const Result<std::string> key = Seal(store, events);
  if (!key.ok()) return key.error();
  std::string bundle, exported;
  const auto into = [](std::string& out) {
    return [&out](std::string_view piece) {
      out += piece;
      return Status();
    };
  };
  BundleRequest request;
  request.tenant = "acme";
  if (Status s = evidence::WriteBundle(store, store, request, *SystemClock(), into(bundle)); !s.ok()) return s;
  AuditFilter filter;
  filter.tenant = "acme";
  const Status written = audit::ExportEvents(store, filter, ExportFormat::kNdjson, *SystemClock(), into(exported));
  if (!written.ok()) return written;

  Measure("audit.verify_events_per_second", "a bundle under its checkpoint", events, [&]() -> std::int64_t {
    Result<BundleVerifier> verifier = BundleVerifier::Create({.keys = {*key}});
    if (!verifier.ok()) return -1;
    Feed(*verifier, bundle);
    const BundleReport report = verifier->Finish();
    return report.verdict == BundleVerdict::kIntact ? report.covered : -1;
  });
  Measure("audit.verify_export_events_per_second", "an export", events, [&] {
    ExportVerifier verifier;
    Feed(verifier, exported);
    const ExportVerifier::Report report = verifier.Finish();
    return report.complete ? report.events : -1;
  });
  Measure("audit.verify_memory_events_per_second", "rows of the memory store", events, [&]() -> std::int64_t {
    const Result<VerifyReport> report = audit::VerifyChain(store, "acme");
    return report.ok() && report->ok ? report->verified : -1;
  });
  return {};
}

}  // namespace

int main() {
  const char* wanted = std::getenv("AUDIT_VERIFY_EVENTS");
  const long long events = wanted != nullptr ? std::atoll(wanted) : 100'000;
  if (events < 1 || events > 10'000'000) return 2;
  const Status done = Run(events);
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done.ok() ? 0 : 1;
}
