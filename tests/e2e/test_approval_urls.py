"""A call that waits for a person as a URL in a session of 2025-11-25: the real binary and the official SDK's client."""
import asyncio
import contextlib
import json

import httpx
import pytest
from mcp import ClientSession, McpError, UrlElicitationRequiredError, types
from mcp.client.streamable_http import streamable_http_client

from support import Gateway

ARGUMENTS = {"to": "ACME", "amount": 12.50}


@pytest.fixture
def gateway(tmp_path, upstream):
    upstream.with_sessions = True
    server = Gateway(tmp_path, upstream.url, 'mcp: {approval_url: "https://approvals.example.com/{id}"}\n').start()
    yield server
    server.stop()


@contextlib.asynccontextmanager
async def connected(gateway, token, shows_urls=True):
    """A session, and the ids of the elicitations that are told to be complete."""
    complete = asyncio.Queue()

    async def on_message(message):
        if isinstance(message, types.ServerNotification) and isinstance(message.root, types.ElicitCompleteNotification):
            complete.put_nowait(message.root.params.elicitationId)

    async def on_elicitation(context, params):
        raise AssertionError("the URL comes with the error")

    http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(60))
    async with http, streamable_http_client(f"http://127.0.0.1:{gateway.port}/v1/mcp", http_client=http) as (read, write, _):
        async with ClientSession(read, write, elicitation_callback=on_elicitation if shows_urls else None, message_handler=on_message) as session:
            await session.initialize()
            yield session, complete


async def told_url(session):
    with pytest.raises(McpError) as refused:
        await session.call_tool("transfer_funds", ARGUMENTS)
    (told,) = UrlElicitationRequiredError.from_error(refused.value.error).elicitations
    assert told.url == f"https://approvals.example.com/{told.elicitationId}" and told.message
    return told.elicitationId


def decide(gateway, approval_id, decision):
    status, answer = gateway.admin("POST", f"/v1/admin/approvals/{approval_id}/decide", {"decision": decision, "note": "secret note"})
    assert status == 200, answer


def test_the_sdk_is_told_a_url_hears_of_the_answer_and_calls_again(gateway, upstream):
    async def main():
        async with connected(gateway, gateway.mint()) as (session, complete):
            approval = await told_url(session)
            assert upstream.calls == []
            await asyncio.to_thread(decide, gateway, approval, "approve")
            assert await asyncio.wait_for(complete.get(), 60) == approval
            assert json.loads((await session.call_tool("transfer_funds", ARGUMENTS)).content[0].text) == ARGUMENTS
            # It was used: the same call asks anew.
            assert await told_url(session) != approval

    asyncio.run(main())
    assert len(upstream.calls) == 1


def test_a_rejection_is_told_once_and_names_nobody(gateway, upstream):
    async def main():
        async with connected(gateway, gateway.mint()) as (session, complete):
            approval = await told_url(session)
            await asyncio.to_thread(decide, gateway, approval, "reject")
            assert await asyncio.wait_for(complete.get(), 60) == approval
            with pytest.raises(McpError) as rejected:
                await session.call_tool("transfer_funds", ARGUMENTS)
            assert rejected.value.error.code == -32012
            assert "secret" not in str(rejected.value.error) and "superadmin" not in str(rejected.value.error)

    asyncio.run(main())
    assert upstream.calls == []


def test_a_client_that_shows_no_urls_is_refused_in_the_usual_way(gateway, upstream):
    async def main():
        async with connected(gateway, gateway.mint(), shows_urls=False) as (session, _):
            with pytest.raises(McpError) as refused:
                await session.call_tool("transfer_funds", ARGUMENTS)
            assert refused.value.error.code == -32012

    asyncio.run(main())
    assert upstream.calls == []
