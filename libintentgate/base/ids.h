// Identifiers made here. Each takes its clock and randomness from the caller.
#pragma once

#include <string>

#include <intentgate/clock.h>
#include <intentgate/result.h>

namespace intentgate::base {

// UUID version 7 (RFC 9562 section 5.7): "0190b7c2-....", sorts by millisecond.
Result<std::string> MakeUuidV7(const Clock& clock, Random& random);
// The public token format's id: 4 bytes big-endian unix seconds and 12 random bytes, base64url, 22 characters.
Result<std::string> MakeTokenId(const Clock& clock, Random& random);

}  // namespace intentgate::base
