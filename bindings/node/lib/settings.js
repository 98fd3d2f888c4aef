// A gate described in code becomes the text of a configuration: JSON is YAML, so the library reads it as it reads a
// file, with the same checks and the same messages.
"use strict";

const { refuseOthers } = require("./tokens.js");
const { json, text } = require("./values.js");

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isPlain = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A section with its names as the file has them, and sections inside it. */
function section(of, name) {
  if (of === undefined || of === null) return undefined;
  if (typeof of !== "object" || Array.isArray(of)) throw new TypeError(`${name} must be an object`);
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)
    .map(([key, value]) => [snake(key), isPlain(value) ? section(value, `${name}.${key}`) : value]));
}

const byId = (of, name) => of && Object.fromEntries(Object.entries(of).map(([id, limits]) => [id, section(limits, `${name}.${id}`)]));

function storeOf(store) {
  const message = 'store must be "memory", {sqlite: "FILE"} or {postgres: "URL"}';
  if (store === "memory") return { kind: "memory" };
  if (typeof store !== "object" || store === null) throw new TypeError(message);
  const { sqlite, postgres, schema, ...rest } = store;
  refuseOthers(rest, "store");
  if ((sqlite === undefined) === (postgres === undefined)) throw new TypeError(message);
  if (sqlite !== undefined) return { kind: "sqlite", sqlite_path: text(sqlite, "store.sqlite") };
  return { kind: "postgres", postgres_url: text(postgres, "store.postgres"), postgres_schema: schema };
}

function budgetOf(budgets) {
  if (budgets === undefined || budgets === null) return undefined;
  const { agent, tenant, agents, tenants, ...rest } = budgets;
  refuseOthers(rest, "budgets");
  return {
    agent: section(agent, "budgets.agent"), tenant: section(tenant, "budgets.tenant"),
    agents: byId(agents, "budgets.agents"), tenants: byId(tenants, "budgets.tenants"),
  };
}

/** The text for everything but keys and policy, which are handed over as they are. */
function configuration({ store, keysFile, policyFiles, policyLimits, capability, intent, approvals, budgets, tools, audit, ...rest }) {
  refuseOthers(rest, "Gate.create");
  return json({
    keys: keysFile === undefined ? undefined : { file: text(keysFile, "keys.file") },
    store: storeOf(store),
    capability: section(capability, "capability"),
    intent: section(intent, "intent"),
    policy: policyFiles === undefined && policyLimits === undefined ? undefined : { ...section(policyLimits, "policyLimits"), files: policyFiles },
    approvals: section(approvals, "approvals"),
    budget: budgetOf(budgets),
    tools: tools?.map((row, i) => section(row, `tools[${i}]`)),
    audit: section(audit, "audit"),
  }, "the settings");
}

module.exports = { configuration };
