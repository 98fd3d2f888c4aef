// All four checks and the audit chain in one object.
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");
const { readFileSync } = require("node:fs");

const native = require("./native.js");
const { answered, named, pageOf, parsed, seconds, signalOf, waits, wantedPage } = require("./approvals.js");
const { argsOf, decisionOf, rawOf } = require("./decision.js");
const { Evidence } = require("./evidence.js");
const { IntentGateError, call, later, translated } = require("./errors.js");
const { outcomeOf, timed } = require("./outcome.js");
const { Policy, policyOf, sources } = require("./policy.js");
const { configuration } = require("./settings.js");
const { KeyRing, nativeOf, refuseOthers } = require("./tokens.js");
const { integer, snapshot, text } = require("./values.js");

const OPTIONS = new Set(["token", "intent", "prompt", "sessionId", "server", "approvalId", "waitForApproval", "signal"]);
const FORMATS = ["ndjson", "csv", "ocsf", "ocsf-1.9.0", "ocsf-1.8.0"];
const NONE = Object.freeze({});

/** What the native half is called with. */
function question(tool, args, options = NONE) {
  if (typeof options === "string") options = { token: options };
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object such as {token}");
  for (const name in options) {
    // A misspelt `intent` would skip a check.
    if (!OPTIONS.has(name)) throw new TypeError(`unknown option ${JSON.stringify(name)}; known are ${[...OPTIONS].join(", ")}`);
  }
  const { token, intent, prompt, sessionId, server, approvalId } = options;
  return [text(tool, "tool"), snapshot(args), text(token, "token", ""), text(intent ?? prompt, "intent", ""),
    text(sessionId, "sessionId", ""), text(server, "server", ""), text(approvalId, "approvalId", "")];
}
const APPROVAL_ID = 6;

function explanation(tool, args, options = NONE) {
  if (options?.waitForApproval !== undefined || options?.signal !== undefined) {
    throw new TypeError("explain waits for nobody; leave out waitForApproval and signal");
  }
  return question(tool, args, options);
}

function policyChange(policy, { actor, ...rest } = NONE) {
  refuseOthers(rest, "setPolicy");
  return [policyOf(policy), text(actor, "actor", "embedder")];
}

function revocation(id, { tenant, reason, actor, ...rest } = NONE) {
  refuseOthers(rest, "revoke");
  return [text(id, "id"), text(tenant, "tenant", ""), text(reason, "reason", ""), text(actor, "actor", "embedder")];
}

function wantedExport(path, { tenant, format = "ndjson", ...rest } = NONE) {
  refuseOthers(rest, "exportAudit");
  if (!FORMATS.includes(format)) throw new TypeError(`format must be one of ${FORMATS.join(", ")}`);
  return [text(path, "path"), text(tenant, "tenant", ""), format];
}

class Gate {
  #native;
  #evidence;
  #context = new AsyncLocalStorage();

  constructor(made) {
    if (!(made instanceof native.Gate)) throw new TypeError("a Gate is made by Gate.open or Gate.create");
    this.#native = made;
  }

  static open({ config, yaml, environment = process.env, ...rest } = {}) {
    refuseOthers(rest, "Gate.open");
    const settings = yaml ?? (config === undefined ? "" : readFileSync(text(config, "config"), "utf8"));
    return new Gate(call(() => new native.Gate(text(settings, "yaml"), text(config, "config", ""), JSON.stringify(environment))));
  }

  static create({ keys, policy, ...rest } = {}) {
    const ring = typeof keys === "string" ? KeyRing.parse(keys) : keys;
    const inFile = ring !== undefined && !(ring instanceof KeyRing);
    if (inFile && typeof ring?.file !== "string") throw new TypeError('keys must be a KeyRing, the text of a key file or {file: "FILE"}');
    const files = Array.isArray(policy?.files) ? policy.files : undefined;
    const inText = policy === undefined || files || policy instanceof Policy ? undefined : JSON.stringify(sources(policy));
    const yaml = configuration({ ...rest, keysFile: inFile ? ring.file : undefined, policyFiles: files });
    const gate = new Gate(call(() => new native.Gate(yaml, "", "{}", ring === undefined || inFile ? undefined : nativeOf(ring), inText)));
    if (policy instanceof Policy) gate.setPolicySync(policy);
    return gate;
  }

