import asyncio
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

import libintentgate as ig
from libintentgate.guards.fastapi import require


@pytest.fixture
def client(gate, calls):
    app = FastAPI()

    @app.post("/files/{folder}")
    def read(decision: Annotated[ig.Decision, Depends(require(gate, "read_file"))]):
        calls.append(decision.args)
        if decision.args["path"] == "/data/missing":
            raise OSError("disk")
        return decision.args

    @app.post("/transfer")
    async def transfer(decision: Annotated[ig.Decision, Depends(require(gate, "transfer"))]):
        calls.append(decision.args)

    @app.get("/own")
    def own(decision: Annotated[ig.Decision, Depends(require(
            gate, "read_file", arguments=lambda request: {"path": request.headers["x-path"]},
            token=lambda request: request.headers.get("x-token")))]):
        return decision.args

    return TestClient(app, raise_server_exceptions=False)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_route_gets_what_was_judged(client, token, calls, outcomes):
    answer = client.post("/files/a?limit=3", json={"path": "/data/a", "deep": [1]}, headers=bearer(token))
    assert (answer.status_code, answer.json()) == (200, {"folder": "a", "limit": "3", "path": "/data/a", "deep": [1]})
    assert client.post("/files/a", json={"path": "/data/missing"}, headers=bearer(token)).status_code == 500
    assert outcomes() == ["success", "tool_error"] and len(calls) == 2


def test_a_refusal_is_403_and_a_bad_token_401(client, keys, token, calls):
    refused = client.post("/files/a", json={"path": "/etc/passwd"}, headers=bearer(token))
    assert refused.status_code == 403 and refused.json()["detail"]["code"] == "capability.argument_refused"
    escalated = client.post("/transfer", headers=bearer(token))
    assert escalated.status_code == 403 and escalated.json()["detail"]["code"] == "policy.escalated"
    expired = ig.mint(ig.KeyRing.parse(ig.generate_key_line("k9")), "agent-7").token
    for headers, code in (({}, "capability.no_token"), ({"Authorization": "Basic x"}, "capability.no_token"),
                          (bearer("rubbish"), "capability.token_malformed"), (bearer(expired), "capability.token_unknown_key")):
        answer = client.post("/files/a", json={"path": "/data/a"}, headers=headers)
        assert (answer.status_code, answer.json()["detail"]["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "rubbish" not in answer.text
    assert calls == []


@pytest.mark.parametrize("url, body", [
    ("/files/a?path=/data/a&path=/etc/passwd", "{}"),
    ("/files/a?path=/data/a", '{"path": "/etc/passwd"}'),
    ("/files/a?folder=b", '{"path": "/data/a"}'),
    ("/files/a", '{"path": "/data/a", "path": "/etc/passwd"}'),
    ("/files/a", '{"path": NaN}'),
    ("/files/a", "[1]"),
    ("/files/a", "{"),
    ("/files/a", b"\xff"),
])
def test_arguments_that_two_readers_could_read_differently_are_a_400(client, token, calls, url, body):
    answer = client.post(url, content=body, headers={"Content-Type": "application/json; charset=utf-8", **bearer(token)})
    assert (answer.status_code, answer.json()["detail"]["code"]) == (400, "gate.invalid_request")
    assert calls == []


def test_arguments_and_token_can_be_found_otherwise(client, token):
    assert client.get("/own", headers={"X-Path": "/data/a", "X-Token": token}).json() == {"path": "/data/a"}
    assert client.get("/own", headers={"X-Path": "/data/a"}).status_code == 401


def test_the_prompt_is_held_against_the_tool(client, token, gate):
    gate.set_tools([("read_file", "Reads a file.", ["path"]), ("send_mail", "Sends a mail.", ["to"])])
    headers = {**bearer(token), "X-Intent-Prompt": "send a mail to my mother"}
    answer = client.post("/files/a", json={"path": "/data/a"}, headers=headers)
    assert answer.status_code == 403 and answer.json()["detail"]["code"].startswith("intent.")


def test_an_escalated_call_names_its_approval_and_goes_once_with_it(client, token, calls, approve):
    asked = client.post("/transfer", headers=bearer(token))
    id = asked.headers["x-intentgate-approval-id"]
    assert asked.json()["detail"] == {"code": "policy.escalated", "message": "a person decides", "approval_id": id}
    assert int(asked.headers["retry-after"]) > 0
    named = {**bearer(token), "X-IntentGate-Approval-Id": id}
    assert client.post("/transfer", headers=named).headers["x-intentgate-approval-id"] == id    # nobody has answered
    approve()
    assert client.post("/transfer", headers=named).status_code == 200
    spent = client.post("/transfer", headers=named)
    assert (spent.status_code, spent.json()["detail"]["code"]) == (403, "policy.approval_used")
    assert "x-intentgate-approval-id" not in spent.headers
    assert len(calls) == 1


def test_a_route_can_wait_for_the_person(gate, token, approve):
    app = FastAPI()

    @app.post("/transfer")
    async def transfer(decision: Annotated[ig.Decision, Depends(require(gate, "transfer", wait_for_approval=600))]):
        return decision.args

    approve(later=True)
    answer = TestClient(app).post("/transfer", json={"amount": 5}, headers=bearer(token))
    assert (answer.status_code, answer.json()) == (200, {"amount": 5})


async def left_alone(app, token, left):
    """A client of `/transfer` that leaves when `left` is set; returns when the server is done with it. The answer's status."""
    sent = [{"type": "http.request", "body": b'{"amount": 5}', "more_body": False}]
    answers = []

    async def receive():
        if sent:
            return sent.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        answers.append(message.get("status"))

    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
    await app({"type": "http", "method": "POST", "path": "/transfer", "raw_path": b"/transfer", "query_string": b"", "headers": headers,
               "scheme": "http", "server": ("test", 80), "client": ("test", 1), "http_version": "1.1", "root_path": "",
               "asgi": {"version": "3.0"}}, receive, send)
    return answers[0]


def waiting_app(gate, calls):
    app = FastAPI()

    @app.post("/transfer")
    async def transfer(decision: Annotated[ig.Decision, Depends(require(gate, "transfer", wait_for_approval=600))]):
        calls.append(decision.args)

    return app


def test_when_the_client_leaves_nobody_waits_any_more(gate, token, calls, outcomes):
    async def main():
        left = asyncio.Event()
        served = asyncio.ensure_future(left_alone(waiting_app(gate, calls), token, left))
        while not (pending := list(gate.list_approvals("pending"))):
            await asyncio.sleep(0)
        left.set()
        assert await served == 499
        assert (await gate.aapprove(pending[0].id, actor="ann")).state == "approved"
        assert (await gate.aget_approval(pending[0].id)).state == "approved"     # and not used

    asyncio.run(main())
    assert calls == [] and outcomes() == []


def test_an_allow_that_comes_when_the_client_has_left_is_recorded_as_not_used(gate, token, calls, outcomes, monkeypatch):
    async def main():
        left = asyncio.Event()
        aauthorize = gate.aauthorize

        async def late(tool, args, token, **named):
            decision = await aauthorize("read_file", {"path": "/data/a"}, token)
            left.set()
            # The end of the connection is noticed before this answer.
            await asyncio.sleep(0)
            return decision

        monkeypatch.setattr(gate, "aauthorize", late)
        assert await left_alone(waiting_app(gate, calls), token, left) == 499

    asyncio.run(main())
    assert calls == [] and outcomes() == ["cancelled"]
