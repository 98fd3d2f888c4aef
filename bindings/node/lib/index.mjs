import libintentgate from "./index.js";

export const {
  KeyRing, Gate, Decision, IntentGateError, TokenRefused, Denied,
  mint, attenuate, decode, verify, check, generateKeyLine,
  tools, denyTools, maxCalls, rateLimit, maxCost, expires, servers, where,
} = libintentgate;
export default libintentgate;
