"""Policy.partial: what is left of a query when a part of the input is known."""
import asyncio
import sys
import threading

import pytest

import libintentgate as ig

POLICY = """package intentgate.policy

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
"""
DATA = {
    "tenants": ["acme", "corp"], "limits": {"acme": 10, "corp": 20},
    "teams": [{"members": ["ann", "bob"], "region": "eu"}, {"members": ["carl"], "region": "us"}],
    "digits": list(range(10)),
}
VISIBLE = "data.intentgate.policy.visible == true"
NAMED = {"input": {"user": {"name": "ann"}}, "unknowns": ["input.row"]}


@pytest.fixture
def policy():
    return ig.Policy.compile({"policy.rego": POLICY}, data=DATA)


def test_a_filter_for_rows(policy):
    left = policy.partial(VISIBLE, **NAMED)
    assert left.queries == ['input.row.owner == "ann"', 'input.row.region == "eu"']
    assert (left.support, left.always, left.never) == ([], False, False) and left.steps > 0
    assert left.source.startswith('# Query 1\ninput.row.owner == "ann"\n')
    assert policy.partial(VISIBLE, input={"user": {"name": "eve"}}, unknowns=("input.row",)).queries == ['input.row.owner == "eve"']
    assert policy.partial(VISIBLE, unknowns=["input.row"]).never  # nobody is known to ask


def test_a_policy_for_one_tenant_decides_as_the_whole_one(policy):
    left = policy.partial("data.intentgate.policy.decision = x", input={"tenant": "acme"}, unknowns=["input.args"],
                          disable_inlining=["data.intentgate.policy"])
    assert "input.args.amount <= 10" in left.source and "corp" not in left.source
    decision = "package intentgate.policy\ndecision := data.partial.intentgate.policy.decision\n"
    own = ig.Policy.compile({**dict(left.support), "own.rego": decision})
    for amount, allowed in ((9, True), (10, True), (11, False)):
        verdict = own.evaluate({"args": {"amount": amount}})
        assert verdict.allowed is allowed
        assert verdict[:3] == policy.evaluate({"tenant": "acme", "args": {"amount": amount}})[:3]


def test_always_and_never(policy):
    for user, always in (("ann", True), ("eve", False)):
        left = policy.partial('input.user == "ann"', input={"user": user}, unknowns=[])
        assert (left.always, left.never, left.queries) == (always, not always, [""] if always else [])


def test_what_stays_a_rule(policy):
    for options in ({"shallow_inlining": True}, {"disable_inlining": ("data.intentgate.policy.visible",)}):
        ((name, text),) = policy.partial(VISIBLE, support_namespace="left", **NAMED, **options).support
        assert name and text.startswith("package left.intentgate.policy\n") and 'input.row.owner == "ann"' in text
    late = "data.intentgate.policy.late"
    assert not policy.partial(late).always and policy.partial(late, nondeterministic_builtins=True).always
    assert policy.partial("input.x == data.limits.acme", unknowns=["input", "data.limits"]).queries == ["input.x == data.limits.acme"]


@pytest.mark.parametrize("query, said", [("x > 1", "rego_unsafe_var_error"), ("x :=", "rego_parse_error"), ("no_such(1)", "rego_type_error")])
def test_a_wrong_query_has_its_mistakes(policy, query, said):
    with pytest.raises(ig.IntentGateError, match=said) as failed:
        policy.partial(query)
    assert failed.value.code == "invalid_argument"


def test_what_cannot_be_evaluated_in_part_is_an_error(policy):
    with pytest.raises(ig.IntentGateError, match="rego_partial_error") as failed:
        policy.partial(VISIBLE, unknowns=["data"])
    assert failed.value.code == "invalid_argument"


@pytest.mark.parametrize("limit", ["max_queries", "max_text_bytes", "max_steps"])
def test_limits_are_errors_that_name_them(policy, limit):
    with pytest.raises(ig.IntentGateError, match="eval_limit_error.*" + limit) as failed:
        policy.partial(VISIBLE, **NAMED, **{limit: 1})
    assert failed.value.code == "limit_exceeded"


def test_a_limit_on_rules_and_on_alternatives(policy):
    with pytest.raises(ig.IntentGateError, match="max_rules"):
        policy.partial(VISIBLE, **NAMED, shallow_inlining=True, max_rules=1)
    assert len(policy.partial(VISIBLE, **NAMED, max_alternatives=1).support) == 1


SECRET = "hunter2"


@pytest.mark.parametrize("argument, wrong, said", [
    ("query", SECRET.encode(), "query must be a str, not a bytes"),
    ("input", SECRET, "input must be a dict or None, not a str"),
    ("input", [SECRET], "input must be a dict or None, not a list"),
    ("unknowns", SECRET, "unknowns must be a sequence of str, not a str"),
    ("unknowns", {SECRET}, "unknowns must be a sequence of str, not a set"),
    ("unknowns", [{SECRET: 1}], "each of unknowns must be a str, not a dict"),
    ("disable_inlining", None, "disable_inlining must be a sequence of str, not a NoneType"),
    ("shallow_inlining", SECRET, "shallow_inlining must be a bool, not a str"),
    ("nondeterministic_builtins", 1, "nondeterministic_builtins must be a bool, not a int"),
    ("support_namespace", None, "support_namespace must be a str, not a NoneType"),
    ("max_queries", SECRET, "max_queries must be an int, not a str"),
    ("max_steps", True, "max_steps must be an int, not a bool"),
    ("cancel", SECRET, "cancel must be a CancelToken or None, not a str"),
])
def test_an_argument_of_another_type_is_named_and_not_shown(policy, argument, wrong, said):
    with pytest.raises(TypeError) as failed:
        policy.partial(**{"query": VISIBLE, argument: wrong})
    assert str(failed.value) == said


@pytest.mark.parametrize("options", [{"max_rules": 0}, {"max_memory_bytes": -1}, {"max_alternatives": 2**70}, {"unknowns": ["\ud800"]}])
def test_an_argument_that_can_never_be_right_is_a_value_error(policy, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        policy.partial(VISIBLE, **options)


def test_it_holds_no_lock_of_the_interpreter_so_that_another_thread_ends_it(policy):
    # The evaluation would take minutes and no memory. Nobody is made to hand over the interpreter: the other
    # thread runs when this one lets go of it, in the evaluation.
    token, begun = ig.CancelToken(), threading.Event()
    thread = threading.Thread(target=lambda: begun.wait() and token.cancel())
    thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(3600)
    try:
        begun.set()
        with pytest.raises(ig.IntentGateError, match="eval_cancel_error") as failed:
            policy.partial("data.intentgate.policy.long == input.x", max_steps=10**10, cancel=token)
    finally:
        sys.setswitchinterval(interval)
    thread.join()
    assert failed.value.code == "cancelled"


def test_on_an_event_loop(policy):
    async def main():
        assert await policy.apartial(VISIBLE, **NAMED) == policy.partial(VISIBLE, **NAMED)
        task = asyncio.ensure_future(policy.apartial("data.intentgate.policy.long == input.x", max_steps=10**10))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
