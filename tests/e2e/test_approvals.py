"""Calls that wait for a person: the real binary, real MCP clients, the command line and the admin API as the person."""
import asyncio
import json
import subprocess
import threading

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from support import BINARY, ENVIRONMENT, Gateway, run_cli

ID = "X-IntentGate-Approval-Id"
ARGUMENTS = {"to": "ACME", "amount": 12.50}


def pay(client, token, approval="", arguments=ARGUMENTS, tool="transfer_funds", **fields):
    """(JSON-RPC answer, response header fields)"""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
    head = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}", **fields}
    if approval:
        head[ID] = approval
    status, text, answer = client.request("POST", "/v1/mcp", body, head)
    assert status == 200, text
    return json.loads(text), answer


def approvals(gateway, *words):
    return run_cli("approvals", words[0], "--config", gateway.folder / "intentgate.yaml", *words[1:])


def decide(gateway, approval, decision, **more):
    return gateway.admin("POST", f"/v1/admin/approvals/{approval}/decide", {"decision": decision, **more})


@pytest.fixture
def client(gateway):
    with gateway.connect() as connection:
        yield connection


def test_escalate_approve_by_command_line_resume_once(gateway, upstream, client):
    token = gateway.mint()
    answer, head = pay(client, token)
    approval = head[ID]
    assert answer["error"]["code"] == -32012 and isinstance(answer["error"]["data"], str) and approval in answer["error"]["data"]
    assert head["Retry-After"].isdigit()
    assert pay(client, token)[1][ID] == approval  # an equal call floods nobody
    assert pay(client, token, approval)[1][ID] == approval

    shown = approvals(gateway, "show", approval)
    assert shown.returncode == 0, shown.stderr
    assert '{"amount":12.5,"to":"ACME"}' in shown.stdout and "agent-7" in shown.stdout
    listed = json.loads(approvals(gateway, "list", "--json").stdout)
    assert listed["id"] == approval and listed["args"] == ARGUMENTS
    approved = approvals(gateway, "approve", approval, "--note", "as agreed")
    assert approved.returncode == 0, approved.stderr
    assert approvals(gateway, "list").stdout == ""

    for changed in ({**ARGUMENTS, "amount": 13}, {**ARGUMENTS, "x": None}, {}):
        answer, head = pay(client, token, approval, changed)
        assert answer["error"]["code"] == -32012 and ID not in head
    answer, head = pay(client, gateway.mint(), approval)
    assert answer["error"]["code"] == -32012 and ID not in head
    assert upstream.calls == []

    answer, head = pay(client, token, approval)
    assert json.loads(answer["result"]["content"][0]["text"]) == ARGUMENTS and ID not in head
    answer, head = pay(client, token, approval)
    assert answer["error"]["code"] == -32012 and "used" in answer["error"]["data"] and ID not in head
    assert len(upstream.calls) == 1
    assert ID.lower() not in upstream.headers[0]

    again = approvals(gateway, "approve", approval)
    assert again.returncode == 1 and "used, no longer pending" in again.stderr
    assert approvals(gateway, "show", "no-such-id").returncode == 1
    events = [e for line in gateway.export().splitlines() if (e := json.loads(line).get("event")) and e.get("pending_id") == approval]
    steps = [e.get("details", {}).get("approval") or e["tool"] for e in events]
    assert steps == ["requested", "pending", "pending", "admin/approve", "used", "named"]
    assert events[3]["actor"].startswith("cli:") and events[3]["details"]["note"] == "as agreed"
    assert events[4]["decided_by"] == events[3]["actor"]
    assert run_cli("audit", "verify", "-", stdin=gateway.export()).returncode == 0


def test_a_rejection_says_nothing_of_the_person(gateway, upstream, client):
    token = gateway.mint()
    approval = pay(client, token)[1][ID]
    status, row = decide(gateway, approval, "reject", decided_by="Ann", note="never for ACME")
    assert status == 200 and row["status"] == "rejected" and row["decided_by"] == "superadmin" and row["claimed_by"] == "Ann"
    answer, head = pay(client, token, approval)
    text = json.dumps(answer) + json.dumps(head)
    assert answer["error"]["code"] == -32012 and "rejected" in answer["error"]["data"]
    assert not any(secret in text for secret in ("Ann", "never", "superadmin")) and ID not in head
    status, answer = decide(gateway, approval, "approve")
    assert status == 409 and answer["current"]["status"] == "rejected"
    assert upstream.calls == []


