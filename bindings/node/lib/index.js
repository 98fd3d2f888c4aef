// The package's public face over the native addon. index.d.ts documents it.
"use strict";

const caveats = require("./caveats.js");
const { Decision } = require("./decision.js");
const { IntentGateError, TokenRefused, PolicyCompileError, Denied } = require("./errors.js");
const { Gate } = require("./gate.js");
const { Evidence, verifyBundle, makeSigningKeyFile } = require("./evidence.js");
const { Policy } = require("./policy.js");
const rego = require("./rego.js");
const { KeyRing, mint, attenuate, decode, verify, check, explain, Explanation, generateKeyLine, TokenContent } = require("./tokens.js");

module.exports = {
  KeyRing, Gate, Decision, Policy, Evidence, Explanation, TokenContent, IntentGateError, TokenRefused, PolicyCompileError, Denied,
  mint, attenuate, decode, verify, check, explain, generateKeyLine, verifyBundle, makeSigningKeyFile, rego, ...caveats,
};
