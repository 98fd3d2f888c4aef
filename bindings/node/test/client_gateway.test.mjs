// The client against the real gateway, INTENTGATE_BINARY, in front of an upstream that records its calls.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { part, scratch } from "./support.mjs";

const client = await part("client");
const binary = process.env.INTENTGATE_BINARY;
const POLICY = `package intentgate.policy
import rego.v1
default decision := {"allow": false, "reason": "no rule allows this tool"}
decision := {"allow": true, "reason": "reading"} if startswith(input.tool, "read_")
decision := {"allow": false, "escalate": true, "reason": "a human decides"} if input.tool == "transfer_funds"
`;
const TOOLS = ["read_file", "write_file", "transfer_funds", "delete_all"].map((name) => ({ name, description: name.replace("_", " "), inputSchema: { type: "object", properties: { path: { type: "string" } } } }));
const RESULTS = { initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "recorder", version: "1" } }, "tools/list": { tools: TOOLS } };

const ADMIN = "admin-0123456789abcdef0123456789abcdef";
const AMOUNT = { amount: 5 };

const calls = [];
let upstream, gateway, url, token, fresh;

const environment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("INTENTGATE_")));
const command = (folder, ...args) => execFileSync(binary, args, { cwd: folder, encoding: "utf8", env: environment() }).trim();

