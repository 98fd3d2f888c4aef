import json
import pathlib

import pytest

import libintentgate as ig

TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parents[2]

# Reads are allowed, except of secrets; transfers need a person; whatever else is refused.
POLICY = """package intentgate.policy
import rego.v1

default decision := {"allow": false, "reason": "no rule allows this tool"}

decision := {"allow": false, "reason": "not for agents"} if {
	contains(input.args.path, "/secrets/")
} else := {"allow": true, "reason": "reading is allowed"} if {
	startswith(input.tool, "read_")
} else := {"allow": false, "escalate": true, "reason": "a person decides"} if {
	input.tool == "transfer"
}
"""


@pytest.fixture(scope="session")
def vectors():
    return json.loads((ROOT / "tests/golden/token/public_token_vectors.json").read_text(encoding="utf-8"))


@pytest.fixture
def keys():
    return ig.KeyRing.parse(ig.generate_key_line("k1"))


@pytest.fixture
def gate(keys):
    with ig.Gate(keys=keys, policy={"policy.rego": POLICY}) as opened:
        yield opened


@pytest.fixture
def token(keys):
    """A token that may read below /data."""
    return ig.mint(keys, "agent-7", [ig.tools("read_*", "transfer"), ig.where("/path", subpath="/data", tool="read_file")]).token


@pytest.fixture
def gate_config(tmp_path):
    """YAML text of a gate with a memory store and the tests' policy, and the ring of its key file."""
    key_file = tmp_path / "keys"
    key_file.touch(mode=0o600)
    key_file.write_text(ig.generate_key_line("k1") + "\n")
    policy = tmp_path / "policy.rego"
    policy.write_text(POLICY)
    yaml = f"keys: {{file: {key_file}}}\nstore: {{kind: memory}}\npolicy: {{files: [{policy}]}}\n"
    return yaml, ig.KeyRing.parse(key_file.read_text())


def events(gate, folder):
    """The events of the chain, oldest first, as its export has them."""
    path = folder / "events.ndjson"
    gate.export_audit(path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [row.get("event", row) for row in rows]
