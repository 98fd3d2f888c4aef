// An orchestrator hands each sub-agent a token of its own, narrowed to its task; the chain shows who delegated to whom.
//
//   node delegation.mjs POLICY_FILE
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ig = await import(process.env.LIBINTENTGATE ?? "libintentgate");

const keys = ig.KeyRing.parse(ig.generateKeyLine("demo"));
const gate = ig.Gate.create({ keys, store: "memory", policy: { files: [process.argv[2]] } });
const orchestrator = ig.mint(keys, { subject: "orchestrator", ttl: 3600, caveats: [ig.where("/path", { subpath: "/data" })] }).token;

// By path, by number of calls, by time. No key is needed, and no server.
const researcher = ig.attenuate(orchestrator, [ig.tools("read_text_file"), ig.where("/path", { subpath: "/data/q3" }), ig.maxCalls(2)],
  { expiresIn: 300, label: "researcher" });
// By amount.
const payer = ig.attenuate(orchestrator, [ig.tools("write_file"), ig.where("/cents", { minimum: 1, maximum: 5000 })], { expiresIn: 60, label: "payer" });
// The researcher passes on less than it has, and nothing more can be added.
const intern = ig.attenuate(researcher, [ig.where("/path", { equals: "/data/q3/a.txt" })], { expiresIn: 30, label: "intern", seal: true });

// A sub-agent's calls: judged right before they are made.
const read = gate.guard("read_text_file", async ({ path }) => `read ${path}`);
const write = gate.guard("write_file", async ({ cents }) => `paid ${cents}`);
const pay = (cents) => write({ path: "/data/payments", content: "pay", cents });

for (const [what, token, call] of [
  ["researcher, its quarter", researcher, () => read({ path: "/data/q3/b.txt" })],
  ["researcher, another quarter", researcher, () => read({ path: "/data/q4/b.txt" })],
  ["intern, its file", intern, () => read({ path: "/data/q3/a.txt" })],
  ["intern, the researcher's file", intern, () => read({ path: "/data/q3/b.txt" })],
  ["researcher, a third read", researcher, () => read({ path: "/data/q3/c.txt" })],
  ["payer, 49.00", payer, () => pay(4900)],
  ["payer, 51.00", payer, () => pay(5100)],
]) {
  console.log(`${what}: ${await gate.use(token, call).catch((denied) => `refused: ${denied.code}`)}`);
}

const folder = mkdtempSync(join(tmpdir(), "intentgate-"));
const exported = join(folder, "audit.ndjson");
await gate.exportAudit(exported);
for (const line of readFileSync(exported, "utf8").trim().split("\n")) {
  const { event } = JSON.parse(line);
  if (event?.kind !== "decision") continue;
  const hands = event.details.delegation.map((hop) => hop.label ?? event.agent_id);
  console.log(`${hands.join(" > ")}: ${event.tool} ${event.decision}`);
}
console.log(`chain: ${(await gate.verifyAudit()).ok ? "intact" : "broken"}`);
await gate.close();
rmSync(folder, { recursive: true });
