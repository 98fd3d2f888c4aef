// What a call through a gateway can end with. The names and codes are the public SDK's.
"use strict";

class IntentGateError extends Error {
  constructor(message, { code = 0, data, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.data = data;
  }

  toString() {
    const about = this.code === 0 ? "" : ` (${this.code})`;
    const detail = this.data === undefined || this.data === null ? "" : `: ${typeof this.data === "string" ? this.data : JSON.stringify(this.data)}`;
    return `${this.name}${about}: ${this.message}${detail}`;
  }
}

/** The gateway's HTTP answer is no answer to the call; `status` is there if one came. */
class GatewayError extends IntentGateError {
  constructor(message, { status, retryAfter, ...rest } = {}) {
    super(message, rest);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** No answer came, or none that can be read: whether the tool ran is not known unless `notSent` is true. */
class UnavailableError extends GatewayError {
  constructor(message, { notSent = false, ...rest } = {}) {
    super(message, rest);
    this.notSent = notSent;
  }
}

class ProtocolError extends IntentGateError {}
class CapabilityError extends IntentGateError {}
class IntentError extends IntentGateError {}
class PolicyError extends IntentGateError {}
class BudgetError extends IntentGateError {}
class ProvenanceError extends IntentGateError {}

/** The policy wants a person's approval first. `resume` repeats the same call. */
class ApprovalPendingError extends PolicyError {
  #resume;

  constructor(message, { approvalId, retryAfter, resume, ...rest }) {
    super(message, rest);
    this.approvalId = approvalId;
    this.retryAfter = retryAfter;
    this.#resume = resume;
  }

  resume(options) {
    return this.#resume(options);
  }
}

const BY_CODE = new Map([[-32010, CapabilityError], [-32011, IntentError], [-32012, PolicyError], [-32013, BudgetError], [-32014, ProvenanceError]]);

/** The class for a JSON-RPC error code. */
function forCode(code) {
  return BY_CODE.get(code) ?? ProtocolError;
}

module.exports = {
  IntentGateError, GatewayError, UnavailableError, ProtocolError, CapabilityError, IntentError, PolicyError, BudgetError, ProvenanceError,
  ApprovalPendingError, forCode,
};
