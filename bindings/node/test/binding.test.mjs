import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";

const ig = await import(process.env.LIBINTENTGATE);
const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const vectors = JSON.parse(readFileSync(join(root, "tests/golden/token/public_token_vectors.json"), "utf8"));

const ringOf = (row) => ig.KeyRing.fromMasterKey(Buffer.from(row.master_key_hex, "hex").toString("base64url"));
const codeOf = (work) => {
  try {
    work();
  } catch (error) {
    return error.code;
  }
  return "no error";
};

function open() {
  const keyFile = join(mkdtempSync(join(tmpdir(), "intentgate-")), "keys");
  const line = ig.generateKeyLine("k1");
  writeFileSync(keyFile, `${line}\n`, { mode: 0o600 });
  const policy = join(root, "examples/gateway/policy.rego");
  const yaml = `keys: {file: ${keyFile}}\nstore: {kind: memory}\npolicy: {files: [${policy}]}\n`;
  return { gate: ig.Gate.open({ yaml, environment: {} }), keys: ig.KeyRing.parse(line) };
}

test("every public token verifies and decodes", () => {
  for (const row of vectors.tokens) {
    if (row.canonical_caveats.length > 64) {
      assert.equal(codeOf(() => ig.verify(row.token, ringOf(row))), "capability.token_too_large");
      continue;
    }
    const content = ig.verify(row.token, ringOf(row));
    assert.deepEqual(content.toJSON(), ig.decode(row.token));
    assert.equal(content.sub, row.mint.sub, row.name);
  }
});

test("attenuation gives the gateway's bytes", () => {
  let compared = 0;
  for (const row of vectors.attenuations) {
    const args = row.sdk_args;
    const caveats = [];
    if (args.add_tools?.length) caveats.push(ig.tools(...args.add_tools));
    if (args.deny_tools?.length) caveats.push(ig.denyTools(...args.deny_tools));
    if (args.max_calls) caveats.push(ig.maxCalls(args.max_calls));
    if (args.expires_at) caveats.push(ig.expires(args.expires_at));
    caveats.push(...(args.extra ?? []));
    // Rows that would add no restriction, or an impossible one, are refused; tested in C++.
    if (caveats.length !== row.appended_canonical.length) continue;
    assert.equal(ig.attenuate(row.parent_token, caveats), row.token_go, row.name);
    compared += 1;
  }
  assert.equal(compared, 27);
});

test("what holds a secret does not print it, and gives it when asked", () => {
  const line = ig.generateKeyLine("k1"), key = line.split(" ")[1];
  const keys = ig.KeyRing.parse(line);
  const minted = ig.mint(keys, { subject: "agent-7" });
  const shown = inspect({ keys, minted }, { depth: null, showHidden: true });
  assert.ok(!shown.includes(minted.token) && !shown.includes(key) && shown.includes(minted.jti), shown);
  assert.equal(ig.decode(JSON.parse(JSON.stringify(minted)).token).jti, minted.jti);
  assert.equal(structuredClone(minted).token, minted.token);
  for (const wrong of [() => ig.mint(line, { subject: "a" }), () => ig.verify(minted.token, line), () => ig.check([minted.token], keys, "read"),
                       () => ig.KeyRing.parse([line]), () => ig.Gate.create({ keys: line, policy: "package x" })]) {
    assert.throws(wrong, (error) => error instanceof TypeError && ![minted.token, key].some((secret) => error.stack.includes(secret)));
  }
});

test("a child can only do less", () => {
  const keys = ig.KeyRing.parse(ig.generateKeyLine());
  const parent = ig.mint(keys, { subject: "a", caveats: [ig.tools("read", "write"), ig.where("/path", { subpath: "/data" })] });
  const child = ig.attenuate(parent.token, [ig.tools("read"), ig.where("/path", { subpath: "/data/q3" })], { expiresIn: 60 });
  ig.check(parent.token, keys, "write", { path: "/data/x" });
  ig.check(child, keys, "read", { path: "/data/q3/x" });
  assert.equal(codeOf(() => ig.check(child, keys, "write", { path: "/data/q3/x" })), "capability.tool_not_allowed");
  assert.equal(codeOf(() => ig.check(child, keys, "read", { path: "/data/q3/../x" })), "capability.argument_refused");
  assert.equal(codeOf(() => ig.check(child, keys, "read", {})), "capability.argument_missing");
  assert.throws(() => ig.verify(child, ig.KeyRing.parse(ig.generateKeyLine())), ig.TokenRefused);
});

