// What the guards give fits where the frameworks take it; compiled, never run.
import { tool as chainTool } from "@langchain/core/tools";
import { Agent as MastraAgent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { McpServer as McpServer1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpServer as McpServer2 } from "@modelcontextprotocol/server";
import { Agent, tool as agentTool } from "@openai/agents";
import { generateText, tool, type LanguageModel } from "ai";
import express from "express";
import fastify from "fastify";
import { createAgent } from "langchain";
import { z } from "zod";

import { Gate } from "libintentgate";
import { guardTools as guardAi } from "libintentgate/ai";
import { guardRoute as expressRoute } from "libintentgate/express";
import { guardRoute as fastifyRoute } from "libintentgate/fastify";
import { guardTools as guardChain } from "libintentgate/langchain";
import { guardTools as guardMastra } from "libintentgate/mastra";
import { guardServer } from "libintentgate/mcp";
import { guardTools as guardAgents } from "libintentgate/openai-agents";

const gate = Gate.open();
const path = z.object({ path: z.string() });

export async function text(model: LanguageModel): Promise<string> {
  const tools = guardAi(gate, { read: tool({ inputSchema: path, execute: async (input) => input.path }) }, { token: (input, options) => String(input.path) + String(options.toolCallId) });
  return (await generateText({ model, tools, prompt: "read" })).text;
}
export const chain = createAgent({ model: "x", tools: guardChain(gate, [chainTool((input) => input.path, { name: "read", schema: path })]) });
export const agents = new Agent({ name: "a", tools: guardAgents(gate, [agentTool({ name: "read", description: "", parameters: path, execute: async (input) => input.path })]) });
export const mastra = new MastraAgent({ id: "a", name: "a", instructions: "", model: "openai/gpt-4o",
  tools: guardMastra(gate, { read: createTool({ id: "read", description: "", inputSchema: path, execute: async (input) => input.path }) }) });
guardServer(gate, new McpServer1({ name: "a", version: "1" })).registerTool("read", { inputSchema: path.shape }, async (input) => ({ content: [{ type: "text", text: input.path }] }));
guardServer(gate, new McpServer2({ name: "a", version: "1" })).registerTool("read", { inputSchema: path }, async (input) => ({ content: [{ type: "text", text: input.path }] }));
express().post("/read", express.json(), expressRoute(gate, "read"), (request, response) => { response.json(request.body); });
fastify().post("/read", { preHandler: fastifyRoute(gate, "read") }, async (request) => request.body);
