// The guard in the real OpenAI Agents SDK; the model is the SDK's own script.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Agent, Runner, tool, webSearchTool } from "@openai/agents";
import { ScriptedModel, assistantMessage, functionCall, modelResponse } from "@openai/agents/testing";
import { guardTool, guardTools } from "libintentgate/openai-agents";
import { z } from "zod";

import { ig, world } from "../support.mjs";

const parameters = z.object({ path: z.string() });
const runner = new Runner({ tracingDisabled: true });

async function outputs(tools, calls, stream = false) {
  const model = new ScriptedModel([
    modelResponse(calls.map(([name, args], i) => functionCall(name, args, { callId: `call-${i}` }))),
    modelResponse([assistantMessage("done")]),
  ]);
  const result = await runner.run(new Agent({ name: "agent", model, tools }), "read", { stream });
  if (stream) await result.completed;
  assert.equal(result.finalOutput, "done");
  return result.newItems.filter(({ type }) => type === "tool_call_output_item").map(({ output }) => output);
}

test("parallel calls are each judged, and the model reads why one was refused", async () => {
  const { gate, token } = world();
  const seen = [];
  const read = tool({ name: "read", description: "Reads", parameters, execute: async ({ path }) => { seen.push(path); return `read ${path}`; } });
  const failing = tool({ name: "failing", description: "Fails", parameters, execute: async () => { throw new Error("disk"); } });
  const tools = guardTools(gate, [read, failing], { token: token([ig.where("/path", { subpath: "/data" })]) });
  for (const stream of [false, true]) {
    const [good, bad, failed] = await outputs(tools, [["read", { path: "/data/a" }], ["read", { path: "/etc/passwd" }], ["failing", { path: "/data/a" }]], stream);
    assert.equal(good, "read /data/a");
    assert.match(bad, /"read" was refused \(capability\.argument_refused\)/);
    assert.match(failed, /error occurred/);
  }
  assert.deepEqual(seen, ["/data/a", "/data/a"]);
  await gate.close();
});

test("a budget holds under parallel calls", async () => {
  const { gate, token } = world();
  let ran = 0;
  const read = tool({ name: "read", description: "Reads", parameters, execute: async () => { ran += 1; return "ok"; } });
  await outputs(guardTools(gate, [read], { token: token([ig.maxCalls(2)]) }), Array.from({ length: 5 }, () => ["read", { path: "/a" }]));
  assert.equal(ran, 2);
  await gate.close();
});

test("an agent that is a tool is guarded too, and what is no JSON object never runs", async () => {
  const { gate, token } = world();
  const inner = new Agent({ name: "inner", model: new ScriptedModel([modelResponse([assistantMessage("inner answer")])]) });
  const ask = guardTool(gate, inner.asTool({ toolName: "ask_inner", toolDescription: "Asks" }), { token: token([ig.where("/input", { prefix: "please" })]) });
  const [refused, answered] = [await outputs([ask], [["ask_inner", { input: "now" }]]), await outputs([ask], [["ask_inner", { input: "please" }]])];
  assert.match(refused[0], /argument_refused/);
  assert.equal(answered[0], "inner answer");
  for (const input of ["[1]", "{", "5", "null"]) assert.match(await ask.invoke({}, input, {}), /not a JSON object/);
  await gate.close();
});

test("what runs elsewhere cannot be guarded and says so", async () => {
  const { gate } = world();
  assert.throws(() => guardTool(gate, webSearchTool()), /cannot be guarded here/);
  assert.throws(() => guardTool({}, webSearchTool()), /is a Gate/);
  await gate.close();
});
