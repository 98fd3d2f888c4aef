import libintentgate from "./index.js";

export const {
  KeyRing, Gate, Decision, Policy, Evidence, Explanation, TokenContent, IntentGateError, TokenRefused, PolicyCompileError, Denied,
  mint, attenuate, decode, verify, check, explain, generateKeyLine, verifyBundle, makeSigningKeyFile, rego,
  tools, denyTools, maxCalls, rateLimit, maxCost, expires, servers, agent, steppedUp, callees, maxRisk, where,
} = libintentgate;
