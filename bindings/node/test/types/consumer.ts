// Uses all that the package declares; compiled as an ES module and as CommonJS, never run.
import * as ig from "libintentgate";
import * as client from "libintentgate/client";
import { guard, guardSync, refusalText } from "libintentgate/guard";

const line: string = ig.generateKeyLine("k1");
const keys: ig.KeyRing = ig.KeyRing.parse(line);
export const master: string[] = ig.KeyRing.fromMasterKey("AAAAAAAAAAAAAAAAAAAAAA").ids;
export const active: string = keys.activeId;

const rules: ig.Rules = { subpath: "/data", minLength: 1, maxLength: 9, tool: "read", equals: "x", oneOf: [1, null], prefix: "a", glob: "*", regex: "a+",
  minimum: 1n, maximum: "2.50", cidr: ["10.0.0.0/8"], contains: [1], subset: [1], url: { schemes: ["https"], hosts: ["a.example"], ports: [443] },
  constraint: { not: { prefix: "b" } } };
const caveats: ig.Caveat[] = [ig.tools("a", "b"), ig.denyTools("c"), ig.maxCalls(1), ig.rateLimit(1), ig.maxCost(1), ig.expires(new Date()), ig.expires(1),
  ig.agent("a"), ig.steppedUp(1), ig.callees({ agents: ["a"], zones: ["z"] }), ig.maxRisk(1), ig.holder("t"), ig.servers("s"), ig.where("/path", rules)];

const request: ig.MintRequest = { subject: "a", caveats, ttl: 1, format: 5, tenant: "t", issuer: "i", zone: "z", audience: "x", notBefore: 1, maxDepth: 2 };
const minted: ig.MintedToken = ig.mint(keys, request);
const child: string = ig.attenuate(minted.token, [ig.maxCalls(1)], { expiresIn: 60, seal: true, label: "hop" });
export const content: { [member: string]: ig.Json } = ig.decode(child);
const verified: ig.TokenContent = ig.verify(child, keys, { audience: "x" });
export const read: unknown[] = [verified.v, verified.kid, verified.jti, verified.root_jti, verified.iss, verified.tenant, verified.zone, verified.sub, verified.aud, verified.iat,
  verified.nbf, verified.exp, verified.max_depth, verified.sealed, verified.cav[0]?.t, verified.hops[0]?.label, verified.toJSON()];
ig.check(child, keys, "read", { path: "/a" }, { now: 1, agent: "a" });
const explanation: ig.Explanation = ig.explain(child, keys, "read", { path: "/a" }, { now: 1, agent: "a" });
export const answers: readonly ig.CaveatAnswer[] = explanation.caveats;
export const told: [boolean, string, string] = [explanation.allowed, explanation.code, explanation.reason];

const policy: ig.Policy = ig.Policy.compile({ "a.rego": "package a" }, { data: { x: 1 }, maxSteps: 1, maxMemoryBytes: 1 });
export const loaded: ig.Policy = ig.Policy.load(["a.rego"]);
export const compiledLater: Promise<ig.Policy> = ig.Policy.compileAsync({ "a.rego": "package a" }, { data: { x: 1 }, maxSteps: 1, maxMemoryBytes: 1 });
export const loadedLater: Promise<ig.Policy> = ig.Policy.loadAsync(["a.rego"], { data: null });
const verdict: ig.PolicyVerdict = policy.evaluate({ tool: "x" });
export const effect: "allow" | "block" | "escalate" = verdict.effect;
export const queried: ig.Json | undefined = policy.query("data.a", {});
const asking: ig.PartialOptions = { input: { user: "a" }, unknowns: ["input.row"], disableInlining: ["data.a"], shallowInlining: false, nondeterministicBuiltins: false,
  supportNamespace: "left", maxQueries: 1, maxRules: 1, maxTextBytes: 1, maxAlternatives: 1 };
