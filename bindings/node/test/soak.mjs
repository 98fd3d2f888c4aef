// Calls every kind of function, CALLS calls in all, in quarters, and fails if resident memory is above all before in the last one: the
// first ones fill the caches of the allocator, which takes half a million calls; those of the store are filled before. One arena and a small
// young generation keep what the allocator and V8 set aside from looking like growth.
//
//   LIBINTENTGATE=.../lib/index.mjs MALLOC_ARENA_MAX=1 node --expose-gc --max-semi-space-size=1 soak.mjs CALLS
import { join } from "node:path";

import { ig, scratch, world } from "./support.mjs";

const CALLS = Number(process.argv[2]);
const { gate, keys, token } = world({ store: { sqlite: join(scratch(), "gate.db") }, audit: { durability: "async" }, approvals: { ttlSeconds: 86_400 } });
const policy = ig.Policy.compile("package intentgate.policy\nimport rego.v1\ndecision := {\"allow\": input.n > 5}\n");
const parent = token([ig.where("/path", { subpath: "/data" })]);
const refused = (work) => {
  try {
    work();
  } catch (error) {
    return error.code;
  }
  throw new Error("not refused");
};

const { approvalId } = await gate.authorize("pay", { path: "/data/x" }, parent);
const before = new Date(0);

/** Ten calls in every round, seven more in every eighth, which write to the chain or wait. */
async function once(i) {
  const args = { path: `/data/${i}` };
  const child = ig.attenuate(parent, [ig.maxCalls(1000)], { label: "hop" });
  ig.check(child, keys, "read", args);
  refused(() => ig.check(child, keys, "read", { path: "/etc" }));
  refused(() => ig.decode("rubbish"));
  if (ig.verify(child, keys).sub !== "bot") throw new Error("wrong");
  String(ig.explain(child, keys, "read", args));
  if (policy.evaluate({ n: i % 10 }).effect === "escalate") throw new Error("wrong");
  refused(() => gate.authorizeSync("read", { n: NaN }, parent));
  gate.explainSync("read", args, parent);
  if (gate.getApprovalSync(approvalId).state !== "pending") throw new Error("wrong");
  if (i % 8 > 0) return 10;
  ig.mint(keys, { subject: "other" });
  await gate.run("read", args, parent, (judged) => judged.path);
  if ((await gate.authorize("read", { path: "/etc" }, parent)).allowed) throw new Error("wrong");
  await gate.explain("blocked", args, parent);
  const cut = new AbortController();
  const wait = gate.waitApproval(approvalId, { signal: cut.signal });
  cut.abort();
  await wait.catch((error) => error);
  await gate.evidence.holds();
  await gate.evidence.prune({ before, reason: "soak", actor: "soak", dryRun: true }).catch((error) => error);
  return 17;
}

// More events than the store's cache of pages has room for.
for (let filled = 0; filled < 60_000; filled += 500) {
  await Promise.all(Array.from({ length: 500 }, () => gate.authorize("read", { path: "/data/a" }, parent)));
  await gate.flush();
}

const resident = [];
let calls = 0, i = 0;
for (let quarter = 1; quarter <= 4; quarter++) {
  while (calls < (CALLS / 4) * quarter) calls += await once(i++);
  await gate.flush();
  globalThis.gc();
  resident.push(process.memoryUsage().rss);
}
await gate.close();
// Thirty bytes that stayed at each call would be 6 MB in a quarter of 800000 calls.
const ALLOWED_BYTES = 4 * 1024 * 1024;
console.log(`resident bytes after each quarter of ${calls} calls: ${resident.join(" ")}`);
// The system may have taken pages back in one of them, which come again.
process.exitCode = resident[3] - Math.max(...resident.slice(0, 3)) < ALLOWED_BYTES ? 0 : 1;
