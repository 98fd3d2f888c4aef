import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";

import { POLICY, codeOf, ig, scratch, world } from "./support.mjs";

test("a decision says who refused, why, and by which rule", async () => {
  const { gate, token } = world({ budgets: { agent: { windowCalls: 1 } } });
  const good = token([ig.denyTools("rm"), ig.where("/path", { subpath: "/data", tool: "read" })]);
  const refused = await gate.authorize("read", { path: "/etc/passwd" }, { token: good });
  assert.equal(refused.verdict, "block");
  assert.equal(refused.check, "capability");
  assert.equal(refused.code, "capability.argument_refused");
  assert.match(refused.rule, /^caveat 1 \(arg\)/);
  assert.match(refused.reason, /is not under/);
  assert.equal((await gate.authorize("blocked", {}, good)).rule, "policy data.intentgate.policy.decision");
  const escalated = await gate.authorize("pay", {}, good);
  assert.deepEqual([escalated.verdict, escalated.allowed], ["escalate", false]);
  const allowed = await gate.authorize("read", { path: "/data/a" }, good);
  assert.deepEqual([allowed.verdict, allowed.allowed, allowed.code, allowed.rule], ["allow", true, "allowed", ""]);
  assert.equal(allowed.agentId, "bot");
  assert.equal(typeof allowed.auditSeq, "number");
  assert.match((await gate.authorize("read", { path: "/data/a" }, good)).rule, /^budget agent:bot:calls/);
  assert.equal((await gate.authorize("read", { path: "/data/a" })).code, "capability.no_token");
  gate.close();
});

test("a decision cannot be made up or changed", async () => {
  const { gate, token } = world();
  const refused = await gate.authorize("blocked", {}, token());
  assert.throws(() => { refused.verdict = "allow"; }, TypeError);
  assert.throws(() => { refused.allowed = true; }, TypeError);
  assert.equal(refused.allowed, false);
  assert.throws(() => gate.recordOutcome({ allowed: true, eventId: "x" }), /must be a Decision/);
  assert.throws(() => gate.recordOutcome(Object.create(refused)), /must be a Decision/);
  assert.throws(() => gate.recordOutcome(refused), /only an allowed call/);
  assert.throws(() => new ig.Decision('{"verdict":"allow"}'), /only a Gate makes decisions/);
  assert.throws(() => new ig.Gate({}), TypeError);
  assert.throws(() => new ig.KeyRing({}), TypeError);
  assert.throws(() => new ig.Policy({}), TypeError);
  assert.throws(() => new ig.TokenContent("x"), TypeError);
  gate.close();
});

