// The proof that one event is among many: how large it is, how long it takes to make from tiles and to verify. Prints
// `name unit value` lines. AUDIT_PROOF_EVENTS: how many events (default 10000000).
//
// The leaves are made up; the tiles are kept by the memory store. Each proof reads its tiles anew, as a server does
// that is asked for one. Times are of the processor, so that other work on the machine does not count.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <intentgate/clock.h>

#include "audit_load.h"
#include "evidence/integrator.h"
#include "store/memory/memory_store.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/proof_file.h"

namespace {

using namespace intentgate;
using bench::Seconds;

constexpr int kProofs = 2'000;

tlog::Hash Leaf(std::uint64_t seq) {
  tlog::Hash leaf{};
  std::memcpy(leaf.data(), &seq, sizeof seq);
  return tlog::LeafHash(leaf);
}

// Grows the tree and stores its full and partial tiles.
tlog::CompactRange Fill(store::MemoryStore& store, std::uint64_t events) {
  tlog::CompactRange tree;
  std::vector<std::vector<audit::StoredTile>> levels(8);
  const auto take = [&](unsigned level, std::uint64_t index, const tlog::Hash& hash) {
    if (level % 8 != 0) return;
    std::vector<audit::StoredTile>& tiles = levels[level / 8];
    if (index % tlog::kTileWidth == 0) tiles.push_back({{level / 8, index / tlog::kTileWidth, 0}, {}});
    tiles.back().bytes.append(hash.begin(), hash.end());
    ++tiles.back().id.width;
  };
  for (std::uint64_t seq = 0; seq < events; ++seq) tree.Append(Leaf(seq), take);
  for (const std::vector<audit::StoredTile>& tiles : levels) {
    if (!tiles.empty() && !store.PutTiles("acme", tiles).ok()) std::abort();
  }
  return tree;
}

}  // namespace

int main() {
  const char* wanted = std::getenv("AUDIT_PROOF_EVENTS");
  const long long events = wanted != nullptr ? std::atoll(wanted) : 10'000'000;
  if (events < 1) return 2;
  const auto size = static_cast<std::uint64_t>(events);
  store::MemoryStore store;
  const double start = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  const tlog::CompactRange tree = Fill(store, size);
  std::printf("audit.tree_events_per_second 1/s %.0f\n", static_cast<double>(events) / (Seconds(CLOCK_PROCESS_CPUTIME_ID) - start));

  const auto key = tlog::SigningKey::Generate("acme-log", tlog::KeyType::kEd25519, *SystemRandom());
  if (!key.ok()) return 1;
  tlog::Note note{tlog::WriteCheckpoint({"prod/audit/acme/1", size, tree.Root()}), {}};
  if (!tlog::SignNote(note, *key, 0).ok()) return 1;
  const std::string checkpoint = tlog::WriteNote(note);
  std::size_t largest = 0;
  std::vector<double> make, verify;
  for (int i = 0; i < kProofs; ++i) {
    const std::uint64_t index = static_cast<std::uint64_t>(i) * 7'919'777 % size;
    double from = Seconds(CLOCK_THREAD_CPUTIME_ID);
    const auto path = tlog::InclusionProof(index, size, evidence::StoredNodes(store, "acme", size));
    if (!path.ok()) return 1;
    const std::string file = tlog::WriteProofFile({std::string(64, 'a'), index, *path, checkpoint});
    make.push_back(Seconds(CLOCK_THREAD_CPUTIME_ID) - from);
    largest = std::max(largest, file.size());
    from = Seconds(CLOCK_THREAD_CPUTIME_ID);
    const auto read = tlog::ParseProofFile(file);
    if (!read.ok() || !tlog::VerifyProofFile(*read, Leaf(index), "", std::span(&key->verifier(), 1)).ok()) return 1;
    verify.push_back(Seconds(CLOCK_THREAD_CPUTIME_ID) - from);
  }
  std::printf("audit.proof_bytes bytes %zu one of %lld events, with the checkpoint\n", largest, events);
  for (const auto& [name, times] : {std::pair{"make", &make}, std::pair{"verify", &verify}}) {
    std::sort(times->begin(), times->end());
    std::printf("audit.proof_%s_p99 ms %.4f of the processor, one of %lld events\n", name, times->at(times->size() * 99 / 100) * 1e3, events);
  }
  return 0;
}
