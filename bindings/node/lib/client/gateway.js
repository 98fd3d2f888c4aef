// Tool calls through a gateway. A drop-in for the public SDK's class of the same name, with approvals, safe retries,
// a caller's signal and typed results.
"use strict";

const { performance } = require("node:perf_hooks");
const { setTimeout: pause } = require("node:timers/promises");

const { json, snapshot, text } = require("../values.js");
const { read } = require("./answer.js");
const { ApprovalPendingError, GatewayError, UnavailableError } = require("./errors.js");
const { exchange } = require("./exchange.js");

const DEFAULTS = { timeoutMs: 10_000, retries: 2, retryDelayMs: 200, maxRetryDelayMs: 10_000, maxResponseBytes: 16 * 1024 * 1024 };
// Node's fetch gives up on headers after five minutes, so a longer wait is several requests.
const MAX_HELD_SECONDS = 240;
// When a gateway answers at once and says no Retry-After.
const POLL_SECONDS = 1;
const OPTIONS = new Set(["arguments", "intentPrompt", "requestId", "memoryProvenance", "memoryStore", "approvalId", "waitForApproval", "idempotent", "timeoutMs", "signal"]);

function refuseOthers(given, known, where) {
  for (const name in given) if (!known.has(name)) throw new TypeError(`${where}: unknown option ${JSON.stringify(name)}; known are ${[...known].join(", ")}`);
}

function number(value, name, least) {
  if (typeof value !== "number" || !(value >= least) || value > 2 ** 31 - 1) throw new TypeError(`${name} must be a number of at least ${least}`);
  return value;
}

/** The text of a header as UTF-8 bytes, one character a byte, as fetch wants them. A line break is a space. */
const headerText = (value) => Buffer.from(value.replace(/[\x00-\x1f\x7f]+/g, " ").trim(), "utf8").toString("latin1");

function token68(value, name) {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new TypeError(`${name} must be printable ASCII without blanks`);
  return value;
}

/** What is sent, fixed at the call: a later change of the caller's objects changes nothing. */
function prepared(tool, given) {
  if (typeof tool !== "string" || tool === "") throw new TypeError("toolCall: tool is required");
  refuseOthers(given, OPTIONS, "toolCall");
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const prompt = headerText(text(given.intentPrompt, "intentPrompt", ""));
  if (prompt !== "") headers["X-Intent-Prompt"] = prompt;
  if (given.memoryProvenance?.length > 0) {
    if (!given.memoryStore) throw new TypeError("toolCall: memoryProvenance needs a memoryStore");
    headers["X-Intent-Memory-Provenance"] = Buffer.from(JSON.stringify(given.memoryStore.provenanceFor(given.memoryProvenance))).toString("base64url");
  }
  const params = `{"name":${json(text(tool, "tool"), "tool")},"arguments":${snapshot(given.arguments, "arguments") ?? "{}"}}`;
  return { headers, params, requestId: given.requestId, idempotent: given.idempotent === true };
}

// A tool call may not be repeated unless it never began, or its caller says that it may.
function mayRetry(error, call) {
  if (error instanceof UnavailableError) return error.notSent || (call.idempotent && error.status === undefined);
  if (!(error instanceof GatewayError)) return false;
  return error.status === 429 || (call.idempotent && [502, 503, 504].includes(error.status));
}

class Gateway {
  #url;
  #token;
  #fetch;
  #limits;
  #nextId = 1;

  constructor(url, { token, fetch, ...limits } = {}) {
    if (typeof url !== "string" || url === "") throw new TypeError("Gateway: url is required");
    if (!/^https?:\/\//i.test(url)) throw new TypeError("Gateway: url must begin with http:// or https://");
    refuseOthers(limits, new Set(Object.keys(DEFAULTS)), "Gateway");
    this.#limits = { ...DEFAULTS };
    for (const [name, value] of Object.entries(limits)) {
      if (value !== undefined) this.#limits[name] = number(value, name, name === "timeoutMs" || name === "maxResponseBytes" ? 1 : 0);
    }
    this.#url = `${url.replace(/\/+$/, "")}/v1/mcp`;
    this.#token = token;
    this.#fetch = fetch ?? globalThis.fetch;
    if (typeof this.#fetch !== "function") throw new TypeError("Gateway: this platform has no fetch; give one");
  }

  async toolCall(tool, options = {}) {
    return this.#call(prepared(tool, options), options.approvalId, options);
  }

  /** Until an answer is there, or the time for an approval is over. */
  async #call(call, approvalId, { waitForApproval = 0, timeoutMs = this.#limits.timeoutMs, signal } = {}) {
    number(waitForApproval, "waitForApproval", 0);
    number(timeoutMs, "timeoutMs", 1);
    const end = performance.now() + waitForApproval * 1000;
    for (let id = approvalId; ;) {
      const asked = performance.now();
      const held = Math.min(Math.ceil(Math.max(0, end - asked) / 1000), MAX_HELD_SECONDS);
      try {
        return await this.#withRetries(call, id, held, { timeoutMs, signal });
      } catch (error) {
        const now = performance.now();
        if (!(error instanceof ApprovalPendingError) || now >= end) throw error;
        id = error.approvalId;
        // A gateway that held the request has waited already.
        const wanted = (error.retryAfter ?? POLL_SECONDS) * 1000 - (now - asked);
        await this.#pause(Math.min(wanted, end - now), signal);
      }
    }
  }

  async #withRetries(call, approvalId, held, limits) {
    for (let tried = 0; ; tried++) {
      try {
        return await this.#once(call, approvalId, held, limits);
      } catch (error) {
        if (tried >= this.#limits.retries || !mayRetry(error, call)) throw error;
        const backoff = this.#limits.retryDelayMs * 2 ** tried * (0.5 + Math.random() / 2);
        await this.#pause(Math.min(error.retryAfter === undefined ? backoff : error.retryAfter * 1000, this.#limits.maxRetryDelayMs), limits.signal);
      }
    }
  }

  async #once(call, approvalId, held, { timeoutMs, signal }) {
    const headers = { ...call.headers };
    const token = typeof this.#token === "function" ? await this.#token() : this.#token;
    if (token) headers.Authorization = `Bearer ${token68(text(token, "token"), "token")}`;
    if (approvalId !== undefined) headers["X-IntentGate-Approval-Id"] = token68(text(approvalId, "approvalId"), "approvalId");
    if (held > 0) headers.Prefer = `wait=${held}`;
    const id = json(call.requestId ?? this.#nextId++, "requestId");
    const body = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${call.params}}`;
    const limits = { timeoutMs: timeoutMs + held * 1000, signal, maxResponseBytes: this.#limits.maxResponseBytes };
    const answer = await exchange(this.#fetch, this.#url, { method: "POST", headers, body }, limits);
    return read(answer, (pendingId, options = {}) => {
      refuseOthers(options, new Set(["waitForApproval", "timeoutMs", "signal"]), "resume");
      return this.#call(call, pendingId, options);
    });
  }

  async #pause(milliseconds, signal) {
    if (milliseconds <= 0) return;
    try {
      await pause(milliseconds, undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  }
}

module.exports = { Gateway };
