"""Calls that wait for a person, in process."""
import asyncio
import threading

import pytest

import libintentgate as ig
from conftest import POLICY, events
from test_hostile import SETUP, run

LONG = 600  # seconds; the tests' waits end by an event


@pytest.fixture
def asked(gate, token):
    """An escalated call that nobody has answered."""
    decision = gate.authorize("transfer", {"amount": 5, "to": "ann"}, token)
    assert decision.verdict == "escalate" and decision.approval_id
    return decision


def in_thread(work):
    box = []

    def run_it():
        try:
            box.append(work())
        except Exception as error:
            box.append(error)

    thread = threading.Thread(target=run_it, daemon=True)
    thread.start()
    return thread, box


def when_asked(gate, answer):
    """Answers the next approval as soon as it is there, as a person beside the agent would."""
    def watch():
        while True:
            pending = next(gate.list_approvals("pending"), None)
            if pending is not None:
                return answer(pending)
    return in_thread(watch)


def test_an_approved_call_goes_once_and_the_chain_tells_it(gate, token, asked, tmp_path):
    assert asked.approval_id in str(asked)
    approval = gate.approve(asked.approval_id, actor="ann@example.com", note="as agreed")
    assert (approval.state, approval.decided_by, approval.note) == ("approved", "ann@example.com", "as agreed")
    args = {"to": "ann", "amount": 5}
    allowed = gate.authorize("transfer", args, token, approval_id=asked.approval_id)
    assert allowed and allowed.approval_id == asked.approval_id
    again = gate.authorize("transfer", args, token, approval_id=asked.approval_id)
    assert (again.verdict, again.code) == ("block", "policy.approval_used")
    assert gate.get_approval(asked.approval_id).state == "used"
    rows = events(gate, tmp_path)
    assert [row["decided_by"] for row in rows if row.get("decided_by")] == ["ann@example.com"] * 2


def test_an_approval_says_what_was_asked(gate, asked):
    approval = gate.get_approval(asked.approval_id, tenant="default")
    assert approval.args == {"amount": 5, "to": "ann"} and approval.tool == "transfer" and approval.reason == "a person decides"
    assert (approval.agent_id, approval.tenant, approval.root_jti) == ("agent-7", "default", asked.root_jti)
    assert (approval.decided_at_micros, approval.used_at_micros, approval.decided_by) == (None, None, "")
    assert approval.deadline_micros > approval.created_at_micros > 1_700_000_000_000_000
    assert "ann" not in repr(approval)


@pytest.mark.parametrize("args, approve", [({"amount": 6, "to": "ann"}, True), ({"amount": 5, "to": "ann"}, False)])
def test_an_approval_is_worth_nothing_for_another_call_or_when_it_was_rejected(gate, token, asked, args, approve):
    (gate.approve if approve else gate.reject)(asked.approval_id, actor="ann")
    refused = gate.authorize("transfer", args, token, approval_id=asked.approval_id)
    assert not refused
    assert refused.code == ("policy.approval_mismatch" if approve else "policy.approval_rejected")
    assert "ann" not in refused.reason


def test_the_second_answer_is_a_conflict_and_changes_nothing(gate, asked):
    gate.reject(asked.approval_id, actor="ann")
    with pytest.raises(ig.IntentGateError) as error:
        gate.approve(asked.approval_id, actor="bob")
    assert error.value.code == "conflict"
    approval = gate.get_approval(asked.approval_id)
    assert (approval.state, approval.decided_by) == ("rejected", "ann")


def test_a_tenants_admin_reaches_that_tenants_only(gate, keys, asked):
    other = ig.mint(keys, "b", tenant="other").token
    theirs = gate.authorize("transfer", {}, other)
    assert [each.id for each in gate.list_approvals(tenant="other")] == [theirs.approval_id]
    for call in (lambda: gate.get_approval(asked.approval_id, tenant="other"),
                 lambda: gate.approve(asked.approval_id, actor="b", tenant="other"),
                 lambda: gate.wait_approval(asked.approval_id, timeout=LONG, tenant="other")):
        with pytest.raises(ig.IntentGateError) as error:
            call()
        assert error.value.code == "not_found"
    assert gate.get_approval(asked.approval_id).state == "pending"


