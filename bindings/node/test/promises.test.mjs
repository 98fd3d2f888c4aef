// What gives a promise does not hold the event loop.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { POLICY, ig, library, scratch, world } from "./support.mjs";

// The export cannot go on before this thread has opened the other end: had it been holding the thread, neither would.
async function exportThroughPipe(gate) {
  const pipe = join(scratch(), "pipe");
  execFileSync("mkfifo", [pipe]);
  const exported = gate.exportAudit(pipe);
  const text = await readFile(pipe, "utf8");
  await exported;
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

test("the event loop turns while the chain is exported", async () => {
  const { gate, token } = world();
  await gate.run("read", { path: "/a" }, token(), () => 1);
  assert.equal((await exportThroughPipe(gate)).length >= 3, true);
  await gate.close();
});

test("each promise form answers as its synchronous form", async () => {
  const { gate, token } = world();
  const ours = token();
  await gate.flush();
  assert.deepEqual(await gate.verifyAudit(), gate.verifyAuditSync());
  const without = ({ latencyUs, ...rest }) => rest;
  assert.deepEqual(without((await gate.explain("blocked", { a: 1 }, ours)).toJSON()), without(gate.explainSync("blocked", { a: 1 }, ours).toJSON()));
  assert.equal((await gate.explain("read", { toJSON: () => 5 }, ours)).code, "gate.invalid_request");
  await gate.setPolicy(ig.Policy.compile(POLICY.replaceAll("blocked", "stopped")), { actor: "me" });
  assert.equal((await gate.authorize("stopped", {}, ours)).code, "policy.blocked");
  assert.equal((await gate.authorize("blocked", {}, ours)).allowed, true);
  await gate.revoke(ig.decode(ours).jti, { reason: "test" });
  assert.equal((await gate.authorize("read", {}, ours)).code, "capability.token_revoked");
  await gate.close();
});

test("a promise rejects with the package's own errors", async () => {
  const { gate } = world();
  await assert.rejects(gate.exportAudit("/nowhere/at/all"), (error) => error instanceof ig.IntentGateError && error.code === "io");
  await assert.rejects(gate.exportAudit("x", { format: "xml" }), TypeError);
  await assert.rejects(gate.exportAudit("x", { fromat: "csv" }), /unknown option "fromat"/);
  await assert.rejects(gate.setPolicy({}), TypeError);
  await assert.rejects(gate.revoke(5), TypeError);
  await assert.rejects(gate.verifyAudit("\ud800"), /surrogate/);
  const closing = gate.close();
  for (const late of [() => gate.flush(), () => gate.verifyAudit(), () => gate.explain("x"), () => gate.authorize("x")]) {
    await assert.rejects(late(), /the gate is closed/);
  }
  await closing;
  await gate.close();
});

test("jobs that run when the gate is closed finish first", async () => {
  const { gate, token } = world();
  await gate.run("read", {}, token(), () => 1);
  const reports = [gate.verifyAudit(), gate.verifyAudit(), gate.close()];
  assert.equal((await Promise.all(reports))[0].ok, true);
});

test("a worker or a process that ends with jobs and decisions under way takes nothing with it", async () => {
  const file = join(scratch(), "gate.db");
  const { token, gate } = world();
  await gate.close();
  const code = `
    const { workerData } = require("node:worker_threads");
    const given = workerData ?? JSON.parse(process.argv[1]);
    const ig = require(given.library);
    const gate = ig.Gate.create({ keys: ig.generateKeyLine(), store: { sqlite: given.file }, policy: given.policy });
    for (let i = 0; i < 30; i++) { gate.authorize("read", {}, given.token); gate.verifyAudit(); gate.flush(); gate.explain("read"); ig.Policy.compileAsync(given.policy); }
    if (given.close) gate.close();
    process.exit(7);`;
  const given = { library, file, policy: POLICY, token: token() };
  for (const close of [false, true]) {
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(code, { eval: true, workerData: { ...given, close } });
      assert.equal(await new Promise((resolve) => worker.on("exit", resolve)), 7);
      assert.throws(() => execFileSync(process.execPath, ["-e", code, JSON.stringify({ ...given, close })]), { status: 7, signal: null });
    }
  }
  const terminated = new Worker(code.replace("process.exit(7)", "setInterval(() => 0, 1000)"), { eval: true, workerData: given });
  await new Promise((resolve) => terminated.on("online", resolve));
  assert.equal(typeof await terminated.terminate(), "number");
});

test("a worker that is ended while it loads the package takes only itself along", async () => {
  for (let i = 0; i < 60; i++) {
    const worker = new Worker("require(require('node:worker_threads').workerData)", { eval: true, workerData: library });
    worker.on("error", () => {});   // it had no time to load
    await new Promise((resolve) => worker.on("online", resolve));
    for (let turn = 0; turn < i; turn++) await new Promise((resolve) => setImmediate(resolve));
    await worker.terminate();
  }
});

const LONG = `${POLICY}
long := count([1 | some a in numbers.range(1, 30000); some b in numbers.range(1, 30000); a + b == 0])
conflict := 1 if true
conflict := 2 if true
test_good if true
test_bad if false
todo_test_later if false
`;