def test_held_until_the_answer(gateway, upstream, client):
    token = gateway.mint()

    def answer_it():
        for line in watch.stdout:
            approval = json.loads(line)["id"]
            assert approvals(gateway, "approve", approval).returncode == 0
            return

    # The command line is another process: the gateway finds its answer in the store.
    watch = subprocess.Popen([str(BINARY), "approvals", "watch", "--config", str(gateway.folder / "intentgate.yaml"), "--json", "--interval", "1"],
                             stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    person = threading.Thread(target=answer_it)
    person.start()
    answer, head = pay(client, token, Prefer="wait=60")
    person.join()
    watch.terminate()
    watch.wait(30)
    watch.stdout.close()
    assert json.loads(answer["result"]["content"][0]["text"]) == ARGUMENTS
    assert ID not in head and len(upstream.calls) == 1


def test_racing_resumes_go_once(gateway, upstream, client):
    token = gateway.mint()
    approval = pay(client, token)[1][ID]
    assert decide(gateway, approval, "approve")[0] == 200
    answers = []

    def resume():
        with gateway.connect() as connection:
            answers.append(pay(connection, token, approval)[0])

    threads = [threading.Thread(target=resume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("result" in answer for answer in answers) == [False] * 7 + [True]
    assert len(upstream.calls) == 1


def test_two_gateways_on_one_store(tmp_path, upstream):
    first = Gateway(tmp_path, upstream.url).start()
    second = Gateway(tmp_path, upstream.url).start()
    try:
        token = first.mint()
        with first.connect() as one, second.connect() as two:
            approval = pay(one, token)[1][ID]
            assert pay(two, token)[1][ID] == approval
            assert decide(second, approval, "approve")[0] == 200
            assert "result" in pay(one, token, approval)[0]
            answer, _ = pay(two, token, approval)
            assert "used" in answer["error"]["data"]
        assert len(upstream.calls) == 1
    finally:
        first.stop()
        second.stop()


def test_approvals_survive_a_restart_and_can_be_switched_off(tmp_path, upstream):
    gateway = Gateway(tmp_path, upstream.url).start()
    token = gateway.mint()
    with gateway.connect() as client:
        approval = pay(client, token)[1][ID]
    assert decide(gateway, approval, "approve")[0] == 200
    gateway.stop()
    gateway = Gateway(tmp_path, upstream.url, extra="approvals: {enabled: false}\n").start()
    with gateway.connect() as client:
        answer, head = pay(client, token)
        assert answer["error"]["code"] == -32012 and ID not in head
        assert pay(client, token, approval)[0]["error"]["code"] == -32012
    assert gateway.admin("GET", "/v1/admin/approvals")[0] == 503
    gateway.stop()
    gateway = Gateway(tmp_path, upstream.url).start()
    with gateway.connect() as client:
        assert "result" in pay(client, token, approval)[0]
    gateway.stop()


def test_hostile_text_does_not_reach_the_terminal(gateway, client):
    token = gateway.mint()
    approval = pay(client, token, arguments={"x": "\u001b[2Jrm \u202egpj.exe \u009b1m"})[1][ID]
    shown = approvals(gateway, "show", approval).stdout
    assert "\\u202e" in shown and "\\u009b" in shown and "\\u001b" in shown
    assert not any(bad in shown for bad in ("\u001b", "\u202e", "\u009b"))


def test_the_command_line_says_what_is_wrong(gateway, tmp_path):
    assert approvals(gateway, "list", "--status", "timeout").returncode == 64
    assert run_cli("approvals").returncode == 64
    assert run_cli("approvals", "approve").returncode == 64
    memory = tmp_path / "memory.yaml"
    memory.write_text("store: {kind: memory}\nkeys: {file: keys}\n")
    refused = run_cli("approvals", "list", "--config", memory)
    assert refused.returncode == 64 and "admin API" in refused.stderr


def test_the_official_client_resumes_and_waits(gateway, upstream):
    """The MCP SDK: header fields on its HTTP client are all it needs."""
    token = gateway.mint()
    seen = {}

    async def note(response):
        if ID in response.headers:
            seen["id"] = response.headers[ID]

    async def once(**fields):
        head = {"Authorization": f"Bearer {token}", **fields}
        url = f"http://127.0.0.1:{gateway.port}/v1/mcp"
        progress = []

        async def on_progress(value, total, message):
            progress.append(message)

        http = httpx.AsyncClient(headers=head, timeout=httpx.Timeout(30), event_hooks={"response": [note]})
        async with http, streamable_http_client(url, http_client=http) as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                try:
                    result = await session.call_tool("transfer_funds", ARGUMENTS, progress_callback=on_progress)
                except Exception as refusal:  # the SDK's class for a JSON-RPC error
                    return str(refusal), progress
                return json.loads(result.content[0].text), progress

    refused, _ = asyncio.run(once())
    assert "policy check failed" in refused
    approval = seen["id"]
    assert decide(gateway, approval, "approve")[0] == 200
    assert asyncio.run(once(**{ID: approval}))[0] == ARGUMENTS
    assert asyncio.run(once(**{ID: approval}))[0] == "policy check failed"

    async def with_person():
        call = asyncio.create_task(once(Prefer="wait=60"))
        while True:  # until the call waits
            _, page = await asyncio.to_thread(gateway.admin, "GET", "/v1/admin/approvals?status=pending")
            if page["approvals"]:
                break
        await asyncio.to_thread(decide, gateway, page["approvals"][0]["pending_id"], "approve")
        return await call

    result, progress = asyncio.run(with_person())
    assert result == ARGUMENTS
    assert progress and progress[0] == "waiting for a person's approval"
    assert len(upstream.calls) == 2
