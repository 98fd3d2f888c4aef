"""A tool server that is a program: started by the gateway, given no more of its environment than it should, started again
when it ends, and gone when the gateway stops."""
import json
import os
import pathlib
import sys
import threading
import time

import pytest

import support
from support import Gateway

SERVER = pathlib.Path(__file__).with_name("stdio_server.py")


def until(condition, what):
    """Waits for what no message tells."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    monkeypatch.setitem(support.ENVIRONMENT, "A_SECRET_OF_THE_GATEWAY", "s3cret")
    monkeypatch.setitem(support.ENVIRONMENT, "PASSED_ON", "yes")
    upstreams = json.dumps({"name": "program", "command": [sys.executable, str(SERVER)], "directory": str(tmp_path),
                            "environment": {"GIVEN": "by the settings"}, "pass_environment": ["PASSED_ON"]})
    server = Gateway(tmp_path, "", upstreams=f"upstream: {upstreams}\n").start()
    server.token = server.mint("--ttl", "1h")
    yield server
    server.stop()


def call(gateway, tool, arguments=None, **meta):
    with gateway.connect() as client:
        params = {"name": tool, "arguments": arguments or {}, **({"_meta": meta} if meta else {})}
        status, answer = client.post({"jsonrpc": "2.0", "id": "c1", "method": "tools/call", "params": params}, gateway.token)
    return answer


def value(answer):
    return json.loads(answer["result"]["content"][0]["text"])


def test_the_program_gets_what_it_should_and_nothing_else(gateway):
    got = value(call(gateway, "read_env"))
    environment = got["environment"]
    assert environment["GIVEN"] == "by the settings" and environment["PASSED_ON"] == "yes"
    assert "A_SECRET_OF_THE_GATEWAY" not in environment
    # Standard input, output and error, and the folder that was listed.
    assert len(got["open"]) == 4, got["open"]
    until(lambda: any('"the program begins"' in line and "upstream says" in line for line in gateway.log), gateway.log)
    assert "s3cret" not in "".join(gateway.log) and "by the settings" not in "".join(gateway.log)


def test_ids_and_progress_tokens_of_clients_come_back_as_they_were(gateway):
    answer = call(gateway, "read_echo", {"n": 1})
    assert answer["id"] == "c1" and value(answer) == {"n": 1}
    with gateway.connect() as client:
        status, text, headers = client.request(
            "POST", "/v1/mcp",
            json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                        "params": {"name": "read_progress", "arguments": {}, "_meta": {"progressToken": "mine"}}}),
            {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
             "Authorization": f"Bearer {gateway.token}"})
    messages = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [m["params"]["progress"] for m in messages[:-1]] == [1, 2, 3]
    assert {m["params"]["progressToken"] for m in messages[:-1]} == {"mine"} and messages[-1]["id"] == 7


def test_a_program_that_ends_is_started_again_and_leaves_no_zombie(gateway):
    first = value(call(gateway, "read_env"))["pid"]
    refused = call(gateway, "read_die")
    assert refused["error"]["code"] == -32603 and refused["error"]["message"] == "upstream unavailable"
    until(lambda: "result" in call(gateway, "read_env"), "the program did not come back")
    second = value(call(gateway, "read_env"))["pid"]
    assert second != first
    assert not os.path.exists(f"/proc/{first}")
    gateway.stop()
    assert not os.path.exists(f"/proc/{second}")


def test_a_modern_client_that_leaves_cancels_its_call_in_the_program(gateway):
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_hold", "arguments": {}, "_meta": meta}})
    client = gateway.connect()
    client.connection.request("POST", "/v1/mcp", body, {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call", "Mcp-Name": "read_hold", "Authorization": f"Bearer {gateway.token}"})
    until(lambda: value(call(gateway, "read_held")) == ["held"], "the call did not arrive")
    client.connection.close()
    until(lambda: value(call(gateway, "read_held")) == ["cancelled"], "the call was not cancelled")


def test_a_legacy_client_cancels_its_call_in_the_program_and_nobody_elses(gateway):
    def post(client, message, **headers):
        head = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {gateway.token}", **headers}
        return client.request("POST", "/v1/mcp", json.dumps({"jsonrpc": "2.0", **message}), head)

    def session():
        with gateway.connect() as client:
            params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
            headers = post(client, {"id": 0, "method": "initialize", "params": params})[2]
        return {"Mcp-Session-Id": headers["Mcp-Session-Id"]}

    def cancel(of):
        with gateway.connect() as client:
            assert post(client, {"method": "notifications/cancelled", "params": {"requestId": 1}}, **of)[0] == 202

    mine, other, answers = session(), session(), []

    def hold():
        with gateway.connect() as client:
            answers.append(json.loads(post(client, {"id": 1, "method": "tools/call", "params": {"name": "read_hold"}}, **mine)[1]))

    holding = threading.Thread(target=hold)
    holding.start()
    until(lambda: value(call(gateway, "read_held")) == ["held"], "the call did not arrive")
    cancel(other)
    assert value(call(gateway, "read_held")) == ["held"]
    cancel(mine)
    holding.join()
    assert value(call(gateway, "read_held")) == ["cancelled"]
    assert answers[0]["error"] == {"code": -32603, "message": "cancelled by the client"}


def test_many_callers_share_the_program(gateway):
    answers = {}

    def work(number):
        answers[number] = value(call(gateway, "read_echo", {"n": number}))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: {"n": n} for n in range(20)}


def test_a_session_hears_nothing_of_others_and_sets_nothing_without_one(gateway):
    with gateway.connect() as client:
        status, _, headers = client.request(
            "POST", "/v1/mcp",
            json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize",
                        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}),
            {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {gateway.token}"})
        session = headers["Mcp-Session-Id"]
        status, answer = client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, gateway.token, **{"Mcp-Session-Id": session})
        assert len(answer["result"]["tools"]) == 6
        status, _ = client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, gateway.mint("--ttl", "1h"), **{"Mcp-Session-Id": session})
        assert status == 404


@pytest.mark.parametrize("command", [["/does/not/exist"], ["true"]])
def test_a_program_that_cannot_run_is_told_in_the_log_and_stops_nobody(tmp_path, command):
    upstreams = json.dumps({"name": "program", "command": command})
    server = Gateway(tmp_path, "", upstreams=f"upstream: {upstreams}\n").start()
    try:
        server.token = server.mint("--ttl", "1h")
        until(lambda: any("upstream ended" in line for line in server.log), server.log)
        assert call(server, "read_env")["error"]["code"] == -32603
    finally:
        assert server.stop() == 0
