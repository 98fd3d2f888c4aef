// The package's public face over the native addon. index.d.ts documents it.
"use strict";

const native = require("./native.js");
const caveats = require("./caveats.js");
const { IntentGateError, TokenRefused, Denied } = require("./errors.js");

/** Runs a native call and turns its errors into the package's classes. */
function call(work) {
  try {
    return work();
  } catch (error) {
    if (typeof error.code !== "string") throw error;
    const details = error.details === undefined ? undefined : JSON.parse(error.details);
    if (details?.refused) throw new TokenRefused(error.code, error.message, details.caveat, details.hop);
    throw new IntentGateError(error.code, error.message);
  }
}

function argsText(args) {
  if (args === undefined || args === null) return undefined;
  if (typeof args !== "object" || Array.isArray(args)) throw new TypeError("args must be an object");
  return JSON.stringify(args);
}

class KeyRing {
  #native;

  constructor(made) {
    this.#native = made;
  }

  static parse(text) {
    return new KeyRing(call(() => new native.KeyRing(String(text), false)));
  }

  static fromMasterKey(text) {
    return new KeyRing(call(() => new native.KeyRing(String(text), true)));
  }

  static nativeOf(ring) {
    if (!(ring instanceof KeyRing)) throw new TypeError("keys must be a KeyRing");
    return ring.#native;
  }

  get ids() {
    return this.#native.ids;
  }

  get activeId() {
    return this.#native.activeId;
  }
}
const { nativeOf } = KeyRing;
delete KeyRing.nativeOf;

function mint(keys, request) {
  return JSON.parse(call(() => native.mint(nativeOf(keys), JSON.stringify(request))));
}

function attenuate(token, caveatList = [], options = {}) {
  return call(() => native.attenuate(String(token), JSON.stringify({ ...options, caveats: caveatList })));
}

function decode(token) {
  return JSON.parse(call(() => native.decode(String(token))));
}

function verify(token, keys, { audience = "" } = {}) {
  return JSON.parse(call(() => native.verify(String(token), nativeOf(keys), audience)));
}

function check(token, keys, tool, args, { now, agent = "" } = {}) {
  call(() => native.check(String(token), nativeOf(keys), String(tool), argsText(args), now, agent));
}

function generateKeyLine(id = "default") {
  return call(() => native.generateKeyLine(id));
}

class Decision {
  constructor(fields, args) {
    Object.assign(this, fields, { args });
    Object.freeze(this);
  }

  get allowed() {
    return this.verdict === "allow";
  }

  require() {
    if (!this.allowed) throw new Denied(this);
    return this;
  }
}

class Gate {
  #native;

  constructor(made) {
    this.#native = made;
  }

  static open({ config, yaml, environment = process.env } = {}) {
    const text = yaml ?? (config === undefined ? "" : require("node:fs").readFileSync(config, "utf8"));
    return new Gate(call(() => new native.Gate(text, config ?? "", JSON.stringify(environment))));
  }

  async authorize(tool, args, { token = "", prompt = "", sessionId = "" } = {}) {
    const text = argsText(args);
    const made = await call(() => this.#native.authorize(String(tool), text, token, prompt, sessionId));
    return Gate.#decision(made, text);
  }

  authorizeSync(tool, args, { token = "", prompt = "", sessionId = "" } = {}) {
    const text = argsText(args);
    return Gate.#decision(call(() => this.#native.authorizeSync(String(tool), text, token, prompt, sessionId)), text);
  }

  explain(tool, args, { token = "", prompt = "" } = {}) {
    const text = argsText(args);
    return Gate.#decision(call(() => this.#native.explain(String(tool), text, token, prompt, "")), text);
  }

  async run(tool, args, options, callee) {
    const decision = (await this.authorize(tool, args, options)).require();
    const started = process.hrtime.bigint();
    const latency = () => Number((process.hrtime.bigint() - started) / 1000n);
    try {
      const result = await callee(decision.args);
      this.recordOutcome(decision, "success", latency());
      return result;
    } catch (error) {
      this.recordOutcome(decision, "tool_error", latency());
      throw error;
    }
  }

  recordOutcome(decision, outcome = "success", latencyUs = 0) {
    if (!decision.allowed) throw new TypeError("only an allowed call has an outcome");
    const { eventId, tenant, agentId, jti, rootJti } = decision;
    call(() => this.#native.recordOutcome(JSON.stringify({ eventId, tenant, agentId, jti, rootJti }), outcome, latencyUs));
  }

  revoke(id, { tenant = "", reason = "", actor = "embedder" } = {}) {
    call(() => this.#native.revoke(String(id), tenant, reason, actor));
  }

  verifyAudit(tenant = "default") {
    return JSON.parse(call(() => this.#native.verifyAudit(tenant)));
  }

  exportAudit(path, { tenant = "", format = "ndjson" } = {}) {
    if (format !== "ndjson" && format !== "csv") throw new TypeError("format must be 'ndjson' or 'csv'");
    call(() => this.#native.exportAudit(String(path), tenant, format));
  }

  close() {
    call(() => this.#native.close());
  }

  static #decision(made, text) {
    return new Decision(JSON.parse(made), text === undefined ? undefined : JSON.parse(text));
  }
}

module.exports = {
  KeyRing, Gate, Decision, IntentGateError, TokenRefused, Denied,
  mint, attenuate, decode, verify, check, generateKeyLine, ...caveats,
};
