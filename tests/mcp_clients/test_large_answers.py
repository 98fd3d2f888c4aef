"""An answer of 100 MiB passes through the gateway in constant memory."""
import hashlib
import http.client
import json
import pathlib
import re

import pytest

MIB = 1024 * 1024
INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
              "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}


def peak_memory(gateway) -> int:
    status = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def post(gateway, token, body, session=""):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=300)
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
    if session:
        headers["Mcp-Session-Id"] = session
    connection.request("POST", "/v1/mcp", json.dumps(body), headers)
    return connection.getresponse()


@pytest.mark.parametrize("mib", [100])
def test_a_large_answer_passes_in_constant_memory(gateway, token, mib):
    hello = post(gateway, token, INITIALIZE)
    session = hello.headers["Mcp-Session-Id"]
    hello.read()
    post(gateway, token, {"jsonrpc": "2.0", "method": "notifications/initialized"}, session).read()
    before = peak_memory(gateway)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "test_large", "arguments": {"bytes": mib * MIB}}}
    answer = post(gateway, token, call, session)
    size, digest = 0, hashlib.sha256()
    while piece := answer.read(MIB):
        size += len(piece)
        digest.update(piece)
    assert size > mib * MIB
    assert peak_memory(gateway) - before < 16 * MIB
    exported = [json.loads(line) for line in gateway.export().splitlines()]
    outcome = [line["event"] for line in exported if line.get("event", {}).get("kind") == "outcome"][-1]
    assert outcome["outcome"] == "success"
    assert outcome["result_bytes"] == size and outcome["result_sha256"] == digest.hexdigest()
