import json
import pathlib

import pytest

import libintentgate as ig

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def vectors():
    return json.loads((ROOT / "tests/golden/token/public_token_vectors.json").read_text(encoding="utf-8"))


@pytest.fixture
def keys():
    return ig.KeyRing.parse(ig.generate_key_line("k1"))


@pytest.fixture
def gate_config(tmp_path):
    """YAML text of a gate with a memory store and the example policy, and the ring of its key file."""
    key_file = tmp_path / "keys"
    key_file.touch(mode=0o600)
    key_file.write_text(ig.generate_key_line("k1") + "\n")
    policy = ROOT / "examples/gateway/policy.rego"
    yaml = f"keys: {{file: {key_file}}}\nstore: {{kind: memory}}\npolicy: {{files: [{policy}]}}\n"
    return yaml, ig.KeyRing.parse(key_file.read_text())
