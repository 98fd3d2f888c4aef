"""Gateways that share a key and nothing else serve one another's sessions, and the tasks of their upstreams."""
import json
import shutil

import pytest

from support import Gateway, Upstream

SECRET, OTHER = "first-0123456789abcdef0123456789abcdef", "other-0123456789abcdef0123456789abcdef"
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


class Replicas:
    def __init__(self, folder, upstreams):
        self.folder, self.upstreams, self.running = folder, upstreams, []

    def start(self, name, *secrets):
        """A gateway with a store of its own; all have the same token keys, and whoever has a token has it for all."""
        place = self.folder / name
        place.mkdir()
        if self.running:
            for file in ("keys", "admin-token", "policy.rego"):
                source = self.running[0].folder / file
                (shutil.copytree if source.is_dir() else shutil.copy)(source, place / file)
        (place / "session-keys").write_text("\n".join(secrets) + "\n")
        (place / "session-keys").chmod(0o600)
        listed = json.dumps([{"name": f"u{n}", "url": one.url, "prefix": "" if len(self.upstreams) == 1 else f"read_u{n}_"}
                             for n, one in enumerate(self.upstreams)])
        gateway = Gateway(place, "", "mcp: {session_key_file: session-keys}\n", upstreams=f"upstreams: {listed}\n").start()
        self.running.append(gateway)
        return gateway

    def close(self):
        for gateway in self.running:
            gateway.stop()


@pytest.fixture(params=[1, 2])
def replicas(request, tmp_path):
    upstreams = [Upstream() for _ in range(request.param)]
    for upstream in upstreams:
        upstream.with_sessions = True
    group = Replicas(tmp_path, upstreams)
    yield group
    group.close()
    for upstream in upstreams:
        upstream.close()


def send(gateway, token, message, session="", method="POST"):
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}"}
    if session:
        headers["Mcp-Session-Id"] = session
    with gateway.connect() as client:
        return client.request(method, "/v1/mcp", json.dumps({"jsonrpc": "2.0", **message}) if message else None, headers)


def open_session(gateway, token):
    status, _, headers = send(gateway, token, {"id": 0, "method": "initialize", "params": HELLO})
    assert status == 200
    return headers["Mcp-Session-Id"]


def call(gateway, token, session, replicas):
    tool = "read_file" if len(replicas.upstreams) == 1 else "read_u1_read_file"
    return send(gateway, token, {"id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {"path": "/a"}}}, session)


def test_a_session_is_served_by_any_replica_and_for_its_owner_alone(replicas):
    a, b = replicas.start("a", SECRET), replicas.start("b", SECRET)
    token, stranger = a.mint("--ttl", "1h"), a.mint("--ttl", "1h")
    session = open_session(a, token)
    upstream = replicas.upstreams[-1]
    known = dict(upstream.sessions)
    status, text, _ = call(b, token, session, replicas)
    assert status == 200 and "result" in json.loads(text), text
    # The upstream session is the one that was opened through the other gateway.
    assert len(upstream.calls) == 1 and upstream.headers[-1]["mcp-session-id"] in known
    assert upstream.headers[-1]["mcp-session-id"] not in session
    assert call(b, stranger, session, replicas)[0] == 404
    middle = len(session) // 2
    tampered = session[:middle] + ("A" if session[middle] != "A" else "B") + session[middle + 1:]
    assert call(b, token, tampered, replicas)[0] == 404
    # Knowing the upstream's id is worth nothing.
    assert call(b, token, upstream.headers[-1]["mcp-session-id"], replicas)[0] == 404
    assert len(upstream.calls) == 1
    assert send(b, token, None, session, "DELETE")[0] == 204
    assert call(b, token, session, replicas)[0] == 404
    if len(replicas.upstreams) == 1:
        # The other one learns it from the upstream.
        assert call(a, token, session, replicas)[0] == 404


def test_another_key_opens_nothing_and_rotation_loses_nothing(replicas):
    a, wrong, rotated = replicas.start("a", SECRET), replicas.start("wrong", OTHER), replicas.start("rotated", OTHER, SECRET)
    token = a.mint("--ttl", "1h")
    session = open_session(a, token)
    assert call(wrong, token, session, replicas)[0] == 404
    assert call(rotated, token, session, replicas)[0] == 200
    assert call(wrong, token, open_session(rotated, token), replicas)[0] == 200


class Rounds(Upstream):
    """Of the revision 2026-07-28: a call is asked for input once, and tells then which state came back."""

    def answer(self, handler, body):
        message = json.loads(body)
        params = message.get("params", {})
        result = {"resultType": "complete", "tools": [{"name": "read_file", "inputSchema": {"type": "object"}}], "ttlMs": 0, "cacheScope": "private"}
        if message["method"] == "initialize":
            return self.send(handler, 400, json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}}).encode())
        if message["method"] == "tools/call":
            self.calls.append({"params": params})
            state = params.get("requestState")
            asks = {"resultType": "input_required", "inputRequests": {"a": {"method": "roots/list", "params": {}}}, "requestState": "the upstream's"}
            result = asks if state is None else {"resultType": "complete", "content": [], "state": state}
        self.send(handler, 200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())


@pytest.fixture
def rounds(tmp_path):
    upstream = Rounds()
    group = Replicas(tmp_path, [upstream])
    yield group
    group.close()
    upstream.close()


