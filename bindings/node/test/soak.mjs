// Calls every kind of function ROUNDS times, in quarters, and fails if resident memory grew in the last one: the first
// three fill the caches of the store and of the allocator.
//
//   LIBINTENTGATE=.../lib/index.mjs node --expose-gc soak.mjs ROUNDS
import { join } from "node:path";

import { ig, scratch, world } from "./support.mjs";

const rounds = Number(process.argv[2]);
const { gate, keys, token } = world({ store: { sqlite: join(scratch(), "gate.db") }, audit: { durability: "async" } });
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

async function once(i) {
  const args = { path: `/data/${i}` };
  const child = ig.attenuate(parent, [ig.maxCalls(1000)], { label: "hop" });
  ig.check(child, keys, "read", args);
  refused(() => ig.check(child, keys, "read", { path: "/etc" }));
  refused(() => ig.decode("rubbish"));
  if (ig.verify(child, keys).sub !== "bot") throw new Error("wrong");
  String(ig.explain(child, keys, "read", args));
  if (policy.evaluate({ n: i % 10 }).effect === "escalate") throw new Error("wrong");
  gate.explainSync("read", args, parent);
  if (i % 2 === 0) {
    ig.mint(keys, { subject: "other" });
    await gate.run("read", args, parent, (judged) => judged.path);
    await gate.explain("blocked", args, parent);
  }
}

const resident = [];
for (let quarter = 0; quarter < 4; quarter++) {
  for (let i = 0; i < rounds / 4; i++) await once(i);
  await gate.flush();
  globalThis.gc();
  resident.push(process.memoryUsage().rss);
}
await gate.close();
// A hundred bytes that stayed at each round of a dozen functions would be 9 MB in a quarter of 32000 rounds.
const ALLOWED_BYTES = 4 * 1024 * 1024;
console.log(`resident bytes after each quarter: ${resident.join(" ")}`);
process.exitCode = resident[3] - resident[2] < ALLOWED_BYTES ? 0 : 1;
