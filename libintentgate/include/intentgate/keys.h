// The keys that tokens are made and checked with.
//
// A ring holds several keys by id. One is active: new tokens are minted under it. The others are
// retired: tokens under them are accepted until their date, so that a rotation needs no flag day.
// The public v3 and v4 tokens carry no key id; they are tried under every key of the ring that is not
// marked v5-only, the active one first, then in order (at most kMaxLegacyKeys).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/result.h>

namespace intentgate {

inline constexpr std::size_t kMinKeyBytes = 16;        // the public product's floor, for its keys
inline constexpr std::size_t kGeneratedKeyBytes = 32;
inline constexpr std::size_t kMaxLegacyKeys = 4;
inline constexpr std::size_t kMaxKeys = 64;

struct KeyInfo {
  std::string id;                                // 1 to 32 of [A-Za-z0-9_-]
  bool active = false;
  bool legacy = false;                           // tried for tokens without a key id
  std::optional<std::int64_t> accept_until;      // unix seconds; tokens are refused from then on
};

namespace internal {
class KeyRingState;
}

// Immutable, thread-safe, cheap to copy. Printing a ring shows ids, never keys.
class KeyRing {
 public:
  class Builder {
   public:
    Builder();
    ~Builder();
    Builder(Builder&&) noexcept;
    Builder& operator=(Builder&&) noexcept;
    // The key that mints. Exactly one. `secret` is copied and wiped by the ring's end.
    Builder& Active(std::string_view id, std::string_view secret_bytes);
    // A key that only verifies, until `accept_until` (unix seconds; nullopt: without end).
    Builder& Retired(std::string_view id, std::string_view secret_bytes, std::optional<std::int64_t> accept_until);
    // Marks a key that was added before: not tried for tokens without a key id (v3, v4), nor minting them.
    Builder& V5Only(std::string_view id);
    // kInvalidArgument: no active key, two, a repeated or malformed id, a short key, too many, more
    // than kMaxLegacyKeys not marked v5-only.
    Result<KeyRing> Build();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

  // One key as the public product writes it in INTENTGATE_MASTER_KEY: base64url or base64, padded or
  // not, of at least 16 bytes. It becomes the active key "default".
  static Result<KeyRing> FromMasterKey(std::string_view text);

  // A key file: one key a line, `id secret-in-base64url [active|until=2026-12-31T00:00:00Z] [v5-only]`,
  // `#` comments. Errors name the line and never quote it.
  static Result<KeyRing> Parse(std::string_view text);

  std::vector<KeyInfo> keys() const;
  const std::string& active_id() const;

  const internal::KeyRingState& state() const { return *state_; }  // for the token module

 private:
  explicit KeyRing(std::shared_ptr<const internal::KeyRingState> state) : state_(std::move(state)) {}
  std::shared_ptr<const internal::KeyRingState> state_;
};

// A line for a key file: a fresh 32-byte key under `id`, marked active. The text is a secret.
Result<std::string> GenerateKeyLine(std::string_view id, Random& random);

}  // namespace intentgate