def call_round(gateway, token, state=None, path="/a"):
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {"roots": {}}}
    params = {"name": "read_file", "arguments": {"path": path}, "_meta": meta}
    if state is not None:
        params.update(requestState=state, inputResponses={"a": {"roots": []}})
    fields = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}", "MCP-Protocol-Version": "2026-07-28",
              "Mcp-Method": "tools/call", "Mcp-Name": "read_file"}
    with gateway.connect() as client:
        status, text, _ = client.request("POST", "/v1/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}), fields)
    return status, json.loads(text)


def test_a_round_of_a_call_may_come_to_another_replica(rounds):
    a, b, wrong = rounds.start("a", SECRET), rounds.start("b", SECRET), rounds.start("wrong", OTHER)
    token, stranger = a.mint("--ttl", "1h"), a.mint("--ttl", "1h")
    status, asked = call_round(a, token)
    assert status == 200 and asked["result"]["resultType"] == "input_required", asked
    state = asked["result"]["requestState"]
    assert "upstream" not in state
    for gateway, who, path in ((wrong, token, "/a"), (b, stranger, "/a"), (b, token, "/other")):
        status, refused = call_round(gateway, who, state, path)
        assert status == 400 and refused["error"]["code"] == -32602
    assert len(rounds.upstreams[0].calls) == 1
    status, done = call_round(b, token, state)
    assert status == 200 and done["result"]["state"] == "the upstream's", done
    assert [event["decision"] for event in b.decisions()][-1] == "allow"


class Tasks(Upstream):
    """Of 2025-11-25: every call is a task, whose ids all its kind begin with 1 anew; it takes all callers for one."""

    def __init__(self):
        super().__init__()
        self.with_sessions, self.asked = True, []

    def answer(self, handler, body):
        message = json.loads(body)
        method, task = message.get("method", ""), message.get("params", {}).get("taskId")
        if method == "tools/call":
            self.calls.append(message)
            result = {"task": {"taskId": f"upstreams-{len(self.calls)}", "status": "working"}}
        elif method == "tasks/list":
            result = {"tasks": [{"taskId": f"upstreams-{n + 1}", "status": "working"} for n in range(len(self.calls))]}
        elif method == "tasks/result":
            result = {"content": [], "isError": False, "_meta": {RELATED: {"taskId": task}}}
        elif method.startswith("tasks/"):
            result = {"taskId": task, "status": "working"}
        else:
            return super().answer(handler, body)
        self.asked.append((method, task))
        self.send(handler, 200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())


RELATED = "io.modelcontextprotocol/related-task"


@pytest.fixture(params=[1, 2])
def tasks(request, tmp_path):
    upstreams = [Tasks() for _ in range(request.param)]
    group = Replicas(tmp_path, upstreams)
    yield group
    group.close()
    for upstream in upstreams:
        upstream.close()


def begin(gateway, token, session, replicas):
    tool = "read_file" if len(replicas.upstreams) == 1 else "read_u1_read_file"
    params = {"name": tool, "arguments": {}, "task": {"ttl": 60_000}}
    status, text, _ = send(gateway, token, {"id": 1, "method": "tools/call", "params": params}, session)
    assert status == 200, text
    return json.loads(text)["result"]["task"]["taskId"]


def about(gateway, token, session, method, task=None):
    status, text, _ = send(gateway, token, {"id": 2, "method": method, "params": {} if task is None else {"taskId": task}}, session)
    assert status == 200, text
    return json.loads(text)


def test_a_task_is_its_owners_at_any_replica_and_after_a_restart(tasks):
    a, b, wrong = tasks.start("a", SECRET), tasks.start("b", SECRET), tasks.start("wrong", OTHER)
    token, stranger = a.mint("--ttl", "1h"), a.mint("--ttl", "1h")
    session, foreign = open_session(a, token), open_session(b, stranger)
    task = begin(a, token, session, tasks)
    upstream = tasks.upstreams[-1]
    upstream.asked.clear()
    for method in ("tasks/get", "tasks/result", "tasks/cancel"):
        refused = about(b, stranger, foreign, method, task)["error"]
        assert refused["code"] == -32602 and refused == about(b, stranger, foreign, method, "none")["error"]
        # Knowing the upstream's id is worth nothing.
        assert about(b, token, session, method, "upstreams-1")["error"] == refused
        assert about(wrong, token, open_session(wrong, token), method, task)["error"] == refused
    assert upstream.asked == []
    assert about(b, token, session, "tasks/list")["result"]["tasks"] == []
    assert about(b, token, session, "tasks/get", task)["result"] == {"taskId": task, "status": "working"}
    assert about(b, token, session, "tasks/list")["result"]["tasks"] == [{"taskId": task, "status": "working"}]
    assert about(b, stranger, foreign, "tasks/list")["result"]["tasks"] == []
    a.stop()
    a.start()
    assert about(a, token, session, "tasks/result", task)["result"]["_meta"] == {RELATED: {"taskId": task}}
    assert ("tasks/result", "upstreams-1") in upstream.asked
    # The chain has the call and what became of it as far as that was known, and neither id.
    for gateway in (a, b):
        assert task not in gateway.export() and "upstreams-1" not in gateway.export()
    assert [event["decision"] for event in a.decisions() if event["decision"] == "allow"] == ["allow"]
    outcomes = [line["event"] for line in map(json.loads, a.export().splitlines()) if line.get("event", {}).get("kind") == "outcome"]
    assert [event["outcome"] for event in outcomes] == ["timeout"]
