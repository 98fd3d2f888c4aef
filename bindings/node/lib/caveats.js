// Builders for caveats; each returns the JSON form. docs/caveats.md says what each one refuses.
"use strict";

const tools = (...names) => ({ t: "tool_allow", tools: names });
const denyTools = (...names) => ({ t: "tool_deny", tools: names });
const maxCalls = (calls) => ({ t: "max_calls", max_calls: calls });
const rateLimit = (callsPerMinute) => ({ t: "rate_limit", rate_per_min: callsPerMinute });
const maxCost = (cents) => ({ t: "max_cost", max_cents: cents });
const expires = (at) => ({ t: "exp", exp: at instanceof Date ? Math.floor(at.getTime() / 1000) : at });
const servers = (...names) => ({ t: "mcp_allow", servers: names });
const agent = (name) => ({ t: "agent_lock", agent: name });
const steppedUp = (unixSeconds) => ({ t: "step_up", step_up_at: unixSeconds });
const callees = ({ agents = [], zones = [] }) => ({ t: "callee_allow", callees: agents, callee_zones: zones });
const maxRisk = (ceiling) => ({ t: "risk_max", risk_max: ceiling });

const holder = (thumbprint) => ({ t: "holder", jkt: thumbprint });

const present = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

// Bounds are exact decimals, so they travel as text.
function decimal(value, name) {
  if (value === undefined) return undefined;
  if (typeof value === "bigint" || typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  throw new TypeError(`where: ${name} must be a number, a bigint or decimal text`);
}

function where(pointer, rulesOf) {
  if (typeof pointer !== "string") throw new TypeError("where: the first argument is a JSON pointer such as \"/path\"");
  if (typeof rulesOf !== "object" || rulesOf === null) throw new TypeError(`where(${JSON.stringify(pointer)}): give at least one rule, such as {subpath: "/data"}`);
  const { tool, minimum, maximum, minLength, maxLength, oneOf, constraint, ...rest } = rulesOf;
  const rules = [];
  for (const name of ["equals", "prefix", "glob", "regex", "subpath", "cidr", "contains", "subset", "url"]) {
    if (rest[name] !== undefined) rules.push({ [name]: rest[name] });
    delete rest[name];
  }
  if (Object.keys(rest).length > 0) throw new TypeError(`where: unknown rule ${Object.keys(rest)[0]}`);
  if (oneOf !== undefined) rules.push({ one_of: oneOf });
  if (minimum !== undefined || maximum !== undefined) {
    rules.push({ range: present({ min: decimal(minimum, "minimum"), max: decimal(maximum, "maximum") }) });
  }
  if (minLength !== undefined || maxLength !== undefined) {
    rules.push({ length: present({ min: decimal(minLength, "minLength"), max: decimal(maxLength, "maxLength") }) });
  }
  if (constraint !== undefined) rules.push(constraint);
  if (rules.length === 0) throw new TypeError(`where(${JSON.stringify(pointer)}): give at least one rule, such as subpath`);
  return present({ t: "arg", at: pointer, is: rules.length === 1 ? rules[0] : { all: rules }, tool });
}

module.exports = {
  tools, denyTools, maxCalls, rateLimit, maxCost, expires, servers, agent, steppedUp, callees, maxRisk, holder, where,
};
