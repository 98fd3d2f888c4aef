/// <reference lib="esnext.disposable" />
/** Authorization for AI agents' tool calls, in process. Times are unix seconds unless a name says otherwise. What gives a
 *  promise waits on another thread; its `...Sync` form is the same and holds the event loop. */

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
/** Refused from this time on: unix seconds, or a Date. */
export function expires(at: number | Date): Caveat;
/** Only for this agent. */
export function agent(name: string): Caveat;
/** When a second factor was shown, for the policy; refuses nothing by itself. */
export function steppedUp(unixSeconds: number): Caveat;
/** Only calls to these agents or to agents of these zones. */
export function callees(who: { agents?: string[]; zones?: string[] }): Caveat;
/** Only calls with a risk score of at most this. */
export function maxRisk(ceiling: number): Caveat;
/** Only with a proof of the key that has this thumbprint (RFC 7638, SHA-256, base64url). */
export function holder(thumbprint: string): Caveat;
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
/** A policy that does not compile; the message has every finding. */
export class PolicyCompileError extends IntentGateError {
  readonly diagnostics: { code: string; file: string; line: number; column: number; message: string; suggestion: string }[];
}
/** Thrown by `Decision.require`, `Gate.run` and guarded functions. */
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
export function verify(token: string, keys: KeyRing, options?: { audience?: string }): TokenContent;
/** What a verified token says, by the names of docs/formats/token.md. Absent members are undefined. */
export class TokenContent {
  private constructor();
  readonly v: 3 | 4 | 5;
  readonly kid?: string;
  readonly jti: string;
  readonly root_jti: string;
  readonly iss: string;
  readonly tenant: string;
  readonly zone?: string;
  readonly sub: string;
  readonly aud?: string;
  readonly iat: number;
  readonly nbf?: number;
  /** The earliest expiry. */
  readonly exp?: number;
  readonly max_depth?: number;
  readonly sealed?: boolean;
  readonly cav: readonly Caveat[];
  /** Who passed the token on: the first is the root. */
  readonly hops: readonly { readonly id: string; readonly label?: string; readonly caveats: number }[];
  /** The same as `decode` gives. */
  toJSON(): { [member: string]: Json };
}
/** Holds every caveat but the counting ones against a call. Throws TokenRefused. */
export function check(token: string, keys: KeyRing, tool: string, args?: Args, options?: { now?: number; agent?: string }): void;
/** One caveat's answer. Without `caveat` it is about the token's own times. */
export interface CaveatAnswer {
  readonly caveat?: number;
  readonly hop: number;
  readonly holds: boolean;
  readonly text: string;
  readonly code?: string;
}
export class Explanation {
  private constructor();
  readonly allowed: boolean;
  readonly code: string;
  readonly reason: string;
  readonly caveats: readonly CaveatAnswer[];
  /** For people, one line a caveat. */
  toString(): string;
}
/** What every caveat says of a call, not only the first that refuses. A bad token is an answer too, not an error. */
export function explain(token: string, keys: KeyRing, tool: string, args?: Args, options?: { now?: number; agent?: string }): Explanation;
/** A line for a key file with a fresh key: a secret. */
export function generateKeyLine(id?: string): string;

