// Policy.partial: what is left of a query when a part of the input is known.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ig } from "./support.mjs";

const POLICY = `package intentgate.policy

default decision := {"allow": false, "reason": "over the limit"}

decision := {"allow": true, "reason": "within the limit"} if {
	input.tenant in data.tenants
	input.args.amount <= data.limits[input.tenant]
}

visible if input.row.owner == input.user.name

visible if {
	some team in data.teams
	input.user.name in team.members
	input.row.region == team.region
}

late if time.now_ns() > 5

long if {
	some a in data.digits
	some b in data.digits
	some c in data.digits
	some d in data.digits
	some e in data.digits
	some f in data.digits
	some g in data.digits
	some h in data.digits
	some i in data.digits
	some j in data.digits
	some k in data.digits
	some l in data.digits
	a < l
	l < a
}
`;
const DATA = {
  tenants: ["acme", "corp"], limits: { acme: 10, corp: 20 },
  teams: [{ members: ["ann", "bob"], region: "eu" }, { members: ["carl"], region: "us" }],
  digits: [...Array(10).keys()],
};
const VISIBLE = "data.intentgate.policy.visible == true";
const NAMED = { input: { user: { name: "ann" } }, unknowns: ["input.row"] };

const compiled = (options) => ig.Policy.compile({ "policy.rego": POLICY }, { data: DATA, ...options });

test("a filter for rows, at once and as a promise", async () => {
  const policy = compiled();
  const left = policy.partial(VISIBLE, NAMED);
  assert.deepEqual(left.queries, ['input.row.owner == "ann"', 'input.row.region == "eu"']);
  assert.deepEqual([left.support, left.always, left.never, left.steps > 0], [[], false, false, true]);
  assert.match(left.source, /^# Query 1\ninput\.row\.owner == "ann"\n/);
  assert.deepEqual(await policy.partialAsync(VISIBLE, NAMED), left);
  assert.equal(policy.partial(VISIBLE, { unknowns: ["input.row"] }).never, true); // nobody is known to ask
});

test("a policy for one tenant decides as the whole one", () => {
  const policy = compiled();
  const left = policy.partial("data.intentgate.policy.decision = x",
                              { input: { tenant: "acme" }, unknowns: ["input.args"], disableInlining: ["data.intentgate.policy"] });
  assert.match(left.source, /input\.args\.amount <= 10/);
  assert.doesNotMatch(left.source, /corp/);
  const own = ig.Policy.compile({
    ...Object.fromEntries(left.support.map(({ name, text }) => [name, text])),
    "own.rego": "package intentgate.policy\ndecision := data.partial.intentgate.policy.decision\n",
  });
  for (const [amount, effect] of [[9, "allow"], [10, "allow"], [11, "block"]]) {
    const verdict = own.evaluate({ args: { amount } }), whole = policy.evaluate({ tenant: "acme", args: { amount } });
    assert.deepEqual([verdict.effect, verdict.reason], [effect, whole.reason]);
    assert.equal(whole.effect, effect);
  }
});

test("always and never", () => {
  for (const [user, always] of [["ann", true], ["eve", false]]) {
    const left = compiled().partial('input.user == "ann"', { input: { user }, unknowns: [] });
    assert.deepEqual([left.always, left.never, left.queries], [always, !always, always ? [""] : []]);
  }
});

test("what stays a rule", () => {
  const policy = compiled();
  for (const options of [{ shallowInlining: true }, { disableInlining: ["data.intentgate.policy.visible"] }]) {
    const { support } = policy.partial(VISIBLE, { supportNamespace: "left", ...NAMED, ...options });
    assert.equal(support.length, 1);
    assert.match(support[0].text, /^package left\.intentgate\.policy\n[^]*input\.row\.owner == "ann"/);
  }
  const late = "data.intentgate.policy.late";
  assert.deepEqual([policy.partial(late).always, policy.partial(late, { nondeterministicBuiltins: true }).always], [false, true]);
  assert.equal(policy.partial(VISIBLE, { ...NAMED, maxAlternatives: 1 }).support.length, 1);
});

test("a wrong query has its mistakes, and what cannot be evaluated in part is an error", async () => {
  const policy = compiled();
  for (const [query, code] of [["x > 1", "rego_unsafe_var_error"], ["x :=", "rego_parse_error"]]) {
    const wrong = (error) => error instanceof ig.PolicyCompileError && error.code === "malformed" && error.diagnostics[0].code === code &&
      error.message.includes(code);
    assert.throws(() => policy.partial(query), wrong);
    await assert.rejects(policy.partialAsync(query), wrong);
  }
  assert.throws(() => policy.partial(VISIBLE, { unknowns: ["data"] }), { name: "IntentGateError", code: "rego_partial_error" });
});

test("limits are errors that name them", async () => {
  const limited = (name) => (error) => error instanceof ig.IntentGateError && error.code === "eval_limit_error" && error.message.includes(name);
  const policy = compiled();
  for (const options of [{ maxQueries: 1 }, { maxTextBytes: 1 }, { maxRules: 1, shallowInlining: true }]) {
    const name = Object.keys(options)[0].replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    assert.throws(() => policy.partial(VISIBLE, { ...NAMED, ...options }), limited(name));
    await assert.rejects(policy.partialAsync(VISIBLE, { ...NAMED, ...options }), limited(name));
  }
  assert.throws(() => compiled({ maxSteps: 1 }).partial(VISIBLE, NAMED), limited("max_steps"));
});

test("an argument of another type is named and not shown", async () => {
  const policy = compiled(), secret = "hunter2";
  for (const [options, said] of [
    [{ input: secret }, "input must be an object, not string"],
    [{ unknowns: secret }, "unknowns must be an array of strings"],
    [{ unknowns: [{ secret }] }, "each of unknowns must be a string, not object"],
    [{ unknowns: new Array(1) }, "each of unknowns must be a string, not undefined"],
    [{ disableInlining: null }, "disableInlining must be an array of strings"],
    [{ shallowInlining: secret }, "shallowInlining must be true or false"],
    [{ nondeterministicBuiltins: 1 }, "nondeterministicBuiltins must be true or false"],
    [{ supportNamespace: null }, "supportNamespace must be a string, not null"],
    [{ maxQueries: secret }, "maxQueries must be a whole number, not string"],
  ]) {
    const wrong = { name: "TypeError", message: said };
    assert.throws(() => policy.partial(VISIBLE, options), wrong);
    await assert.rejects(policy.partialAsync(VISIBLE, options), wrong);
  }
  assert.throws(() => policy.partial(1), { name: "TypeError", message: "query must be a string, not number" });
  assert.throws(() => policy.partial(VISIBLE, { unknown: ["input"] }), TypeError);
  assert.throws(() => policy.partial(VISIBLE, { maxRules: 0 }), RangeError);
  await assert.rejects(policy.partialAsync(VISIBLE, { signal: secret }), TypeError);
});

test("an abort ends an evaluation that would take minutes", async () => {
  const abort = new AbortController(), reason = new Error("not wanted any more");
  const asked = compiled({ maxSteps: 1e10 }).partialAsync("data.intentgate.policy.long == input.x", { signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(asked, (error) => error === reason);
});
