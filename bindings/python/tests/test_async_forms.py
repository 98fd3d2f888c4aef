"""What waits for the store or a file has a form for event loops, and holds neither the loop nor the interpreter."""
import asyncio
import inspect
import subprocess
import sys
import threading

import pytest

import libintentgate as ig
from conftest import POLICY
from test_async import WRITER, durable  # noqa: F401  (a fixture)
from test_evidence import signing  # noqa: F401

# What never waits: it decorates, looks at memory, or runs other people's code.
NEVER_WAITS = {"add_tools", "check_token", "describe", "guard", "health", "record_outcome", "set_tools", "use", "visible_tools"}


def methods(of):
    return {name for name, member in inspect.getmembers(of, callable) if not name.startswith("_")}


def test_whatever_waits_has_both_forms():
    names = methods(ig.Gate)
    sync = {name for name in names if not inspect.iscoroutinefunction(getattr(ig.Gate, name))
            and not inspect.isasyncgenfunction(getattr(ig.Gate, name))}
    assert {name for name in sync - NEVER_WAITS if "a" + name not in names} == set()
    assert {name for name in methods(ig.Policy) if not name.startswith("a") and "a" + name not in methods(ig.Policy)} == set()


def test_the_forms_give_the_same_and_say_what_they_are(signing, token, tmp_path):  # noqa: F811
    gate, trusted = signing

    async def main():
        allowed = await gate.aauthorize("read_file", {"path": "/data/a"}, token)
        asked = await gate.aauthorize("transfer", {}, token)
        assert (await gate.aexplain("read_file", {"path": "/etc/x"}, token)).verdict == "block"
        pending, = [approval async for approval in gate.alist_approvals("pending")]
        assert (await gate.aget_approval(asked.approval_id)) == pending
        assert (await gate.aapprove(asked.approval_id, actor="dana")).state == "approved"
        with pytest.raises(ig.IntentGateError, match="approved"):
            await gate.areject(asked.approval_id, actor="dana")
        assert [event async for event in gate.aaudit_events()] == list(gate.audit_events())
        await gate.aplace_hold("h1", reason="case 7", actor="dana")
        assert [hold.id for hold in await gate.alist_holds()] == ["h1"]
        await gate.alift_hold("h1", reason="over", actor="dana")
        checkpoint = await gate.amake_checkpoint()
        assert (await gate.alatest_checkpoint()) == checkpoint
        assert (await gate.aprove_event(allowed.event_id)).event_id == allowed.event_id
        assert "intentgate" in await gate.asign_receipt(allowed)
        await gate.awrite_bundle(tmp_path / "bundle.tar")
        assert (await ig.averify_bundle(tmp_path / "bundle.tar", keys=[trusted])).verdict == "intact"
        await gate.aexport_audit(tmp_path / "events.ndjson")
        assert (await gate.averify_audit()).ok
        assert (await gate.aprune_audit(0, reason="age", actor="dana", dry_run=True)).archive == ""
        mine = ig.AuditFilter(tenant="default", agent_id="agent-7")
        assert (await gate.aerase_values(mine, reason="asked", actor="dana")).values > 0
        policy = await ig.Policy.acompile({"p.rego": POLICY})
        assert (await policy.aevaluate({"tool": "read_x", "args": {"path": "/"}})).allowed and await policy.atest() == []
        assert await policy.aquery("data.intentgate.policy.decision.allow", {"tool": "x", "args": {"path": "/"}}) is False
        await gate.aset_policy(policy, actor="dana")
        await gate.arevoke(ig.decode(token)["root_jti"])
        assert (await gate.aauthorize("read_file", {"path": "/data/a"}, token)).code == "capability.token_revoked"

    asyncio.run(main())
    assert ig.Gate.aapprove.__name__ == "aapprove" and "approve" in ig.Gate.aapprove.__doc__


def test_an_async_with_closes_the_gate(gate_config):
    async def main():
        async with await ig.Gate.aopen(yaml=gate_config[0], environment={}) as gate:
            assert (await gate.aauthorize("write", {})).verdict == "block"
        assert gate.closed

    asyncio.run(main())


