// The guard in real LangChain agents and a LangGraph tool node; the model is a script.
import assert from "node:assert/strict";
import { test } from "node:test";

import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { DynamicTool, tool } from "@langchain/core/tools";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createAgent } from "langchain";
import { guardTool, guardTools } from "libintentgate/langchain";
import { z } from "zod";

import { ig, world } from "../support.mjs";

class Script extends BaseChatModel {
  constructor(answers) {
    super({});
    this.answers = answers;
    this.seen = [];
  }
  _llmType() { return "script"; }
  bindTools(tools) {
    this.bound = tools.map(({ name }) => name);
    return this;
  }
  async _generate(messages) {
    this.seen.push(messages);
    const message = this.answers.shift();
    return { generations: [{ text: "", message }] };
  }
}
const asks = (...calls) => new AIMessage({ content: "", tool_calls: calls.map(([name, args], i) => ({ name, args, id: `call-${i}`, type: "tool_call" })) });

function reading(seen) {
  return tool(({ path, limit }) => { seen.push(path); return `${limit} lines of ${path}`; },
    { name: "read", description: "Reads", schema: z.object({ path: z.string(), limit: z.number().default(3) }) });
}

test("an agent's parallel calls are each judged, and the model reads why one was refused", async () => {
  const { gate, token } = world();
  const seen = [];
  const [read] = guardTools(gate, [reading(seen)], { token: token([ig.where("/path", { subpath: "/data" })]) });
  const model = new Script([asks(["read", { path: "/data/a" }], ["read", { path: "/etc/passwd" }]), new AIMessage("done")]);
  const agent = createAgent({ model, tools: [read] });
  const { messages } = await agent.invoke({ messages: [{ role: "user", content: "read" }] });
  assert.equal(messages.at(-1).content, "done");
  const answers = model.seen[1].filter((message) => ToolMessage.isInstance(message));
  assert.deepEqual(answers.map((message) => message.status === "error"), [false, true]);
  assert.equal(answers[0].content, "3 lines of /data/a");
  assert.match(answers[1].content, /"read" was refused \(capability\.argument_refused\)/);
  assert.deepEqual(answers.map((message) => message.tool_call_id), ["call-0", "call-1"]);
  assert.deepEqual(seen, ["/data/a"]);
  assert.deepEqual(model.bound, ["read"]);
  await gate.close();
});

test("a LangGraph tool node runs guarded tools, and a tool's own error stays its own", async () => {
  const { gate, token } = world();
  const failing = tool(() => { throw new Error("disk"); }, { name: "failing", description: "Fails", schema: z.object({}) });
  const blocked = tool(() => assert.fail("ran"), { name: "blocked", description: "No", schema: z.object({}), responseFormat: "content_and_artifact" });
  const node = new ToolNode(guardTools(gate, [failing, blocked], { token: token() }));
  const { messages } = await node.invoke({ messages: [asks(["failing", {}], ["blocked", {}])] });
  assert.match(messages[0].content, /disk/);
  assert.match(messages[1].content, /policy\.blocked/);
  assert.equal(messages[1].status, "error");
  await gate.close();
});

test("a call outside an agent throws Denied, and the context's token decides", async () => {
  const { gate, token } = world();
  const seen = [];
  const read = guardTool(gate, reading(seen));
  await assert.rejects(read.invoke({ path: "/data/a" }), (error) => error instanceof ig.Denied && error.code === "capability.no_token");
  assert.equal(await gate.use(token(), () => read.invoke({ path: "/data/a" })), "3 lines of /data/a");
  const message = await gate.use(token(), () => read.invoke({ type: "tool_call", id: "1", name: "read", args: { path: "/data/b" } }));
  assert.equal(message.content, "3 lines of /data/b");
  await assert.rejects(gate.use(token(), () => read.invoke({ path: 5 })), /did not match expected schema/);
  assert.deepEqual(seen, ["/data/a", "/data/b"]);
  await gate.close();
});

test("a tool of one text is judged as {input}; batches and streams ask for every call", async () => {
  const { gate, token } = world();
  const shout = guardTool(gate, new DynamicTool({ name: "shout", description: "Shouts", func: async (text) => text.toUpperCase() }),
    { token: token([ig.where("/input", { prefix: "a" })]) });
  assert.equal(await shout.invoke("abc"), "ABC");
  await assert.rejects(shout.invoke("xyz"), ig.Denied);
  await assert.rejects(shout.call("xyz"), ig.Denied);
  await assert.rejects(shout.batch(["abc", "xyz"]), ig.Denied);
  await assert.rejects(async () => { for await (const piece of await shout.stream("xyz")) assert.fail(piece); }, ig.Denied);
  await gate.close();
});

test("what cannot be guarded is refused when it is handed over", async () => {
  const { gate } = world();
  for (const other of [{ type: "web_search" }, undefined, { name: "x", invoke() {} }]) assert.throws(() => guardTool(gate, other), /StructuredTool/);
  assert.throws(() => guardTools(gate, [reading([])], { tokn: "x" }), /unknown option/);
  await gate.close();
});
