import assert from "node:assert/strict";
import { test } from "node:test";

import { ig, part, world } from "./support.mjs";

const { guard, refusalText } = await part("guard");

test("a guarded function runs only what was allowed, with the snapshot that was judged", async () => {
  const { gate, token } = world();
  const calls = [];
  const read = gate.guard("read", (args, context) => { calls.push([args, context]); return `read ${args.path}`; },
    { token: token([ig.where("/path", { subpath: "/data" })]) });
  const args = { path: "/data/a" };
  assert.equal(await read(args, "context"), "read /data/a");
  assert.notEqual(calls[0][0], args);
  assert.equal(calls[0][1], "context");
  await assert.rejects(read({ path: "/etc/passwd" }), (error) => error instanceof ig.Denied && error.code === "capability.argument_refused");
  assert.equal(calls.length, 1);
  gate.close();
});

test("no token is a refusal with its code", async () => {
  const { gate } = world();
  let ran = false;
  await assert.rejects(gate.guard("read", () => { ran = true; })({}), { code: "capability.no_token" });
  assert.equal(ran, false);
  gate.close();
});

test("positional parameters are judged by name, and one too many is refused", async () => {
  const { gate, token } = world();
  const add = guard(gate, "add", (a, b) => a + b, { params: ["a", "b"], token: token([ig.where("/b", { maximum: 10 })]) });
  assert.equal(await add(1, 2), 3);
  await assert.rejects(add(1, 11), { code: "capability.argument_refused" });
  await assert.rejects(add(1), { code: "capability.argument_missing" });
  await assert.rejects(add(1, 2, 3), /only 2 are named/);
  assert.throws(() => guard(gate, "add", () => 0, { params: ["a", "a"] }), /twice/);
  gate.close();
});

test("a token in context follows awaits and parallel work, and each call is judged by its own", async () => {
  const { gate, token } = world();
  const ask = gate.guard("read", async (args) => { await null; return args.n; });
  const results = await Promise.allSettled([
    gate.use(token(), () => ask({ n: 1 })),
    gate.use(token([ig.tools("write")]), async () => { await null; return ask({ n: 2 }); }),
    gate.use({ token: token() }, () => Promise.all([ask({ n: 3 }), ask({ n: 4 })])),
    ask({ n: 5 }),
  ]);
  assert.deepEqual(results.map((r) => r.value ?? r.reason.code), [1, "capability.tool_not_allowed", [3, 4], "capability.no_token"]);
  assert.throws(() => gate.use({ tokn: "x" }, () => 0), /unknown option "tokn"/);
  gate.close();
});

test("the guard's own token wins over the context's", async () => {
  const { gate, token } = world();
  const narrow = gate.guard("read", () => "ran", { token: token([ig.tools("write")]) });
  await assert.rejects(gate.use(token(), () => narrow({})), { code: "capability.tool_not_allowed" });
  const chosen = gate.guard("read", () => "ran", { token: (args) => args.auth });
  assert.equal(await chosen({ auth: token() }), "ran");
  gate.close();
});

test("onDenied sees this call's refusal only, not one from inside the callee", async () => {
  const { gate, token } = world();
  const ours = token();
  const inner = gate.guard("blocked", () => 0, { token: ours });
  const outer = gate.guard("outer", () => inner({}), { token: ours, onDenied: () => "outer refused" });
  await assert.rejects(outer({}), { code: "policy.blocked" });
  const soft = gate.guard("blocked", () => 0, { token: ours, onDenied: (decision) => refusalText(decision, "blocked") });
  assert.match(await soft({}), /^The call of "blocked" was refused \(policy\.blocked\): blocked by rule/);
  assert.match(refusalText(await gate.authorize("pay", {}, ours)), /needs a person's approval/);
  gate.close();
});

test("what the tool throws passes through, and the outcome is in the chain", async () => {
  const { gate, token } = world();
  const failing = gate.guard("read", () => { throw new RangeError("disk"); }, { token: token() });
  await assert.rejects(failing({}), RangeError);
  gate.flushSync();
  assert.equal(gate.verifyAuditSync().verified, 3);
  gate.close();
});

test("a gate that is closed while the tool runs changes nothing about its result", async () => {
  const { gate, token } = world();
  assert.equal(await gate.run("read", {}, token(), () => { gate.close(); return 5; }), 5);
  await assert.rejects(gate.run("read", {}, token(), () => 5), /the gate is closed/);
});

test("a synchronous guard refuses before the function runs", () => {
  const { gate, token } = world();
  const f = gate.guardSync("read", (args) => args.x + 1, { token: token([ig.where("/x", { maximum: 3 })]) });
  assert.equal(f({ x: 2 }), 3);
  assert.throws(() => f({ x: 4 }), ig.Denied);
  gate.close();
});

test("a budget holds under parallel guarded calls", async () => {
  const { gate, token } = world();
  let ran = 0;
  const f = gate.guard("read", () => { ran += 1; }, { token: token([ig.maxCalls(5)]) });
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => f({})));
  assert.equal(ran, 5);
  assert.equal(results.filter((r) => r.reason?.check === "budget" || r.reason?.decision?.check === "budget").length, 45);
  gate.close();
});
