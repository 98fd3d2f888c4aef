/** Guards for tools of LangChain.js and LangGraph. */
import type { Gate } from "../index.js";
import type { CallGuardOptions } from "./options.js";

/** A tool like this one that asks before every call. A refusal is a tool message with status "error"; a call without a tool
 *  call's id throws Denied. Functions in the options get the arguments and the config. */
export function guardTool<Tool extends object>(gate: Gate, tool: Tool, options?: CallGuardOptions<[args: any, config: any]>): Tool;
export function guardTools<Tool extends object>(gate: Gate, tools: Iterable<Tool>, options?: CallGuardOptions<[args: any, config: any]>): Tool[];
