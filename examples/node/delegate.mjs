// An orchestrator hands each sub-agent a token for its task alone: by path, by amount, by time. No key and no server is
// needed for that. The audit chain shows which agent's token each call came from, and who passed it on.
//
//   node delegate.mjs
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ig = await import(process.env.LIBINTENTGATE ?? "libintentgate");

const folder = mkdtempSync(join(tmpdir(), "intentgate-"));
const keys = ig.KeyRing.parse(ig.generateKeyLine("demo"));
const gate = ig.Gate.create({ keys, store: "memory", policy: 'package intentgate.policy\nimport rego.v1\ndecision := {"allow": true}\n' });

const orchestrator = ig.mint(keys, {
  subject: "orchestrator",
  ttl: 600,
  caveats: [ig.tools("read_text_file", "pay_invoice"), ig.where("/path", { subpath: "/data", tool: "read_text_file" })],
}).token;

// One task each, and no longer than it takes.
const researcher = ig.attenuate(orchestrator, [ig.tools("read_text_file"), ig.where("/path", { subpath: "/data/q3" })], { expiresIn: 60, label: "researcher" });
const payer = ig.attenuate(orchestrator, [ig.tools("pay_invoice"), ig.where("/amount", { maximum: 250 }), ig.maxCalls(1)], { expiresIn: 60, label: "payer" });
// A sub-agent passes on less than it has. The sealed token goes no further.
const summarizer = ig.attenuate(researcher, [ig.where("/path", { equals: "/data/q3/report.txt" })], { expiresIn: 30, label: "summarizer", seal: true });

const names = new Map();
for (const token of [orchestrator, researcher, payer, summarizer]) {
  const { sub, hops } = ig.verify(token, keys);
  names.set(hops.at(-1).id, [sub, ...hops.slice(1).map((hop) => hop.label)].join(" > "));
}

const readFile = gate.guard("read_text_file", async ({ path }) => `the text of ${path}`);
const payInvoice = gate.guard("pay_invoice", async ({ amount }) => `paid ${amount}`);
for (const [what, token, call] of [
  ["orchestrator reads /data/q4/plan.txt", orchestrator, () => readFile({ path: "/data/q4/plan.txt" })],
  ["researcher reads /data/q3/a.txt", researcher, () => readFile({ path: "/data/q3/a.txt" })],
  ["researcher reads /data/q4/plan.txt", researcher, () => readFile({ path: "/data/q4/plan.txt" })],
  ["researcher pays 5", researcher, () => payInvoice({ amount: 5 })],
  ["payer pays 900", payer, () => payInvoice({ amount: 900 })],
  ["payer pays 200", payer, () => payInvoice({ amount: 200 })],
  ["payer pays 200 again", payer, () => payInvoice({ amount: 200 })],
  ["summarizer reads /data/q3/report.txt", summarizer, () => readFile({ path: "/data/q3/report.txt" })],
  ["summarizer reads /data/q3/a.txt", summarizer, () => readFile({ path: "/data/q3/a.txt" })],
]) {
  await gate.use(token, call).then((result) => console.log(`${what}: ${result}`), (denied) => console.log(`${what}: ${denied.code}`));
}
try {
  ig.attenuate(summarizer, [ig.maxCalls(1)]);
} catch (error) {
  console.log(`summarizer passes its token on: ${error.message}`);
}

const exported = join(folder, "audit.ndjson");
await gate.exportAudit(exported);
const events = readFileSync(exported, "utf8").trim().split("\n").map((line) => JSON.parse(line).event);
console.log("what was allowed, and whose token it was, as the chain has it:");
for (const event of events.filter((row) => row?.kind === "decision" && row.decision === "allow")) {
  console.log(`  ${event.tool}: ${names.get(event.capability_token_id)}`);
}
console.log(`audit chain: ${(await gate.verifyAudit()).ok ? "intact" : "broken"}`);
await gate.close();
rmSync(folder, { recursive: true });
