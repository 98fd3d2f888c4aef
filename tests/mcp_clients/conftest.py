"""The real gateway in front of the conformance fixture, for public clients. NODE and FIXTURE say where Node.js 22 and the
installed fixture are."""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import Gateway  # noqa: E402

POLICY = """package intentgate.policy
import rego.v1
decision := {"allow": true, "reason": "a test"}
"""


class Fixture:
    """tests/conformance/mcp/upstream.mjs; `eras` is "both", "legacy" or "modern"."""

    def __init__(self, eras: str) -> None:
        command = [os.environ["NODE"], os.environ["FIXTURE"] + "/upstream.mjs", "0", eras]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def state(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/state", timeout=20) as answer:
            return json.load(answer)

    def until(self, condition):
        """Waits for what the protocol does not tell."""
        deadline = time.monotonic() + 20
        while not condition(self.state()):
            assert time.monotonic() < deadline, self.state()
            time.sleep(0.02)

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def upstream():
    server = Fixture("both")
    yield server
    server.close()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, upstream):
    folder = tmp_path_factory.mktemp("gateway")
    server = Gateway(folder, f"http://127.0.0.1:{upstream.port}/mcp", policy=POLICY).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def url(gateway):
    return f"http://127.0.0.1:{gateway.port}/v1/mcp"


@pytest.fixture(scope="session")
def token(gateway):
    """Every tool of the tests but one, and one kind of resource."""
    caveats = [{"t": "tool_allow", "tools": ["test_*", "resources/read"]}, {"t": "tool_deny", "tools": ["test_image_content"]},
               {"t": "arg", "tool": "resources/read", "at": "/uri", "is": {"prefix": "test://static"}}]
    status, answer = gateway.admin("POST", "/v1/admin/mint", {"subject": "agent-7", "format": 5, "caveats": caveats})
    assert status == 200, answer
    return answer["token"]
