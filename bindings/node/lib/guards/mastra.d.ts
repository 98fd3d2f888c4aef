/** Guards for tools of Mastra. */
import type { Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

/** A tool like this one that asks before every call, judged by its id. A refusal throws Denied, which the agent shows to the
 *  model as a tool error. Functions in the options get the input and the context. */
export function guardTool<Tool extends object>(gate: Gate, tool: Tool, options?: CallGuardOptions<[input: any, context: any]>): Tool;
export function guardTools<Tools extends { [name: string]: object }>(gate: Gate, tools: Tools, options?: CallGuardOptions<[input: any, context: any]>): Tools;
