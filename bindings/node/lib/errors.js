"use strict";

class IntentGateError extends Error {
  constructor(code, message) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

class TokenRefused extends IntentGateError {
  constructor(code, message, caveat, hop) {
    super(code, message);
    this.caveat = caveat;
    this.hop = hop;
  }
}

class Denied extends IntentGateError {
  constructor(decision) {
    super(decision.code, decision.reason);
    this.decision = decision;
  }
}

module.exports = { IntentGateError, TokenRefused, Denied };
