/** Guards for tools of the Vercel AI SDK. */
import type { Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

/** A tool like this one that asks before every call. A refusal throws Denied, which the SDK shows to the model as a tool error.
 *  Functions in the options get the input and the SDK's options. */
export function guardTool<Tool extends object>(gate: Gate, name: string, tool: Tool, options?: CallGuardOptions<[input: any, options: any]>): Tool;
export function guardTools<Tools extends { [name: string]: object }>(gate: Gate, tools: Tools, options?: CallGuardOptions<[input: any, options: any]>): Tools;