def test_pages_are_read_as_they_are_asked_for(gate, token, monkeypatch):
    monkeypatch.setattr("libintentgate._threads._PAGE", 2)
    ids = [gate.authorize("read_dir", {}, token).event_id for _ in range(5)]

    async def main():
        assert [event["event_id"] async for event in gate.aaudit_events(ig.AuditFilter(tool="read_dir"))] == ids[::-1]
        async for event in gate.aaudit_events():
            break
        with pytest.raises(ValueError, match="closed"):
            gate.close()
            [event async for event in gate.aaudit_events()]

    asyncio.run(main())


WAITING = {
    "revoke": lambda gate, asked: gate.revoke("some-id"),
    "approve": lambda gate, asked: gate.approve(asked.approval_id, actor="dana"),
    "place_hold": lambda gate, asked: gate.place_hold("h1", reason="case 7", actor="dana"),
    "set_policy": lambda gate, asked: gate.set_policy(ig.Policy.compile({"p.rego": POLICY})),
    "authorize": lambda gate, asked: gate.authorize("read_dir"),
}


@pytest.mark.parametrize("name", WAITING)
def test_the_interpreter_runs_on_while_a_plain_form_waits(durable, name, tmp_path, token):  # noqa: F811
    asked = durable.authorize("transfer", {}, token)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "gate.db")], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == "holds\n"
        begun, failed = threading.Event(), []

        def wait():
            begun.set()
            try:
                WAITING[name](durable, asked)
            except BaseException as error:
                failed.append(error)

        # So long nobody takes the lock from a thread that does not give it away: the writer is told to let go by this thread,
        # which runs on only when the other one waits without the lock.
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        try:
            thread = threading.Thread(target=wait)
            thread.start()
            begun.wait()
            assert thread.is_alive()
            writer.stdin.write("go\n")
            writer.stdin.flush()
            thread.join()
        finally:
            sys.setswitchinterval(interval)
        assert failed == []


@pytest.mark.parametrize("name", ["arevoke", "aapprove"])
def test_the_loop_runs_on_while_an_async_form_waits(durable, name, tmp_path, token):  # noqa: F811
    asked = durable.authorize("transfer", {}, token).approval_id

    async def main(writer):
        work = durable.arevoke("some-id") if name == "arevoke" else durable.aapprove(asked, actor="dana")
        begun = asyncio.ensure_future(work)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not begun.done()
        writer.stdin.write("go\n")
        writer.stdin.flush()
        await begun

    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "gate.db")], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == "holds\n"
        asyncio.run(main(writer))


LONG = POLICY + """
long := count([1 | some a in numbers.range(1, 900); some b in numbers.range(1, 900); a + b == 0])
test_long if long == 0
"""


def test_an_evaluation_is_ended_by_its_token():
    policy, token = ig.Policy.compile({"p.rego": LONG}), ig.CancelToken()
    assert not token.cancelled and policy.query("data.intentgate.policy.decision.allow", {"tool": "x", "args": {"path": "/"}}, cancel=token) is False
    token.cancel()
    with pytest.raises(ig.IntentGateError, match="eval_cancel_error") as failed:
        policy.query("data.intentgate.policy.long", cancel=token)
    assert failed.value.code == "cancelled"
    verdict = policy.evaluate({"tool": "read_x"}, cancel=token)
    assert (verdict.verdict, verdict.failure) == ("block", "policy_runtime_error") and "eval_cancel_error" in verdict.detail
    (test,) = policy.test(cancel=token)
    assert not test.passed and "eval_cancel_error" in test.error


@pytest.mark.parametrize("ask", [
    lambda policy, token: policy.aquery("data.intentgate.policy.long", cancel=token),
    lambda policy, token: policy.aevaluate({"tool": "read_x"}, cancel=token),
    lambda policy, token: policy.atest(cancel=token),
])
def test_cancelling_the_task_cancels_the_evaluation(ask):
    async def main():
        policy, token = ig.Policy.compile({"p.rego": LONG}), ig.CancelToken()
        task = asyncio.ensure_future(ask(policy, token))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert token.cancelled
        # Without a token of the caller's there is one all the same.
        task = asyncio.ensure_future(ask(policy, None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
