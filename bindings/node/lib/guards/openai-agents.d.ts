/** Guards for tools of OpenAI Agents JS. */
import type { Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

/** A function tool like this one that asks before every call. A refusal is the tool's output, in words for the model. Functions
 *  in the options get the arguments, the run context and the call's details. */
export function guardTool<Tool extends object>(gate: Gate, tool: Tool, options?: CallGuardOptions<[args: any, context: any, details: any]>): Tool;
export function guardTools<Tool extends object>(gate: Gate, tools: Iterable<Tool>, options?: CallGuardOptions<[args: any, context: any, details: any]>): Tool[];
