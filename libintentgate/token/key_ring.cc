#include "token/key_ring.h"

#include <functional>

namespace intentgate::internal {

KeyRingState::KeyRingState(std::vector<Key> keys) : keys_(std::move(keys)) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].info.active) active_ = i;
  }
}

const KeyRingState::Key* KeyRingState::Find(std::string_view id) const {
  for (const Key& key : keys_) {
    if (key.info.id == id) return &key;
  }
  return nullptr;
}

Result<crypto::HmacKey> KeyRingState::DeriveTenantKey(const Key& key, std::string_view tenant) {
  const Result<crypto::SecretBytes> subkey =
      crypto::HkdfSha256(key.secret, key.info.id, "intentgate/ig5/tenant/" + std::string(tenant));
  if (!subkey.ok()) return subkey.error();
  return crypto::HmacKey(subkey->Expose(crypto::SecretAccess{}));
}

std::size_t KeyRingState::SlotOf(const Key& key, std::string_view tenant) {
  return std::hash<std::string_view>{}(tenant) + std::hash<const Key*>{}(&key) / sizeof(Key);
}

const crypto::HmacKey* KeyRingState::FindTenantKey(const Key& key, std::string_view tenant) const {
  for (std::size_t slot = SlotOf(key, tenant);; ++slot) {
    const TenantKey* entry = slots_[slot % kSlots].load(std::memory_order_acquire);
    if (entry == nullptr) return nullptr;
    if (entry->key == &key && entry->tenant == tenant) return &entry->mac;
  }
}

void KeyRingState::RememberTenantKey(const Key& key, std::string_view tenant, const crypto::HmacKey& subkey) const {
  const std::lock_guard lock(growing_);
  if (owned_.size() >= kMaxTenantKeys || FindTenantKey(key, tenant) != nullptr) return;
  owned_.push_back(std::make_unique<const TenantKey>(TenantKey{&key, std::string(tenant), subkey}));
  std::size_t slot = SlotOf(key, tenant);
  while (slots_[slot % kSlots].load(std::memory_order_relaxed) != nullptr) ++slot;
  slots_[slot % kSlots].store(owned_.back().get(), std::memory_order_release);
}

}  // namespace intentgate::internal
