"""Public npm clients through the gateway, each in front of three tool servers: what they list, an allowed call, refused calls that
reach no tool, progress in order, and an abort that reaches the tool. MCP_CLIENTS says where the clients are installed."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from support import Gateway, Upstream
from test_stdio_servers import package

POLICY = """package intentgate.policy
import rego.v1
default decision := {"allow": true, "reason": "a test"}
decision := {"allow": false, "reason": "not that one"} if input.tool == "test_error_handling"
decision := {"allow": false, "reason": "not that number"} if input.args.b == 13
"""

# The era in which each speaks to a server of both, and whether it lets its user see progress.
CLIENTS = {
    "sdk1": ("legacy", True),
    "sdk2:legacy": ("legacy", True),
    "sdk2:auto": ("modern", True),
    "sdk2:pin": ("modern", True),
    "langchain": ("legacy", True),
    "ai_sdk": ("modern", False),
    "mastra": ("modern", True),
    "openai_agents": ("modern", False),
    "bridge:mcp-remote": ("legacy", True),  # the last of it may come after the answer, and is dropped then
    "bridge:supergateway": ("legacy", False),
    "inspector": ("legacy", False),
}
# In the legacy era a client that leaves does not cancel its call, and these tell nobody that they abort: each request of the inspector
# is a process of its own, and ai_sdk only closes its stream.
CANNOT_ABORT = {"legacy": {"inspector", "ai_sdk"}, "modern": set()}
# Before a tool server of the legacy era those that speak both fall back; a pinned revision cannot.
FALL_BACK = [client for client in CLIENTS if client != "sdk2:pin"]


class Recorded:
    """A tool server over standard input and output behind the gateway, and what it was told."""

    def __init__(self, folder, name, command, caveats, settings=""):
        self.file = folder / "told.ndjson"
        self.file.touch()
        recorder = [sys.executable, str(pathlib.Path(__file__).with_name("recorded.py")), str(self.file)]
        # So long that a call which is ended was ended by its client.
        upstreams = json.dumps([{"name": name, "command": recorder + command, "timeout_ms": 600_000}])
        self.gateway = Gateway(folder, "", settings, POLICY, upstreams=f"upstreams: {upstreams}\n").start()
        self.token = mint(self.gateway, caveats)

    def told(self):
        lines = self.file.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def calls(self, tool):
        return [message for message in self.told() if message.get("params", {}).get("name") == tool]

    def until(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.02)


def mint(gateway, caveats):
    status, answer = gateway.admin("POST", "/v1/admin/mint", {"subject": "agent-7", "format": 5, "caveats": caveats})
    assert status == 200, answer
    return answer["token"]


class Driven:
    """A client on its way through a plan; `finish` gives what it saw."""

    def __init__(self, which, gateway, token, plan, home):
        url = f"http://127.0.0.1:{gateway.port}/v1/mcp"
        command = [os.environ["NODE"], os.environ["MCP_CLIENTS"] + "/drive.mjs", which, url, token, json.dumps(plan)]
        # Some of them write under HOME, and the inspector starts `node`.
        environment = {**os.environ, "HOME": str(home), "PATH": str(pathlib.Path(os.environ["NODE"]).parent) + ":" + os.environ["PATH"]}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=environment)

    def line(self):
        # Libraries may print what they like beside our lines.
        for line in self.process.stdout:
            if line.startswith(("{", "holding")):
                return line.strip()
        raise AssertionError(self.process.communicate()[1])

    def holding(self):
        line = self.line()
        assert line == "holding", line

    def abort(self):
        self.process.stdin.write("abort\n")
        self.process.stdin.flush()

    def finish(self):
        out = json.loads(self.line())
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        return out


def text_of(told):
    return json.dumps(told["result"])


def assert_refused(told, sentence):
    assert sentence in (told.get("error") or text_of(told)), told
    assert "error" in told or told["result"].get("isError"), told


def assert_progress(which, seen, expected):
    if which == "bridge:mcp-remote":
        assert seen in (expected, expected[:-1])
    elif CLIENTS[which][1]:
        assert seen == expected


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name in ("open", "closed"):
        (folder / name).mkdir()
    (folder / "open/a.txt").write_text("the text of a")
    allowed = {"t": "tool_allow", "tools": ["read_text_file", "write_file"]}
    inside = {"t": "arg", "tool": "write_file", "at": "/path", "is": {"subpath": str(folder / "open")}}
    server = Recorded(folder, "files", package("server-filesystem", str(folder)), [allowed, inside])
    server.folder = folder
    yield server
    server.gateway.stop()


@pytest.mark.parametrize("which", FALL_BACK)
def test_the_file_server(which, files, tmp_path):
    path = files.folder / "open" / f"{which.replace(':', '-')}.txt"
    plan = {
        "read": ["read_text_file", {"path": str(files.folder / "open/a.txt")}],
        "write": ["write_file", {"path": str(path), "content": "written"}],
        "refused": ["write_file", {"path": str(files.folder / "closed/a.txt"), "content": "written"}],
    }
    out = Driven(which, files.gateway, files.token, plan, tmp_path).finish()
    assert sorted(out["names"]) == ["read_text_file", "write_file"]
    assert "the text of a" in text_of(out["read"])
    assert "error" not in out["write"] and path.read_text() == "written"
    assert_refused(out["refused"], "capability check failed")
    assert not (files.folder / "closed/a.txt").exists()


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    folder = tmp_path_factory.mktemp("every")
    allowed = {"t": "tool_allow", "tools": ["echo", "get-sum", "trigger-long-running-operation", "simulate-research-query"]}
    server = Recorded(folder, "every", package("server-everything", "stdio"), [allowed])
    yield server
    server.gateway.stop()


@pytest.mark.parametrize("which", FALL_BACK)
def test_the_server_with_everything(which, every, tmp_path):
    long = "trigger-long-running-operation"
    sums, longs = len(every.calls("get-sum")), len(every.calls(long))
    plan = {
        "sum": ["get-sum", {"a": 2, "b": 3}],
        "refused": ["get-sum", {"a": 2, "b": 13}],
        "long": [long, {"duration": 1, "steps": 4}],
    }
    aborts = which not in CANNOT_ABORT["legacy"]
    if aborts:
        plan["hold"] = [long, {"duration": 600, "steps": 1}]
    client = Driven(which, every.gateway, every.token, plan, tmp_path)
    if aborts:
        client.holding()
        every.until(lambda: len(every.calls(long)) == longs + 2)
        held = every.calls(long)[-1]
        client.abort()
        every.until(lambda: any(message.get("method") == "notifications/cancelled" and message["params"]["requestId"] == held["id"]
                                for message in every.told()))
    out = client.finish()
    assert sorted(out["names"]) == ["echo", "get-sum", "simulate-research-query", long]
    assert "The sum of 2 and 3 is 5" in text_of(out["sum"])
    assert_refused(out["refused"], "policy check failed")
    assert len(every.calls("get-sum")) == sums + 1
    assert_progress(which, out["long"]["progress"], [1, 2, 3, 4])


@pytest.fixture(params=["", "mcp: {session_key_file: session-keys}\n"], ids=["as_they_are", "sealed"])
def with_tasks(request, tmp_path):
    (tmp_path / "session-keys").write_text("first-0123456789abcdef0123456789abcdef\n")
    (tmp_path / "session-keys").chmod(0o600)
    allowed = {"t": "tool_allow", "tools": ["simulate-research-query"]}
    server = Recorded(tmp_path, "every", package("server-everything", "stdio"), [allowed], request.param)
    yield server
    server.gateway.stop()


def test_a_task_is_its_callers_and_nobody_elses(with_tasks):
    """The program behind the gateway takes both callers for one, and would tell either of them everything."""
    gateway = with_tasks.gateway
    tokens = [with_tasks.token, mint(gateway, [{"t": "tool_allow", "tools": ["simulate-research-query"]}])]
    command = [os.environ["NODE"], os.environ["MCP_CLIENTS"] + "/tasks.mjs", f"http://127.0.0.1:{gateway.port}/v1/mcp", *tokens]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    out = json.loads(ran.stdout)
    assert {"list", "cancel", "requests"} <= set(out["capabilities"])
    assert out["foreign"] == [-32602, -32602, -32602]
    assert out["listed"] == {"owner": True, "other": []}
    assert out["status"] == "cancelled"
    assert out["types"][0] == "taskCreated" and out["types"][-1] == "result" and "whole" in out["text"]
    # Two calls; asking after them is none.
    decisions = [event for event in gateway.decisions() if event["decision"] == "allow"]
    assert [event["tool"] for event in decisions] == ["simulate-research-query"] * 2


@contextlib.contextmanager
def calling(program, folder, settings, tool):
    """The program with an SDK's client, which calls the tool through a gateway with these settings; it writes a line of JSON for each thing it hears."""
    tools = Upstream()
    tools.with_sessions = True
    gateway = Gateway(folder, tools.url, settings).start()
    command = [os.environ["NODE"], os.environ["MCP_CLIENTS"] + "/" + program, f"http://127.0.0.1:{gateway.port}/v1/mcp", gateway.mint(), tool, '{"amount": 5}']
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield tools, gateway, client
    finally:
        client.kill()
        client.wait()
        client.stdout.close()
        gateway.stop()
        tools.close()


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_the_sdk_is_told_the_url_of_an_approval_and_hears_of_the_answer(decision, tmp_path):
    with calling("elicitation.mjs", tmp_path, 'mcp: {approval_url: "https://approvals.example.com/{id}"}\n', "transfer_funds") as (tools, gateway, client):
        told = json.loads(client.stdout.readline())
        assert told["mode"] == "url" and told["url"] == f"https://approvals.example.com/{told['elicitationId']}"
        status, answer = gateway.admin("POST", f"/v1/admin/approvals/{told['elicitationId']}/decide", {"decision": decision})
        assert status == 200, answer
        again = json.loads(client.stdout.readline())
        if decision == "approve":
            assert json.loads(again["result"]["content"][0]["text"]) == {"amount": 5}
        else:
            assert again["code"] == -32012
        assert len(tools.calls) == (1 if decision == "approve" else 0)


