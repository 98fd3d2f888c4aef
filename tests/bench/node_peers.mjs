// What a Node program would use without this package, in a process of its own. Usage: node_peers.mjs PEERS; prints JSON.
//
// PEERS is a folder with the npm packages of node_peers/. No package on npm decides what a gate decides: the peer of
// `authorize` joins a token check (macaroon) and a policy decision (Cedar), without intent, budget, audit and snapshot.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

import { micros, must, perSecond } from "./node_measure.mjs";

const require = createRequire(join(resolve(process.argv[2]), "x.js"));
const macaroon = require("macaroon");
const cedar = require("@cedar-policy/cedar-wasm/nodejs");

const rootKey = Buffer.alloc(32, 1);
const parent = macaroon.newMacaroon({ version: 2, rootKey, identifier: "agent", location: "" });
parent.addFirstPartyCaveat("tool = read_invoice");
const bytes = parent.exportBinary();

function attenuate() {
  const child = macaroon.importMacaroon(bytes);
  child.addFirstPartyCaveat("calls < 3");
  return child.exportBinary();
}

must(cedar.preparsePolicySet("p", { staticPolicies: 'permit(principal, action, resource) when { context.tool like "read_*" };' }).type === "success", "the Cedar policy");
const asked = { principal: { type: "Agent", id: "agent" }, action: { type: "Action", id: "call" }, resource: { type: "Tool", id: "read_invoice" },
  context: { tool: "read_invoice", path: "/data/q3/a" }, preparsedPolicySetId: "p", validateRequest: false, entities: [] };

function decide() {
  macaroon.importMacaroon(bytes).verify(rootKey, (caveat) => (caveat.startsWith("tool = ") ? null : "unknown"), []);
  const answer = cedar.statefulIsAuthorized(asked);
  must(answer.type === "success" && answer.response.decision === "allow", "Cedar refused");
}

console.log(JSON.stringify({ macaroon: micros(attenuate), macaroon_and_cedar_wasm: await perSecond(decide) }));
