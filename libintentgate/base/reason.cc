#include <intentgate/reason.h>

namespace intentgate {

std::string_view CheckName(Check check) {
  switch (check) {
    case Check::kNone: return "";
    case Check::kCapability: return "capability";
    case Check::kIntent: return "intent";
    case Check::kPolicy: return "policy";
    case Check::kBudget: return "budget";
  }
  return "";
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kAllowed: return "allowed";
    case Reason::kNoToken: return "capability.no_token";
    case Reason::kTokenMalformed: return "capability.token_malformed";
    case Reason::kTokenTooLarge: return "capability.token_too_large";
    case Reason::kTokenVersion: return "capability.token_version";
    case Reason::kTokenUnknownKey: return "capability.token_unknown_key";
    case Reason::kTokenBadMac: return "capability.token_bad_mac";
    case Reason::kTokenTruncated: return "capability.token_truncated";
    case Reason::kTokenExpired: return "capability.token_expired";
    case Reason::kTokenNotYetValid: return "capability.token_not_yet_valid";
    case Reason::kTokenKeyRetired: return "capability.token_key_retired";
    case Reason::kTokenTtlTooLong: return "capability.token_ttl_too_long";
    case Reason::kTokenRevoked: return "capability.token_revoked";
    case Reason::kTokenWrongAudience: return "capability.token_wrong_audience";
    case Reason::kTokenWrongTenant: return "capability.token_wrong_tenant";
    case Reason::kTokenDepthExceeded: return "capability.token_depth_exceeded";
    case Reason::kTokenSealedExtended: return "capability.token_sealed_extended";
    case Reason::kRevocationUnavailable: return "capability.revocation_unavailable";
    case Reason::kTokenWrongIssuer: return "capability.token_wrong_issuer";
    case Reason::kTokenWrongType: return "capability.token_wrong_type";
    case Reason::kTokenScope: return "capability.token_scope";
    case Reason::kIssuerUnavailable: return "capability.issuer_unavailable";
    case Reason::kProofRequired: return "capability.proof_required";
    case Reason::kProofRefused: return "capability.proof_refused";
    case Reason::kToolNotAllowed: return "capability.tool_not_allowed";
    case Reason::kToolDenied: return "capability.tool_denied";
    case Reason::kAgentMismatch: return "capability.agent_mismatch";
    case Reason::kCaveatUnknown: return "capability.caveat_unknown";
    case Reason::kCaveatInvalid: return "capability.caveat_invalid";
    case Reason::kArgumentMissing: return "capability.argument_missing";
    case Reason::kArgumentRefused: return "capability.argument_refused";
    case Reason::kServerNotAllowed: return "capability.server_not_allowed";
    case Reason::kRiskTooHigh: return "capability.risk_too_high";
    case Reason::kCalleeNotAllowed: return "capability.callee_not_allowed";
    case Reason::kIntentRequired: return "intent.required";
    case Reason::kIntentForbidden: return "intent.forbidden";
    case Reason::kIntentNotCovered: return "intent.not_covered";
    case Reason::kIntentUnavailable: return "intent.unavailable";
    case Reason::kPolicyBlocked: return "policy.blocked";
    case Reason::kPolicyEscalated: return "policy.escalated";
    case Reason::kPolicyFailed: return "policy.failed";
    case Reason::kPolicyLimit: return "policy.limit";
    case Reason::kPolicyMissing: return "policy.missing";
    case Reason::kApprovalRejected: return "policy.approval_rejected";
    case Reason::kApprovalExpired: return "policy.approval_expired";
    case Reason::kApprovalUsed: return "policy.approval_used";
    case Reason::kApprovalMismatch: return "policy.approval_mismatch";
    case Reason::kApprovalLimit: return "policy.approval_limit";
    case Reason::kApprovalUnavailable: return "policy.approval_unavailable";
    case Reason::kBudgetExhausted: return "budget.exhausted";
    case Reason::kBudgetRate: return "budget.rate";
    case Reason::kBudgetCost: return "budget.cost";
    case Reason::kBudgetUnavailable: return "budget.unavailable";
    case Reason::kBudgetCostUnknown: return "budget.cost_unknown";
    case Reason::kAuditUnavailable: return "gate.audit_unavailable";
    case Reason::kInvalidRequest: return "gate.invalid_request";
    case Reason::kShuttingDown: return "gate.shutting_down";
  }
  return "unknown";
}

}  // namespace intentgate