@pytest.mark.parametrize("decision", [None, "approve", "reject"])
def test_the_sdk_makes_a_task_of_each_call_to_a_server_without_tasks(decision, tmp_path):
    """Nobody has to be asked for the first one."""
    tool = "transfer_funds" if decision else "read_note"
    with calling("own_task.mjs", tmp_path, 'mcp: {offer_tasks: true}\n', tool) as (tools, gateway, client):
        made = json.loads(client.stdout.readline())
        assert made["type"] == "taskCreated", made
        if decision:
            assert made["task"]["statusMessage"] == "waits for a person's approval" and not tools.calls
            status, pending = gateway.admin("GET", "/v1/admin/approvals?status=pending")
            assert status == 200 and len(pending["approvals"]) == 1, pending
            status, answer = gateway.admin("POST", f"/v1/admin/approvals/{pending['approvals'][0]['pending_id']}/decide", {"decision": decision})
            assert status == 200, answer
        end = json.loads(client.stdout.readline())
        if decision == "reject":
            assert end["type"] == "error"
        else:
            assert end["type"] == "result" and json.loads(end["result"]["content"][0]["text"]) == {"amount": 5}
        listed = json.loads(client.stdout.readline())["tasks"]
        assert [task["taskId"] for task in listed] == [made["task"]["taskId"]]
        assert listed[0]["status"] == ("failed" if decision == "reject" else "completed")
        assert [list(call["params"]) for call in tools.calls] == ([] if decision == "reject" else [["name", "arguments"]])


