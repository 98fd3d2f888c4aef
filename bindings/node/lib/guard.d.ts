/** Functions that ask a gate before every call. `gate.guard` and `gate.guardSync` are the same. */
import type { Decision, Gate, GuardOptions } from "./index.js";

export function guard<A extends unknown[], R>(gate: Gate, tool: string, callee: (...args: A) => R | Promise<R>, options?: GuardOptions<A, R>): (...args: A) => Promise<R>;
export function guardSync<A extends unknown[], R>(gate: Gate, tool: string, callee: (...args: A) => R, options?: GuardOptions<A, R>): (...args: A) => R;
/** A refusal in words for a model: what was refused, why, and that asking again does not help. */
export function refusalText(decision: Decision, tool?: string): string;
