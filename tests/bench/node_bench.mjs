// The Node package next to what a Node program would use instead, in one run. Usage: node_bench.mjs PACKAGE PEERS OUT.jsonl
//
// PACKAGE is the package's folder, PEERS is for node_peers.mjs. There is no public TypeScript SDK to install, so its way of
// attenuating is written here from the format's description, with nothing but Node's own modules (`plain_javascript`).
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { micros, must, perSecond } from "./node_measure.mjs";

const [, , packageFolder, peersFolder, out] = process.argv;
const ig = await import(resolve(packageFolder, "lib/index.mjs"));
const client = await import(resolve(packageFolder, "lib/client.mjs"));
const peers = JSON.parse(execFileSync(process.execPath, [fileURLToPath(new URL("node_peers.mjs", import.meta.url)), peersFolder], { encoding: "utf8" }));

function row(name, unit, value, peers = {}, settings = "") {
  appendFileSync(out, `${JSON.stringify({ name, unit, value, peers, settings: `Node ${process.versions.node}${settings && `; ${settings}`}` })}\n`);
}

/** What an earlier benchmark of this run wrote. */
function measured(name) {
  const rows = existsSync(out) ? readFileSync(out, "utf8").trim().split("\n").map((line) => JSON.parse(line)) : [];
  return rows.find((one) => one.name === name)?.value;
}

/** The public SDK's steps for a v3 or v4 token. */
function plainAttenuate(text, { maxCalls }) {
  const token = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  must(token.sig && Array.isArray(token.cav) && token.root_jti && token.tenant && maxCalls > 0, "no token");
  const caveat = { t: "max_calls", max_calls: maxCalls };
  const sig = createHmac("sha256", Buffer.from(token.sig, "base64url")).update(JSON.stringify(caveat)).digest("base64url");
  return Buffer.from(JSON.stringify({ ...token, cav: [...token.cav, caveat], sig })).toString("base64url");
}

const keys = ig.KeyRing.parse(ig.generateKeyLine("k1"));
const allowed = [ig.tools("read_invoice", "list_invoices"), ig.maxCalls(50)];
const v4 = ig.mint(keys, { subject: "finance-copilot", format: 4, ttl: 3600, caveats: allowed }).token;
const v5 = ig.mint(keys, { subject: "finance-copilot", ttl: 3600, caveats: [...allowed, ig.where("/path", { subpath: "/data/q3", tool: "read_invoice" })] }).token;
const fiveCaveats = ig.attenuate(v5, [ig.tools("read_invoice"), ig.maxCalls(3)]);

must(plainAttenuate(v4, { maxCalls: 3 }) === client.attenuate(v4, { maxCalls: 3 }), "the plain way gives other bytes");
row("sdk.node.attenuate", "us", micros(() => client.attenuate(v4, { maxCalls: 3 })),
  { plain_javascript: micros(() => plainAttenuate(v4, { maxCalls: 3 })), macaroon: peers.macaroon }, `v4, ${v4.length} characters`);
const one = [ig.maxCalls(3)];
row("sdk.node.attenuate_v5", "us", micros(() => ig.attenuate(v5, one)), {}, `${v5.length} characters`);
const verify = micros(() => ig.verify(fiveCaveats, keys));
row("sdk.node.verify", "us", verify, {}, "v5, 5 caveats");
const inCpp = measured("token.verify_v5_5_caveats_cold");
if (inCpp !== undefined) row("sdk.node.verify_overhead", "us", verify - inCpp, {}, "less the same in C++, in this run");
row("sdk.node.check", "us", micros(() => ig.check(fiveCaveats, keys, "read_invoice", { path: "/data/q3/a" })), {}, "verify, and every caveat against a call");

const policy = 'package intentgate.policy\nimport rego.v1\ndefault decision := {"allow": false}\ndecision := {"allow": true} if startswith(input.tool, "read_")\n';
const gate = ig.Gate.create({ keys, store: "memory", policy, audit: { durability: "async" } });
const token = ig.mint(keys, { subject: "agent", caveats: [ig.tools("read_invoice"), ig.where("/path", { subpath: "/data" })] }).token;
const args = { path: "/data/q3/a" };
const decided = { macaroon_and_cedar_wasm: peers.macaroon_and_cedar_wasm };
row("sdk.node.authorize_per_second", "1/s", await perSecond(async () => must((await gate.authorize("read_invoice", args, token)).allowed, "refused")), decided, "memory store, audit async, awaited one by one");
row("sdk.node.authorize_sync_per_second", "1/s", await perSecond(() => must(gate.authorizeSync("read_invoice", args, token).allowed, "refused")), decided, "memory store, audit async");
await gate.close();