export interface TraceStep {
  check: string;
  passed: boolean;
  detail: string;
}
/** What the gate said. */
export class Decision {
  private constructor();
  readonly allowed: boolean;
  readonly verdict: "allow" | "block" | "escalate";
  /** Who refused: "capability", "intent", "policy", "budget" or "". */
  readonly check: "" | "capability" | "intent" | "policy" | "budget";
  /** Stable, such as "capability.argument_refused". */
  readonly code: string;
  /** A sentence, safe to show to the agent. */
  readonly reason: string;
  /** What refused, such as "caveat 2 (arg) of hop 1" or "budget agent:a:calls/60"; "" for an allow. */
  readonly rule: string;
  readonly requiresStepUp: boolean;
  /** Of an escalation: the approval that the call waits for. Of an allow: the one that it has used. Else "". */
  readonly approvalId: string;
  /** Of the decision's audit event; "" if there is none. */
  readonly eventId: string;
  readonly tenant: string;
  readonly agentId: string;
  readonly jti: string;
  readonly rootJti: string;
  readonly latencyUs: number;
  /** The event's place in the chain and its hash, when it was durable before the answer. */
  readonly auditSeq?: number;
  readonly auditHash?: string;
  /** The snapshot that was judged: hand it to the tool rather than your own object. */
  readonly args: { [name: string]: any } | undefined;
  /** Only after `explain`. */
  readonly trace: readonly TraceStep[];
  /** Returns the decision if it is an allow, else throws Denied. */
  require(): this;
  /** For people; after `explain` with one line a check. */
  toString(): string;
  toJSON(): { [name: string]: Json };
}

export interface CallOptions {
  token?: string;
  /** What the agent was asked to do. `prompt` is another name for it. */
  intent?: string;
  prompt?: string;
  sessionId?: string;
  /** The upstream server's name, for `servers` caveats. */
  server?: string;
  /** Of an earlier escalation of the same call. */
  approvalId?: string;
  /** Seconds that an escalated call waits for a person, after which it is asked again. Without it the escalation is the answer;
   *  with 0 only an approval that was given already counts, which is all that the `...Sync` forms can do. */
  waitForApproval?: number;
  /** Ends the wait; the promise is rejected with its reason. */
  signal?: AbortSignal;
}

export type ExplainOptions = Omit<CallOptions, "waitForApproval" | "signal">;

export type ApprovalState = "pending" | "approved" | "rejected" | "expired" | "used";
/** A call that waits for a person, or waited. `decidedBy`, `claimedBy` and `note` are not for the agent. */
export interface Approval {
  readonly id: string;
  readonly state: ApprovalState;
  readonly tenant: string;
  readonly agentId: string;
  readonly jti: string;
  readonly rootJti: string;
  readonly method: string;
  readonly server: string;
  readonly tool: string;
  /** The exact arguments as text: what a person has to see. */
  readonly argsJson?: string;
  /** The same as an object, in which large numbers lose digits. */
  readonly args?: { [name: string]: any };
  readonly argsSha256: string;
  readonly intentSummary: string;
  /** The policy's. */
  readonly reason: string;
  readonly requiresStepUp: boolean;
  /** Microseconds since 1970, as the other times here. */
  readonly createdAtMicros: number;
  /** For the answer while it is pending, for the use once it is approved. */
  readonly deadlineMicros: number;
  readonly decidedAtMicros?: number;
  readonly usedAtMicros?: number;
  readonly decidedBy: string;
  readonly claimedBy: string;
  readonly note: string;
}
/** Each member narrows. */
export interface ApprovalFilter {
  state?: ApprovalState;
  /** Every tenant unless it is given. */
  tenant?: string;
  agentId?: string;
  tool?: string;
  rootJti?: string;
}
export interface ApprovalAnswer {
  /** Who answers, for the chain: authenticate that person first. */
  actor: string;
  /** Free text for the record. */
  note?: string;
  claimedBy?: string;
  /** Whose approvals the person may answer; every tenant's unless it is given. */
  tenant?: string;
}

/** Options of a guarded function: fixed values, or functions of the call's arguments. */
export interface GuardOptions<A extends unknown[] = any[], R = unknown> {
  token?: string | ((...args: A) => string | undefined);
  intent?: string | ((...args: A) => string | undefined);
  sessionId?: string | ((...args: A) => string | undefined);
  server?: string | ((...args: A) => string | undefined);
  /** Seconds that an escalated call waits for a person; 0 unless it is given. Then `Denied.decision.approvalId` names the approval,
   *  and the same call made again goes on once it is approved. */
  waitForApproval?: number;
  /** Names for positional parameters. Without it the first argument is the object of arguments, and later ones
   *  (a framework's context) are handed on unjudged. */
  params?: string[];
  /** Called instead of throwing Denied; what it returns is the function's result. */
  onDenied?: (decision: Decision) => R;
}

