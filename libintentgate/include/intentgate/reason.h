// Why a call was refused: stable codes that all three languages and the audit chain share. Codes are
// appended, never renumbered; the text of a reason may change, the name of a code may not.
#pragma once

#include <cstdint>
#include <string_view>

namespace intentgate {

// Which of the four questions answered, in the order in which they are asked.
enum class Check : std::uint8_t { kNone, kCapability, kIntent, kPolicy, kBudget };
// "", "capability", "intent", "policy", "budget"
std::string_view CheckName(Check check);

enum class Reason : std::uint16_t {
  kAllowed = 0,

  // Capability: the token itself.
  kNoToken = 100,
  kTokenMalformed = 101,
  kTokenTooLarge = 102,        // over 16 KiB or over 64 caveats; found before any hashing
  kTokenVersion = 103,
  kTokenUnknownKey = 104,
  kTokenBadMac = 105,
  kTokenTruncated = 106,       // fewer characters than its frame says
  kTokenExpired = 107,
  kTokenNotYetValid = 108,
  kTokenKeyRetired = 109,      // its key's acceptance date has passed
  kTokenTtlTooLong = 110,
  kTokenRevoked = 111,
  kTokenWrongAudience = 112,
  kTokenWrongTenant = 113,
  kTokenDepthExceeded = 114,
  kTokenSealedExtended = 115,
  kRevocationUnavailable = 116,  // the snapshot is too old to trust
  kTokenWrongIssuer = 117,       // a JWT of an issuer that is not configured
  kTokenWrongType = 118,         // a JWT whose typ or algorithm is not accepted
  kTokenScope = 119,             // a JWT without a scope that is needed
  kIssuerUnavailable = 120,      // the issuer's keys are not known, or too old to trust
  kProofRequired = 121,          // the token is bound to a key and came without a proof of it
  kProofRefused = 122,           // a proof that proves nothing, or of another key

  // Capability: a caveat refused.
  kToolNotAllowed = 130,
  kToolDenied = 131,
  kAgentMismatch = 132,
  kCaveatUnknown = 133,
  kCaveatInvalid = 134,        // a caveat that can never hold, such as a malformed pattern
  kArgumentMissing = 135,
  kArgumentRefused = 136,
  kServerNotAllowed = 137,
  kRiskTooHigh = 138,
  kCalleeNotAllowed = 139,

  // Intent.
  kIntentRequired = 200,
  kIntentForbidden = 201,
  kIntentNotCovered = 202,
  kIntentUnavailable = 203,

  // Policy.
  kPolicyBlocked = 300,
  kPolicyEscalated = 301,
  kPolicyFailed = 302,         // undefined, conflict, run-time error, wrong shape of the result
  kPolicyLimit = 303,          // step, memory or depth limit
  kPolicyMissing = 304,

  // Policy: the approval that an escalated call needs.
  kApprovalRejected = 310,
  kApprovalExpired = 311,
  kApprovalUsed = 312,
  kApprovalMismatch = 313,     // no approval of this id for this tenant, token, tool and arguments
  kApprovalLimit = 314,        // too many wait, or the arguments are too large for a person
  kApprovalUnavailable = 315,  // approvals cannot be read or stored

  // Budget.
  kBudgetExhausted = 400,      // lifetime calls
  kBudgetRate = 401,           // calls in a window
  kBudgetCost = 402,           // cost in a window or over the lifetime
  kBudgetUnavailable = 403,
  kBudgetCostUnknown = 404,    // the tool's cost argument is missing or no amount

  // Around the four.
  kAuditUnavailable = 500,     // the decision could not be recorded, so nothing is allowed
  kInvalidRequest = 501,       // refused before the first question; audited
  kShuttingDown = 502,
};
// The stable dotted name, such as "capability.argument_refused".
std::string_view ReasonName(Reason reason);

}  // namespace intentgate
