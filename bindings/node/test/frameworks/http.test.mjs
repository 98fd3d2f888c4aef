// The guard in front of routes of real Express and Fastify servers.
import assert from "node:assert/strict";
import { test } from "node:test";

import express from "express";
import fastify from "fastify";
import { guardRoute as expressGuard } from "libintentgate/express";
import { guardRoute as fastifyGuard } from "libintentgate/fastify";

import { ig, world } from "../support.mjs";

const aborted = (signal) => new Promise((resolve) => { if (signal.aborted) resolve(); else signal.addEventListener("abort", resolve, { once: true }); });
const byQuery = { args: (request) => ({ ...request.params, ...request.query }) };

async function withExpress(gate, seen) {
  const app = express();
  app.use(express.json());
  app.post("/read", expressGuard(gate, "read"), (request, response) => { seen.push(request.body); response.json({ agent: request.intentgate.agentId }); });
  app.post("/blocked", expressGuard(gate, "blocked"), () => assert.fail("ran"));
  app.get("/files/:name", expressGuard(gate, "read", byQuery), (request, response) => { response.json(request.intentgate.args); });
  app.post("/pay", expressGuard(gate, "pay"), (request, response) => { response.json({ paid: request.body.amount }); });
  app.post("/wait", expressGuard(gate, "pay", { waitForApproval: 600 }), () => assert.fail("ran"));
  app.post("/failing", expressGuard(gate, "failing"), (_, response) => { response.status(500).json({}); });
  app.use((error, request, response, next) => { response.status(500).json({ wrong: error.message }); });
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}

async function withFastify(gate, seen) {
  const app = fastify({ forceCloseConnections: true });
  app.post("/read", { preHandler: fastifyGuard(gate, "read") }, async (request) => { seen.push(request.body); return { agent: request.intentgate.agentId }; });
  app.post("/blocked", { preHandler: fastifyGuard(gate, "blocked") }, async () => assert.fail("ran"));
  app.get("/files/:name", { preHandler: fastifyGuard(gate, "read", byQuery) }, async (request) => request.intentgate.args);
  app.post("/pay", { preHandler: fastifyGuard(gate, "pay") }, async (request) => ({ paid: request.body.amount }));
  app.post("/wait", { preHandler: fastifyGuard(gate, "pay", { waitForApproval: 600 }) }, async () => assert.fail("ran"));
  app.post("/failing", { preHandler: fastifyGuard(gate, "failing") }, async (_, reply) => reply.code(500).send({}));
  return { url: await app.listen({ host: "127.0.0.1", port: 0 }), close: () => app.close() };
}

for (const [name, start] of [["Express", withExpress], ["Fastify", withFastify]]) {
  test(`${name}: the route runs only for an allowed call, with the judged body`, async () => {
    const { gate, token } = world();
    const seen = [];
    const server = await start(gate, seen);
    const good = token([ig.where("/path", { subpath: "/data", tool: "read" }), ig.where("/name", { equals: "a", tool: "none" })]);
    const send = async (path, body, bearer, method = "POST") => {
      const headers = { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }) };
      const response = await fetch(server.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      return { status: response.status, challenge: response.headers.get("www-authenticate"), body: await response.json() };
    };
    assert.deepEqual(await send("/read", { path: "/data/a" }, good), { status: 200, challenge: null, body: { agent: "bot" } });
    const outside = await send("/read", { path: "/etc/passwd" }, good);
    assert.deepEqual([outside.status, outside.body.error.code, outside.body.error.check], [403, "capability.argument_refused", "capability"]);
    assert.match(outside.body.error.message, /"read" was refused/);
    assert.deepEqual([(await send("/blocked", {}, good)).status, (await send("/blocked", {}, good)).body.error.code], [403, "policy.blocked"]);
    const none = await send("/read", { path: "/data/a" });
    assert.deepEqual([none.status, none.challenge, none.body.error.code], [401, "Bearer", "capability.no_token"]);
    const bad = await send("/read", { path: "/data/a" }, "rubbish");
    assert.deepEqual([bad.status, bad.challenge], [401, 'Bearer error="invalid_token"']);
    const used = token([ig.maxCalls(1)]);
    assert.deepEqual([(await send("/read", {}, used)).status, (await send("/read", {}, used)).status], [200, 429]);
    assert.deepEqual((await send("/files/b?path=/data/x", undefined, good, "GET")).body, { name: "b", path: "/data/x" });
    assert.equal((await send("/files/b?path=/etc", undefined, good, "GET")).status, 403);
    assert.equal((await send("/failing", {}, token())).status, 500);
    assert.equal((await send("/read", [1], good)).status, 500);
    assert.deepEqual(seen, [{ path: "/data/a" }, {}]);
    await server.close();
    await gate.flush();
    // Opened, eleven decisions, and the outcomes of the four that were allowed.
    assert.equal((await gate.verifyAudit()).verified, 16);
    await gate.close();
  });
}

