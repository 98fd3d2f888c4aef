"""A call that waits for a person as a task: the real binary, an upstream that knows no tasks, the official SDK's client."""
import asyncio
import contextlib
import json

import httpx
import pytest
from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamable_http_client

from support import run_cli

ARGUMENTS = {"to": "ACME", "amount": 12.50}


@pytest.fixture
def upstream(upstream):
    upstream.with_sessions = True  # in 2025-11-25 a task needs a session
    return upstream


@contextlib.asynccontextmanager
async def connected(gateway, token):
    http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(60))
    async with http, streamable_http_client(f"http://127.0.0.1:{gateway.port}/v1/mcp", http_client=http) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            yield session


def decide(gateway, decision):
    _, page = gateway.admin("GET", "/v1/admin/approvals?status=pending")
    (pending,) = page["approvals"]
    status, answer = gateway.admin("POST", f"/v1/admin/approvals/{pending['pending_id']}/decide", {"decision": decision, "note": "secret note"})
    assert status == 200, answer


async def begin(session):
    made = await session.experimental.call_tool_as_task("transfer_funds", ARGUMENTS, ttl=60_000)
    assert made.task.status == "working"
    return made.task.taskId


def result_of(session, task):
    return session.experimental.get_task_result(task, types.CallToolResult)


def test_the_sdk_gets_the_result_when_a_person_has_approved_and_finds_it_in_another_session(gateway, upstream):
    token = gateway.mint()

    async def main():
        async with connected(gateway, token) as session:
            task = await begin(session)
            waiting = asyncio.create_task(result_of(session, task))
            assert (await session.experimental.get_task(task)).status == "working"
            assert upstream.calls == []
            await asyncio.to_thread(decide, gateway, "approve")
            assert json.loads((await waiting).content[0].text) == ARGUMENTS
            states = [state.status async for state in session.experimental.poll_task(task)]
            assert states == ["completed"]
        async with connected(gateway, token) as session:
            assert json.loads((await result_of(session, task)).content[0].text) == ARGUMENTS
            assert [one.taskId for one in (await session.experimental.list_tasks()).tasks] == [task]
        async with connected(gateway, gateway.mint()) as stranger:
            with pytest.raises(McpError) as refused:
                await result_of(stranger, task)
            assert refused.value.error.code == -32602

    asyncio.run(main())
    assert len(upstream.calls) == 1


async def fails(session, task, code):
    with pytest.raises(McpError) as refused:
        await result_of(session, task)
    assert refused.value.error.code == code
    assert (await session.experimental.get_task(task)).status == "failed"
    return str(refused.value.error)


def test_a_rejection_fails_the_task_and_names_nobody(gateway, upstream):
    async def main():
        async with connected(gateway, gateway.mint()) as session:
            task = await begin(session)
            await asyncio.to_thread(decide, gateway, "reject")
            assert "secret" not in await fails(session, task, -32012)

    asyncio.run(main())
    assert upstream.calls == []


def test_an_approved_call_whose_token_was_revoked_meanwhile_is_not_made(gateway, upstream):
    token = gateway.mint()
    child = run_cli("attenuate", token, "--tools", "transfer_funds").stdout.strip()
    jti = json.loads(run_cli("decode", "--json", child).stdout)["jti"]

    async def main():
        async with connected(gateway, child) as session:
            task = await begin(session)
            status, answer = await asyncio.to_thread(gateway.admin, "POST", "/v1/admin/revoke", {"jti": jti, "reason": "lost"})
            assert status == 200, answer
            await asyncio.to_thread(decide, gateway, "approve")
        async with connected(gateway, token) as session:  # the same caller, by the token that the revoked one came from
            assert "revoked" in await fails(session, task, -32010)

    asyncio.run(main())
    assert upstream.calls == []
