// Tokens of other issuers, such as JWT access tokens, as capabilities of this gate.
//
// What ForeignTokens vouches for is judged by the four checks exactly as a token of the gate's own: expiry, revocation, caveats,
// budgets, one event. The gate asks it only for texts that it says it reads.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include <intentgate/token.h>

namespace intentgate {

// `content` as it is to be judged: `format` kForeign, `subject`, `tenant`, `root_jti` (whoever stands behind all tokens of one
// caller, also renewed ones), `jti`, times, `hops` and `caveats`. Counters of a caveat belong to its hop.
struct ForeignToken {
  TokenContent content;
  std::int64_t known_until = 0;   // unix seconds; asked again from then on
};

// Thread-safe; must not block.
class ForeignTokens {
 public:
  virtual ~ForeignTokens() = default;
  // Whether the text is of a format that is read here. True for a token that is refused later, too.
  virtual bool Reads(std::string_view text) const = 0;
  // Authentic, of an issuer, audience and time that are accepted; or why not.
  virtual std::variant<ForeignToken, TokenRefusal> Verify(std::string_view text) const = 0;
};

}  // namespace intentgate