  async authorize(tool, args, options) {
    const asked = question(tool, args, options);
    const decision = await this.#decide(asked);
    if (options?.waitForApproval === undefined) return decision;
    const wanted = seconds(options.waitForApproval), signal = signalOf(options.signal);
    if (!waits(decision) || !(await this.#isAnswered(decision, wanted, signal))) return decision;
    asked[APPROVAL_ID] = decision.approvalId;
    return this.#decide(asked);
  }

  async #decide(asked) {
    try {
      // The decision itself where nothing had to be waited for, else a promise.
      const made = this.#native.authorize(...asked);
      return decisionOf(typeof made === "string" ? made : await made, asked[1]);
    } catch (error) {
      throw translated(error);
    }
  }

  authorizeSync(tool, args, options) {
    const asked = question(tool, args, options);
    const wanted = seconds(options?.waitForApproval);
    if (wanted > 0) throw new TypeError("authorizeSync cannot wait for a person; use authorize");
    const decide = () => decisionOf(call(() => this.#native.authorizeSync(...asked)), asked[1]);
    const decision = decide();
    if (wanted === undefined || !waits(decision)) return decision;
    if (this.getApprovalSync(decision.approvalId, { tenant: decision.tenant }).state === "pending") return decision;
    asked[APPROVAL_ID] = decision.approvalId;
    return decide();
  }

  /** Whether it is worth to ask again. */
  async #isAnswered({ approvalId, tenant }, wanted, signal) {
    signal?.throwIfAborted();
    if (wanted === 0) return (await this.getApproval(approvalId, { tenant })).state !== "pending";
    const limit = new AbortController();
    const abort = () => limit.abort(signal.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const timer = setTimeout(() => limit.abort(), wanted * 1000);
    try {
      await this.waitApproval(approvalId, { tenant, signal: limit.signal });
      return true;
    } catch (error) {
      if (signal?.aborted) throw error;
      // Nobody answered in time, or it could not be waited for: the escalation stands.
      if (limit.signal.aborted || error instanceof IntentGateError) return false;
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  async *listApprovals(filter) {
    for (let after = ""; ;) {
      const asked = wantedPage(filter, after);
      const { approvals, next } = pageOf(await later(() => this.#native.listApprovals(...asked)));
      yield* approvals;
      if (next === "") return;
      after = next;
    }
  }

  *listApprovalsSync(filter) {
    for (let after = ""; ;) {
      const asked = wantedPage(filter, after);
      const { approvals, next } = pageOf(call(() => this.#native.listApprovalsSync(...asked)));
      yield* approvals;
      if (next === "") return;
      after = next;
    }
  }

  async getApproval(id, options) {
    const asked = named(id, options);
    return parsed(await later(() => this.#native.getApproval(...asked)));
  }

  getApprovalSync(id, options) {
    const asked = named(id, options);
    return parsed(call(() => this.#native.getApprovalSync(...asked)));
  }

  async approve(id, options) {
    const asked = answered(id, true, options);
    return parsed(await later(() => this.#native.decideApproval(...asked)));
  }

  approveSync(id, options) {
    const asked = answered(id, true, options);
    return parsed(call(() => this.#native.decideApprovalSync(...asked)));
  }

  async reject(id, options) {
    const asked = answered(id, false, options);
    return parsed(await later(() => this.#native.decideApproval(...asked)));
  }

  rejectSync(id, options) {
    const asked = answered(id, false, options);
    return parsed(call(() => this.#native.decideApprovalSync(...asked)));
  }

  async waitApproval(id, { signal, ...rest } = NONE) {
    const asked = named(id, rest, "waitApproval");
    signalOf(signal)?.throwIfAborted();
    const [wait, answer] = call(() => this.#native.waitApproval(...asked));
    const cancel = () => this.#native.cancelApprovalWait(wait);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return parsed(await answer);
    } catch (error) {
      throw signal?.aborted ? signal.reason : translated(error);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  async explain(tool, args, options) {
    const asked = explanation(tool, args, options);
    return decisionOf(await later(() => this.#native.explain(...asked)), asked[1]);
  }

  explainSync(tool, args, options) {
    const asked = explanation(tool, args, options);
    return decisionOf(call(() => this.#native.explainSync(...asked)), asked[1]);
  }

  async run(tool, args, options, callee) {
    const decision = (await this.authorize(tool, args, options)).require();
    const ended = timed(this, decision);
    let result;
    try {
      result = await callee(argsOf(decision));
    } catch (error) {
      ended(outcomeOf(error));
      throw error;
    }
    ended("success");
    return result;
  }

  runSync(tool, args, options, callee) {
    const decision = this.authorizeSync(tool, args, options).require();
    const ended = timed(this, decision);
    let result;
    try {
      result = callee(argsOf(decision));
    } catch (error) {
      ended(outcomeOf(error));
      throw error;
    }
    ended("success");
    return result;
  }

  use(token, work) {
    const given = typeof token === "string" ? { token } : token;
    question("checked here, not at the call", undefined, given);
    return this.#context.run({ ...given }, work);
  }

  /** The options that `use` set around the caller, or an empty object. */
  get current() {
    return this.#context.getStore() ?? NONE;
  }

  guard(tool, callee, options) {
    return require("./guard.js").guard(this, tool, callee, options);
  }

  guardSync(tool, callee, options) {
    return require("./guard.js").guardSync(this, tool, callee, options);
  }

  recordOutcome(decision, outcome = "success", latencyUs = 0) {
    const raw = rawOf(decision);
    if (!decision.allowed) throw new TypeError("only an allowed call has an outcome");
    call(() => this.#native.recordOutcome(raw, text(outcome, "outcome"), integer(latencyUs, "latencyUs")));
  }

  async setPolicy(policy, options) {
    const asked = policyChange(policy, options);
    await later(() => this.#native.setPolicy(...asked));
  }

  setPolicySync(policy, options) {
    const asked = policyChange(policy, options);
    call(() => this.#native.setPolicySync(...asked));
  }

  setTools(tools) {
    const list = [...tools].map(({ name, description, parameters = [] }) => ({
      name: text(name, "name"), description: text(description, "description", ""),
      parameters: [...parameters].map((parameter) => text(parameter, "a parameter's name")),
    }));
    call(() => this.#native.setTools(JSON.stringify(list)));
  }

  async flush() {
    await later(() => this.#native.flush());
  }

  flushSync() {
    call(() => this.#native.flushSync());
  }

  async revoke(id, options) {
    const asked = revocation(id, options);
    await later(() => this.#native.revoke(...asked));
  }

  revokeSync(id, options) {
    const asked = revocation(id, options);
    call(() => this.#native.revokeSync(...asked));
  }

  async verifyAudit(tenant) {
    const asked = text(tenant, "tenant", "default");
    return JSON.parse(await later(() => this.#native.verifyAudit(asked)));
  }

  verifyAuditSync(tenant) {
    const asked = text(tenant, "tenant", "default");
    return JSON.parse(call(() => this.#native.verifyAuditSync(asked)));
  }

  async exportAudit(path, options) {
    const asked = wantedExport(path, options);
    await later(() => this.#native.exportAudit(...asked));
  }

  exportAuditSync(path, options) {
    const asked = wantedExport(path, options);
    call(() => this.#native.exportAuditSync(...asked));
  }

  get evidence() {
    return (this.#evidence ??= new Evidence(this.#native));
  }

  async close() {
    await later(() => this.#native.close());
  }

  closeSync() {
    call(() => this.#native.closeSync());
  }
}
if (Symbol.dispose) Gate.prototype[Symbol.dispose] = Gate.prototype.closeSync;
if (Symbol.asyncDispose) Gate.prototype[Symbol.asyncDispose] = Gate.prototype.close;

module.exports = { Gate };
