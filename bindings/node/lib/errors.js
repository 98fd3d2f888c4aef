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

class PolicyCompileError extends IntentGateError {
  constructor(code, message, diagnostics) {
    super(code, message);
    this.diagnostics = diagnostics;
  }
}

class Denied extends IntentGateError {
  constructor(decision, message = decision.reason) {
    super(decision.code, message);
    this.decision = decision;
  }
}

/** The package's class for an error of the native half; other errors pass as they are. */
function translated(error) {
  if (typeof error?.code !== "string" || error instanceof IntentGateError) return error;
  const details = error.details === undefined ? undefined : JSON.parse(error.details);
  if (details?.refused) return new TokenRefused(error.code, error.message, details.caveat, details.hop);
  if (details?.diagnostics) return new PolicyCompileError(error.code, error.message, details.diagnostics);
  return new IntentGateError(error.code, error.message);
}

/** Runs a native call and turns its errors into the package's classes. */
function call(work) {
  try {
    return work();
  } catch (error) {
    throw translated(error);
  }
}

/** The same for a native call that gives a promise. */
async function later(work) {
  try {
    return await work();
  } catch (error) {
    throw translated(error);
  }
}

module.exports = { IntentGateError, TokenRefused, PolicyCompileError, Denied, call, later, translated };