before(async () => {
  if (!binary) return;
  upstream = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    if (request.method !== "POST") return response.writeHead(405).end();
    const message = JSON.parse(text);
    if (message.method === "tools/call") calls.push(message.params);
    if (message.id === undefined) return response.writeHead(202).end();
    const result = RESULTS[message.method] ?? { content: [{ type: "text", text: JSON.stringify(message.params.arguments) }], isError: false, structuredContent: { seen: message.params.name } };
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
  });
  await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const folder = scratch();
  command(folder, "keygen", "--out", "keys");
  writeFileSync(join(folder, "policy.rego"), POLICY);
  writeFileSync(join(folder, "admin-token"), ADMIN, { mode: 0o600 });
  writeFileSync(join(folder, "intentgate.yaml"), `listen: {address: 127.0.0.1:0}
upstream: {name: recorder, url: "http://127.0.0.1:${upstream.address().port}/mcp"}
keys: {file: keys}
admin: {token_file: admin-token}
store: {kind: memory}
policy: {files: [policy.rego]}
`);
  token = command(folder, "mint", "--keys", "keys", "--subject", "agent", "--ttl", "1h", "--tools", "read_file,write_file,transfer_funds", "--max-calls", "3");
  fresh = () => command(folder, "mint", "--keys", "keys", "--subject", "agent", "--ttl", "1h");
  gateway = spawn(binary, ["serve", "--config", "intentgate.yaml"], { cwd: folder, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  url = await new Promise((resolve, reject) => {
    for (const stream of [gateway.stdout, gateway.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        const found = /127\.0\.0\.1:(\d+)/.exec(line);
        if (found && line.includes("listen")) resolve(`http://127.0.0.1:${found[1]}`);
      });
    }
    gateway.on("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  await catalogueKnown(command(folder, "mint", "--keys", "keys", "--subject", "scout", "--ttl", "1h"));
});

// The gateway asks its upstream for the tools in the background; before that it cannot judge an intent.
async function catalogueKnown(scout) {
  const asked = new client.Gateway(url, { token: scout });
  for (;;) {
    const answer = await asked.toolCall("read_file", { intentPrompt: "read the file" }).catch((error) => error);
    if (!(answer instanceof client.IntentError)) break;
    assert.match(answer.data, /not known yet/);
  }
  calls.length = 0;
}

after(async () => {
  if (!gateway) return;
  const ended = new Promise((resolve) => gateway.on("exit", resolve));
  gateway.kill("SIGTERM");
  await ended;
  upstream.close();
  upstream.closeAllConnections?.();
});

test("calls are allowed and refused with the public SDK's exceptions", { skip: !binary && "INTENTGATE_BINARY is not set" }, async () => {
  const agent = new client.Gateway(url, { token });
  const result = await agent.toolCall("read_file", { arguments: { path: "/data/café" }, intentPrompt: "read the file /data/café" });
  assert.deepEqual([result.isError, result.intentgate.decision, result.content[0].text], [false, "allow", '{"path":"/data/café"}']);
  assert.deepEqual(result.structuredContent, { seen: "read_file" });
  await assert.rejects(agent.toolCall("delete_all"), (e) => e instanceof client.CapabilityError && e.code === -32010 && /delete_all/.test(e.data));
  await assert.rejects(agent.toolCall("write_file", { arguments: { path: "/a" }, intentPrompt: "read the note and summarize it" }), client.IntentError);
  await assert.rejects(agent.toolCall("write_file", { arguments: { path: "/a" } }), client.PolicyError);
  await assert.rejects(agent.toolCall("transfer_funds", { arguments: { amount: 5 } }), client.PolicyError);
  await agent.toolCall("read_file");
  await agent.toolCall("read_file");
  await assert.rejects(agent.toolCall("read_file"), client.BudgetError);
  await assert.rejects(new client.Gateway(url).toolCall("read_file"), client.CapabilityError);
  assert.equal(calls.length, 3);
});

test("a child made by attenuate can do less", { skip: !binary && "INTENTGATE_BINARY is not set" }, async () => {
  const child = client.attenuate(token, { addTools: ["read_file"], expiresInSeconds: 60 });
  const sub = new client.Gateway(url, { token: child });
  await assert.rejects(sub.toolCall("write_file", { arguments: {} }), client.CapabilityError);
  await assert.rejects(sub.toolCall("read_file"), client.BudgetError);
});

async function decide(approvalId, decision) {
  const answer = await fetch(`${url}/v1/admin/approvals/${approvalId}/decide`,
    { method: "POST", headers: { Authorization: `Bearer ${ADMIN}`, "Content-Type": "application/json" }, body: JSON.stringify({ decision }) });
  assert.equal(answer.status, 200, await answer.text());
}

const left = (call) => call.then(() => assert.fail("not escalated"), (error) => {
  assert.ok(error instanceof client.ApprovalPendingError, String(error));
  return error;
});
const isRefusal = (error) => error instanceof client.PolicyError && !(error instanceof client.ApprovalPendingError);

test("an escalated call is resumed once, and for its own arguments only", { skip: !binary && "INTENTGATE_BINARY is not set" }, async () => {
  calls.length = 0;
  const agent = new client.Gateway(url, { token: fresh() });
  const pending = await left(agent.toolCall("transfer_funds", { arguments: AMOUNT }));
  assert.equal(typeof pending.retryAfter, "number");
  assert.equal((await left(pending.resume())).approvalId, pending.approvalId);
  assert.equal((await left(agent.toolCall("transfer_funds", { arguments: AMOUNT }))).approvalId, pending.approvalId);
  await decide(pending.approvalId, "approve");
  await assert.rejects(agent.toolCall("transfer_funds", { arguments: { amount: 6 }, approvalId: pending.approvalId }), isRefusal);
  await assert.rejects(new client.Gateway(url, { token: fresh() }).toolCall("transfer_funds", { arguments: AMOUNT, approvalId: pending.approvalId }), isRefusal);
  assert.equal(calls.length, 0);
  assert.equal((await pending.resume()).content[0].text, '{"amount":5}');
  await assert.rejects(pending.resume(), isRefusal);
  assert.equal(calls.length, 1);
});

for (const decision of ["approve", "reject"]) {
  test(`a client waits while the gateway holds its request: ${decision}`, { skip: !binary && "INTENTGATE_BINARY is not set" }, async () => {
    calls.length = 0;
    const bearer = fresh();
    const pending = await left(new client.Gateway(url, { token: bearer }).toolCall("transfer_funds", { arguments: AMOUNT }));
    const held = new client.Gateway(url, { token: bearer }).toolCall("transfer_funds", { arguments: AMOUNT, approvalId: pending.approvalId, waitForApproval: 60 });
    const ended = decision === "approve" ? held.then((result) => assert.equal(result.content[0].text, '{"amount":5}')) : assert.rejects(held, isRefusal);
    await decide(pending.approvalId, decision);
    await ended;
    assert.equal(calls.length, decision === "approve" ? 1 : 0);
  });
}

test("a wait that its caller gives up leaves the approval to come back to", { skip: !binary && "INTENTGATE_BINARY is not set" }, async () => {
  calls.length = 0;
  const agent = new client.Gateway(url, { token: fresh() });
  const pending = await left(agent.toolCall("transfer_funds", { arguments: AMOUNT }));
  const cut = new AbortController();
  const held = pending.resume({ waitForApproval: 60, signal: cut.signal });
  cut.abort(new Error("another task came"));
  await assert.rejects(held, /another task came/);
  await decide(pending.approvalId, "approve");
  assert.equal((await pending.resume()).content[0].text, '{"amount":5}');
  assert.equal(calls.length, 1);
});