test("CommonJS and ES modules give the same classes", () => {
  const require = createRequire(import.meta.url);
  const cjs = require(join(dirname(process.env.LIBINTENTGATE), "index.js"));
  assert.equal(cjs.TokenRefused, ig.TokenRefused);
});

test("each check can refuse, and parallel calls are each decided", async () => {
  const { gate, keys } = open();
  const { token } = ig.mint(keys, { subject: "a", caveats: [ig.where("/path", { subpath: "/data", tool: "read_text_file" })] });
  const paths = ["/data/a", "/etc/passwd", "/data/secrets/x"];
  const decisions = await Promise.all(paths.map((path) => gate.authorize("read_text_file", { path }, { token })));
  assert.deepEqual(decisions.map((d) => d.check), ["", "capability", "policy"]);
  assert.throws(() => decisions[1].require(), ig.Denied);
  assert.equal(gate.authorizeSync("move_file", { source: "/a", destination: "/b" }, { token }).verdict, "escalate");
  assert.equal((await gate.authorize("read_text_file", { path: "/data/a" })).code, "capability.no_token");
  assert.equal(gate.verifyAuditSync().ok, true);
  gate.close();
  assert.throws(() => gate.authorizeSync("x"), /closed/);
});

test("a getter that answers twice differently is judged and run as one value", async () => {
  const { gate, keys } = open();
  const { token } = ig.mint(keys, { subject: "a", caveats: [ig.where("/path", { subpath: "/data" })] });
  let reads = 0;
  const args = { get path() { return reads++ === 0 ? "/data/a" : "/etc/passwd"; } };
  const seen = await gate.run("read_text_file", args, { token }, (judged) => judged.path);
  assert.equal(seen, "/data/a");
  gate.close();
});

test("a budget is never exceeded by parallel calls", async () => {
  const { gate, keys } = open();
  const { token } = ig.mint(keys, { subject: "a", caveats: [ig.maxCalls(7)] });
  const decisions = await Promise.all(Array.from({ length: 40 }, () => gate.authorize("list_directory", {}, { token })));
  assert.equal(decisions.filter((d) => d.allowed).length, 7);
  assert.ok(decisions.filter((d) => !d.allowed).every((d) => d.check === "budget"));
  gate.close();
});

test("works in a worker thread and lets it end", async () => {
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    const ig = require(workerData);
    const keys = ig.KeyRing.parse(ig.generateKeyLine());
    parentPort.postMessage(ig.verify(ig.mint(keys, { subject: "w" }).token, keys).sub);`;
  const workers = Array.from({ length: 4 }, () =>
    new Worker(code, { eval: true, workerData: join(dirname(process.env.LIBINTENTGATE), "index.js") }));
  const answers = await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
    let answer;
    worker.on("message", (message) => { answer = message; });
    worker.on("error", reject);
    worker.on("exit", () => resolve(answer));
  })));
  assert.deepEqual(answers, ["w", "w", "w", "w"]);
});

test("mistakes in the configuration are all named", () => {
  assert.throws(() => ig.Gate.open({ yaml: "store: {kind: floppy}\nbugdet: {}\n", environment: {} }),
    (error) => error instanceof ig.IntentGateError && /store\.kind/.test(error.message) && /bugdet/.test(error.message));
});

test("a worker that ends with calls under way takes nothing with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "intentgate-"));
  const line = ig.generateKeyLine();
  writeFileSync(join(folder, "keys"), line, { mode: 0o600 });
  const policy = join(root, "examples/gateway/policy.rego");
  const workerData = {
    library: join(dirname(process.env.LIBINTENTGATE), "index.js"),
    yaml: `keys: {file: ${folder}/keys}\nstore: {kind: memory}\npolicy: {files: [${policy}]}\n`,
    token: ig.mint(ig.KeyRing.parse(line), { subject: "w" }).token,
  };
  const code = `
    const { workerData } = require("node:worker_threads");
    const gate = require(workerData.library).Gate.open({ yaml: workerData.yaml, environment: {} });
    for (let i = 0; i < 50; i++) gate.authorize("list_directory", {}, { token: workerData.token });
    process.exit(7);`;
  const exits = [];
  for (let i = 0; i < 10; i++) {
    exits.push(await new Promise((resolve) => new Worker(code, { eval: true, workerData }).on("exit", resolve)));
  }
  assert.ok(exits.every((exit) => exit === 7), String(exits));
});
