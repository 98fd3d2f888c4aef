// Chains to be signed for, and their signer.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "contract/chains.h"
#include "evidence/signer.h"
#include "support/fixed_random.h"
#include "support/scratch_folder.h"

namespace intentgate::test {

// Appends `count` events that nobody else's chain has, told apart by `who`.
inline void Grow(audit::AuditStore& store, int count, const std::string& who = "agent") {
  ChainHead head = *store.Head("acme");
  audit::TenantBatch batch{"acme", {}};
  for (int i = 0; i < count; ++i) {
    AuditEvent event;
    event.agent_id = who;
    batch.events.push_back(MakeStored("acme", head.next_seq, head.hash, std::move(event)));
    head = {head.next_seq + 1, batch.events.back().record.hash};
  }
  const std::vector<audit::TenantBatch> batches{batch};
  REQUIRE(store.Append(batches).ok());
}

// The root over the whole chain, without any tile.
inline tlog::Hash RootOfChain(audit::LogStore& log, std::size_t size) {
  tlog::CompactRange range;
  const auto hashes = log.ChainHashes("acme", 0, size);
  REQUIRE(hashes.ok());
  REQUIRE(hashes->size() == size);
  for (const tlog::Hash& hash : *hashes) range.Append(tlog::LeafHash(hash));
  return range.Root();
}

inline std::unique_ptr<evidence::Signer> MakeSigner(std::shared_ptr<audit::LogStore> log, const std::string& state_path) {
  FixedRandom random(7);
  auto key = tlog::SigningKey::Generate("acme-log", tlog::KeyType::kEd25519, random);
  REQUIRE(key.ok());
  auto file = evidence::SignerStateFile::Open(state_path);
  REQUIRE(file.ok());
  return std::make_unique<evidence::Signer>(evidence::SignerSetup{std::move(log),
                                                                  std::make_shared<ManualClock>(1'700'000'000'000'000),
                                                                  "prod", *std::move(key), std::nullopt,
                                                                  *std::move(file)});
}

}  // namespace intentgate::test
