// The client against gateways that answer as the test says. client_gateway.test.mjs has the real one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { test } from "node:test";

import { allowed, approvalGateway, refused, scripted } from "./http_gateway.mjs";
import { ig, part, world } from "./support.mjs";

const client = await part("client");
const { Gateway } = client;
const quick = { retryDelayMs: 1, maxRetryDelayMs: 5 };

test("a call is the public SDK's request, and its result has its names", async () => {
  const server = await scripted({ body: allowed("hello", { structuredContent: { n: 1 }, _meta: { a: 1 } }) });
  const gateway = new Gateway(`${server.url}//`, { token: "tok" });
  const result = await gateway.toolCall("read_invoice", { arguments: { id: "123" }, intentPrompt: "Process\ntoday's café invoices" });
  assert.deepEqual(result, { content: [{ type: "text", text: "hello" }], isError: false, structuredContent: { n: 1 }, meta: { a: 1 },
    intentgate: { decision: "allow", reason: "forwarded", check: "", latencyMs: 3 } });
  await gateway.toolCall("noop");
  await gateway.toolCall("noop", { requestId: "mine" });
  const [first, second, third] = server.seen;
  assert.equal(first.request.url, "/v1/mcp");
  assert.equal(first.headers.authorization, "Bearer tok");
  assert.equal(first.headers["content-type"], "application/json");
  assert.equal(Buffer.from(first.headers["x-intent-prompt"], "latin1").toString(), "Process today's café invoices");
  assert.deepEqual(first.message, { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read_invoice", arguments: { id: "123" } } });
  assert.deepEqual([second.message.id, second.message.params.arguments, third.message.id], [2, {}, "mine"]);
  assert.equal(second.headers["x-intent-prompt"], undefined);
  await server.close();
});

test("every code has its exception, with code and data", async () => {
  const rows = [[-32010, client.CapabilityError], [-32011, client.IntentError], [-32012, client.PolicyError], [-32013, client.BudgetError],
    [-32014, client.ProvenanceError], [-32601, client.ProtocolError]];
  for (const [code, type] of rows) {
    const server = await scripted({ body: refused(code) });
    const error = await new Gateway(server.url).toolCall("x").catch((caught) => caught);
    assert.ok(error instanceof type && error instanceof client.IntentGateError, String(code));
    assert.equal(error.constructor, type);
    assert.equal(client.forCode(code), type);
    assert.deepEqual([error.code, error.data, error.message, error.name], [code, "the reason", "refused", type.name]);
    assert.match(String(error), /refused: the reason$/);
    await server.close();
  }
});

test("what is no answer is a gateway or a protocol error, and is not repeated", async () => {
  const rows = [
    [{ status: 502, body: "x".repeat(900) }, (e) => e.constructor === client.GatewayError && e.status === 502 && e.data.length === 500],
    [{ status: 401, body: refused(-32010) }, (e) => e.constructor === client.CapabilityError && e.data === "the reason"],
    [{ status: 401, body: "who are you" }, (e) => e.constructor === client.GatewayError && e.status === 401],
    [{ status: 403, body: refused(-32010) }, (e) => e.constructor === client.GatewayError && e.status === 403],
    [{ body: "<html>" }, (e) => e instanceof client.UnavailableError && e instanceof client.GatewayError && !e.notSent],
    [{ body: "[]" }, (e) => e.constructor === client.ProtocolError],
    [{ body: "null" }, (e) => e.constructor === client.ProtocolError],
    [{ body: { result: "text" } }, (e) => e.constructor === client.ProtocolError],
    [{ body: {} }, (e) => e.constructor === client.ProtocolError],
    [{ body: { error: "text" } }, (e) => e.constructor === client.ProtocolError],
    [{ body: { error: { code: "x" } } }, (e) => e.constructor === client.ProtocolError],
    [{ body: allowed("x".repeat(3000)) }, (e) => e instanceof client.UnavailableError && /maxResponseBytes/.test(e.message)],
    [{ status: 307, headers: { Location: "http://127.0.0.1:1/elsewhere" }, body: "" }, (e) => e instanceof client.UnavailableError],
  ];
  for (const [answer, expected] of rows) {
    const server = await scripted(answer);
    await assert.rejects(new Gateway(server.url, { ...quick, maxResponseBytes: 2000 }).toolCall("x"), expected, JSON.stringify(answer).slice(0, 80));
    assert.equal(server.seen.length, 1);
    await server.close();
  }
  const odd = await scripted({ body: { result: { content: [{ type: "text", text: null }, 5], isError: 1, _intentgate: { latency_ms: null } } } });
  assert.deepEqual(await new Gateway(odd.url).toolCall("x"), { content: [{ type: "text", text: null }], isError: false,
    intentgate: { decision: "", reason: "", check: "", latencyMs: 0 } });
  await odd.close();
});

test("a call that surely did not begin is repeated, and no other", async () => {
  const free = createServer();
  await new Promise((resolve) => free.listen(0, "127.0.0.1", resolve));
  const { port } = free.address();
  await new Promise((resolve) => free.close(resolve));
  let asked = 0;
  const counting = (...of) => { asked += 1; return fetch(...of); };
  await assert.rejects(new Gateway(`http://127.0.0.1:${port}`, { ...quick, fetch: counting }).toolCall("x"), (e) => e instanceof client.UnavailableError && e.notSent);
  assert.equal(asked, 3);

  const busy = await scripted({ status: 429, headers: { "Retry-After": "0" }, body: "" }, { body: allowed() });
  assert.equal((await new Gateway(busy.url, quick).toolCall("x")).isError, false);
  assert.equal(busy.seen.length, 2);
  await busy.close();

  const hangUp = ({ request }) => request.socket.destroy();
  const lost = await scripted(hangUp, { body: allowed() });
  await assert.rejects(new Gateway(lost.url, quick).toolCall("x"), (e) => e instanceof client.UnavailableError && !e.notSent);
  assert.equal(lost.seen.length, 1);
  await lost.close();
  const again = await scripted(hangUp, { status: 503, body: "" }, { body: allowed() });
  assert.equal((await new Gateway(again.url, quick).toolCall("x", { idempotent: true })).isError, false);
  assert.equal(again.seen.length, 3);
  await again.close();
  const never = await scripted({ status: 503, body: "" });
  await assert.rejects(new Gateway(never.url, { ...quick, retries: 0 }).toolCall("x", { idempotent: true }), client.GatewayError);
  assert.equal(never.seen.length, 1);
  await never.close();
});

test("the time limit covers the body too", async () => {
  const server = await scripted((_, response) => { response.writeHead(200); response.write("{"); });
  await assert.rejects(new Gateway(server.url, { timeoutMs: 50 }).toolCall("x"), (e) => e instanceof client.UnavailableError && /within 50 ms/.test(e.message));
  await assert.rejects(new Gateway(server.url).toolCall("x", { timeoutMs: 50 }), client.UnavailableError);
  await server.close();
});

test("a signal ends a call with its reason: before, during, and while waiting for a person", async () => {
  const aborted = AbortSignal.abort(new Error("before"));
  const server = await scripted(() => {});
  await assert.rejects(new Gateway(server.url).toolCall("x", { signal: aborted }), /before/);
  assert.equal(server.seen.length, 0);
  const during = new AbortController();
  const silent = await scripted(() => during.abort(new Error("during")));
  await assert.rejects(new Gateway(silent.url).toolCall("x", { signal: during.signal }), /during/);
  await silent.close();
  await server.close();
  const waiting = new AbortController();
  const pending = await scripted(({ message }, response) => {
    response.writeHead(200, { "X-IntentGate-Approval-Id": "a-1", "Retry-After": "1000" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...refused(-32012) }), () => setImmediate(() => waiting.abort(new Error("waiting"))));
  });
  await assert.rejects(new Gateway(pending.url).toolCall("x", { signal: waiting.signal, waitForApproval: 1000 }), /waiting/);
  await pending.close();
});

test("an escalated call is an ApprovalPendingError that resumes the same call", async () => {
  const server = await approvalGateway();
  const gateway = new Gateway(server.url, { token: "tok" });
  const args = { amount: 5 };
  const pending = await gateway.toolCall("pay", { arguments: args }).catch((error) => error);
  assert.ok(pending instanceof client.ApprovalPendingError && pending instanceof client.PolicyError);
  assert.deepEqual([pending.approvalId, pending.retryAfter, pending.code], ["approval-1", 1, -32012]);
  args.amount = 50_000;
  await assert.rejects(pending.resume(), client.ApprovalPendingError);
  server.decide("approval-1", "approved");
  await assert.rejects(gateway.toolCall("pay", { arguments: args, approvalId: "approval-1" }), (e) => e.constructor === client.PolicyError);
  assert.equal((await pending.resume()).content[0].text, "paid");
  await assert.rejects(pending.resume(), (e) => e.constructor === client.PolicyError && /does not hold/.test(e.data));
  assert.deepEqual(server.seen.map(({ message }) => message.params.arguments.amount), [5, 5, 50_000, 5, 5]);
  assert.equal(server.seen.every(({ headers }) => headers.prefer === undefined), true);
  await server.close();
});

test("waitForApproval is held by the gateway until a person decides", async () => {
  const server = await approvalGateway();
  const gateway = new Gateway(server.url, { timeoutMs: 50 });
  for (const [state, expected] of [["approved", (r) => r.content[0].text === "paid"], ["rejected", (r) => r.constructor === client.PolicyError]]) {
    const asked = gateway.toolCall("pay", { waitForApproval: 600 }).catch((error) => error);
    while (server.waiting.length === 0) await new Promise(setImmediate);
    assert.match(server.seen.at(-1).headers.prefer, /^wait=240$/);
    server.decide(server.waiting[0].id, state);
    assert.ok(expected(await asked), state);
  }
  await server.close();
});

test("a gateway that does not hold is asked again until the time is over", async () => {
  const server = await approvalGateway({ holds: false, retryAfter: "0" });
  const gateway = new Gateway(server.url);
  const asked = gateway.toolCall("pay", { waitForApproval: 600 });
  while (server.seen.length < 3) await new Promise(setImmediate);
  assert.deepEqual(server.seen.slice(0, 3).map(({ headers }) => headers["x-intentgate-approval-id"]), [undefined, "approval-1", "approval-1"]);
  server.decide("approval-1", "approved");
  assert.equal((await asked).content[0].text, "paid");
  const error = await gateway.toolCall("pay", { waitForApproval: 0.05 }).catch((caught) => caught);
  assert.ok(error instanceof client.ApprovalPendingError);
  await server.close();
});

test("what cannot be sent is refused before anything is sent", async () => {
  const server = await scripted({ body: allowed() });
  const gateway = new Gateway(server.url);
  const cycle = {};
  cycle.self = cycle;
  for (const [tool, options, message] of [["", {}, /tool is required/], [5, {}, /tool is required/], ["x", { arguments: cycle }, /circular/i],
    ["x", { arguments: { n: NaN } }, /NaN/], ["x", { arguments: [] }, /must be an object/], ["x", { argumnts: {} }, /unknown option "argumnts"/],
    ["x", { intentPrompt: 5 }, /intentPrompt/], ["x\ud800", {}, /surrogate/], ["x", { waitForApproval: -1 }, /waitForApproval/], ["x", { waitForApproval: NaN }, /waitForApproval/],
    ["x", { timeoutMs: 0 }, /timeoutMs/], ["x", { approvalId: "a b" }, /approvalId/], ["x", { approvalId: "a\r\nX-Evil: 1" }, /approvalId/], ["x", { memoryProvenance: ["a"] }, /memoryStore/]]) {
    await assert.rejects(gateway.toolCall(tool, options), (e) => e instanceof TypeError && message.test(e.message), String(message));
  }
  for (const token of ["a b", "a\nb", "é", 5]) await assert.rejects(new Gateway(server.url, { token }).toolCall("x"), TypeError);
  assert.equal(server.seen.length, 0);
  for (const [url, options] of [["", {}], [undefined, {}], ["ftp://x", {}], [server.url, { timeoutMs: "5" }], [server.url, { retries: -1 }], [server.url, { tokne: "x" }]]) {
    assert.throws(() => new Gateway(url, options), TypeError);
  }
  await server.close();
});

test("a token can come from a function, anew for every request", async () => {
  const server = await scripted({ body: allowed() });
  let given = 0;
  const gateway = new Gateway(server.url, { token: async () => `token-${++given}` });
  await gateway.toolCall("x");
  await gateway.toolCall("x");
  assert.deepEqual(server.seen.map(({ headers }) => headers.authorization), ["Bearer token-1", "Bearer token-2"]);
  await server.close();
});

test("attenuate takes the public SDK's options in its order, and refuses what would be no restriction", () => {
  const { keys } = world();
  const parent = ig.mint(keys, { subject: "a", format: 3 }).token;
  const child = client.attenuate(parent, { extra: [{ type: client.CaveatType.AGENT_LOCK, agent: "a" }], expiresAt: 2_000_000_000, expiresInSeconds: 5, maxCalls: 3,
    denyTools: ["<b>"], addTools: ["a&b"] });
  assert.deepEqual(client.decodeToken(child).cav.slice(1), [{ t: "tool_allow", tools: ["a&b"] }, { t: "tool_deny", tools: ["<b>"] }, { t: "max_calls", max_calls: 3 },
    { t: "exp", exp: 2_000_000_000 }, { t: "agent_lock", agent: "a" }]);
  assert.equal(ig.verify(child, keys).root_jti, ig.decode(parent).root_jti);
  for (const options of [{}, { addTools: [] }, { maxCalls: -1 }, { maxCalls: 0 }, { expiresAt: 0 }, { expiresInSeconds: 0.5 }, { maxcalls: 1 }, { addTools: "x" },
    { extra: [{ type: "callee_allow" }] }, { extra: [{ type: "exp", expires: 5 }] }, { extra: [null] }]) {
    assert.throws(() => client.attenuate(parent, options), client.AttenuationError, JSON.stringify(options));
  }
  assert.throws(() => client.attenuate("rubbish", { maxCalls: 1 }), client.AttenuationError);
});

test("memory is signed in the public format and a change is found", async () => {
  const master = Buffer.from("intentgate-test-master-key-32-by");
  assert.equal(Buffer.from(client.deriveSessionKey(master, "test-session-jti-abc")).toString("hex"), "e8b49e3464de329ffdf2bdb5e3e557a762281292daab04b0fc8b6aede03a422e");
  const entry = { id: "a", sessionId: "b", timestamp: 0x12345678abcdef, data: Buffer.from("xy"), prevHash: client.ZERO_HASH };
  assert.equal(Buffer.from(client.canonical(entry)).toString("hex"), `00000001620000000161${"0012345678abcdef"}00000020${"00".repeat(32)}000000027879`);
  const key = client.deriveSessionKey(master, "s");
  const entries = new Map();
  const store = new client.MemoryStore("s", key, { writeHook: (id, envelope) => entries.set(id, envelope), readHook: (id) => entries.get(id) });
  const ids = [store.write({ b: 1, a: [2] }), store.write("text"), store.write(Buffer.from([0, 1]))];
  assert.equal(Buffer.from(store.read(ids[0]).data).toString(), '{"a":[2],"b":1}');
  const first = entries.get(ids[0]);
  assert.deepEqual(Buffer.from(entries.get(ids[1]).prevHash), createHash("sha256").update(client.canonical(first)).digest());
  client.verifyChain(key, [...entries.values()]);
  assert.throws(() => client.verifyChain(key, [...entries.values()].slice(1)), client.MemoryProvenanceError);
  assert.throws(() => client.verify(client.deriveSessionKey(master, "t"), first), /hmac mismatch/);
  const server = await scripted({ body: allowed() });
  await new Gateway(server.url).toolCall("x", { memoryStore: store, memoryProvenance: ids });
  const sent = JSON.parse(Buffer.from(server.seen[0].headers["x-intent-memory-provenance"], "base64url"));
  assert.deepEqual(sent.map((row) => [row.id, row.session_id]), ids.map((id) => [id, "s"]));
  await server.close();
  entries.set(ids[0], { ...first, data: Buffer.from("other") });
  assert.throws(() => store.read(ids[0]), client.MemoryProvenanceError);
  assert.throws(() => store.read("none"), /not found/);
  assert.throws(() => new client.MemoryStore("s", Buffer.from("short")), /32 bytes/);
  assert.equal(store.size, 3);
});
