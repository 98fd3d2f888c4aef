"""Waiting for a decision on an event loop."""
import asyncio
import subprocess
import sys

import pytest

import libintentgate as ig
from conftest import POLICY, events


@pytest.fixture
def durable(keys, tmp_path):
    """A gate whose decisions have to wait for the disk."""
    with ig.Gate(keys=keys, policy={"policy.rego": POLICY}, store=ig.SqliteStore(tmp_path / "gate.db")) as gate:
        yield gate


def test_many_calls_wait_at_once_and_each_gets_its_own_answer(durable, token):
    async def main():
        calls = [durable.aauthorize("read_file", {"path": f"/data/{i}" if i % 2 else "/etc/x"}, token) for i in range(200)]
        return await asyncio.gather(*calls)

    decisions = asyncio.run(main())
    for i, decision in enumerate(decisions):
        assert decision.allowed == bool(i % 2)
        assert decision.args["path"] == (f"/data/{i}" if i % 2 else "/etc/x")
    assert len({decision.event_id for decision in decisions}) == 200


# Whoever writes keeps the gate from committing. Another process, because the wheel has an SQLite of its own, and the locks of
# one process do not hold against another copy of SQLite in it.
WRITER = """
import sqlite3, sys
writer = sqlite3.connect(sys.argv[1], isolation_level=None)
writer.execute("BEGIN IMMEDIATE")
print("holds", flush=True)
sys.stdin.readline()
writer.execute("ROLLBACK")
"""


def test_the_loop_goes_on_while_a_decision_waits(durable, token, tmp_path):
    async def main(writer):
        begun = asyncio.ensure_future(durable.aauthorize("read_dir", {}, token))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not begun.done()
        writer.stdin.write("go\n")
        writer.stdin.flush()
        assert (await begun).allowed

    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "gate.db")], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == "holds\n"
        asyncio.run(main(writer))


def test_a_cancelled_wait_leaves_an_allow_that_is_recorded_as_not_used(durable, token, tmp_path):
    async def main():
        task = asyncio.create_task(durable.aauthorize("read_dir", {"n": 1}, token))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # This one's decision comes after the cancelled one's.
        await durable.aauthorize("read_dir", {"n": 2}, token)

    asyncio.run(main())
    rows = events(durable, tmp_path)
    assert [row["outcome"] for row in rows if row.get("outcome")] == ["cancelled"]


def test_several_loops_and_threads_share_one_gate(durable, token):
    async def work():
        return [(await durable.aauthorize("read_dir", {}, token)).allowed for _ in range(10)]

    async def main():
        return await asyncio.gather(*(asyncio.to_thread(asyncio.run, work()) for _ in range(4)))

    assert asyncio.run(main()) == [[True] * 10] * 4


def test_a_loop_that_closes_early_harms_nobody(durable, token):
    for _ in range(20):
        loop = asyncio.new_event_loop()
        task = loop.create_task(durable.aauthorize("read_dir", {}, token))
        loop.call_soon(loop.stop)
        loop.run_forever()
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()
    assert durable.authorize("read_dir", {}, token)


def test_a_wrong_argument_is_raised_and_not_awaited_for(durable):
    async def main():
        with pytest.raises(TypeError):
            await durable.aauthorize("read_dir", {"x": object()})
        with pytest.raises(ValueError, match="closed"):
            durable.close()
            await durable.aauthorize("read_dir")

    asyncio.run(main())