@pytest.fixture(scope="module")
def both(tmp_path_factory, upstream):
    folder = tmp_path_factory.mktemp("both")
    gateway = Gateway(folder, f"http://127.0.0.1:{upstream.port}/mcp", policy=POLICY).start()
    tools = ["test_simple_text", "test_error_handling", "test_tool_with_progress", "test_hold"]
    gateway.token = mint(gateway, [{"t": "tool_allow", "tools": tools}])
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("which", CLIENTS)
def test_a_server_of_both_eras(which, both, upstream, tmp_path):
    era = CLIENTS[which][0]
    before = upstream.state()[era]
    plan = {"text": ["test_simple_text", {}], "refused": ["test_error_handling", {}], "steps": ["test_tool_with_progress", {}]}
    aborts = which not in CANNOT_ABORT[era]
    if aborts:
        plan["hold"] = ["test_hold", {}]
    client = Driven(which, both, both.token, plan, tmp_path)
    if aborts:
        client.holding()
        upstream.until(lambda state: state[era]["waiting"] == before["waiting"] + 1)
        client.abort()
        upstream.until(lambda state: state[era]["cancelled"] == before["cancelled"] + 1)
    out = client.finish()
    assert sorted(out["names"]) == ["test_error_handling", "test_hold", "test_simple_text", "test_tool_with_progress"]
    assert "This is a simple text response for testing." in text_of(out["text"])
    assert_refused(out["refused"], "policy check failed")
    assert "intentionally" not in json.dumps(out["refused"])
    assert_progress(which, out["steps"]["progress"], [0, 50, 100])
