import assert from "node:assert/strict";
import { test } from "node:test";

import { ig, world } from "./support.mjs";

const cycle = {};
cycle.self = cycle;

test("what cannot be judged is an exception with its reason, or a recorded refusal, and the tool never runs", async () => {
  const { gate, token } = world();
  const ours = token();
  let ran = 0;
  const f = gate.guard("read", () => { ran += 1; }, { token: ours });
  const deep = JSON.parse("[".repeat(200) + "]".repeat(200));
  const rows = [
    [cycle, /circular/i], [{ n: 1n }, /BigInt/], [{ n: NaN }, /"n" is NaN/], [{ n: [Infinity] }, /Infinity/], [{ n: [undefined] }, /undefined/],
    [{ n: [() => 0] }, /a function/], [[1], /must be an object, not an array/], ["x", /must be an object, not string/], [5, /must be an object/],
    [{ toJSON: () => undefined }, /cannot be written as JSON/], [{ get a() { throw new Error("getter"); } }, /getter/],
    [new Proxy({}, { ownKeys() { throw new Error("trap"); } }), /trap/], [{ toJSON() { throw null; } }, /cannot be written/],
    [{ a: "\ud800" }, /./, "gate.invalid_request"], [{ deep }, /./, "gate.invalid_request"], [{ a: "x".repeat(5 << 20) }, /./, "gate.invalid_request"],
    [{ toJSON: () => "text" }, /not an object/, "gate.invalid_request"],
  ];
  for (const [args, message, code] of rows) {
    await assert.rejects(f(args), (error) => message.test(error.message) && error.code === code, String(message));
  }
  assert.equal(ran, 0);
  // Refusals are in the chain, behind its first event; exceptions are not.
  gate.flushSync();
  assert.equal(gate.verifyAuditSync().verified, 5);
  gate.close();
});

test("what JSON can say is judged as it says it, and the tool gets the same", async () => {
  const { gate, token } = world();
  const ours = token();
  const seen = async (args) => gate.run("read", args, ours, (judged) => judged);
  assert.deepEqual(await seen({ a: undefined, b: -0, c: null, d: new Date(0) }), { b: 0, c: null, d: "1970-01-01T00:00:00.000Z" });
  assert.deepEqual(await seen(JSON.parse('{"__proto__": {"admin": true}}')), JSON.parse('{"__proto__": {"admin": true}}'));
  assert.equal({}.admin, undefined);
  assert.deepEqual(await seen({ e: "\u{1f600}", k: "\u0000" }), { e: "\u{1f600}", k: "\u0000" });
  gate.close();
});

test("a Proxy that changes its mind is read once", async () => {
  const { gate, token } = world();
  let reads = 0;
  const args = new Proxy({ path: 1 }, { get: (_, name) => (name === "path" ? (reads++ ? "/etc/passwd" : "/data/a") : undefined) });
  const path = await gate.run("read", args, token([ig.where("/path", { subpath: "/data" })]), (judged) => judged.path);
  assert.equal(path, "/data/a");
  gate.close();
});

test("wrong types are TypeErrors that name the argument", async () => {
  const { gate, token, keys } = world();
  const ours = token();
  const wrong = [undefined, null, 5, {}, [], Symbol("s"), () => 0, 5n, true];
  for (const value of wrong) {
    await assert.rejects(gate.authorize(value, {}, ours), TypeError);
    assert.throws(() => gate.authorizeSync(value, {}, ours), TypeError);
    assert.throws(() => ig.decode(value), TypeError);
    assert.throws(() => ig.verify(value, keys), TypeError);
    assert.throws(() => ig.attenuate(value, [ig.maxCalls(1)]), TypeError);
    assert.throws(() => ig.KeyRing.parse(value), TypeError);
    assert.throws(() => ig.verify(ours, value), TypeError);
    assert.throws(() => ig.mint(value, { subject: "a" }), TypeError);
    assert.throws(() => ig.mint(keys, { subject: value }), TypeError);
    assert.throws(() => ig.Policy.compile(value), TypeError);
  }
  for (const value of [5, {}, [], 5n, true]) {
    await assert.rejects(gate.authorize("read", {}, { token: value }), TypeError);
    await assert.rejects(gate.authorize("read", {}, { token: ours, intent: value }), TypeError);
  }
  assert.throws(() => ig.mint(keys, { subject: "a", ttl: 1.5 }), /ttl must be a whole number/);
  assert.throws(() => ig.mint(keys, { subject: "a", ttl: NaN }), /ttl/);
  assert.throws(() => ig.mint(keys, { subject: "a", tll: 5 }), /unknown option "tll"/);
  assert.throws(() => ig.attenuate(ours, [ig.maxCalls(1)], { seal: "no" }), /seal/);
  await assert.rejects(gate.authorize("a\ud800", {}, ours), /surrogate/);
  gate.close();
});

test("a method on the wrong receiver is an exception", () => {
  const { gate, token } = world();
  assert.throws(() => gate.authorizeSync.call({}, "read", {}, token()), TypeError);
  assert.throws(() => ig.Policy.prototype.evaluate.call({}, {}), TypeError);
  assert.throws(() => ig.Decision.prototype.require.call({}), TypeError);
  assert.throws(() => Reflect.get(ig.KeyRing.prototype, "ids", {}), TypeError);
  gate.close();
});

test("huge texts are refused without a crash", () => {
  const { keys, gate, token } = world();
  const huge = "a".repeat(65 << 20);
  assert.throws(() => ig.decode(huge), RangeError);
  assert.throws(() => ig.verify("a".repeat(20 << 20), keys), { code: "capability.token_too_large" });
  assert.throws(() => gate.authorizeSync("read", { huge }, token()), RangeError);
  assert.equal(gate.authorizeSync("t".repeat(1 << 20), {}, token()).code, "gate.invalid_request");
  gate.close();
});

test("an exception in a callback of the caller is the caller's, and the gate goes on", async () => {
  const { gate, token } = world();
  const ours = token();
  const f = gate.guard("read", () => 1, { token: () => { throw new Error("no vault"); } });
  await assert.rejects(f({}), /no vault/);
  const g = gate.guard("blocked", () => 1, { token: ours, onDenied: () => { throw new Error("handler"); } });
  await assert.rejects(g({}), /handler/);
  assert.throws(() => gate.use(ours, () => { throw new Error("inside"); }), /inside/);
  assert.equal((await gate.authorize("read", {}, ours)).allowed, true);
  gate.close();
});
