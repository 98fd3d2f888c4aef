// Builders for caveats; each returns the JSON form. docs/caveats.md says what each one refuses.
"use strict";

const tools = (...names) => ({ t: "tool_allow", tools: names });
const denyTools = (...names) => ({ t: "tool_deny", tools: names });
const maxCalls = (calls) => ({ t: "max_calls", max_calls: calls });
const rateLimit = (callsPerMinute) => ({ t: "rate_limit", rate_per_min: callsPerMinute });
const maxCost = (cents) => ({ t: "max_cost", max_cents: cents });
const expires = (unixSeconds) => ({ t: "exp", exp: unixSeconds });
const servers = (...names) => ({ t: "mcp_allow", servers: names });

const present = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

function where(pointer, { tool, minimum, maximum, minLength, maxLength, oneOf, constraint, ...rest }) {
  const rules = [];
  for (const name of ["equals", "prefix", "glob", "regex", "subpath", "cidr", "contains", "subset", "url"]) {
    if (rest[name] !== undefined) rules.push({ [name]: rest[name] });
    delete rest[name];
  }
  if (Object.keys(rest).length > 0) throw new TypeError(`where: unknown rule ${Object.keys(rest)[0]}`);
  if (oneOf !== undefined) rules.push({ one_of: oneOf });
  // Bounds are exact decimals, so they travel as text.
  const bound = (value) => (value === undefined ? undefined : String(value));
  if (minimum !== undefined || maximum !== undefined) {
    rules.push({ range: present({ min: bound(minimum), max: bound(maximum) }) });
  }
  if (minLength !== undefined || maxLength !== undefined) {
    rules.push({ length: present({ min: minLength, max: maxLength }) });
  }
  if (constraint !== undefined) rules.push(constraint);
  if (rules.length === 0) throw new TypeError(`where(${JSON.stringify(pointer)}): give at least one rule, such as subpath`);
  return present({ t: "arg", at: pointer, is: rules.length === 1 ? rules[0] : { all: rules }, tool });
}

module.exports = { tools, denyTools, maxCalls, rateLimit, maxCost, expires, servers, where };
