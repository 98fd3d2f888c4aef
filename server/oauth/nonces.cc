#include "oauth/nonces.h"

#include <utility>

#include "base/encoding.h"

namespace intentgate::oauth {

Nonces::Nonces(const crypto::SecretBytes& key, std::int64_t slot_seconds, std::shared_ptr<const Clock> clock)
    : key_(key.Expose(crypto::SecretAccess{})), slot_seconds_(slot_seconds), clock_(std::move(clock)) {}

std::string Nonces::Current() const { return Of(Slot()); }

Nonces::Age Nonces::AgeOf(std::string_view nonce) const {
  const auto is = [&](std::int64_t slot) { return crypto::ConstantTimeEqual(base::AsBytes(Of(slot)), base::AsBytes(nonce)); };
  const std::int64_t slot = Slot();
  if (is(slot)) return Age::kCurrent;
  return is(slot - 1) ? Age::kPrevious : Age::kNone;
}

std::string Nonces::Of(std::int64_t slot) const {
  return base::Base64UrlEncode(key_.Mac(base::AsBytes("intentgate dpop nonce/"), base::AsBytes(std::to_string(slot))));
}

}  // namespace intentgate::oauth
