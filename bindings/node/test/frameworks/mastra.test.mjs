// The guard in a real Mastra agent; the model is a script.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { MockLanguageModelV3, convertArrayToReadableStream } from "ai/test";
import { guardTool, guardTools } from "libintentgate/mastra";
import { z } from "zod";

import { ig, world } from "../support.mjs";

const usage = { inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 1, text: 1, reasoning: 0 } };
const finish = (unified) => ({ type: "finish", finishReason: { unified, raw: unified }, usage });

function script(...calls) {
  const asked = calls.map(([toolName, input], i) => ({ type: "tool-call", toolCallId: `call-${i}`, toolName, input: JSON.stringify(input) }));
  const said = [{ type: "text-start", id: "0" }, { type: "text-delta", id: "0", delta: "done" }, { type: "text-end", id: "0" }];
  let step = 0;
  return new MockLanguageModelV3({
    doStream: async () => ({ stream: convertArrayToReadableStream([{ type: "stream-start", warnings: [] }, ...(step === 0 ? asked : said), finish(step++ === 0 ? "tool-calls" : "stop")]) }),
    doGenerate: async () => ({ content: step === 0 ? asked : [{ type: "text", text: "done" }], ...finish(step++ === 0 ? "tool-calls" : "stop"), warnings: [] }),
  });
}
const inputSchema = z.object({ path: z.string() });
const agentWith = (model, tools) => new Agent({ id: "agent", name: "agent", instructions: "read", model, tools });

test("parallel calls are each judged, and the model reads why one was refused", async () => {
  const { gate, token } = world();
  const seen = [];
  const read = createTool({ id: "read", description: "Reads", inputSchema, execute: async ({ path }) => { seen.push(path); return { text: `read ${path}` }; } });
  const tools = guardTools(gate, { read }, { token: token([ig.where("/path", { subpath: "/data" })]) });
  for (const how of ["generate", "stream"]) {
    const model = script(["read", { path: "/data/a" }], ["read", { path: "/etc/passwd" }]);
    const answer = await agentWith(model, tools)[how]("read");
    assert.equal(await answer.text, "done");
    const told = [...model.doGenerateCalls, ...model.doStreamCalls][1].prompt.filter(({ role }) => role === "tool").flatMap(({ content }) => content).map(({ output }) => JSON.stringify(output));
    assert.equal(told.length, 2);
    assert.match(told[0], /read \/data\/a/);
    assert.match(told[1], /was refused \(capability\.argument_refused\)/);
  }
  assert.deepEqual(seen, ["/data/a", "/data/a"]);
  await gate.close();
});

test("a guarded tool validates what was judged, and a budget holds", async () => {
  const { gate, token } = world();
  let ran = 0;
  const read = guardTool(gate, createTool({ id: "read", description: "Reads", inputSchema, execute: async ({ path }) => { ran += 1; return path; } }), { token: token([ig.maxCalls(2)]) });
  assert.match(JSON.stringify(await read.execute({ path: 5 }, {})), /validation/i);
  assert.equal(ran, 0);
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => read.execute({ path: "/a" }, {})));
  assert.equal(ran, 1);
  assert.ok(results.filter(({ status }) => status === "rejected").every(({ reason }) => reason instanceof ig.Denied && reason.decision.check === "budget"));
  await gate.close();
});

test("what runs elsewhere cannot be guarded and says so", async () => {
  const { gate } = world();
  assert.throws(() => guardTool(gate, createTool({ id: "x", description: "x" })), /cannot be guarded here/);
  await gate.close();
});
