// The guard in the real Vercel AI SDK, whole and streamed; the model is a script.
import assert from "node:assert/strict";
import { test } from "node:test";

import { generateText, isStepCount, streamText, tool } from "ai";
import { MockLanguageModelV4, convertArrayToReadableStream } from "ai/test";
import { guardTool, guardTools } from "libintentgate/ai";
import { z } from "zod";

import { ig, world } from "../support.mjs";

const usage = { inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 1, text: 1, reasoning: 0 } };
const call = ([toolName, input], i) => ({ type: "tool-call", toolCallId: `call-${i}`, toolName, input: JSON.stringify(input) });
const finish = (unified) => ({ finishReason: { unified, raw: unified }, usage });

/** Asks for these calls, then says "done". */
function script(...calls) {
  const steps = [() => ({ content: calls.map(call), ...finish("tool-calls"), warnings: [] }), () => ({ content: [{ type: "text", text: "done" }], ...finish("stop"), warnings: [] })];
  const parts = [calls.map(call), [{ type: "text-start", id: "0" }, { type: "text-delta", id: "0", delta: "done" }, { type: "text-end", id: "0" }]];
  let generated = 0, streamed = 0;
  return new MockLanguageModelV4({
    doGenerate: async () => steps[generated++](),
    doStream: async () => ({ stream: convertArrayToReadableStream([{ type: "stream-start", warnings: [] }, ...parts[streamed], { type: "finish", ...finish(streamed++ === 0 ? "tool-calls" : "stop") }]) }),
  });
}
const inputSchema = z.object({ path: z.string() });
const ask = { prompt: "read", stopWhen: isStepCount(3) };

test("parallel calls are each judged, and the model reads why one was refused", async () => {
  const { gate, token } = world();
  const seen = [];
  const tools = guardTools(gate, { read: tool({ inputSchema, execute: async ({ path }, { toolCallId }) => { seen.push([path, toolCallId]); return `read ${path}`; } }) },
    { token: token([ig.where("/path", { subpath: "/data" })]) });
  const model = script(["read", { path: "/data/a" }], ["read", { path: "/etc/passwd" }]);
  const { text, steps } = await generateText({ model, tools, ...ask });
  assert.equal(text, "done");
  assert.deepEqual(steps[0].content.filter(({ type }) => type.startsWith("tool-")).map(({ type }) => type), ["tool-call", "tool-call", "tool-result", "tool-error"]);
  const told = model.doGenerateCalls[1].prompt.at(-1).content;
  assert.deepEqual(told[0].output, { type: "text", value: "read /data/a" });
  assert.equal(told[1].output.type, "error-text");
  assert.match(told[1].output.value, /"read" was refused \(capability\.argument_refused\)/);
  assert.deepEqual(seen, [["/data/a", "call-0"]]);
  await gate.close();
});

test("in a stream each call is judged right before it runs, and a generator's pieces are shown", async () => {
  const { gate, token } = world();
  const tools = guardTools(gate, {
    read: tool({ inputSchema, async *execute({ path }) { yield "opening"; yield `read ${path}`; } }),
    blocked: tool({ inputSchema, async *execute() { assert.fail("ran"); yield 1; } }),
  }, { token: token() });
  const parts = [];
  const result = streamText({ model: script(["read", { path: "/a" }], ["blocked", { path: "/b" }]), tools, ...ask });
  for await (const part of result.fullStream) parts.push(part);
  const results = parts.filter(({ type }) => type === "tool-result");
  assert.deepEqual(results.map(({ output, preliminary }) => [output, preliminary ?? false]), [["opening", true], ["read /a", true], ["read /a", false]]);
  const [error] = parts.filter(({ type }) => type === "tool-error");
  assert.ok(error.error instanceof ig.Denied);
  assert.equal(error.error.code, "policy.blocked");
  await gate.flush();
  assert.equal((await gate.verifyAudit()).verified, 4);
  await gate.close();
});

test("a budget holds under parallel calls, and the token can come from the call", async () => {
  const { gate, token } = world();
  let ran = 0;
  const ours = token([ig.maxCalls(2)]);
  const tools = guardTools(gate, { read: tool({ inputSchema, execute: async () => { ran += 1; return "ok"; } }) }, { token: (input, { toolCallId }) => (toolCallId === "call-9" ? undefined : ours) });
  const model = script(...Array.from({ length: 5 }, () => ["read", { path: "/a" }]));
  await generateText({ model, tools, ...ask });
  assert.equal(ran, 2);
  await gate.close();
});

test("a stream that nobody reads to its end is an outcome too", async () => {
  const { gate, token } = world();
  const guarded = guardTool(gate, "read", { async *execute() { yield 1; yield 2; } }, { token: token() });
  for await (const piece of guarded.execute({}, {})) if (piece === 1) break;
  await gate.flush();
  assert.equal((await gate.verifyAudit()).verified, 3);
  const iterable = guardTool(gate, "read", { execute: () => (async function* () { yield 1; yield 2; })() }, { token: token() });
  assert.equal(await iterable.execute({}, {}), 2);
  await gate.close();
});

test("the tool gets what was judged, not an object that changes its mind", async () => {
  const { gate, token } = world();
  let reads = 0;
  const input = { get path() { return reads++ === 0 ? "/data/a" : "/etc/passwd"; } };
  const read = guardTool(gate, "read", { execute: async ({ path }) => path }, { token: token([ig.where("/path", { subpath: "/data" })]) });
  assert.equal(await read.execute(input, {}), "/data/a");
  await gate.close();
});

test("what runs elsewhere cannot be guarded and says so", async () => {
  const { gate } = world();
  assert.throws(() => guardTools(gate, { search: tool({ inputSchema }) }), /search has no execute/);
  assert.throws(() => guardTool(gate, "", { execute() {} }), /tool's name/);
  assert.throws(() => guardTool(gate, "x", { execute() {} }, { tokn: "x" }), /unknown option/);
  await gate.close();
});
