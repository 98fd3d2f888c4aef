// What a client carries for the gateway and can neither read nor make: JSON under AES-256-GCM, for one principal and for a time. Gateways
// with the same secrets read one another's, so they need no store in common.
//
//   base64url(AES-256-GCM({..., "p": digest of the principal, "e": expiry}))
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <intentgate/clock.h>
#include <intentgate/json.h>
#include <intentgate/result.h>

#include "crypto/secret_bytes.h"

namespace intentgate::mcp {

// A header field that common proxies let through, beside a token.
inline constexpr std::size_t kMaxSealedIdBytes = 4'096;

// Thread-safe.
class Sealer {
 public:
  // The first of `secrets` seals, all of them open. What was sealed under one label opens under no other. Fails when OpenSSL does.
  static Result<Sealer> Create(const std::vector<crypto::SecretBytes>& secrets, std::string label, std::int64_t lifetime_seconds,
                               std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);

  // REQUIRES: an object without "p" and "e". The text may be longer than what can be opened.
  Result<std::string> Seal(json::Value payload, std::string_view principal) const;
  // nullopt: not sealed by one of the keys, somebody else's, too old, or longer than kMaxSealedIdBytes.
  std::optional<json::Value> Open(std::string_view sealed, std::string_view principal) const;
  // Whosoever it is, and however old.
  std::optional<json::Value> Read(std::string_view sealed) const;

 private:
  Sealer(std::vector<crypto::SecretBytes> keys, std::string label, std::int64_t lifetime_seconds, std::shared_ptr<const Clock> clock,
         std::shared_ptr<Random> random)
      : keys_(std::move(keys)), label_(std::move(label)), lifetime_seconds_(lifetime_seconds), clock_(std::move(clock)),
        random_(std::move(random)) {}

  std::vector<crypto::SecretBytes> keys_;
  std::string label_;
  std::int64_t lifetime_seconds_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Random> random_;
};

// The member of what was opened, a text; null: there is none.
const std::string* SealedText(const json::Value& payload, std::string_view member);

}  // namespace intentgate::mcp
