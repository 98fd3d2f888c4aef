// Calls that a person has to approve, in process.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { POLICY, ig, library, scratch, world } from "./support.mjs";

const ann = { actor: "ann@example.com" };

async function escalated(settings) {
  const made = world(settings);
  const ours = made.token();
  const decision = await made.gate.authorize("pay", { amount: 12 }, ours);
  assert.equal(decision.verdict, "escalate");
  assert.match(decision.approvalId, /^[0-9a-f-]{36}$/);
  return { ...made, ours, decision, id: decision.approvalId };
}

/** Answers the next call that asks. */
async function answerNext(gate, how = "approve") {
  for (let row; ; await new Promise(setImmediate)) {
    [row] = [...gate.listApprovalsSync({ state: "pending" })];
    if (row) return gate[how](row.id, ann);
  }
}

test("an approved call goes once, and a person sees its exact arguments", async () => {
  const { gate, token } = world();
  const ours = token();
  const args = { toJSON: () => ({ amount: 12.5, to: "bob" }) };
  const { approvalId, allowed } = await gate.authorize("pay", args, ours);
  assert.equal(allowed, false);
  const row = await gate.getApproval(approvalId);
  assert.deepEqual([row.state, row.tool, row.agentId, row.reason, row.argsJson], ["pending", "pay", "bot", "a person must agree", '{"amount":12.5,"to":"bob"}']);
  assert.deepEqual(row.args, { amount: 12.5, to: "bob" });
  assert.throws(() => { row.state = "approved"; }, TypeError);
  assert.equal(row.decidedAtMicros, undefined);
  const listed = [];
  for await (const one of gate.listApprovals({ state: "pending", tool: "pay" })) listed.push(one.id);
  assert.deepEqual(listed, [approvalId]);
  assert.deepEqual([...gate.listApprovalsSync({ state: "rejected" })], []);

  const given = await gate.approve(approvalId, { ...ann, note: "as agreed" });
  assert.deepEqual([given.state, given.decidedBy, given.note], ["approved", "ann@example.com", "as agreed"]);
  const again = await gate.authorize("pay", { to: "bob", amount: 12.5 }, { token: ours, approvalId });
  assert.deepEqual([again.verdict, again.approvalId], ["allow", approvalId]);
  const third = await gate.authorize("pay", { to: "bob", amount: 12.5 }, { token: ours, approvalId });
  assert.deepEqual([third.verdict, third.code], ["block", "policy.approval_used"]);
  await gate.close();
});

test("an approval is worth nothing for other arguments, another root token, or after a no", async () => {
  const { gate, token, ours, id } = await escalated();
  await gate.approve(id, ann);
  assert.equal((await gate.authorize("pay", { amount: 13 }, { token: ours, approvalId: id })).code, "policy.approval_mismatch");
  assert.equal((await gate.authorize("pay", { amount: 12 }, { token: token(), approvalId: id })).code, "policy.approval_mismatch");
  const other = await gate.authorize("pay", { amount: 99 }, ours);
  assert.equal((await gate.reject(other.approvalId, ann)).state, "rejected");
  assert.equal((await gate.authorize("pay", { amount: 99 }, { token: ours, approvalId: other.approvalId })).code, "policy.approval_rejected");
  await gate.close();
});

test("who answers must be named, the first answer counts, and what is not there is said", async () => {
  const { gate, id } = await escalated();
  await assert.rejects(gate.approve(id), /actor must be a string/);
  await assert.rejects(gate.approve(id, { actor: "" }), { code: "invalid_argument" });
  await assert.rejects(gate.approve(id, { ...ann, nota: "x" }), /unknown option "nota"/);
  await assert.rejects(gate.approve(id, { ...ann, tenant: "other" }), { code: "not_found" });
  assert.equal(gate.getApprovalSync(id).state, "pending");
  assert.equal(gate.rejectSync(id, ann).state, "rejected");
  await assert.rejects(gate.approve(id, ann), { code: "conflict" });
  await assert.rejects(gate.getApproval("nothing"), { code: "not_found" });
  assert.throws(() => gate.getApprovalSync(id, { tenant: "other" }), { code: "not_found" });
  assert.throws(() => gate.listApprovalsSync({ state: "maybe" }).next(), /state must be one of/);
  await assert.rejects(gate.waitApproval("nothing"), { code: "not_found" });
  await assert.rejects(gate.waitApproval(5), TypeError);
  await gate.close();
});

test("a wait ends with the answer, with its signal, or at once when it was answered before", async () => {
  const { gate, id } = await escalated();
  const given = gate.waitApproval(id);
  const cut = new AbortController();
  const cancelled = gate.waitApproval(id, { signal: cut.signal });
  cut.abort(new Error("no longer"));
  await assert.rejects(cancelled, /no longer/);
  await assert.rejects(gate.waitApproval(id, { signal: AbortSignal.abort() }), { name: "AbortError" });
  await assert.rejects(gate.waitApproval(id, { signal: {} }), /must be an AbortSignal/);
  await gate.approve(id, ann);
  assert.equal((await given).state, "approved");
  assert.equal((await gate.waitApproval(id)).state, "approved");
  await gate.close();
});

test("waits that are under way when the gate is closed are rejected", async () => {
  const { gate, id } = await escalated();
  const waiting = [gate.waitApproval(id), gate.waitApproval(id)].map((wait) => assert.rejects(wait, { code: "cancelled" }));
  await gate.close();
  await Promise.all(waiting);
  await assert.rejects(gate.waitApproval(id), /the gate is closed/);
});

test("more waits than the limit are refused at once", async () => {
  const { gate, id } = await escalated({ approvals: { maxWaiting: 1 } });
  const first = gate.waitApproval(id);
  await assert.rejects(gate.waitApproval(id), { code: "limit_exceeded" });
  await gate.reject(id, ann);
  assert.equal((await first).state, "rejected");
  await gate.close();
});