test("a trace can be read by a person", () => {
  const { gate, token } = world();
  const text = String(gate.explainSync("blocked", {}, token()));
  assert.match(text, /^block \(policy\.blocked\) by policy data/);
  assert.match(text, /\n {2}pass {2}capability: .*\n {2}pass {2}intent: .*\n {2}FAIL {2}policy: blocked by rule$/);
  assert.match(inspect(gate.explainSync("read", {}, token())), /^Decision \{/);
  gate.flushSync();
  assert.equal(gate.verifyAuditSync().verified, 0);
  gate.close();
});

test("the intent option is the prompt, and a misspelt option is refused rather than skipped", async () => {
  const { gate, token } = world({ intent: { mode: "required" } });
  const ours = token();
  gate.setTools([{ name: "read_file", description: "Reads a file" }, { name: "write_file", description: "Writes a file" }]);
  assert.equal((await gate.authorize("read_file", { path: "/a" }, { token: ours })).code, "intent.required");
  assert.equal((await gate.authorize("read_file", { path: "/a" }, { token: ours, intent: "read the file /a" })).allowed, true);
  const drift = await gate.authorize("write_file", { path: "/a" }, { token: ours, intent: "read the note and summarize it" });
  assert.equal(drift.check, "intent");
  await assert.rejects(gate.authorize("read_file", {}, { token: ours, intnet: "x" }), /unknown option "intnet"/);
  gate.close();
});

test("settings in code are the library's own, with all mistakes at once", async () => {
  const file = join(scratch(), "gate.db");
  const { gate, token } = world({
    store: { sqlite: file }, audit: { durability: "durable", argValues: "raw" },
    tools: [{ match: "buy", costArgument: "/cents" }], budgets: { agents: { bot: { windowCost: 100 } } },
    capability: { audience: "here" }, policyLimits: { maxSteps: 10000 },
  });
  assert.equal((await gate.authorize("buy", { cents: 90 }, token())).allowed, true);
  assert.equal((await gate.authorize("buy", { cents: 20 }, token())).code, "budget.cost");
  assert.equal((await gate.authorize("x", {}, token([], { audience: "there" }))).code, "capability.token_wrong_audience");
  gate.flushSync();
  assert.deepEqual([gate.verifyAuditSync().ok, gate.verifyAuditSync().verified], [true, 4]);
  gate.exportAuditSync(join(scratch(), "out.csv"), { format: "csv" });
  gate.close();
  const keys = ig.generateKeyLine();
  assert.throws(() => ig.Gate.create({ keys, store: "memory", audit: { durabilty: "async", maxBatch: 0 } }),
    (error) => error instanceof ig.IntentGateError && /durabilty/.test(error.message) && /max_batch/.test(error.message));
  assert.throws(() => ig.Gate.create({ keys }), /store must be "memory"/);
  assert.throws(() => ig.Gate.create({ keys, store: { sqlite: "a", postgres: "b" } }), /store must be/);
  assert.throws(() => ig.Gate.create({ store: "memory" }), /no token key is set/);
  assert.throws(() => ig.Gate.create({ keys, store: "memory", polizy: "" }), /unknown option "polizy"/);
  assert.throws(() => ig.Gate.create({ keys: 5, store: "memory" }), /keys must be/);
});

test("keys and policies can be files, texts or objects", async () => {
  const folder = scratch();
  const line = ig.generateKeyLine();
  writeFileSync(join(folder, "keys"), line, { mode: 0o600 });
  writeFileSync(join(folder, "p.rego"), POLICY);
  const { token } = ig.mint(ig.KeyRing.parse(line), { subject: "a" });
  for (const settings of [
    { keys: { file: join(folder, "keys") }, policy: { files: [join(folder, "p.rego")] } },
    { keys: line, policy: { "a.rego": POLICY } },
    { keys: ig.KeyRing.parse(line), policy: ig.Policy.load(join(folder, "p.rego")) },
  ]) {
    const gate = ig.Gate.create({ store: "memory", ...settings });
    assert.equal((await gate.authorize("read", {}, token)).allowed, true);
    assert.equal((await gate.authorize("blocked", {}, token)).code, "policy.blocked");
    gate.close();
  }
  const none = ig.Gate.create({ keys: line, store: "memory" });
  assert.equal((await none.authorize("read", {}, token)).code, "policy.missing");
  none.close();
});

test("a policy compiles, is asked, is tested and replaces another", async () => {
  const tests = `package tests
import rego.v1
import data.intentgate.policy
test_read if policy.decision.allow with input as {"tool": "read"}
test_blocked if not policy.decision.allow with input as {"tool": "blocked"}
test_wrong if policy.decision.allow with input as {"tool": "blocked"}
todo_test_later if false
`;
  const policy = ig.Policy.compile({ "p.rego": POLICY, "p_test.rego": tests });
  assert.deepEqual(policy.evaluate({ tool: "pay" }), { effect: "escalate", reason: "a person must agree", requiresStepUp: false,
    failure: "", detail: "", steps: policy.evaluate({ tool: "pay" }).steps });
  assert.deepEqual(policy.query("data.intentgate.policy.decision", { tool: "x" }), { allow: true });
  assert.equal(policy.query("data.nothing"), undefined);
  const report = policy.test();
  assert.deepEqual([report.ok, report.passed, report.failed, report.skipped], [false, 2, 1, 1]);
  assert.equal(report.results.find((row) => row.outcome === "fail").name, "data.tests.test_wrong");
  assert.equal(policy.test(/test_read/).ok, true);
  assert.equal(policy.test("no such test").ok, false);
  assert.match(policy.digest, /^[0-9a-f]{64}$/);
  assert.throws(() => ig.Policy.compile("package intentgate.policy\nimport rego.v1\ndecision := x\n"),
    (error) => error instanceof ig.PolicyCompileError && error.diagnostics[0].line === 3 && /policy\.rego:3/.test(error.message));
  assert.throws(() => ig.Policy.compile({}), TypeError);
  assert.throws(() => ig.Policy.load([0]), /path must be a string, not number/);

  const { gate, token } = world();
  gate.setPolicySync(ig.Policy.compile('package intentgate.policy\nimport rego.v1\ndecision := {"allow": false, "reason": data.why}\n', { data: { why: "closed" } }));
  assert.equal((await gate.authorize("read", {}, token())).reason, "closed");
  assert.throws(() => gate.setPolicySync({}), /must be a Policy/);
  gate.close();
});

test("an explanation of a token names every caveat, and a bad token is an answer", () => {
  const { keys, token, gate } = world();
  const child = ig.attenuate(token([ig.tools("read")]), [ig.maxRisk(3), ig.where("/a", { minimum: 1 })]);
  const answer = ig.explain(child, keys, "write", { a: 0 });
  assert.equal(answer.allowed, false);
  assert.equal(answer.code, "capability.tool_not_allowed");
  assert.deepEqual(answer.caveats.map((row) => row.holds), [true, false, false, false]);
  assert.match(String(answer), /^refused \(capability\.tool_not_allowed\).*\n.*\n {2}FAIL {2}caveat 0: .*\n {2}FAIL {2}caveat 1 of hop 1: /);
  assert.equal(ig.explain("rubbish", keys, "x").code, "capability.token_malformed");
  gate.close();
});

test("every typed builder makes a caveat that the library reads back", () => {
  const { keys } = world();
  const caveats = [ig.tools("a"), ig.denyTools("b"), ig.maxCalls(1), ig.rateLimit(2), ig.maxCost(3), ig.expires(new Date(4e12)), ig.servers("s"),
    ig.agent("bot"), ig.steppedUp(5), ig.callees({ agents: ["c"], zones: ["z"] }), ig.maxRisk(6),
    ig.where("/n", { minimum: "0.10", maximum: 10n, tool: "t" }), ig.where("/s", { minLength: 1, maxLength: 9, regex: "a+" }),
    ig.where("/u", { url: { schemes: ["https"], hosts: ["a.example"] } }), ig.where("/o", { oneOf: [1, null] })];
  const { token } = ig.mint(keys, { subject: "bot", caveats });
  const kinds = ig.decode(token).cav.map((caveat) => caveat.t);
  for (const caveat of caveats) assert.ok(kinds.includes(caveat.t), caveat.t);
  assert.equal(ig.decode(token).cav.find((caveat) => caveat.at === "/n").is.range.max, "10");
  assert.throws(() => ig.where("/a", { subpaht: "/x" }), /unknown rule subpaht/);
  assert.throws(() => ig.where("/a", { minimum: NaN }), /minimum/);
  assert.throws(() => ig.where("/a", {}), /at least one rule/);
});

test("audit verification finds what was changed in the file", async () => {
  const file = join(scratch(), "gate.db");
  const { gate, token } = world({ store: { sqlite: file } });
  await gate.run("read", { path: "/a" }, token(), () => 1);
  const out = join(scratch(), "audit.ndjson");
  gate.exportAuditSync(out);
  const lines = readFileSync(out, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length >= 2, true);
  assert.equal(gate.verifyAuditSync().ok, true);
  gate.close();
  assert.equal(codeOf(() => gate.verifyAuditSync()), "invalid_argument");
  gate.close();
});