for (const [name, start] of [["Express", withExpress], ["Fastify", withFastify]]) {
  test(`${name}: an escalated call is answered with its approval's id, and goes once when it comes again with it`, async () => {
    const { gate, token } = world();
    const server = await start(gate, []);
    const authorization = `Bearer ${token()}`;
    const pay = (amount, more = {}) => fetch(`${server.url}/pay`,
      { method: "POST", headers: { "Content-Type": "application/json", Authorization: authorization, ...more }, body: JSON.stringify({ amount }) });
    const pending = await pay(5);
    const id = pending.headers.get("X-IntentGate-Approval-Id");
    assert.deepEqual([pending.status, pending.headers.get("Retry-After"), (await pending.json()).error.approvalId], [403, "5", id]);
    await gate.approve(id, { actor: "ann" });
    const other = await pay(6, { "X-IntentGate-Approval-Id": id });
    assert.deepEqual([other.status, (await other.json()).error.code], [403, "policy.approval_mismatch"]);
    const paid = await pay(5, { "X-IntentGate-Approval-Id": id });
    assert.deepEqual([paid.status, await paid.json()], [200, { paid: 5 }]);
    const used = await pay(5, { "X-IntentGate-Approval-Id": id });
    assert.deepEqual([used.status, used.headers.get("X-IntentGate-Approval-Id"), (await used.json()).error.code], [403, null, "policy.approval_used"]);
    await server.close();
    await gate.close();
  });
}

for (const [name, start] of [["Express", withExpress], ["Fastify", withFastify]]) {
  test(`${name}: when the client leaves, nobody waits for a person any more and the route does not run`, async () => {
    const { gate, token } = world();
    const answers = [];
    const authorize = (...call) => { answers.push(gate.authorize(...call)); return answers.at(-1); };
    const server = await start({ current: {}, authorize }, []);
    const left = new AbortController();
    const response = fetch(`${server.url}/wait`, { method: "POST", signal: left.signal, body: JSON.stringify({ amount: 5 }),
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token()}` } });
    const pending = async () => (await Array.fromAsync(gate.listApprovals({ state: "pending" })))[0];
    let approval;
    while ((approval = await pending()) === undefined);
    left.abort();
    await assert.rejects(response, { name: "AbortError" });
    await assert.rejects(answers[0], { name: "AbortError" });
    // What it waited for is still there, unused.
    assert.equal((await gate.approve(approval.id, { actor: "ann" })).state, "approved");
    await server.close();
    assert.equal((await gate.getApproval(approval.id)).state, "approved");
    await gate.close();
  });

  test(`${name}: an allow that comes when the client has left is recorded as not used`, async () => {
    const { gate, token } = world();
    let decided, ended;
    const held = new Promise((resolve) => { decided = resolve; }), outcome = new Promise((resolve) => { ended = resolve; });
    const authorize = async (tool, args, options) => {
      const decision = await gate.authorize(tool, args, options);
      decided();
      await aborted(options.signal);
      return decision;
    };
    const recordOutcome = (decision, what) => { gate.recordOutcome(decision, what); ended(what); };
    const server = await start({ current: {}, authorize, recordOutcome }, { push: () => assert.fail("ran") });
    const left = new AbortController();
    const response = fetch(`${server.url}/read`, { method: "POST", signal: left.signal, body: "{}",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token()}` } });
    await held;
    left.abort();
    await assert.rejects(response, { name: "AbortError" });
    assert.equal(await outcome, "cancelled");
    await server.close();
    await gate.close();
  });
}

test("a guard without a tool's name, or with a misspelt option, is refused", async () => {
  const { gate } = world();
  for (const guardRoute of [expressGuard, fastifyGuard]) {
    assert.throws(() => guardRoute(gate, ""), /tool's name/);
    assert.throws(() => guardRoute(gate, "x", { arg: () => 0 }), /unknown option "arg"/);
    assert.throws(() => guardRoute(undefined, "x"), /is a Gate/);
  }
  await gate.close();
});