def test_lists_are_newest_first_filtered_and_read_in_pages(keys, monkeypatch):
    monkeypatch.setattr("libintentgate.approvals._PAGE", 3)
    with ig.Gate(keys=keys, policy={"p.rego": POLICY}) as gate:
        token = ig.mint(keys, "a").token
        ids = [gate.authorize("transfer", {"n": n}, token).approval_id for n in range(8)]
        gate.reject(ids[2], actor="ann")
        assert [each.id for each in gate.list_approvals()] == sorted(ids, reverse=True)   # ids sort by their millisecond
        assert [each.id for each in gate.list_approvals("rejected")] == [ids[2]]
        assert len(list(gate.list_approvals("pending", agent_id="a", tool="transfer"))) == 7
        assert list(gate.list_approvals(agent_id="b")) == []


def test_an_answer_needs_somebody_who_gives_it(gate, asked):
    with pytest.raises(TypeError):
        gate.approve(asked.approval_id)
    with pytest.raises(ig.IntentGateError) as error:
        gate.approve(asked.approval_id, actor="")
    assert error.value.code == "invalid_argument"
    assert gate.get_approval(asked.approval_id).state == "pending"


def test_a_thread_waits_until_the_answer_and_holds_no_lock(gate, asked):
    thread, box = in_thread(lambda: gate.wait_approval(asked.approval_id, timeout=LONG))
    gate.reject(asked.approval_id, actor="ann")   # would hang here if the waiting thread held the GIL
    thread.join()
    assert box[0].state == "rejected"
    assert gate.wait_approval(asked.approval_id).state == "rejected"


def test_a_wait_that_nobody_ends_is_a_timeout(gate, asked):
    for timeout in (0, 0.01):
        with pytest.raises(TimeoutError, match=asked.approval_id):
            gate.wait_approval(asked.approval_id, timeout=timeout)
        with pytest.raises(TimeoutError, match=asked.approval_id):
            asyncio.run(gate.await_approval(asked.approval_id, timeout=timeout))


def test_a_loop_goes_on_while_it_waits_for_a_person(gate, asked):
    async def main():
        waits = [asyncio.ensure_future(gate.await_approval(asked.approval_id, timeout=LONG)) for _ in range(10)]
        await asyncio.sleep(0)
        gate.approve(asked.approval_id, actor="ann")
        return [each.state for each in await asyncio.gather(*waits)]

    assert asyncio.run(main()) == ["approved"] * 10


def test_a_cancelled_wait_harms_nobody(gate, asked):
    async def main():
        gone = asyncio.ensure_future(gate.await_approval(asked.approval_id))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        stays = asyncio.ensure_future(gate.await_approval(asked.approval_id))
        await asyncio.sleep(0)
        gate.approve(asked.approval_id, actor="ann")
        assert (await stays).state == "approved"

    asyncio.run(main())


def test_closing_the_gate_ends_the_waits(keys, token):
    gate = ig.Gate(keys=keys, policy={"p.rego": POLICY})
    asked = gate.authorize("transfer", {}, token)

    async def main():
        wait = asyncio.ensure_future(gate.await_approval(asked.approval_id))
        await asyncio.sleep(0)
        gate.close()
        with pytest.raises(ig.IntentGateError) as error:
            await wait
        assert error.value.code == "cancelled"

    asyncio.run(main())
    for use in (lambda: gate.wait_approval(asked.approval_id), lambda: gate.get_approval("x"), lambda: list(gate.list_approvals()),
                lambda: gate.approve("x", actor="a")):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_too_many_that_wait_are_told(keys, token):
    with ig.Gate(keys=keys, policy={"p.rego": POLICY}, settings={"approvals": {"max_waiting": 1}}) as gate:
        asked = gate.authorize("transfer", {}, token)

        async def main():
            first = asyncio.ensure_future(gate.await_approval(asked.approval_id))
            await asyncio.sleep(0)
            with pytest.raises(ig.IntentGateError) as error:
                await gate.await_approval(asked.approval_id)
            assert error.value.code == "limit_exceeded"
            decision = await gate.aauthorize("transfer", {}, token, wait_for_approval=LONG)
            assert (decision.verdict, decision.approval_id) == ("escalate", asked.approval_id)
            first.cancel()

        asyncio.run(main())


