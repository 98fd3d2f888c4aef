// The revocations that every call is held against: a snapshot in memory, read again from the store by
// a thread of its own, and told at once of what this process revokes.
//
// Fails closed: when the store could not be read for the maximum age, nobody is known to be good.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include <intentgate/clock.h>
#include <intentgate/result.h>

#include "base/periodic.h"
#include "token/revocation_store.h"

namespace intentgate::gate {

struct RevocationOptions {
  std::int64_t max_age_ms = 5'000;
  std::int64_t refresh_ms = 1'000;
};

enum class RevocationAnswer : std::uint8_t { kGood, kRevoked, kUnavailable };

// Thread-safe.
class RevocationWatch {
 public:
  // Fails when the store cannot be read now.
  static Result<std::unique_ptr<RevocationWatch>> Start(std::shared_ptr<token::RevocationStore> store,
                                                        std::shared_ptr<const Clock> clock,
                                                        const RevocationOptions& options);
  RevocationWatch(const RevocationWatch&) = delete;   // its thread refers to it
  RevocationWatch& operator=(const RevocationWatch&) = delete;

  // kRevoked if any of `ids` is revoked for `tenant` or for every tenant.
  RevocationAnswer Ask(std::string_view tenant, std::span<const std::string> ids);
  // Stores it; holds for every Ask that begins after the return.
  Status Revoke(const token::Revocation& revocation);
  bool fresh() const;

 private:
  using Keys = std::unordered_set<std::string>;   // see KeyOf
  struct Snapshot {
    Keys keys;
    std::int64_t version = 0;
  };

  RevocationWatch(std::shared_ptr<token::RevocationStore> store, std::shared_ptr<const Clock> clock,
                  const RevocationOptions& options);
  std::shared_ptr<const Snapshot> Current() const;
  // Reads the store if its version has moved.
  Status Refresh();
  bool FreshAfterTrying();

  const std::shared_ptr<token::RevocationStore> store_;
  const std::shared_ptr<const Clock> clock_;
  const RevocationOptions options_;

  std::mutex refresh_mutex_;                  // one reader of the store at a time
  bool last_refresh_ok_ = true;               // guarded by refresh_mutex_
  std::atomic<std::int64_t> read_at_nanos_{0};

  mutable std::mutex snapshot_mutex_;         // held for the copy of a pointer
  std::shared_ptr<const Snapshot> snapshot_;

  std::unique_ptr<base::Periodic> refresher_;       // last: its thread uses the others
};

}  // namespace intentgate::gate
