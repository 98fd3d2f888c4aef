// Makers of the refusals that more than one reader gives.
#pragma once

#include <string>

#include <intentgate/token.h>

namespace intentgate::token {

inline TokenRefusal Refuse(Reason reason, std::string message) {
  TokenRefusal refusal;
  refusal.reason = reason;
  refusal.message = std::move(message);
  return refusal;
}
inline TokenRefusal RefuseMalformed(std::string what) {
  return Refuse(Reason::kTokenMalformed, "the token is malformed: " + std::move(what));
}
inline TokenRefusal RefuseTooManyCaveats() {
  return Refuse(Reason::kTokenTooLarge, "the token has more than " + std::to_string(kMaxCaveats) + " caveats");
}
// The same for an unknown key id, so that a caller cannot probe which ids exist.
inline constexpr const char* kBadMacMessage = "the token was not issued here or was changed";

// How a refusal reads as an Error of Decode and Attenuate.
inline Error ToError(TokenRefusal refusal) {
  switch (refusal.reason) {
    case Reason::kTokenTooLarge:
    case Reason::kTokenDepthExceeded: return Error{ErrorCode::kLimitExceeded, std::move(refusal.message)};
    case Reason::kTokenVersion: return Error{ErrorCode::kUnsupportedVersion, std::move(refusal.message)};
    default: return Error{ErrorCode::kMalformed, std::move(refusal.message)};
  }
}

}  // namespace intentgate::token
