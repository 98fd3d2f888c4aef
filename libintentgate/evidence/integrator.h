// Keeps the Merkle tree over one tenant's chain: reads new hashes, writes tiles, remembers the compact range.
//
// Hash n of a chain commits to all events before it. So one comparison, of the last integrated event, tells whether
// the chain that is there is still the one in the tree.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <intentgate/result.h>

#include "audit/log_store.h"
#include "tlog/merkle.h"

namespace intentgate::evidence {

// Reads hashes from the tiles of a tenant's tree of `size` leaves. Must not outlive `log`.
tlog::NodeAt StoredNodes(audit::LogStore& log, std::string tenant, std::uint64_t size);

// Thread-compatible. `log` must outlive it.
class Integrator {
 public:
  Integrator(audit::LogStore& log, std::string tenant) : log_(log), tenant_(std::move(tenant)) {}

  // The tree over all events that are in the chain at the call, with its tiles stored. `signed_size` leaves are in
  // tiles already if this is a first call; tiles that are lost are built anew from the chain. kCorrupt when the chain
  // is shorter than the tree or another than the one in it.
  Result<tlog::CompactRange> CatchUp(std::uint64_t signed_size);

 private:
  Status Begin(std::uint64_t signed_size);
  Result<tlog::CompactRange> FromTiles(std::uint64_t size) const;
  Status CheckLast();
  Result<bool> IntegrateSome();
  Result<std::vector<audit::StoredTile>> Widened(
      std::uint64_t old_size, const std::vector<std::vector<tlog::Hash>>& added) const;

  audit::LogStore& log_;
  std::string tenant_;
  bool begun_ = false;
  tlog::CompactRange range_;
};

}  // namespace intentgate::evidence
