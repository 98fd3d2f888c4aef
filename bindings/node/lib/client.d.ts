/** Tool calls through a gateway, by the public SDK's names. Needs no binary but for `attenuate` and `decodeToken`. */
import type { Json } from "./index.js";

export interface GatewayOptions {
  /** The capability token, or what gives it before every request. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** For one request, from its start to the answer's last byte; the time of a held request comes on top. 10000 unless given. */
  timeoutMs?: number;
  /** How often a request is repeated that surely did not begin, or that its caller calls idempotent. 2 unless given. */
  retries?: number;
  /** Before the first repetition; doubles each time, less a random part. A Retry-After of the gateway wins. 200 unless given. */
  retryDelayMs?: number;
  /** Limits both. 10000 unless given. */
  maxRetryDelayMs?: number;
  /** 16 MiB unless given. */
  maxResponseBytes?: number;
  /** Instead of the platform's fetch. */
  fetch?: (url: string, init: any) => Promise<any>;
}
export interface WaitOptions {
  /** Seconds to wait for a person's approval. 0 unless given: ApprovalPendingError at once. */
  waitForApproval?: number;
  timeoutMs?: number;
  /** Its reason is what the call rejects with. */
  signal?: AbortSignal;
}
export interface ToolCallOptions extends WaitOptions {
  arguments?: { [name: string]: unknown };
  /** What the agent was asked to do. */
  intentPrompt?: string;
  requestId?: number | string;
  /** Of an ApprovalPendingError: asks whether it was decided. Tool and arguments must be the same as then. */
  approvalId?: string;
  /** The tool may run twice: a request whose answer was lost is repeated too. */
  idempotent?: boolean;
  /** Ids of entries of `memoryStore` that the call rests on. */
  memoryProvenance?: string[];
  memoryStore?: MemoryStore;
}
export interface ContentBlock {
  type: string;
  text?: string;
  [member: string]: unknown;
}
export interface IntentGateMetadata {
  decision: string;
  reason: string;
  check: string;
  latencyMs: number;
}
export interface ToolCallResult<Structured = unknown> {
  content: ContentBlock[];
  /** The tool itself failed. */
  isError: boolean;
  intentgate: IntentGateMetadata | null;
  structuredContent?: Structured;
  meta?: { [name: string]: unknown };
}

/** One gateway. Holds no connection: nothing to close. */
export class Gateway {
  /** The address without "/v1/mcp". Throws TypeError. */
  constructor(url: string, options?: GatewayOptions);
  /** Calls a tool. Rejects with one of the errors below, with the signal's reason, or with TypeError if called wrongly.
   *  The arguments are copied at the call. */
  toolCall<Structured = unknown>(tool: string, options?: ToolCallOptions): Promise<ToolCallResult<Structured>>;
}

/** Any answer that is no result. `code` is the JSON-RPC code, or 0; `data` has the reason. */
export class IntentGateError extends Error {
  constructor(message: string, about?: { code?: number; data?: unknown; cause?: unknown });
  readonly code: number;
  readonly data: any;
  toString(): string;
}
/** HTTP trouble. `data` has the first 500 characters of the body. */
export class GatewayError extends IntentGateError {
  constructor(message: string, about?: { status?: number; retryAfter?: number; code?: number; data?: unknown; cause?: unknown });
  readonly status?: number;
  /** Seconds, if the answer named a time. */
  readonly retryAfter?: number;
}
/** No answer, or none that can be read. */
export class UnavailableError extends GatewayError {
  constructor(message: string, about?: { notSent?: boolean; status?: number; retryAfter?: number; code?: number; data?: unknown; cause?: unknown });
  /** The gateway surely got nothing. Otherwise the tool may have run. */
  readonly notSent: boolean;
}
/** The answer is no JSON-RPC, or an error of another code. */
export class ProtocolError extends IntentGateError {}
/** -32010 */
export class CapabilityError extends IntentGateError {}
/** -32011 */
export class IntentError extends IntentGateError {}
/** -32012 */
export class PolicyError extends IntentGateError {}
/** -32013 */
export class BudgetError extends IntentGateError {}
/** -32014 */
export class ProvenanceError extends IntentGateError {}
/** The policy wants a person's approval. Made by a Gateway only. */
export class ApprovalPendingError extends PolicyError {
  private constructor();
  readonly approvalId: string;
  /** Seconds after which asking again makes sense. */
  readonly retryAfter?: number;
  /** The same call again, with this approval. */
  resume<Structured = unknown>(options?: WaitOptions): Promise<ToolCallResult<Structured>>;
}
/** The class for a JSON-RPC error code. */
export function forCode(code: number): typeof ProtocolError | typeof CapabilityError | typeof IntentError | typeof PolicyError | typeof BudgetError | typeof ProvenanceError;

export const CaveatType: Readonly<{ TOOL_ALLOW: "tool_allow"; TOOL_DENY: "tool_deny"; EXPIRY: "exp"; MAX_CALLS: "max_calls"; AGENT_LOCK: "agent_lock" }>;
export type CaveatType = (typeof CaveatType)[keyof typeof CaveatType];
export interface Caveat {
  type: CaveatType;
  tools?: string[];
  agent?: string;
  /** Unix seconds. */
  expiry?: number;
  maxCalls?: number;
}
export interface AttenuateOptions {
  addTools?: string[];
  denyTools?: string[];
  maxCalls?: number;
  /** Unix seconds, or a Date. Wins over expiresInSeconds. */
  expiresAt?: number | Date;
  expiresInSeconds?: number;
  extra?: Caveat[];
}
/** A child that can do no more than its parent; needs no key and no gateway. Throws AttenuationError, also when nothing is
 *  added. `libintentgate` itself has more kinds of caveats. */
export function attenuate(token: string, options?: AttenuateOptions): string;
/** What a token says; nothing is verified. */
export function decodeToken(token: string): { [member: string]: Json };
export class AttenuationError extends Error {
  constructor(message: string, options?: { cause?: unknown });
}

/** One signed entry of an agent's memory, in the public product's format. */
export interface Envelope {
  id: string;
  sessionId: string;
  /** Milliseconds. */
  timestamp: number;
  data: Uint8Array;
  prevHash: Uint8Array;
  hmac: Uint8Array;
}
export type MemoryWriteHook = (id: string, envelope: Envelope) => void;
export type MemoryReadHook = (id: string) => Envelope;
export class MemoryStore {
  constructor(sessionId: string, key: Uint8Array, hooks?: { writeHook?: MemoryWriteHook; readHook?: MemoryReadHook });
  /** Bytes, text, or a JSON value; gives the entry's id. */
  write(value: unknown): string;
  /** Throws MemoryProvenanceError if the entry is not as it was written. */
  read(id: string): Envelope;
  provenanceFor(ids: string[]): { id: string; session_id: string; ts: number; data: string; prev_hash: string; hmac: string }[];
  readonly size: number;
}
export class MemoryProvenanceError extends Error {
  constructor(message: string, options?: { cause?: unknown });
}
export const SESSION_KEY_SIZE: 32;
export const ZERO_HASH: Uint8Array;
export function canonical(envelope: Omit<Envelope, "hmac">): Uint8Array;
export function deriveSessionKey(masterKey: Uint8Array, sessionId: string): Uint8Array;
export function sign(sessionKey: Uint8Array, envelope: Omit<Envelope, "hmac">): Envelope;
export function verify(sessionKey: Uint8Array, envelope: Envelope): void;
export function verifyChain(sessionKey: Uint8Array, envelopes: Envelope[]): void;
