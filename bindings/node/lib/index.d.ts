/** Authorization for AI agents' tool calls, in process. Times are unix seconds unless a name says otherwise. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Args = { [name: string]: unknown };

/** A caveat in its JSON form. Use the builders below. */
export interface Caveat {
  t: string;
  [member: string]: unknown;
}

/** Only these tools: names or globs. */
export function tools(...names: string[]): Caveat;
/** Not these tools: names or globs. */
export function denyTools(...names: string[]): Caveat;
/** At most this many calls over the token's life, shared by all tokens made from it. At least 1. */
export function maxCalls(calls: number): Caveat;
/** At most this many calls in any 60 seconds. */
export function rateLimit(callsPerMinute: number): Caveat;
/** At most this much cost over the token's life, in cents. */
export function maxCost(cents: number): Caveat;
/** Refused from this time on. */
export function expires(unixSeconds: number): Caveat;
/** Only tools of these upstream servers. */
export function servers(...names: string[]): Caveat;

export interface Rules {
  /** Limits the rule to calls of this tool. */
  tool?: string;
  equals?: Json;
  oneOf?: Json[];
  prefix?: string;
  glob?: string;
  /** RE2 syntax, the whole value. */
  regex?: string;
  /** Exact: a number, a bigint, or decimal text such as "1.10". */
  minimum?: number | bigint | string;
  maximum?: number | bigint | string;
  minLength?: number;
  maxLength?: number;
  /** An absolute path equal to or under this one, by component. */
  subpath?: string;
  cidr?: string[];
  contains?: Json[];
  subset?: Json[];
  /** {"schemes": [...], "hosts": [...], "ports": [...]} */
  url?: { schemes: string[]; hosts: string[]; ports?: number[] };
  /** Any constraint in its JSON form, for `not`, `any` and nesting. */
  constraint?: { [kind: string]: unknown };
}
/** A rule for the argument at `pointer` (RFC 6901, such as "/path"). All rules must hold. */
export function where(pointer: string, rules: Rules): Caveat;

/** Something could not be done; `code` is stable, such as "malformed". */
export class IntentGateError extends Error {
  readonly code: string;
}
/** A token is not good, or a caveat refuses; `caveat` and `hop` count from 0. */
export class TokenRefused extends IntentGateError {
  readonly caveat?: number;
  readonly hop?: number;
}
/** Thrown by `Decision.require`. */
export class Denied extends IntentGateError {
  readonly decision: Decision;
}

/** Keys by id. Immutable; may not cross to another worker thread. */
export class KeyRing {
  private constructor();
  /** A key file's text, as `intentgate keygen` writes it. */
  static parse(text: string): KeyRing;
  /** One base64 key of at least 16 bytes, as in INTENTGATE_MASTER_KEY. */
  static fromMasterKey(text: string): KeyRing;
  readonly ids: string[];
  readonly activeId: string;
}

export interface MintRequest {
  subject: string;
  caveats?: Caveat[];
  /** Seconds. A v5 token lives an hour unless it is given; v3 and v4 tokens without one do not expire. */
  ttl?: number;
  format?: 3 | 4 | 5;
  tenant?: string;
  issuer?: string;
  zone?: string;
  audience?: string;
  notBefore?: number;
  maxDepth?: number;
}
export interface MintedToken {
  token: string;
  jti: string;
  expiresAt?: number;
}
/** A token under the ring's active key. Throws IntentGateError (invalid_argument). */
export function mint(keys: KeyRing, request: MintRequest): MintedToken;

export interface AttenuateOptions {
  /** Seconds. */
  expiresIn?: number;
  /** v5: nothing can be added afterwards. */
  seal?: boolean;
  /** v5: a name for the hop, at most 64 bytes. */
  label?: string;
}
/** A child that can do no more than its parent. Needs no key. Throws IntentGateError. */
export function attenuate(token: string, caveats?: Caveat[], options?: AttenuateOptions): string;
/** What the token says, unverified: for display only. Throws IntentGateError. */
export function decode(token: string): { [member: string]: Json };
/** The content of a token whose signature is right; does not look at its caveats. Throws TokenRefused. */
export function verify(token: string, keys: KeyRing, options?: { audience?: string }): { [member: string]: Json };
/** Holds every caveat but the counting ones against a call. Throws TokenRefused. */
export function check(token: string, keys: KeyRing, tool: string, args?: Args, options?: { now?: number; agent?: string }): void;
/** A line for a key file with a fresh key: a secret. */
export function generateKeyLine(id?: string): string;

export interface TraceStep {
  check: string;
  passed: boolean;
  detail: string;
}
/** What the gate said. Frozen. */
export class Decision {
  private constructor();
  readonly verdict: "allow" | "block" | "escalate";
  /** Who refused: "capability", "intent", "policy", "budget" or "". */
  readonly check: string;
  /** Stable, such as "capability.argument_refused". */
  readonly code: string;
  readonly reason: string;
  readonly requiresStepUp: boolean;
  readonly eventId: string;
  readonly tenant: string;
  readonly agentId: string;
  readonly jti: string;
  readonly rootJti: string;
  readonly latencyUs: number;
  /** The snapshot that was judged: hand it to the tool rather than your own object. */
  readonly args: Args | undefined;
  readonly trace: TraceStep[];
  readonly allowed: boolean;
  /** Returns the decision if it is an allow, else throws Denied. */
  require(): this;
}

export interface CallOptions {
  token?: string;
  prompt?: string;
  sessionId?: string;
}
/** All four checks and the audit chain, on the same configuration as the server. */
export class Gate {
  private constructor();
  /** From a YAML file or its text. Throws IntentGateError that lists every mistake. */
  static open(options?: { config?: string; yaml?: string; environment?: { [name: string]: string | undefined } }): Gate;
  /** Judges one call and records it; resolves when the event is as durable as configured. */
  authorize(tool: string, args?: Args, options?: CallOptions): Promise<Decision>;
  /** As authorize, holding the event loop until the event is durable. */
  authorizeSync(tool: string, args?: Args, options?: CallOptions): Decision;
  /** As authorize, with a trace; charges nothing and records nothing. */
  explain(tool: string, args?: Args, options?: CallOptions): Decision;
  /** Authorizes, calls `callee` with the judged snapshot, records the outcome. Throws Denied. */
  run<T>(tool: string, args: Args | undefined, options: CallOptions, callee: (args: Args | undefined) => T | Promise<T>): Promise<T>;
  recordOutcome(decision: Decision, outcome?: string, latencyUs?: number): void;
  /** Revokes a token by its jti, or a whole tree by its root id. */
  revoke(id: string, options?: { tenant?: string; reason?: string; actor?: string }): void;
  verifyAudit(tenant?: string): { ok: boolean; tenant: string; verified: number; problem: string; brokenSeq?: number };
  exportAudit(path: string, options?: { tenant?: string; format?: "ndjson" | "csv" }): void;
  /** Flushes the chain. Later calls throw. */
  close(): void;
}
