// The guard in real servers of the MCP SDK, version 1 and 2, with the SDK's own client.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport as Memory1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server as Low1 } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer as McpServer1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Client as Client2 } from "@modelcontextprotocol/client";
import { InMemoryTransport as Memory2, McpServer as McpServer2, Server as Low2 } from "@modelcontextprotocol/server";
import { guardServer } from "libintentgate/mcp";
import { z } from "zod";

import { ig, world } from "../support.mjs";

const versions = [
  { name: "SDK 1", McpServer: McpServer1, Client: Client1, pair: () => Memory1.createLinkedPair() },
  { name: "SDK 2", McpServer: McpServer2, Client: Client2, pair: () => Memory2.createLinkedPair() },
];
const about = { name: "test", version: "1" };

async function connected({ Client, pair }, server) {
  const [ours, theirs] = pair();
  const client = new Client(about);
  await Promise.all([server.connect(theirs), client.connect(ours)]);
  return client;
}

for (const version of versions) {
  test(`${version.name}: a call waits for a person, and no longer than its client does`, async () => {
    const { gate, token } = world();
    let ran = 0;
    const server = guardServer(gate, new version.McpServer(about), { token: token(), waitForApproval: 600 });
    server.registerTool("pay", { description: "Pays", inputSchema: z.object({ n: z.number() }) }, () => { ran += 1; return { content: [{ type: "text", text: "paid" }] }; });
    const client = await connected(version, server);
    const pending = async (n) => {
      for (let row; ; await new Promise(setImmediate)) {
        row = [...gate.listApprovalsSync({ state: "pending" })].find((one) => one.args.n === n);
        if (row) return row.id;
      }
    };
    const paid = client.callTool({ name: "pay", arguments: { n: 1 } });
    await gate.approve(await pending(1), { actor: "ann" });
    assert.deepEqual([(await paid).content[0].text, ran], ["paid", 1]);
    const refused = client.callTool({ name: "pay", arguments: { n: 2 } });
    await gate.reject(await pending(2), { actor: "ann" });
    assert.deepEqual([(await refused).isError, (await refused)._meta["intentgate/decision"].code, ran], [true, "policy.approval_rejected", 1]);
    // The wait ends with the request, or it would hold the process.
    const cut = new AbortController();
    const given = client.callTool({ name: "pay", arguments: { n: 3 } }, ...(version.name === "SDK 1" ? [undefined] : []), { signal: cut.signal });
    await pending(3);
    cut.abort();
    await assert.rejects(given);
    await client.close();
    await gate.close();
  });
}

