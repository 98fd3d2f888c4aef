// What a KeyRing holds. The token module's alone: it is the only reader of key bytes besides the ring.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/keys.h>

#include "crypto/hash.h"
#include "crypto/secret_bytes.h"

namespace intentgate::internal {

// The keys are immutable. The tenant subkeys derived from them are remembered, up to kMaxTenantKeys;
// beyond that they are derived each time. Thread-safe; readers take no lock.
class KeyRingState {
 public:
  struct Key {
    KeyInfo info;
    crypto::SecretBytes secret;
    crypto::HmacKey mac;  // of the secret itself: signs v3 and v4 payloads

    // Whether tokens under this key are still taken. Asks the clock for keys with a date only.
    bool Accepted(const Clock& clock) const { return !info.accept_until || clock.UnixSeconds() < *info.accept_until; }
  };
  static constexpr std::size_t kMaxTenantKeys = 512;

  // REQUIRES: exactly one key is active.
  explicit KeyRingState(std::vector<Key> keys);

  std::span<const Key> keys() const { return keys_; }
  const Key& active() const { return keys_[active_]; }
  // Null when the ring has no such key.
  const Key* Find(std::string_view id) const;

  // The v5 subkey of a tenant: HKDF(secret, salt = key id, info = "intentgate/ig5/tenant/" tenant).
  static Result<crypto::HmacKey> DeriveTenantKey(const Key& key, std::string_view tenant);
  // A remembered subkey, or null. Lives as long as the ring.
  const crypto::HmacKey* FindTenantKey(const Key& key, std::string_view tenant) const;
  // Call it for tenants of authentic tokens only: a stranger could fill the memory with made-up ones.
  void RememberTenantKey(const Key& key, std::string_view tenant, const crypto::HmacKey& subkey) const;

 private:
  struct TenantKey {
    const Key* key;
    std::string tenant;
    crypto::HmacKey mac;
  };
  static constexpr std::size_t kSlots = 2 * kMaxTenantKeys;
  static std::size_t SlotOf(const Key& key, std::string_view tenant);

  std::vector<Key> keys_;
  std::size_t active_ = 0;
  // Open addressing; a slot is written once and never cleared, so a reader needs no lock.
  mutable std::array<std::atomic<const TenantKey*>, kSlots> slots_{};
  mutable std::mutex growing_;
  mutable std::vector<std::unique_ptr<const TenantKey>> owned_;
};

}  // namespace intentgate::internal