export interface BudgetLimits {
  lifetimeCalls?: number;
  windowCalls?: number;
  /** Cost units, such as cents. */
  windowCost?: number;
  /** Seconds; 60 unless it is given. */
  windowSeconds?: number;
}
/** docs/configuration.md has every name and default; here they are in camel case. */
export interface GateSettings {
  /** A ring, the text of a key file, or a key file's path. */
  keys?: KeyRing | string | { file: string };
  store: "memory" | { sqlite: string } | { postgres: string; schema?: string };
  /** Rego text, texts by file name, paths, or a compiled policy. Without one every call is refused. */
  policy?: string | { [fileName: string]: string } | { files: string[] } | Policy;
  policyLimits?: { maxSteps?: number; maxMemoryBytes?: number };
  capability?: { required?: boolean; audience?: string; acceptV3?: boolean; acceptV4?: boolean; acceptV5?: boolean;
    revocationMaxAgeMs?: number; revocationRefreshMs?: number };
  intent?: { mode?: "off" | "when_given" | "required"; extractor?: "lexical" | "http"; extractorUrl?: string; extractorModel?: string;
    extractorTimeoutMs?: number; extractorFailure?: "deny" | "allow"; cacheEntries?: number; cacheSeconds?: number };
  approvals?: { enabled?: boolean; ttlSeconds?: number; maxPendingPerToken?: number; maxPendingPerTenant?: number; maxArgumentBytes?: number;
    keepSeconds?: number; pollMs?: number; maxWaiting?: number };
  budgets?: { agent?: BudgetLimits; tenant?: BudgetLimits; agents?: { [id: string]: BudgetLimits }; tenants?: { [id: string]: BudgetLimits } };
  tools?: { match: string; cost?: number; costArgument?: string; durability?: "durable" | "async" }[];
  audit?: { durability?: "durable" | "async" | "journal"; argValues?: "off" | "scalars" | "raw"; maxBatch?: number; maxDelayUs?: number;
    overflow?: "deny" | "block" | "drop_and_declare"; producer?: string; privateValues?: string; privateAboveBytes?: number;
    journal?: { directory?: string; maxBytes?: number };
    retention?: { days?: number; archiveDirectory?: string; archiveValues?: boolean };
    signing?: { keyFile?: string; previousKeyFile?: string; stateFile?: string; deployment?: string; intervalMs?: number; maxEvents?: number;
      reemitMs?: number; maxMergeDelayMs?: number };
    publish?: { witnessPolicyFile?: string; webhookUrl?: string; file?: string; tenant?: string; intervalMs?: number; timeoutMs?: number } };
}