for (const version of versions) {
  test(`${version.name}: only allowed calls reach the tool, and a refusal is a tool error`, async () => {
    const { gate, token } = world();
    const seen = [];
    const server = guardServer(gate, new version.McpServer(about), { token: token([ig.where("/path", { subpath: "/data", tool: "read" })]) });
    const inputSchema = z.object({ path: z.string(), limit: z.number().default(3) });
    server.registerTool("read", { description: "Reads", inputSchema }, ({ path, limit }) => {
      seen.push(path);
      return { content: [{ type: "text", text: `${limit} lines of ${path}` }] };
    });
    server.registerTool("blocked", { description: "No", inputSchema }, () => assert.fail("ran"));
    server.registerTool("failing", { description: "Fails", inputSchema }, () => { throw new Error("disk"); });
    const client = await connected(version, server);
    const answers = await Promise.all([["read", "/data/a"], ["read", "/etc/passwd"], ["blocked", "/data/a"], ["failing", "/data/a"]].map(([name, path]) =>
      client.callTool({ name, arguments: { path } })));
    assert.deepEqual(answers.map((answer) => answer.isError ?? false), [false, true, true, true]);
    assert.equal(answers[0].content[0].text, "3 lines of /data/a");
    assert.match(answers[1].content[0].text, /"read" was refused \(capability\.argument_refused\)/);
    assert.equal(answers[2]._meta["intentgate/decision"].code, "policy.blocked");
    assert.match(answers[3].content[0].text, /disk/);
    assert.deepEqual(seen, ["/data/a"]);
    const unknown = await client.callTool({ name: "nothing", arguments: {} }).catch((error) => error);
    assert.match(unknown.message ?? unknown.content[0].text, /not found/);
    // Opened, five decisions, and the outcomes of the three that were allowed.
    await gate.flush();
    assert.equal((await gate.verifyAudit()).verified, 9);
    await client.close();
    await gate.close();
  });

  test(`${version.name}: a budget holds for parallel calls`, async () => {
    const { gate, token } = world();
    const server = guardServer(gate, new version.McpServer(about), { token: token([ig.maxCalls(2)]) });
    server.registerTool("read", { description: "Reads" }, () => ({ content: [] }));
    const client = await connected(version, server);
    const answers = await Promise.all(Array.from({ length: 6 }, () => client.callTool({ name: "read", arguments: {} })));
    assert.equal(answers.filter((answer) => !answer.isError).length, 2);
    await client.close();
    await gate.close();
  });

  test(`${version.name}: a guard that would come too late, or twice, is refused`, async () => {
    const { gate } = world();
    const late = new version.McpServer(about);
    late.registerTool("read", { description: "Reads" }, () => ({ content: [] }));
    assert.throws(() => guardServer(gate, late), /before tools are registered/);
    const twice = guardServer(gate, new version.McpServer(about));
    assert.throws(() => guardServer(gate, twice), /guarded already/);
    assert.throws(() => guardServer(gate, {}), /a server of the MCP SDK/);
    assert.throws(() => guardServer({}, new version.McpServer(about)), /is a Gate/);
    assert.throws(() => guardServer(gate, new version.McpServer(about), { tokn: "x" }), /unknown option "tokn"/);
    await gate.close();
  });
}

test("handlers of low-level servers are guarded, also those that take the params only, and no fallback serves calls", async () => {
  const { gate, token } = world();
  const given = { token: token() };
  const capabilities = { capabilities: { tools: {} } };
  const one = guardServer(gate, new Low1(about, capabilities), given);
  one.setRequestHandler(CallToolRequestSchema, (request) => ({ content: [{ type: "text", text: request.params.arguments.x }] }));
  const two = guardServer(gate, new Low2(about, capabilities), given);
  two.setRequestHandler("tools/call", (request) => ({ content: [{ type: "text", text: request.params.arguments.x }] }));
  const three = guardServer(gate, new Low2(about, capabilities), given);
  three.setRequestHandler("tools/call", { params: z.looseObject({ name: z.string() }) }, (params) => ({ content: [{ type: "text", text: params.arguments.x }] }));
  for (const [version, server] of [[versions[0], one], [versions[1], two], [versions[1], three]]) {
    const client = await connected(version, server);
    assert.equal((await client.callTool({ name: "read", arguments: { x: "hello" } })).content[0].text, "hello");
    assert.equal((await client.callTool({ name: "blocked", arguments: { x: "hello" } })).isError, true);
    await client.close();
  }
  for (const [version, Low] of [[versions[0], Low1], [versions[1], Low2]]) {
    const server = guardServer(gate, new Low(about, capabilities), given);
    server.fallbackRequestHandler = async () => assert.fail("ran");
    const client = await connected(version, server);
    await assert.rejects(client.callTool({ name: "read", arguments: {} }), /needs a handler of its own/);
    await client.close();
  }
  await gate.close();
});

test("over HTTP the bearer token of each request decides", async () => {
  const { gate, token } = world();
  const http = createServer(async (request, response) => {
    const server = guardServer(gate, new McpServer1(about));
    server.registerTool("read", { description: "Reads" }, () => ({ content: [{ type: "text", text: "done" }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on("close", () => server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const ask = async (bearer) => {
    const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
    const client = new Client1(about);
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${http.address().port}/mcp`), { requestInit: { headers } }));
    const answer = await client.callTool({ name: "read", arguments: {} });
    await client.close();
    return answer;
  };
  assert.equal((await ask(token())).content[0].text, "done");
  assert.match((await ask(token([ig.tools("write")]))).content[0].text, /capability\.tool_not_allowed/);
  assert.match((await ask()).content[0].text, /capability\.no_token/);
  http.close();
  http.closeAllConnections();
  await gate.close();
});
