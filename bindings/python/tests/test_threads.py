"""Eight threads that share everything at once: `tests/run/sanitized_python.sh tsan` runs this with a race detector."""
import asyncio
import threading

import pytest

import libintentgate as ig
from conftest import POLICY
from test_hostile import SETUP, run

THREADS = 8
ROUNDS = 40


def together(work):
    """Runs `work(number)` in eight threads that begin at once; raises what one of them raised."""
    barrier, errors = threading.Barrier(THREADS), []

    def begin(number):
        barrier.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_one_ring_one_token_and_one_policy(keys):
    token = ig.mint(keys, "agent-7", [ig.tools("read_*"), ig.where("/path", regex="/data/.*")]).token
    policy = ig.Policy.compile({"policy.rego": POLICY})

    def work(number):
        for round in range(ROUNDS):
            child = ig.attenuate(token, [ig.max_calls(1 + number), ig.where("/n", maximum=round)], label=f"thread-{number}")
            assert len(ig.verify(child, keys)["hops"]) == 2 and ig.is_genuine(token, keys)
            ig.check(child, keys, "read_x", {"path": "/data/a", "n": round})
            assert not ig.explain(child, keys, "write", {"path": "/etc", "n": round})
            assert policy.evaluate({"tool": "read_x", "args": {"path": "/data"}}).allowed
            assert ig.is_genuine(ig.mint(keys, f"agent-{number}", tenant=f"tenant-{number}").token, keys)

    together(work)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_one_gate(keys, token, tmp_path, kind):
    policies = [ig.Policy.compile({"policy.rego": POLICY}), ig.Policy.compile({"policy.rego": POLICY + "\n# again\n"})]
    store = ig.SqliteStore(tmp_path / "gate.db") if kind == "sqlite" else "memory"
    with ig.Gate(keys=keys, policy=policies[0], store=store) as gate:
        def operate():
            for round in range(ROUNDS // 4):
                gate.set_policy(policies[round % 2])
                gate.revoke(f"id-{round}")
                gate.set_tools([("read_dir", f"Reads {round}", ["path"])])
                assert gate.verify_audit() and gate.health().ready
                sum(1 for _ in gate.audit_events(ig.AuditFilter(kind="admin")))

        def answer():
            for round in range(ROUNDS // 4):
                asked = gate.authorize("transfer", {"n": round}, token)
                gate.approve(asked.approval_id, actor="dana")
                assert gate.authorize("transfer", {"n": round}, token, approval_id=asked.approval_id)

        async def loop():
            calls = (gate.aauthorize("read_file", {"path": f"/data/{n}"}, token) for n in range(ROUNDS))
            assert all(await asyncio.gather(*calls))

        def work(number):
            if number < 2:
                (operate, answer)[number]()
            elif number == 2:
                asyncio.run(loop())
            else:
                for round in range(ROUNDS):
                    gate.record_outcome(gate.authorize("read_dir", {"n": round}, token).require(), latency_us=round)
                    assert not gate.explain("read_file", {"path": "/etc"}, token)

        together(work)
        assert gate.verify_audit()


def test_the_interpreter_ends_while_eight_threads_ask():
    assert run(SETUP + """
begun = threading.Semaphore(0)
def ask(number):
    while True:
        gate.record_outcome(gate.authorize("read_dir", {"n": number}, token))
        begun.release()
for number in range(8): threading.Thread(target=ask, args=(number,), daemon=True).start()
for _ in range(200): begun.acquire()
print("ends", flush=True)
""") == "ends\n"
