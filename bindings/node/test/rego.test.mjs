// Rego by itself: what is parsed once compiles often, and what is compiled once is asked often.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ig } from "./support.mjs";

const { rego } = ig;
const RULES = `# METADATA
# title: who may read
# scope: package
package rules

default allow := false
allow if input.user in data.roles.readers
who contains x if some x in data.roles.readers
conflict := 1 if true
conflict := 2 if true
long := count([1 | some a in numbers.range(1, 30000); some b in numbers.range(1, 30000); a + b == 0])
`;
const ROLES = 'package roles\nreaders := {"ann", "bob"}\n';

function compiled(options) {
  const engine = new rego.Engine(options);
  return engine.compile([engine.parse("rules.rego", RULES), engine.parse("roles.rego", ROLES)]);
}

test("a module says what it is and is used again", () => {
  const engine = new rego.Engine();
  const rules = engine.parse("rules.rego", RULES);
  assert.deepEqual([rules.name, rules.text, rules.package], ["rules.rego", RULES, "data.rules"]);
  assert.equal(rules.tree().package.path[1].value, "rules");
  assert.deepEqual(rules.annotations().map((note) => note.title), ["who may read"]);
  assert.match(rules.format(), /\nallow if input\.user/);
  for (const [readers, allowed] of [['{"ann"}', true], ['{"eve"}', false]]) {
    const policy = engine.compile([rules, engine.parse("roles.rego", `package roles\nreaders := ${readers}\n`)], { data: { more: 1 } });
    assert.equal(policy.prepare("data.rules.allow").evalSync({ user: "ann" }), allowed);
    assert.equal(policy.prepare("data.more").evalSync(), 1);
    assert.equal(policy.ruleNames.includes("data.rules.allow"), true);
  }
});

test("a prepared query answers, at once and as a promise", async () => {
  const allow = compiled().prepare("data.rules.allow"), who = compiled().prepare("some x in data.rules.who; y := upper(x)");
  assert.deepEqual([allow.isReference, who.isReference, allow.text], [true, false, "data.rules.allow"]);
  for (const [user, wanted] of [["ann", true], ["eve", false]]) {
    assert.equal(allow.evalSync({ user }), wanted);
    assert.equal(await allow.eval({ user }), wanted);
  }
  assert.deepEqual(who.answersSync().map((answer) => answer.bindings), [{ x: "ann", y: "ANN" }, { x: "bob", y: "BOB" }]);
  assert.deepEqual(await who.answers(), who.answersSync());
  assert.equal(await compiled().prepare("data.rules.nothing").eval(), undefined);
  const conflict = compiled().prepare("data.rules.conflict");
  const failed = (error) => error instanceof ig.IntentGateError && error.code === "eval_conflict_error";
  await assert.rejects(conflict.eval(), failed);
  assert.throws(() => conflict.evalSync(), failed);
  await assert.rejects(conflict.answers(), failed);
});

test("mistakes have their places, and what is no Module or Query is refused", async () => {
  const engine = new rego.Engine();
  const at = (line, code) => (error) => error instanceof ig.PolicyCompileError && error.diagnostics[0].line === line && error.diagnostics[0].code === code;
  assert.throws(() => engine.parse("bad.rego", "package p\nx := "), at(2, "rego_parse_error"));
  assert.throws(() => engine.compile([engine.parse("p.rego", "package p\nx := y")]), at(2, "rego_unsafe_var_error"));
  assert.throws(() => compiled().prepare("x > 1"), at(1, "rego_unsafe_var_error"));
  assert.throws(() => compiled({ builtins: ["eq", "assign"] }), /undefined function/);
  for (const wrong of [[1], [{}], [Object.create(rego.Module.prototype)], 1]) assert.throws(() => engine.compile(wrong), TypeError);
  for (const made of [rego.Module, rego.Query, rego.CompiledPolicy]) assert.throws(() => new made({}), TypeError);
  assert.throws(() => new rego.Engine({ maxStep: 1 }), TypeError);
  await assert.rejects(compiled().prepare("data.rules.allow").eval({}, { sginal: 1 }), TypeError);
});

test("limits hold, and an abort ends an evaluation that has far more steps to go than a test waits for", async () => {
  assert.throws(() => compiled({ maxSteps: 10 }).prepare("count(numbers.range(1, 1000))").answersSync(), { code: "eval_limit_error" });
  const long = compiled({ maxSteps: 1e12 }).prepare("data.rules.long"), reason = new Error("not wanted any more");
  for (const form of ["eval", "answers"]) {
    const abort = new AbortController();
    const asked = long[form](undefined, { signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(asked, (error) => error === reason);
  }
});