def test_where_approvals_are_off_nobody_can_wait(keys, token):
    with ig.Gate(keys=keys, policy={"p.rego": POLICY}, settings={"approvals": {"enabled": False}}) as gate:
        decision = gate.authorize("transfer", {}, token, wait_for_approval=LONG)
        assert (decision.verdict, decision.approval_id) == ("escalate", "")
        for call in (lambda: gate.wait_approval("x"), lambda: gate.get_approval("x"), lambda: gate.approve("x", actor="a")):
            with pytest.raises(ig.IntentGateError) as error:
                call()
            assert error.value.code == "unavailable"


@pytest.mark.parametrize("approve, outcome", [(True, ("allow", "")), (False, ("block", "policy.approval_rejected"))])
def test_authorize_waits_for_the_person_and_asks_again(gate, token, approve, outcome):
    def answer(approval):
        return (gate.approve if approve else gate.reject)(approval.id, actor="ann")

    args = {"amount": 5}
    for ask in (lambda: gate.authorize("transfer", args, token, wait_for_approval=LONG),
                lambda: asyncio.run(gate.aauthorize("transfer", args, token, wait_for_approval=LONG))):
        thread, box = when_asked(gate, answer)
        decision = ask()
        thread.join()
        assert isinstance(box[0], ig.Approval), box
        assert (decision.verdict, "" if decision else decision.code) == outcome
        assert decision.args == {"amount": 5} and decision.approval_id in ("", box[0].id)


def test_what_the_caller_changes_while_it_waits_is_not_run(gate, token):
    args = {"amount": 5}

    def answer(approval):
        args["amount"] = 5000
        return gate.approve(approval.id, actor="ann")

    for ask in (lambda: gate.authorize("transfer", args, token, wait_for_approval=LONG),
                lambda: asyncio.run(gate.aauthorize("transfer", args, token, wait_for_approval=LONG))):
        args["amount"] = 5
        thread, _ = when_asked(gate, answer)
        decision = ask()
        thread.join()
        assert decision and decision.args == {"amount": 5}


def test_nobody_in_time_leaves_the_escalation(gate, token):
    decision = gate.authorize("transfer", {}, token, wait_for_approval=0.01)
    assert (decision.verdict, gate.get_approval(decision.approval_id).state) == ("escalate", "pending")
    late = asyncio.run(gate.aauthorize("transfer", {}, token, wait_for_approval=0.01))
    assert (late.verdict, late.approval_id) == ("escalate", decision.approval_id)


@pytest.mark.parametrize("wrong, kind", [("5", TypeError), (True, TypeError), (-1, ValueError), (float("nan"), ValueError)])
def test_what_is_no_time_is_refused_before_anything_is_asked(gate, token, tmp_path, wrong, kind):
    before = len(events(gate, tmp_path))
    for call in (lambda: gate.authorize("transfer", {}, token, wait_for_approval=wrong),
                 lambda: asyncio.run(gate.aauthorize("transfer", {}, token, wait_for_approval=wrong)),
                 lambda: gate.wait_approval("x", timeout=wrong),
                 lambda: gate.guard("transfer", wait_for_approval=wrong)):
        with pytest.raises(kind):
            call()
    assert len(events(gate, tmp_path)) == before


@pytest.mark.parametrize("call", [
    lambda g: g.authorize("x", approval_id=5), lambda g: g.explain("x", wait_for_approval=1.0), lambda g: g.get_approval(5),
    lambda g: g.approve(None, actor="a"), lambda g: g.reject("x", actor=5), lambda g: list(g.list_approvals(5)),
    lambda g: g.wait_approval(5), lambda g: g._wait_approval(None, "", "x"), lambda g: g._wait_approval(5, "", "x"),
    lambda g: g._cancel_approval_wait(-1),
])
def test_wrong_types_are_type_errors(gate, call):
    with pytest.raises(TypeError):
        call(gate)