const left: ig.PartialResult = policy.partial("data.a.b == true", asking);
export const leftOver: [readonly string[], string[], boolean, boolean, string, number] =
  [left.queries, left.support.map((module) => module.name + module.text), left.always, left.never, left.source, left.steps];
export const leftLater: Promise<ig.PartialResult> = policy.partialAsync("data.a.b", { ...asking, signal: AbortSignal.timeout(1) });
const tested: ig.PolicyTestReport = policy.test(/x/);
export const outcomes: string[] = tested.results.map((row) => `${row.name} ${row.outcome} ${row.message ?? ""}`);
export const known: [string, string[]] = [policy.digest, policy.ruleNames];

const limits: ig.BudgetLimits = { lifetimeCalls: 1, windowCalls: 1, windowCost: 1, windowSeconds: 60 };
const settings: ig.GateSettings = { keys, store: { sqlite: "a.db" }, policy, policyLimits: { maxSteps: 1 }, capability: { required: true, audience: "x" },
  intent: { mode: "off" }, budgets: { agent: limits, tenants: { t: limits } }, tools: [{ match: "*", cost: 1, durability: "async" }],
  audit: { durability: "durable", argValues: "scalars", signing: { keyFile: "a", intervalMs: 1 }, retention: { days: 1 } }, approvals: { ttlSeconds: 60 } };
export const opened: ig.Gate = ig.Gate.open({ config: "a.yaml", environment: {} });

export async function asked(): Promise<string> {
  await using gate = ig.Gate.create(settings);
  using other: ig.Gate = ig.Gate.create({ keys: line, store: "memory" });
  const options: ig.CallOptions = { token: child, intent: "read", sessionId: "s", server: "up" };
  const decision: ig.Decision = await gate.authorize("read", { path: "/a" }, options);
  const trace: readonly ig.TraceStep[] = (await gate.explain("read", {}, child)).trace;
  const seq: number | undefined = gate.authorizeSync("read").require().auditSeq;
  const waited: ig.Decision = await gate.authorize("read", {}, { token: child, approvalId: "a", waitForApproval: 5, signal: AbortSignal.timeout(5) });
  for await (const row of gate.listApprovals({ state: "pending", tenant: "t", agentId: "a", tool: "x", rootJti: "r" })) {
    const given: ig.ApprovalState = (await gate.approve(row.id, { actor: "me", note: "n", claimedBy: "c", tenant: "t" })).state;
    const again: ig.Approval = gate.rejectSync(row.id, { actor: "me" });
    const shown: [string | undefined, number | undefined] = [row.argsJson, row.decidedAtMicros];
    gate.approveSync(again.id, { actor: given + shown.join() });
    await gate.reject(row.id, { actor: "me" });
    await gate.waitApproval(row.id, { tenant: "t", signal: AbortSignal.timeout(1) });
  }
  // @ts-expect-error who answers must be said
  await gate.approve("a", {});
  const one: ig.Approval = await gate.getApproval(waited.approvalId, { tenant: "t" });
  const rows: ig.Approval[] = [...gate.listApprovalsSync(), gate.getApprovalSync(one.id)];
  gate.recordOutcome(decision, "success", rows.length);
  const evidence: ig.Evidence = gate.evidence;
  const because: ig.Because = { reason: "r", actor: "a", tenant: "t" };
  const checkpoint: ig.Checkpoint = await evidence.checkpoint({ tenant: "t" });
  const fresh: ig.Freshness = evidence.freshnessSync();
  const proved: ig.EventProof = await evidence.proof(decision.eventId, { tenant: "t" });
  await evidence.writeBundle("a.tar", { tenant: "t", filter: { from: new Date(), to: 5, tool: "x", decision: "allow" }, witnessed: true });
  const bundle: ig.BundleReport = await ig.verifyBundle("a.tar", { keys: [evidence.verifierKey], receipts: [await evidence.receipt(decision)], olderCheckpoints: [checkpoint.note] });
  await evidence.placeHold("h", { ...because, from: 1 });
  const holds: ig.LegalHold[] = await evidence.holds({ tenant: "t" });
  const erased: { events: number; values: number } = await evidence.eraseValues({ reason: "r", actor: "a", filter: { tenant: "t" }, dryRun: true });
  const pruned: ig.PruneReport = await evidence.prune({ ...because, before: new Date(), dryRun: true });
  const whole: ig.EvidenceReport = await evidence.verify({ incremental: true });
  console.log(fresh.checkpoint?.size, proved.seq, bundle.verdict, holds.length, erased.values, pruned.archive, whole.covered, ig.makeSigningKeyFile("k", "acme"));
  const result: number = await gate.run("read", { n: 1 }, child, (args) => Number(args.n));
  const same: number = gate.runSync("read", undefined, undefined, () => 1);
  const read: (args: { path: string }) => Promise<string> = gate.guard("read", (args: { path: string }) => args.path, { token: child, onDenied: () => "no" });
  const add: (a: number, b: number) => number = gate.guardSync("add", (a: number, b: number) => a + b, { params: ["a", "b"], intent: (a) => String(a) });
  const free: (args: { path: string }) => Promise<string> = guard(gate, "read", async (args: { path: string }) => args.path);
  const freeSync: () => number = guardSync(gate, "x", () => 1);
  const inside: Promise<string> = gate.use({ token: child }, () => read({ path: "/a" }));
  gate.setTools([{ name: "read", description: "Reads", parameters: ["path"] }]);
  await gate.setPolicy(policy, { actor: "me" });
  gate.setPolicySync(policy);
  await gate.flush();
  gate.flushSync();
  await gate.revoke(minted.jti, { tenant: "t", reason: "r", actor: "a" });
  gate.revokeSync(minted.jti);
  const report: ig.AuditReport = await gate.verifyAudit("t");
  await gate.exportAudit("a.csv", { tenant: "t", format: "csv" });
  gate.exportAuditSync("a.ndjson");
  other.explainSync("read");
  await other.close();
  other.closeSync();
  return [decision.verdict, decision.check, decision.code, decision.reason, decision.rule, decision.eventId, decision.tenant, decision.agentId, decision.jti,
    decision.rootJti, decision.latencyUs, decision.auditHash, decision.requiresStepUp, decision.allowed, refusalText(decision, "read"), trace[0]?.detail,
    seq, result, same, add(1, 2), await free({ path: "" }), freeSync(), await inside, report.brokenSeq, gate.verifyAuditSync().problem,
    gate.current.token, String(decision), JSON.stringify(decision.toJSON()), decision.args?.["path"]].join();
}

