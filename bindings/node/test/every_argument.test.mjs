// Every function, with every hostile value in every place: an Error or an answer, never a crash, and a gate that goes on.
import assert from "node:assert/strict";
import { test } from "node:test";

import { POLICY, ig, part, scratch, world } from "./support.mjs";

const client = await part("client");

const cycle = {};
cycle.self = cycle;
const throws = () => { throw new Error("trap"); };
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

const HOSTILE = [
  undefined, null, true, NaN, Infinity, -1, 1.5, 2 ** 60, 10n, Symbol("s"), "", "\0", "\ud800", "é".repeat(2000), "[".repeat(2000), "a".repeat(20_000),
  [], [[]], new Array(100).fill(null), [NaN], ["\udfff"], [cycle], Array.from({ length: 3 }, () => ({ t: "max_calls" })), {}, cycle, { t: NaN }, { t: "arg", at: "/", is: cycle },
  { toJSON: throws }, { toString: throws, valueOf: throws }, { get token() { throw new Error("getter"); } }, { length: 2 ** 40 }, new Date(NaN), new Map([[1, 1]]), new Uint8Array(8),
  Object.create(null), new Proxy({}, { get: throws, ownKeys: throws, has: throws, getPrototypeOf: throws }), revoked, () => 0, throws, class {}, /x/, new Error("x"),
  Promise.resolve(1), globalThis,
];
const MOST_ARGUMENTS = 4;

/** What a call with `given` throws or rejects with; a value that it gives is awaited and, if it iterates, read. */
async function outcomeOf(work, given) {
  try {
    const made = await work(...given);
    if (typeof made?.next === "function") await made.next();
    if (made instanceof ig.Gate) made.closeSync();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Good arguments first, so that the places behind them are reached. */
async function tryAll(name, work, good) {
  const errors = [];
  for (let place = 0; place < Math.min(MOST_ARGUMENTS, good.length + 1); place++) {
    for (const value of HOSTILE) {
      const given = [...good];
      given[place] = value;
      const error = await outcomeOf(work, given);
      if (error !== undefined && !(error instanceof Error)) errors.push(`${name}, argument ${place}: threw ${String(error)}`);
    }
  }
  return errors;
}

const prototypeMethods = (of) => Object.getOwnPropertyNames(of).filter((name) => name !== "constructor" && typeof Object.getOwnPropertyDescriptor(of, name).value === "function");

test("no argument of any function ends the process, and the gate goes on", async () => {
  // Whatever takes a path may write there.
  const home = process.cwd();
  process.chdir(scratch());
  try {
    const { gate, keys, token } = world();
    const ours = token();
    const policy = ig.Policy.compile(POLICY);
    const { approvalId } = await gate.authorize("pay", {}, ours);
    const options = { token: ours }, actor = { actor: "a", reason: "r" };
    const good = {
      mint: [keys, { subject: "a" }], attenuate: [ours, [ig.maxCalls(1)], {}], decode: [ours], verify: [ours, keys, {}], check: [ours, keys, "read", {}], explain: [ours, keys, "read", {}],
      verifyBundle: ["bundle.tar", {}], where: ["/a", { equals: 1 }], authorize: ["read", {}, options], authorizeSync: ["read", {}, options], explainSync: ["read", {}, options],
      run: ["read", {}, options, () => 1], runSync: ["read", {}, options, () => 1], guard: ["read", () => 1, {}], guardSync: ["read", () => 1, {}], use: [options, () => 1],
      recordOutcome: [await gate.authorize("read", {}, ours), "success", 1], setTools: [[{ name: "a" }]], setPolicy: [policy, {}], setPolicySync: [policy, {}],
      revoke: ["id", {}], revokeSync: ["id", {}], verifyAudit: ["default"], verifyAuditSync: ["default"], exportAudit: ["a.ndjson", {}], exportAuditSync: ["a.ndjson", {}],
      getApproval: [approvalId, {}], getApprovalSync: [approvalId, {}], approve: ["none", actor], approveSync: ["none", actor], reject: ["none", actor], rejectSync: ["none", actor],
      waitApproval: ["none", {}], listApprovals: [{}], listApprovalsSync: [{}], evaluate: [{ tool: "x" }], query: ["data.intentgate", {}], partial: ["input.a == 1", {}], partialAsync: ["input.a == 1", {}], test: ["x"], evaluateAsync: [{ tool: "x" }, {}], queryAsync: ["data.intentgate", {}, {}], testAsync: ["x", {}],
      placeHold: ["h", actor], placeHoldSync: ["h", actor], liftHold: ["h", actor], liftHoldSync: ["h", actor], proof: ["id", {}], proofSync: ["id", {}],
      prune: [{ ...actor, before: 1 }], eraseValues: [actor], writeBundle: ["b.tar", {}], writeBundleSync: ["b.tar", {}], writeTiles: ["tiles", {}], attenuateClient: [ours, { maxCalls: 1 }],
      compile: [POLICY, {}], load: ["p.rego", {}], compileAsync: [POLICY, {}], loadAsync: ["p.rego", {}], create: [{ keys, store: "memory" }], open: [{ yaml: "" }],
    };
    const errors = [];
    const all = async (of, names, label) => {
      for (const name of names) errors.push(...await tryAll(`${label}${name}`, of[name].bind(of), good[name] ?? []));
    };
    const ending = ["close", "closeSync"];
    await all(ig, Object.keys(ig).filter((name) => typeof ig[name] === "function" && !/^[A-Z]/.test(name)), "");
    await all(gate, prototypeMethods(ig.Gate.prototype).filter((name) => !ending.includes(name)), "gate.");
    await all(gate.evidence, prototypeMethods(ig.Evidence.prototype), "evidence.");
    await all(policy, prototypeMethods(ig.Policy.prototype), "policy.");
    await all(ig.Gate, ["create", "open"], "Gate.");
    await all(ig.Policy, ["compile", "load", "compileAsync", "loadAsync"], "Policy.");
    await all(ig.KeyRing, ["parse", "fromMasterKey"], "KeyRing.");
    errors.push(...await tryAll("client.attenuate", client.attenuate, good.attenuateClient), ...await tryAll("client.decodeToken", client.decodeToken, [ours]));
    for (const made of [ig.Gate, ig.KeyRing, ig.Policy, ig.Decision, ig.TokenContent, ig.Evidence]) {
      for (const value of HOSTILE) assert.ok((await outcomeOf(() => new made(value), [])) instanceof Error, made.name);
    }
    // What the caller's own functions throw is the caller's.
    assert.deepEqual(errors, []);
    await gate.setPolicy(policy);
    assert.equal((await gate.authorize("read", {}, ours)).allowed, true);
    assert.equal((await gate.verifyAudit()).ok, true);
    await gate.close();
  } finally {
    process.chdir(home);
  }
});