def test_strange_ids_and_states(gate, token):
    with pytest.raises(ValueError, match="state"):
        list(gate.list_approvals("open"))
    for id in ("", "x", "x" * 100_000, "\0", "ü"):
        for call in (gate.get_approval, gate.wait_approval):
            with pytest.raises(ig.IntentGateError) as error:
                call(id)
            assert error.value.code == "not_found"
        assert gate.authorize("transfer", {}, token, approval_id=id or "-").code == "policy.approval_mismatch"


def test_a_guarded_function_waits_or_names_the_approval(gate, token):
    done = []

    @gate.guard("transfer")
    def transfer(amount: int) -> str:
        done.append(amount)
        return "sent"

    @gate.guard("transfer", wait_for_approval=LONG)
    async def transfer_waiting(amount: int) -> str:
        done.append(amount)
        return "sent"

    with gate.use(token):
        with pytest.raises(ig.Denied) as denied:
            transfer(5)
        assert denied.value.code == "policy.escalated" and done == []
        gate.approve(denied.value.decision.approval_id, actor="ann")
        assert transfer(5) == "sent"                  # found by itself, for exactly this call
        with pytest.raises(ig.Denied):
            transfer(5)                               # once
        for other in gate.list_approvals("pending"):
            gate.reject(other.id, actor="ann")
        thread, _ = when_asked(gate, lambda approval: gate.approve(approval.id, actor="ann"))
        assert asyncio.run(transfer_waiting(6)) == "sent"
        thread.join()
    assert done == [5, 6]


def test_run_waits_as_well(gate, token):
    thread, _ = when_asked(gate, lambda approval: gate.approve(approval.id, actor="ann"))
    assert gate.run("transfer", {"amount": 1}, lambda args: args["amount"], token=token, wait_for_approval=LONG) == 1
    thread.join()


def test_ctrl_c_ends_a_wait():
    out = run(SETUP + """
import signal
def interrupt(*_): raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
asked = gate.authorize("transfer", {}, token)
for wait in (lambda: gate.wait_approval(asked.approval_id), lambda: gate.authorize("transfer", {}, token, wait_for_approval=600)):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        wait()
    except KeyboardInterrupt:
        print("interrupted")
""")
    assert out.split() == ["interrupted"] * 2


def test_the_interpreter_can_end_while_threads_wait_for_a_person():
    for _ in range(3):
        run(SETUP + """
import asyncio
asked = gate.authorize("transfer", {}, token)
threading.excepthook = lambda error: None
begun = threading.Semaphore(0)
def wait():
    begun.release()
    gate.authorize("transfer", {}, token, wait_for_approval=600)
def wait_on_a_loop():
    async def go():
        waits = [asyncio.ensure_future(gate.await_approval(asked.approval_id)) for _ in range(5)]
        await asyncio.sleep(0)
        begun.release()
        await asyncio.gather(*waits)
    asyncio.run(go())
for work in (wait, wait, wait_on_a_loop): threading.Thread(target=work, daemon=True).start()
for _ in range(3): begun.acquire()
""")


def test_an_answer_of_another_process_is_seen(keys, token, tmp_path):
    """Two gates on one file, as a person's command line beside an agent."""
    def opened():
        return ig.Gate(keys=keys, policy={"p.rego": POLICY}, store=ig.SqliteStore(tmp_path / "gate.db"))

    with opened() as agent, opened() as person:
        asked = agent.authorize("transfer", {"amount": 5}, token)
        thread, box = in_thread(lambda: agent.wait_approval(asked.approval_id, timeout=LONG))
        assert person.get_approval(asked.approval_id).args == {"amount": 5}
        person.approve(asked.approval_id, actor="ann")
        thread.join()
        assert box[0].state == "approved"
        assert agent.authorize("transfer", {"amount": 5}, token, approval_id=asked.approval_id)