export function told2(error: unknown): string {
  if (error instanceof ig.Denied) return error.decision.reason;
  if (error instanceof ig.TokenRefused) return `${error.caveat} ${error.hop}`;
  if (error instanceof ig.PolicyCompileError) return error.diagnostics.map((row) => `${row.file}:${row.line}:${row.column} ${row.code} ${row.suggestion}`).join();
  if (error instanceof ig.IntentGateError) return error.code;
  // @ts-expect-error a decision is made by a gate only
  return String(new ig.Decision());
}
// @ts-expect-error a rule that does not exist
ig.where("/path", { subpaht: "/x" });
// @ts-expect-error an option that does not exist
ig.attenuate(child, [], { expires: 5 });

const limits2: client.GatewayOptions = { token: async () => child, timeoutMs: 1, retries: 1, retryDelayMs: 1, maxRetryDelayMs: 1, maxResponseBytes: 1, fetch };
const agent = new client.Gateway("http://127.0.0.1:8080", limits2);
export async function called(signal: AbortSignal, store: client.MemoryStore): Promise<string> {
  const options: client.ToolCallOptions = { arguments: { id: 1 }, intentPrompt: "p", requestId: 1, waitForApproval: 5, timeoutMs: 1, signal, idempotent: true,
    approvalId: "a", memoryProvenance: [store.write({ a: 1 })], memoryStore: store };
  try {
    const result: client.ToolCallResult<{ total: number }> = await agent.toolCall<{ total: number }>("sum", options);
    const note: client.IntentGateMetadata | null = result.intentgate;
    const blocks: client.ContentBlock[] = result.content;
    return `${result.structuredContent?.total} ${note?.latencyMs} ${blocks[0]?.text} ${result.isError} ${String(result.meta?.["x"])}`;
  } catch (error) {
    if (error instanceof client.ApprovalPendingError) return `${error.approvalId} ${error.retryAfter} ${(await error.resume({ waitForApproval: 60, signal })).isError}`;
    if (error instanceof client.UnavailableError) return String(error.notSent);
    if (error instanceof client.GatewayError) return `${error.status} ${error.retryAfter}`;
    for (const type of [client.CapabilityError, client.IntentError, client.PolicyError, client.BudgetError, client.ProvenanceError, client.ProtocolError]) {
      if (error instanceof type) return `${error.code} ${String(error.data)}`;
    }
    throw error instanceof client.IntentGateError ? new (client.forCode(-32010))(error.message, { code: error.code }) : error;
  }
}
const one: client.Caveat = { type: client.CaveatType.MAX_CALLS, maxCalls: 1 };
const narrowed: client.AttenuateOptions = { addTools: ["a"], denyTools: ["b"], maxCalls: 1, expiresAt: new Date(), expiresInSeconds: 1, extra: [one] };
export const handed: string | client.AttenuationError = client.attenuate(child, narrowed);
export const shown: { [member: string]: ig.Json } = client.decodeToken(child);
const sessionKey: Uint8Array = client.deriveSessionKey(new Uint8Array(client.SESSION_KEY_SIZE), "s");
const envelope: client.Envelope = client.sign(sessionKey, { id: "a", sessionId: "s", timestamp: 1, data: new Uint8Array(), prevHash: client.ZERO_HASH });
client.verify(sessionKey, envelope);
client.verifyChain(sessionKey, [envelope]);
export const bytes: Uint8Array = client.canonical(envelope);
const write: client.MemoryWriteHook = () => undefined, read2: client.MemoryReadHook = () => envelope;
export const memory: [number, client.Envelope] = [new client.MemoryStore("s", sessionKey, { writeHook: write, readHook: read2 }).size, new client.MemoryStore("s", sessionKey).read("a")];
export const cited: string[] = new client.MemoryStore("s", sessionKey).provenanceFor([]).map((row) => row.prev_hash);
export const broken = new client.MemoryProvenanceError("x");