test("authorize waits for a person and asks again; a no, a limit and a signal end it", async () => {
  const { gate, token } = world();
  const ours = token();
  const [allowed] = await Promise.all([gate.authorize("pay", { n: 1 }, { token: ours, waitForApproval: 60 }), answerNext(gate)]);
  assert.equal(allowed.verdict, "allow");
  const [refused] = await Promise.all([gate.authorize("pay", { n: 2 }, { token: ours, waitForApproval: 60 }), answerNext(gate, "reject")]);
  assert.equal(refused.code, "policy.approval_rejected");
  const late = await gate.authorize("pay", { n: 3 }, { token: ours, waitForApproval: 0.01 });
  assert.deepEqual([late.verdict, gate.getApprovalSync(late.approvalId).state], ["escalate", "pending"]);
  await gate.approve(late.approvalId, ann);
  assert.equal((await gate.authorize("pay", { n: 3 }, { token: ours, waitForApproval: 0 })).allowed, true);
  const cut = new AbortController();
  const aborted = gate.authorize("pay", { n: 4 }, { token: ours, waitForApproval: 60, signal: cut.signal });
  cut.abort(new Error("the user left"));
  await assert.rejects(aborted, /the user left/);
  await assert.rejects(gate.authorize("pay", {}, { token: ours, waitForApproval: -1 }), /at least 0/);
  await assert.rejects(gate.authorize("pay", {}, { token: ours, waitForApproval: NaN }), /at least 0/);
  assert.throws(() => gate.authorizeSync("pay", {}, { token: ours, waitForApproval: 5 }), /cannot wait/);
  await gate.close();
});

test("a guarded call is refused with its approval's id, and made again it goes once", async () => {
  const { gate, token } = world();
  const ours = token();
  for (const [guard, allow] of [["guard", "approve"], ["guardSync", "approveSync"]]) {
    let ran = 0;
    const pay = gate[guard]("pay", () => { ran += 1; return "paid"; }, { token: ours });
    const call = async () => pay({ by: guard });
    const { decision } = await call().catch((error) => error);
    assert.equal((await call().catch((error) => error)).decision.approvalId, decision.approvalId);
    assert.equal(ran, 0);
    await gate[allow](decision.approvalId, ann);
    assert.equal(await call(), "paid");
    await assert.rejects(call(), { code: "policy.escalated" });
    assert.equal(ran, 1);
  }
  assert.throws(() => gate.guardSync("pay", () => 1, { waitForApproval: 1 }), /cannot wait/);
  assert.throws(() => gate.guard("pay", () => 1, { waitForApproval: "1" }), /waitForApproval/);
  await gate.close();
});

test("a guarded call waits as long as its guard or its context says", async () => {
  const { gate, token } = world();
  const pay = gate.guard("pay", ({ n }) => n, { token: token(), waitForApproval: 60 });
  assert.deepEqual((await Promise.all([pay({ n: 1 }), answerNext(gate)]))[0], 1);
  const plain = gate.guard("pay", ({ n }) => n);
  assert.deepEqual((await Promise.all([gate.use({ token: token(), waitForApproval: 60 }, () => plain({ n: 2 })), answerNext(gate)]))[0], 2);
  await gate.close();
});

test("approvals live in the store: another gate on it takes the answer", async () => {
  const store = { sqlite: join(scratch(), "gate.db") };
  const { gate, keys, id } = await escalated({ store, approvals: { pollMs: 20 } });
  const other = ig.Gate.create({ keys, store, policy: POLICY });
  const waiting = gate.waitApproval(id);
  await other.approve(id, ann);
  assert.equal((await waiting).decidedBy, "ann@example.com");
  await other.close();
  await gate.close();
});

test("a wait holds a process until it is given up; a process or a worker that ends takes its waits with it", async () => {
  const code = `
    const { workerData } = require("node:worker_threads");
    const given = workerData ?? JSON.parse(process.argv[1]);
    const ig = require(given.library);
    const keys = ig.KeyRing.parse(ig.generateKeyLine());
    const gate = ig.Gate.create({ keys, store: "memory", policy: given.policy });
    const { token } = ig.mint(keys, { subject: "bot" });
    const { approvalId } = gate.authorizeSync("pay", {}, token);
    const cut = new AbortController();
    const waits = Array.from({ length: 8 }, () => gate.waitApproval(approvalId, { signal: cut.signal }));
    Promise.allSettled(waits).then((ended) => { process.exitCode = ended.every((one) => one.reason === "given up") ? 5 : 1; });
    if (given.exit) process.exit(7);
    setImmediate(() => cut.abort("given up"));`;
  for (const [exit, status] of [[true, 7], [false, 5]]) {
    const given = { library, policy: POLICY, exit };
    assert.throws(() => execFileSync(process.execPath, ["-e", code, JSON.stringify(given)]), { status, signal: null });
    const worker = new Worker(code, { eval: true, workerData: given });
    assert.equal(await new Promise((resolve) => worker.on("exit", resolve)), status);
  }
});

test("an explanation waits for nobody, and says so", async () => {
  const { gate, token } = world();
  for (const option of [{ waitForApproval: 0 }, { waitForApproval: 5 }, { signal: AbortSignal.timeout(1000) }]) {
    await assert.rejects(gate.explain("pay", {}, { token: token(), ...option }), /explain waits for nobody/);
    assert.throws(() => gate.explainSync("pay", {}, { token: token(), ...option }), TypeError);
  }
  assert.equal((await gate.explain("pay", {}, token())).verdict, "escalate");
  await gate.close();
});
