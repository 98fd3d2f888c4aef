import json
import threading

import pytest

import libintentgate as ig

# Reads are allowed, transfers need a person, whatever else is refused.
POLICY = """package intentgate.policy
import rego.v1

default decision := {"allow": false, "reason": "no rule allows this tool"}

decision := {"allow": true, "reason": "reading is allowed"} if startswith(input.tool, "read_")

decision := {"allow": false, "escalate": true, "reason": "a person decides"} if input.tool == "transfer"
"""


@pytest.fixture
def keys():
    return ig.KeyRing.parse(ig.generate_key_line("k1"))


@pytest.fixture
def gate(keys):
    with ig.Gate(keys=keys, policy={"policy.rego": POLICY}) as opened:
        yield opened


@pytest.fixture
def token(keys):
    """May read below /data, transfer (which escalates), and delete (which the policy refuses)."""
    return ig.mint(keys, "agent-7", [ig.tools("read_file", "transfer", "delete_file"),
                                     ig.where("/path", subpath="/data", tool="read_file")]).token


@pytest.fixture
def calls():
    """What the tools really did."""
    return []


@pytest.fixture
def outcomes(gate, tmp_path):
    """Reads what became of the allowed calls, oldest first, from the chain."""
    def read():
        path = tmp_path / "events.ndjson"
        gate.export_audit(path)
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return [row["outcome"] for row in (row.get("event", row) for row in rows) if row.get("outcome")]
    return read


@pytest.fixture
def approve(gate):
    """Approves the one call that waits; with ``later`` the next one, from a thread, as soon as it is there."""
    threads = []

    def approve_one():
        waiting = list(gate.list_approvals("pending"))
        for one in waiting:
            gate.approve(one.id, actor="ann@example.com")
        return len(waiting)

    def until_there():
        while not approve_one():
            pass

    def approve(later=False):
        if not later:
            assert approve_one() == 1
            return
        threads.append(threading.Thread(target=until_there, daemon=True))
        threads[-1].start()

    yield approve
    for thread in threads:
        thread.join()


REFUSED = "Not run: the call was refused (capability.argument_refused)."
BY_POLICY = "Not run: the call was refused (policy.blocked). no rule allows this tool"
ESCALATED = "Not run: a person has to approve this call first (policy.escalated). a person decides"
NO_TOKEN = "Not run: the call was refused (capability.no_token)."
NOT_COVERED = "Not run: the call was refused (intent."