import { guardRoute as expressGuard } from "libintentgate/express";
import { guardRoute as fastifyGuard } from "libintentgate/fastify";
import { guardServer } from "libintentgate/mcp";
import * as aiGuard from "libintentgate/ai";
import * as chainGuard from "libintentgate/langchain";
import * as mastraGuard from "libintentgate/mastra";
import * as agentsGuard from "libintentgate/openai-agents";

const byCall = { token: (args: { path: string }) => args.path, intent: "read", sessionId: "s", server: "up", waitForApproval: 5 };
const aTool = { name: "read", execute: (input: { path: string }) => input.path };
export const kept: string = aiGuard.guardTools(opened, { read: aTool }, byCall).read.execute({ path: "a" });
export const guardedTools = [aiGuard.guardTool(opened, "read", aTool, byCall), mastraGuard.guardTool(opened, aTool), mastraGuard.guardTools(opened, { aTool }).aTool,
  ...chainGuard.guardTools(opened, [aTool], { token: child }), chainGuard.guardTool(opened, aTool), ...agentsGuard.guardTools(opened, [aTool]), agentsGuard.guardTool(opened, aTool),
  guardServer(opened, aTool, { token: (params, context) => String(params.name) + String(context.sessionId) })];
export const route = expressGuard(opened, "read", { args: (request) => request.query, token: (request) => request.headers["x-token"] });
export const hook = fastifyGuard(opened, "read", { args: () => undefined });