test("a policy's promise forms answer as its synchronous forms", async () => {
  const policy = ig.Policy.compile(LONG);
  for (const tool of ["read", "blocked", "pay"]) {
    const input = { tool, args: { n: 1 } };
    assert.deepEqual(await policy.evaluateAsync(input), policy.evaluate(input));
    assert.deepEqual(await policy.queryAsync("data.intentgate.policy.decision", input), policy.query("data.intentgate.policy.decision", input));
  }
  assert.equal(await policy.queryAsync("data.intentgate.policy.test_bad"), undefined);
  const failed = (error) => error instanceof ig.IntentGateError && error.code === "eval_conflict_error";
  await assert.rejects(policy.queryAsync("data.intentgate.policy.conflict"), failed);
  assert.throws(() => policy.query("data.intentgate.policy.conflict"), failed);
  assert.deepEqual(await policy.testAsync(), policy.test());
  assert.deepEqual(await policy.testAsync(/good/), policy.test(/good/));
  await assert.rejects(policy.queryAsync(1), TypeError);
  await assert.rejects(policy.queryAsync("data.x", {}, { sginal: 1 }), TypeError);
  await assert.rejects(policy.evaluateAsync({}, { signal: 1 }), TypeError);
});

test("a policy compiles off the event loop into what the synchronous form makes", async () => {
  const texts = { "policy.rego": LONG, "more.rego": "package more\nlimit := data.limit\n" }, options = { data: { limit: 7 }, maxSteps: 1000 };
  const now = ig.Policy.compile(texts, options);
  for (const policy of await Promise.all([1, 2, 3].map(() => ig.Policy.compileAsync(texts, options)))) {
    assert.equal(policy.digest, now.digest);
    assert.equal(policy.query("data.more.limit"), 7);
    assert.deepEqual(await policy.evaluateAsync({ tool: "read" }), now.evaluate({ tool: "read" }));
    await assert.rejects(policy.queryAsync("data.intentgate.policy.long"), { code: "eval_limit_error" });
  }
  const { gate, token } = world();
  await gate.setPolicy(await ig.Policy.compileAsync(POLICY.replaceAll("blocked", "stopped")));
  assert.equal((await gate.authorize("stopped", {}, token())).code, "policy.blocked");
  await gate.close();
});

// The pool's only thread waits for the other end of a pipe: a compilation that did not need it would be done before.
test("a policy compiles on Node's pool", () => {
  const pipe = join(scratch(), "pipe");
  execFileSync("mkfifo", [pipe]);
  const code = `
    const given = JSON.parse(process.argv[1]);
    const { closeSync, openSync } = require("node:fs");
    const { readFile } = require("node:fs/promises");
    const ig = require(given.library);
    (async () => {
      const held = readFile(given.pipe);
      let done = false;
      const compiled = ig.Policy.compileAsync(given.policy).finally(() => { done = true; });
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const early = done;
      closeSync(openSync(given.pipe, "w"));
      await held;
      console.log(early, (await compiled).digest);
    })();`;
  const given = JSON.stringify({ library, pipe, policy: POLICY });
  const printed = execFileSync(process.execPath, ["-e", code, given], { encoding: "utf8", env: { ...process.env, UV_THREADPOOL_SIZE: "1" } });
  assert.equal(printed, `false ${ig.Policy.compile(POLICY).digest}\n`);
});

test("a policy that does not compile rejects with what the synchronous form throws", async () => {
  const wrong = "package intentgate.policy\nimport rego.v1\ndecision := x\n";
  const thrown = (work) => { try { work(); } catch (error) { return error; } };
  const now = thrown(() => ig.Policy.compile(wrong));
  assert.ok(now instanceof ig.PolicyCompileError);
  await assert.rejects(ig.Policy.compileAsync(wrong), (error) => {
    assert.ok(error instanceof ig.PolicyCompileError);
    assert.deepEqual([error.code, error.message, error.diagnostics], [now.code, now.message, now.diagnostics]);
    return true;
  });
  await assert.rejects(ig.Policy.compileAsync(POLICY, { data: 1 }), (error) => error.message === thrown(() => ig.Policy.compile(POLICY, { data: 1 })).message);
  await assert.rejects(ig.Policy.compileAsync({}), TypeError);
  await assert.rejects(ig.Policy.compileAsync(POLICY, { maxStpes: 1 }), /unknown option "maxStpes"/);
});

test("policies load from files off the event loop", async () => {
  const file = join(scratch(), "policy.rego");
  await writeFile(file, POLICY);
  assert.equal((await ig.Policy.loadAsync(file)).digest, ig.Policy.load([file]).digest);
  await assert.rejects(ig.Policy.loadAsync([file, `${file}.none`]), { code: "ENOENT" });
  await assert.rejects(ig.Policy.loadAsync(0), TypeError);
});

test("an abort ends an evaluation that has far more steps to go than a test waits for", async () => {
  const policy = ig.Policy.compile(LONG, { maxSteps: 1e12 });
  const reason = new Error("not wanted any more");
  for (const start of [(signal) => policy.queryAsync("data.intentgate.policy.long", undefined, { signal }),
    (signal) => policy.testAsync(/good/, { signal })]) {
    const abort = new AbortController();
    const asked = start(abort.signal);
    abort.abort(reason);
    await assert.rejects(asked, (error) => error === reason);
    await assert.rejects(start(AbortSignal.abort(reason)), (error) => error === reason);
  }
  assert.equal((await policy.evaluateAsync({ tool: "read" }, { signal: new AbortController().signal })).effect, policy.evaluate({ tool: "read" }).effect);
});
