"""libintentgate.rego: what is parsed once compiles often, and what is compiled once is asked often."""
import asyncio
import threading

import pytest

import libintentgate as ig
from libintentgate import rego

RULES = """# METADATA
# title: who may read
# scope: package
package rules

default allow := false
allow if input.user in data.roles.readers
who contains x if some x in data.roles.readers
conflict := 1 if true
conflict := 2 if true
digits := numbers.range(0, 9)
long if {
    some a, b, c, d, e, f, g, h, i, j, k, l
    digits[a]; digits[b]; digits[c]; digits[d]; digits[e]; digits[f]
    digits[g]; digits[h]; digits[i]; digits[j]; digits[k]; digits[l]
    a + l > 99
}
"""
ROLES = 'package roles\nreaders := {"ann", "bob"}\n'


def compiled(**options):
    engine = rego.Engine(**options)
    return engine.compile([engine.parse("rules.rego", RULES), engine.parse("roles.rego", ROLES)])


def test_a_module_says_what_it_is_and_is_used_again():
    engine = rego.Engine()
    rules = engine.parse("rules.rego", RULES)
    assert (rules.name, rules.text, rules.package) == ("rules.rego", RULES, "data.rules")
    assert rules.tree()["package"]["path"][1]["value"] == "rules"
    assert [note["title"] for note in rules.annotations()] == ["who may read"]
    assert "\nallow if input.user" in rules.format() and repr(rules) == "<Module rules.rego data.rules>"
    for readers, allowed in (('{"ann"}', True), ('{"eve"}', False)):
        policy = engine.compile([rules, engine.parse("roles.rego", f"package roles\nreaders := {readers}\n")])
        assert policy.prepare("data.rules.allow").eval({"user": "ann"}) is allowed
    assert policy.packages == ["data.roles", "data.rules"] and "data.rules.allow" in policy.rule_names


def test_a_prepared_query_answers_and_keeps_its_policy():
    allow, who = (compiled().prepare(text) for text in ("data.rules.allow", "some x in data.rules.who; y := upper(x)"))
    assert allow.is_reference and not who.is_reference
    assert [allow.eval({"user": user}) for user in ("ann", "eve")] == [True, False] and allow.eval() is False
    assert [answer.bindings for answer in who.answers()] == [{"x": "ann", "y": "ANN"}, {"x": "bob", "y": "BOB"}]
    assert allow.answers({"user": "ann"}) == [rego.Answer({}, [True])]
    with pytest.raises(KeyError, match="undefined"):
        compiled().prepare("data.rules.nothing").eval()
    with pytest.raises(ig.IntentGateError, match="rules.rego:[0-9]+: eval_conflict_error"):
        compiled().prepare("data.rules.conflict").eval()
    with pytest.raises(ig.IntentGateError, match="answers"):
        who.eval()


def test_mistakes_have_their_places():
    engine = rego.Engine()
    with pytest.raises(ig.IntentGateError, match="bad.rego:2: rego_parse_error"):
        engine.parse("bad.rego", "package p\nx := ")
    with pytest.raises(ig.IntentGateError, match="p.rego:2: rego_unsafe_var_error"):
        engine.compile([engine.parse("p.rego", "package p\nx := y")])
    with pytest.raises(ig.IntentGateError, match="rego_unsafe_var_error"):
        compiled().prepare("x > 1")
    with pytest.raises(ig.IntentGateError, match="undefined function"):
        compiled(builtins=["eq", "assign"])
    with pytest.raises(ValueError):
        rego.Engine(max_steps=0)
    with pytest.raises(TypeError):
        engine.compile([1])


def test_limits_and_cancellation():
    with pytest.raises(ig.IntentGateError) as failed:
        compiled(max_steps=10).prepare("count(numbers.range(1, 1000))").answers()
    assert failed.value.code == "limit_exceeded"
    long, token = compiled(max_steps=10**12).prepare("data.rules.long"), rego.CancelToken()
    begun = threading.Event()

    def cancel():
        begun.wait()
        token.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    begun.set()
    with pytest.raises(ig.IntentGateError) as failed:
        long.eval(cancel=token)
    thread.join()
    assert failed.value.code == "cancelled"

    async def main():
        task = asyncio.ensure_future(long.aeval())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await compiled().prepare("data.rules.allow").aeval({"user": "bob"}) is True

    # Both ends wait for the evaluations' threads, which have far more steps to go than anybody waits for.
    asyncio.run(main())