/** All four checks and the audit chain, on the same configuration as the server. */
export class Gate {
  private constructor();
  /** From a YAML file or its text. Throws IntentGateError that lists every mistake. */
  static open(options?: { config?: string; yaml?: string; environment?: { [name: string]: string | undefined } }): Gate;
  /** From settings in code; the environment is not read. Throws IntentGateError that lists every mistake. */
  static create(settings: GateSettings): Gate;
  /** Judges one call and records it; resolves when the event is as durable as configured. A string for options is the
   *  token. Rejects only when it was called wrongly; a refusal is a Decision. */
  authorize(tool: string, args?: Args, options?: CallOptions | string): Promise<Decision>;
  authorizeSync(tool: string, args?: Args, options?: CallOptions | string): Decision;
  /** Newest first, read as they are asked for. */
  listApprovals(filter?: ApprovalFilter): AsyncGenerator<Approval, void, undefined>;
  listApprovalsSync(filter?: ApprovalFilter): Generator<Approval, void, undefined>;
  /** Throws IntentGateError `not_found`, also for another tenant's when `tenant` is given. */
  getApproval(id: string, options?: { tenant?: string }): Promise<Approval>;
  getApprovalSync(id: string, options?: { tenant?: string }): Approval;
  /** Lets the call be made once. The answer is in the chain when this is settled. Throws IntentGateError: `not_found`, `conflict`
   *  (somebody was first, or it has expired), `unavailable`. */
  approve(id: string, answer: ApprovalAnswer): Promise<Approval>;
  approveSync(id: string, answer: ApprovalAnswer): Approval;
  /** Refuses the call for good; as approve. */
  reject(id: string, answer: ApprovalAnswer): Promise<Approval>;
  rejectSync(id: string, answer: ApprovalAnswer): Approval;
  /** The approval when it is no longer pending, wherever the answer was taken. Without a signal, such as `AbortSignal.timeout(ms)`,
   *  until it is answered or expires. Throws the signal's reason, and IntentGateError: `not_found`, `limit_exceeded` (too many wait),
   *  `cancelled` (the gate was closed). */
  waitApproval(id: string, options?: { tenant?: string; signal?: AbortSignal }): Promise<Approval>;
  /** As authorize, with a trace; charges nothing, records nothing and waits for no person. */
  explain(tool: string, args?: Args, options?: ExplainOptions | string): Promise<Decision>;
  explainSync(tool: string, args?: Args, options?: ExplainOptions | string): Decision;
  /** Authorizes, calls `callee` with the judged snapshot, records the outcome. Throws Denied. */
  run<T>(tool: string, args: Args | undefined, options: CallOptions | string | undefined, callee: (args: any) => T | Promise<T>): Promise<T>;
  runSync<T>(tool: string, args: Args | undefined, options: CallOptions | string | undefined, callee: (args: any) => T): T;
  /** A function that asks before every call and hands `callee` the judged snapshot. Throws Denied unless `onDenied`. */
  guard<A extends unknown[], R>(tool: string, callee: (...args: A) => R | Promise<R>, options?: GuardOptions<A, R>): (...args: A) => Promise<R>;
  guardSync<A extends unknown[], R>(tool: string, callee: (...args: A) => R, options?: GuardOptions<A, R>): (...args: A) => R;
  /** Runs `work` with a token for every guarded call inside it, across awaits. Options of the guard itself win. */
  use<R>(token: string | CallOptions, work: () => R): R;
  /** What `use` set around the caller. */
  readonly current: CallOptions;
  /** What became of an allowed call: "success", "tool_error", "timeout", "cancelled", ... */
  recordOutcome(decision: Decision, outcome?: string, latencyUs?: number): void;
  /** What the intent check ranks: the tools that the agent could be meant to call. */
  setTools(tools: Iterable<{ name: string; description?: string; parameters?: Iterable<string> }>): void;
  /** Calls in flight finish under the old policy. Recorded in the chain. */
  setPolicy(policy: Policy, options?: { actor?: string }): Promise<void>;
  setPolicySync(policy: Policy, options?: { actor?: string }): void;
  /** Waits until everything recorded so far is in the store. */
  flush(): Promise<void>;
  flushSync(): void;
  /** Revokes a token by its jti, or a whole tree by its root id. Holds for every later call on this gate. */
  revoke(id: string, options?: RevokeOptions): Promise<void>;
  revokeSync(id: string, options?: RevokeOptions): void;
  /** Reads a tenant's chain from its first event. */
  verifyAudit(tenant?: string): Promise<AuditReport>;
  verifyAuditSync(tenant?: string): AuditReport;
  /** Writes the chain, all tenants unless one is given, to a file. */
  exportAudit(path: string, options?: ExportOptions): Promise<void>;
  exportAuditSync(path: string, options?: ExportOptions): void;
  /** Checkpoints, proofs, bundles, erasure, holds, pruning. */
  readonly evidence: Evidence;
  /** Flushes the chain. Calls made after this one throw, also before the promise is settled. */
  close(): Promise<void>;
  closeSync(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RevokeOptions {
  /** Every tenant unless it is given. */
  tenant?: string;
  reason?: string;
  /** Who, for the chain. */
  actor?: string;
}
export interface ExportOptions {
  tenant?: string;
  /** Only "ndjson" can be verified. */
  format?: "ndjson" | "csv" | "ocsf" | "ocsf-1.9.0" | "ocsf-1.8.0";
}
export interface AuditReport {
  readonly ok: boolean;
  readonly tenant: string;
  readonly verified: number;
  /** What is wrong, or "". */
  readonly problem: string;
  /** The first event that does not fit. */
  readonly brokenSeq?: number;
}

/** Each member narrows; times are inclusive, a Date or unix seconds. */
export interface AuditFilter {
  from?: Date | number;
  to?: Date | number;
  fromSeq?: number;
  toSeq?: number;
  tenant?: string;
  agentId?: string;
  tool?: string;
  decision?: "allow" | "block" | "escalate";
  check?: string;
  jti?: string;
  rootJti?: string;
  eventId?: string;
  sessionId?: string;
  kind?: string;
  code?: string;
  actor?: string;
}
export interface Checkpoint {
  /** The signed note. */
  readonly note: string;
  readonly origin: string;
  readonly epoch: number;
  /** Events that it covers. */
  readonly size: number;
  readonly rootHex: string;
  readonly signedAtMicros: number;
  readonly witnessedAtMicros?: number;
}
/** How far the proofs are behind the chain. */
export interface Freshness {
  readonly ok: boolean;
  readonly problem: string;
  readonly tenant: string;
  readonly nextSeq: number;
  readonly headHash: string;
  readonly signing: boolean;
  readonly signerProblem: string;
  readonly checkpoint?: Checkpoint;
  readonly uncommittedEvents: number;
  readonly uncommittedAgeMicros: number;
  readonly witnessing: boolean;
  readonly witnessedEvents: number;
  readonly unwitnessedAgeMicros: number;
  readonly declaredGaps: number;
  readonly declaredLosses: number;
  readonly verifiedTo: number;
}
export interface LegalHold {
  readonly tenant: string;
  readonly id: string;
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAtMicros: number;
  /** Absent: all of the tenant's events. */
  readonly fromMicros?: number;
  readonly toMicros?: number;
}
/** Who acts and why, for the chain. */
export interface Because {
  reason: string;
  actor: string;
  /** "default" unless it is given. */
  tenant?: string;
}
export interface PruneReport {
  /** Where the chain began, and where it begins now or would. */
  readonly firstSeq: number;
  readonly nextFirstSeq: number;
  readonly resumed: boolean;
  readonly archive: string;
  readonly archiveSha256: string;
}
export interface EvidenceReport extends AuditReport {
  readonly fromSeq: number;
  /** Events under the newest checkpoint. */
  readonly covered: number;
}
export interface EventProof {
  /** A C2SP tlog-proof file. */
  readonly proof: string;
  readonly seq: number;
  readonly eventId: string;
  readonly hash: string;
}
export interface BundleOptions {
  tenant?: string;
  filter?: AuditFilter;
  includeUncovered?: boolean;
  witnessed?: boolean;
  includeValues?: boolean;
}
/** Of a gate, `gate.evidence`; docs/audit.md explains each. Throws IntentGateError: `not_found`, `unavailable` (no signing key, no
 *  checkpoint yet), `conflict` (a legal hold), `corrupt` (the chain is not what was signed for). */
export class Evidence {
  private constructor();
  /** "" without a signing key. An auditor needs it, by another way than the bundle. */
  readonly verifierKey: string;
  /** Signs everything answered before the call. */
  checkpoint(options?: { tenant?: string }): Promise<Checkpoint>;
  checkpointSync(options?: { tenant?: string }): Checkpoint;
  latestCheckpoint(options?: { tenant?: string }): Promise<Checkpoint>;
  latestCheckpointSync(options?: { tenant?: string }): Checkpoint;
  freshness(options?: { tenant?: string }): Promise<Freshness>;
  freshnessSync(options?: { tenant?: string }): Freshness;
  /** One event under the newest checkpoint. */
  proof(eventId: string, options?: { tenant?: string }): Promise<EventProof>;
  proofSync(eventId: string, options?: { tenant?: string }): EventProof;
  /** A signed promise that a decision's event will be under a checkpoint. The decision must have `auditSeq`. */
  receipt(decision: Decision): Promise<string>;
  receiptSync(decision: Decision): string;
  /** The auditor's bundle, into a file. `filter` makes it a filtered one. */
  writeBundle(path: string, options?: BundleOptions): Promise<void>;
  writeBundleSync(path: string, options?: BundleOptions): void;
  writeTiles(directory: string, options?: { tenant?: string }): Promise<Checkpoint>;
  writeTilesSync(directory: string, options?: { tenant?: string }): Checkpoint;
  /** From the first event, or from where the last verification ended; also against the newest checkpoint. */
  verify(options?: { tenant?: string; incremental?: boolean }): Promise<EvidenceReport>;
  verifySync(options?: { tenant?: string; incremental?: boolean }): EvidenceReport;
  /** Archives and removes the events before a time. */
  prune(options: Because & { before: Date | number; dryRun?: boolean }): Promise<PruneReport>;
  pruneSync(options: Because & { before: Date | number; dryRun?: boolean }): PruneReport;
  /** Erases the private values of matching events of one tenant, and the approvals that they speak of; the chain stays. `dryRun` only counts. */
  eraseValues(options: Omit<Because, "tenant"> & { filter?: AuditFilter; dryRun?: boolean }): Promise<{ events: number; values: number; approvals: number }>;
  eraseValuesSync(options: Omit<Because, "tenant"> & { filter?: AuditFilter; dryRun?: boolean }): { events: number; values: number; approvals: number };
  /** While it stands, nothing that it covers is pruned or erased. */
  placeHold(id: string, options: Because & { from?: Date | number; to?: Date | number }): Promise<void>;
  placeHoldSync(id: string, options: Because & { from?: Date | number; to?: Date | number }): void;
  liftHold(id: string, options: Because): Promise<void>;
  liftHoldSync(id: string, options: Because): void;
  /** Of every tenant unless one is given. */
  holds(options?: { tenant?: string }): Promise<LegalHold[]>;
  holdsSync(options?: { tenant?: string }): LegalHold[];
}
export interface BundleReport {
  readonly verdict: "intact" | "tampered" | "truncated" | "not_covered" | "forked" | "unknown_key" | "malformed";
  readonly message: string;
  readonly badSeq?: number;
  readonly badEventId?: string;
  readonly tenant: string;
  readonly events: number;
  readonly firstSeq: number;
  readonly nextSeq: number;
  readonly covered: number;
  readonly uncoveredEvents: number;
  readonly filtered: boolean;
  readonly archive: boolean;
  /** Intact and unfiltered. */
  readonly complete: boolean;
  readonly lastHash: string;
  readonly origin: string;
  readonly rootHex: string;
  readonly signedBy: readonly string[];
  /** Keep it: the next bundle can be held against it. */
  readonly checkpointNote: string;
  /** The time that a given key signed for, in microseconds since 1970. */
  readonly cosignedAtMicros?: number;
  readonly fork?: { readonly olderNote: string; readonly newerNote: string };
}
/** Checks a bundle without a gate. What it proves rests on `keys`, the log's verifier keys. Rejects for a key or a note that is none. */
export function verifyBundle(path: string, trust?: { keys?: string[]; olderCheckpoints?: string[]; receipts?: string[]; witnessPolicy?: string }): Promise<BundleReport>;
/** A key that signs checkpoints, in a new file that only its owner may read; gives the verifier key. */
export function makeSigningKeyFile(path: string, deployment?: string): string;

export interface PolicyVerdict {
  readonly effect: "allow" | "block" | "escalate";
  readonly reason: string;
  readonly requiresStepUp: boolean;
  /** "" or why no rule asked for this block, such as "policy_undefined". */
  readonly failure: string;
  /** The engine's error, for operators. */
  readonly detail: string;
  readonly steps: number;
}
export interface PolicyTestReport {
  /** Something was tested and nothing failed. */
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly results: readonly { readonly name: string; readonly outcome: "pass" | "fail" | "error" | "skip"; readonly message?: string }[];
}
/** `input` is the known part; its other options are those of docs/policy/partial.md. Each limit is at least 1. */
export interface PartialOptions {
  input?: { [name: string]: Json };
  /** Names such as "input.row" or "data.rows" that only the later evaluation knows. ["input"] unless it is given. */
  unknowns?: readonly string[];
  /** Rules at and below these, such as "data.p", stay rules. */
  disableInlining?: readonly string[];
  /** All rules that depend on unknowns stay rules. */
  shallowInlining?: boolean;
  /** Evaluates what depends on the time, on chance and on the host now. */
  nondeterministicBuiltins?: boolean;
  /** The package below which rules are kept, "partial" unless it is given. The policy must have nothing there. */
  supportNamespace?: string;
  /** 1,000 unless it is given. */
  maxQueries?: number;
  /** Of all modules: 20,000 unless it is given. */
  maxRules?: number;
  /** Queries and modules together: 4 MiB unless it is given. */
  maxTextBytes?: number;
  /** A rule or collection with more ways to hold stays one. 100 unless it is given. */
  maxAlternatives?: number;
}
/** What is left of a query. The queries and modules together answer as the policy with everything known. */
export interface PartialResult {
  /** Rego bodies, each one way for the whole to hold. */
  readonly queries: readonly string[];
  /** The modules that the queries read. */
  readonly support: readonly { readonly name: string; readonly text: string }[];
  /** One of the queries is empty. */
  readonly always: boolean;
  /** There is no query. */
  readonly never: boolean;
  /** All of it, as `opa eval --partial --format source` prints it. */
  readonly source: string;
  readonly steps: number;
}
/** A compiled Rego policy with a rule `data.intentgate.policy.decision`. Immutable; may not cross to another worker thread. */
export class Policy {
  private constructor();
  /** Rego text, or texts by file name. Throws PolicyCompileError. */
  static compile(sources: string | { [fileName: string]: string }, options?: { data?: Json; maxSteps?: number; maxMemoryBytes?: number }): Policy;
  /** As compile, from files. */
  static load(paths: string | Iterable<string>, options?: { data?: Json; maxSteps?: number; maxMemoryBytes?: number }): Policy;
  /** As compile, on Node's thread pool; rejects with PolicyCompileError. */
  static compileAsync(sources: string | { [fileName: string]: string }, options?: { data?: Json; maxSteps?: number; maxMemoryBytes?: number }): Promise<Policy>;
  /** As load, without holding the event loop. */
  static loadAsync(paths: string | Iterable<string>, options?: { data?: Json; maxSteps?: number; maxMemoryBytes?: number }): Promise<Policy>;
  /** SHA-256 over sources and data, in hex. */
  readonly digest: string;
  readonly ruleNames: string[];
  /** The decision on an input document. Does not throw for what the policy does wrong: that blocks. */
  evaluate(input: Json): PolicyVerdict;
  /** The value of a rule such as "data.intentgate.policy.reasons"; undefined if it has none. */
  query(reference: string, input?: Json): Json | undefined;
  /** As evaluate, on Node's thread pool. Aborting the signal ends the evaluation and rejects with the signal's reason. */
  evaluateAsync(input: Json, options?: { signal?: AbortSignal }): Promise<PolicyVerdict>;
  /** As query, on Node's thread pool. Aborting the signal ends the evaluation and rejects with the signal's reason. */
  queryAsync(reference: string, input?: Json, options?: { signal?: AbortSignal }): Promise<Json | undefined>;
  /** What a query such as "data.orders.visible == true" comes to when only a part of the input and the data is known. Holds the event
   *  loop, within the policy's maxSteps and maxMemoryBytes. Throws PolicyCompileError for a query that does not compile,
   *  IntentGateError: `eval_limit_error` names the limit, `rego_partial_error` says what cannot be evaluated in part, other codes are
   *  those of an evaluation; TypeError and RangeError for an option that can never be right. */
  partial(query: string, options?: PartialOptions): PartialResult;
  /** As partial, on Node's thread pool. Aborting the signal ends the evaluation and rejects with the signal's reason. */
  partialAsync(query: string, options?: PartialOptions & { signal?: AbortSignal }): Promise<PartialResult>;
  /** Runs the rules named test_...; those named todo_test_... are skipped. */
  test(pattern?: RegExp | string): PolicyTestReport;
  /** As test, one rule after the other on Node's thread pool. */
  testAsync(pattern?: RegExp | string, options?: { signal?: AbortSignal }): Promise<PolicyTestReport>;
}

/** Rego by itself: files that are parsed once and compiled often, queries that are compiled once and asked often. Everything is
 *  immutable; handles may not cross to another worker thread. `Policy` is the gate's contract on top of this. */
export namespace rego {
  /** Makes modules and policies by one configuration. No builtin that reaches outside the process is granted. */
  class Engine {
    /** `builtins`: the only ones that policies may call; absent: all. */
    constructor(options?: { v0?: boolean; maxSteps?: number; maxMemoryBytes?: number; strictBuiltinErrors?: boolean; builtins?: Iterable<string> });
    /** Throws PolicyCompileError with every mistake and its place. */
    parse(name: string, text: string): Module;
    /** Throws PolicyCompileError. When one file changes, parse that one and compile again with the others as they are. */
    compile(modules: Iterable<Module>, options?: { data?: Json }): CompiledPolicy;
  }
  /** One file, parsed. */
  class Module {
    private constructor();
    readonly name: string;
    readonly text: string;
    /** Such as "data.authz". */
    readonly package: string;
    /** The syntax tree, as `opa parse --format json` gives it. */
    tree(): { [member: string]: Json };
    /** The metadata blocks, in the order of the text. */
    annotations(): { [member: string]: Json }[];
    /** The text, laid out as `intentgate policy fmt` does it. */
    format(): string;
  }
  class CompiledPolicy {
    private constructor();
    readonly ruleNames: string[];
    /** Compiles a query, such as "data.rules.allow" or "some x in data.rules.users; x.admin". Throws PolicyCompileError. */
    prepare(query: string): Query;
  }
  interface Answer {
    readonly bindings: { readonly [variable: string]: Json };
    /** Of the query's expressions. */
    readonly values: readonly Json[];
  }
  /** A compiled query; keeps its policy. */
  class Query {
    private constructor();
    readonly text: string;
    /** Whether it is a ground reference such as "data.rules.allow", which eval wants. */
    readonly isReference: boolean;
    /** The value of the reference, on Node's thread pool; undefined if it has none. Aborting the signal ends the evaluation. */
    eval(input?: Json, options?: { signal?: AbortSignal }): Promise<Json | undefined>;
    evalSync(input?: Json): Json | undefined;
    /** All answers of the query. */
    answers(input?: Json, options?: { signal?: AbortSignal }): Promise<Answer[]>;
    answersSync(input?: Json): Answer[];
  }
}
