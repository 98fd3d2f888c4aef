// Calls that wait for a person: what the gate's methods for them share.
"use strict";

const { refuseOthers } = require("./tokens.js");
const { text } = require("./values.js");

const STATES = ["pending", "approved", "rejected", "expired", "used"];
// A timer of Node cannot be longer.
const MAX_SECONDS = (2 ** 31 - 1) / 1000;

/** An approval for people and programs. `args` is parsed at the first look, for numbers lose digits in it. */
function approvalOf(row) {
  const { argsJson } = row;
  let args;
  Object.defineProperty(row, "args", { get: () => (argsJson === undefined ? undefined : (args ??= JSON.parse(argsJson))), enumerable: true });
  return Object.freeze(row);
}

const parsed = (raw) => approvalOf(JSON.parse(raw));

/** What the native half is asked for a page that begins behind `after`. */
function wantedPage({ state, tenant, agentId, tool, rootJti, ...rest } = {}, after = "") {
  refuseOthers(rest, "listApprovals");
  if (state !== undefined && !STATES.includes(state)) throw new TypeError(`state must be one of ${STATES.join(", ")}`);
  return [text(tenant, "tenant", ""), state ?? "", text(agentId, "agentId", ""), text(tool, "tool", ""), text(rootJti, "rootJti", ""), after];
}

function pageOf(raw) {
  const { approvals, next } = JSON.parse(raw);
  return { approvals: approvals.map(approvalOf), next };
}

function named(id, { tenant, ...rest } = {}, where = "getApproval") {
  refuseOthers(rest, where);
  return [text(tenant, "tenant", ""), text(id, "id")];
}

/** `actor` has no default: the chain names who answered. */
function answered(id, approve, { actor, note, claimedBy, tenant, ...rest } = {}) {
  refuseOthers(rest, approve ? "approve" : "reject");
  return [text(tenant, "tenant", ""), text(id, "id"), approve, text(note, "note", ""), text(claimedBy, "claimedBy", ""), text(actor, "actor")];
}

/** Seconds to wait for a person; undefined: the escalation is the answer. */
function seconds(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !(value >= 0)) throw new TypeError("waitForApproval must be seconds, at least 0");
  return Math.min(value, MAX_SECONDS);
}

function signalOf(signal) {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError("signal must be an AbortSignal");
  return signal;
}

/** Whether the answer to `decision` can change when somebody approves. */
const waits = (decision) => decision.verdict === "escalate" && decision.approvalId !== "";

module.exports = { parsed, pageOf, wantedPage, named, answered, seconds, signalOf, waits };
