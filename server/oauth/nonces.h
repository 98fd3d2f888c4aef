// Nonces for proofs of possession (RFC 9449 section 8): a time slot under a MAC, so that nothing is stored and replicas that share the key
// know each other's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <intentgate/clock.h>

#include "crypto/hash.h"
#include "crypto/secret_bytes.h"

namespace intentgate::oauth {

// Immutable, thread-safe.
class Nonces {
 public:
  // REQUIRES: slot_seconds > 0.
  Nonces(const crypto::SecretBytes& key, std::int64_t slot_seconds, std::shared_ptr<const Clock> clock);

  std::string Current() const;
  enum class Age : std::uint8_t { kCurrent, kPrevious, kNone };
  // kNone: not one of ours, or too old.
  Age AgeOf(std::string_view nonce) const;

 private:
  std::int64_t Slot() const { return clock_->UnixSeconds() / slot_seconds_; }
  std::string Of(std::int64_t slot) const;

  const crypto::HmacKey key_;
  const std::int64_t slot_seconds_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace intentgate::oauth
