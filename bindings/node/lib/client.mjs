import made from "./client.js";

export const {
  Gateway, attenuate, decodeToken, AttenuationError, CaveatType,
  IntentGateError, GatewayError, UnavailableError, ProtocolError, CapabilityError, IntentError, PolicyError, BudgetError, ProvenanceError,
  ApprovalPendingError, forCode,
  MemoryStore, MemoryProvenanceError, SESSION_KEY_SIZE, ZERO_HASH, canonical, deriveSessionKey, sign, verify, verifyChain,
} = made;
