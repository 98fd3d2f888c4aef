// What the gate said. The native half hands over one text; a plain allow never parses it.
"use strict";

const { Denied } = require("./errors.js");

const VERDICT = '{"verdict":"'.length;
const ALLOW = "a".charCodeAt(0);

const FIELDS = ["verdict", "check", "code", "reason", "rule", "requiresStepUp", "approvalId", "eventId", "tenant", "agentId", "jti", "rootJti",
  "latencyUs", "auditSeq", "auditHash", "trace"];

const BY_A_GATE = Symbol("by a gate");

class Decision {
  #raw;
  #args;
  #fields;
  #parsedArgs;

  constructor(raw, args, key) {
    if (key !== BY_A_GATE) throw new TypeError("only a Gate makes decisions");
    this.#raw = raw;
    this.#args = args;
  }

  /** For this package: the text of a decision, which no look-alike has. */
  static rawOf(decision) {
    if (typeof decision !== "object" || decision === null || !(#raw in decision)) throw new TypeError("the first argument must be a Decision");
    return decision.#raw;
  }

  /** For this package: a snapshot of its own for each callee. */
  static argsOf(decision) {
    return decision.#args === undefined ? undefined : JSON.parse(decision.#args);
  }

  get allowed() {
    return this.#raw.charCodeAt(VERDICT) === ALLOW;
  }

  get args() {
    return (this.#parsedArgs ??= Decision.#argsOf(this.#args));
  }

  static #argsOf(text) {
    return text === undefined ? undefined : JSON.parse(text);
  }

  require() {
    if (this.#raw.charCodeAt(VERDICT) !== ALLOW) throw new Denied(this);
    return this;
  }

  toJSON() {
    return { ...this.#all };
  }

  toString() {
    const { verdict, code, reason, rule, trace } = this.#all;
    const lines = trace.map((step) => `  ${step.passed ? "pass" : "FAIL"}  ${step.check}: ${step.detail}`);
    return [`${verdict} (${code})${rule ? ` by ${rule}` : ""}: ${reason}`, ...lines].join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](depth, options, inspect) {
    return `Decision ${inspect(this.toJSON(), options)}`;
  }

  get #all() {
    return (this.#fields ??= JSON.parse(this.#raw));
  }

  static field(decision, name) {
    return decision.#all[name];
  }
}

const { rawOf, argsOf, field } = Decision;
delete Decision.rawOf;
delete Decision.argsOf;
delete Decision.field;
for (const name of FIELDS) {
  Object.defineProperty(Decision.prototype, name, { get() { return field(this, name); }, enumerable: true });
}

/** For this package: what a gate said of `args`, both as JSON. */
const decisionOf = (raw, args) => new Decision(raw, args, BY_A_GATE);

module.exports = { Decision, decisionOf, rawOf, argsOf };
