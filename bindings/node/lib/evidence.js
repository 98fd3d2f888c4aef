// What operators and auditors do with the chain: checkpoints, proofs, bundles, receipts, erasure, holds, pruning.
"use strict";

const native = require("./native.js");
const { rawOf } = require("./decision.js");
const { call, later } = require("./errors.js");
const { refuseOthers } = require("./tokens.js");
const { integer, json, text } = require("./values.js");

const TEXTS = ["tenant", "agentId", "tool", "decision", "check", "jti", "rootJti", "eventId", "sessionId", "kind", "code", "actor"];

/** Microseconds of a Date or of unix seconds. */
function micros(at, name) {
  if (at === undefined || at === null) return undefined;
  const value = at instanceof Date ? at.getTime() * 1000 : typeof at === "number" ? Math.round(at * 1e6) : NaN;
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a Date or unix seconds`);
  return value;
}

function flag(value, name) {
  if (value !== undefined && typeof value !== "boolean") throw new TypeError(`${name} must be true or false`);
  return value ?? false;
}

const optional = (value, name) => (value === undefined || value === null ? undefined : text(value, name));

function filterOf({ from, to, fromSeq, toSeq, ...rest } = {}) {
  const texts = {};
  for (const name of TEXTS) {
    texts[name] = optional(rest[name], name);
    delete rest[name];
  }
  refuseOthers(rest, "filter");
  return { ...texts, fromMicros: micros(from, "from"), toMicros: micros(to, "to"), fromSeq: integer(fromSeq, "fromSeq"), toSeq: integer(toSeq, "toSeq") };
}

const tenantOf = (tenant) => text(tenant, "tenant", "default");
const ofTenant = (where) => ({ tenant, ...rest } = {}) => {
  refuseOthers(rest, where);
  return { tenant: tenantOf(tenant) };
};

/** What each operation is asked, from its arguments. Who acts and why go into the chain, so they have no default. */
const REQUESTS = {
  checkpoint: ofTenant("checkpoint"),
  latestCheckpoint: ofTenant("latestCheckpoint"),
  freshness: ofTenant("freshness"),
  proof: (eventId, { tenant, ...rest } = {}) => {
    refuseOthers(rest, "proof");
    return { eventId: text(eventId, "eventId"), tenant: tenantOf(tenant) };
  },
  receipt: (decision) => {
    const { tenant, auditSeq, eventId, auditHash } = JSON.parse(rawOf(decision));
    return { tenant, auditSeq, eventId, auditHash };
  },
  writeBundle: (path, { tenant, filter, includeUncovered, witnessed, includeValues, ...rest } = {}) => {
    refuseOthers(rest, "writeBundle");
    return { path: text(path, "path"), tenant: tenantOf(tenant), filter: filterOf(filter), includeUncovered: flag(includeUncovered, "includeUncovered"),
      witnessed: flag(witnessed, "witnessed"), includeValues: flag(includeValues, "includeValues") };
  },
  writeTiles: (directory, { tenant, ...rest } = {}) => {
    refuseOthers(rest, "writeTiles");
    return { directory: text(directory, "directory"), tenant: tenantOf(tenant) };
  },
  verify: ({ tenant, incremental, ...rest } = {}) => {
    refuseOthers(rest, "verify");
    return { tenant: tenantOf(tenant), incremental: flag(incremental, "incremental") };
  },
  prune: ({ tenant, before, reason, actor, dryRun, ...rest } = {}) => {
    refuseOthers(rest, "prune");
    const beforeMicros = micros(before, "before");
    if (beforeMicros === undefined) throw new TypeError("before must be a Date or unix seconds");
    return { tenant: tenantOf(tenant), beforeMicros, reason: text(reason, "reason"), actor: text(actor, "actor"), dryRun: flag(dryRun, "dryRun") };
  },
  eraseValues: ({ filter, reason, actor, dryRun, ...rest } = {}) => {
    refuseOthers(rest, "eraseValues");
    const wanted = filterOf(filter);
    return { filter: { ...wanted, tenant: tenantOf(wanted.tenant) }, reason: text(reason, "reason"), actor: text(actor, "actor"), dryRun: flag(dryRun, "dryRun") };
  },
  placeHold: (id, { tenant, reason, actor, from, to, ...rest } = {}) => {
    refuseOthers(rest, "placeHold");
    return { id: text(id, "id"), tenant: tenantOf(tenant), reason: text(reason, "reason"), actor: text(actor, "actor"),
      fromMicros: micros(from, "from"), toMicros: micros(to, "to") };
  },
  liftHold: (id, { tenant, reason, actor, ...rest } = {}) => {
    refuseOthers(rest, "liftHold");
    return { id: text(id, "id"), tenant: tenantOf(tenant), reason: text(reason, "reason"), actor: text(actor, "actor") };
  },
  holds: ({ tenant, ...rest } = {}) => {
    refuseOthers(rest, "holds");
    return { tenant: text(tenant, "tenant", "") };
  },
};

const PLAIN_TEXT = new Set(["receipt"]);
const answerOf = (name, made) => (made === "" ? undefined : PLAIN_TEXT.has(name) ? made : JSON.parse(made));

class Evidence {
  #gate;

  constructor(gate) {
    if (!(gate instanceof native.Gate)) throw new TypeError("gate.evidence has the evidence of a gate");
    this.#gate = gate;
  }

  get verifierKey() {
    return call(() => this.#gate.operateSync("verifierKey", "{}"));
  }

  static #asked(evidence, name, given) {
    return [evidence.#gate, json(REQUESTS[name](...given), "the request")];
  }

  static {
    for (const name of Object.keys(REQUESTS)) {
      const method = async function (...given) {
        const [gate, request] = Evidence.#asked(this, name, given);
        return answerOf(name, await later(() => gate.operate(name, request)));
      };
      const sync = function (...given) {
        const [gate, request] = Evidence.#asked(this, name, given);
        return answerOf(name, call(() => gate.operateSync(name, request)));
      };
      for (const [as, value] of [[name, method], [`${name}Sync`, sync]]) {
        Object.defineProperty(value, "name", { value: as });
        Object.defineProperty(this.prototype, as, { value, writable: true, configurable: true });
      }
    }
  }
}

function texts(list, name) {
  if (!Array.isArray(list)) throw new TypeError(`${name} must be an array of texts`);
  return list.map((one) => text(one, name));
}

async function verifyBundle(path, { keys = [], olderCheckpoints = [], receipts = [], witnessPolicy, ...rest } = {}) {
  refuseOthers(rest, "verifyBundle");
  const trust = json({ keys: texts(keys, "keys"), olderCheckpoints: texts(olderCheckpoints, "olderCheckpoints"), receipts: texts(receipts, "receipts"),
    witnessPolicy: optional(witnessPolicy, "witnessPolicy") }, "the trust");
  const file = text(path, "path");
  return JSON.parse(await later(() => native.verifyBundle(file, trust)));
}

function makeSigningKeyFile(path, deployment = "intentgate") {
  return call(() => native.makeSigningKeyFile(text(path, "path"), text(deployment, "deployment")));
}

module.exports = { Evidence, verifyBundle, makeSigningKeyFile };
