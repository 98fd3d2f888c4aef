"""The official MCP SDK; the suite runs this file against version 1 and version 2."""

import asyncio
import contextlib
import importlib.metadata

import pytest

from conftest import BY_POLICY, ESCALATED, NOT_COVERED, NO_TOKEN, REFUSED
from libintentgate.guards.mcp import guard_server

MAJOR = int(importlib.metadata.version("mcp").partition(".")[0])
if MAJOR == 1:
    from mcp.server.fastmcp import FastMCP as MCPServer
    from mcp.shared.memory import create_connected_server_and_client_session

    def connected(server):
        return create_connected_server_and_client_session(server._mcp_server)
else:
    from mcp import Client
    from mcp.server.mcpserver import MCPServer

    def connected(server):
        return Client(server)


@pytest.fixture
def server(gate, calls):
    made = MCPServer("files")

    @made.tool()
    def read_file(path: str, limit: int = 3) -> str:
        """Reads a file."""
        if path == "/data/missing":
            raise ValueError("no such file")
        calls.append(("read_file", path, limit))
        return f"text of {path}"

    @made.tool()
    async def delete_file(path: str) -> str:
        """Deletes a file."""
        calls.append(("delete_file", path))
        return "gone"

    @made.tool()
    def transfer(amount: int) -> str:
        """Sends money."""
        calls.append(("transfer", amount))
        return "sent"

    @made.tool()
    def write_note(text: str) -> str:
        """Writes a note."""
        calls.append(("write_note", text))
        return "kept"

    return guard_server(gate, made, name="files")


async def said(client, tool, arguments, meta=None):
    result = await client.call_tool(tool, arguments, meta=meta)
    return (result.isError if MAJOR == 1 else result.is_error) is True, result.content[0].text


def run(server, work):
    async def main():
        async with connected(server) as client:
            return await work(client)
    return asyncio.run(main())


def test_each_call_is_judged_and_a_refusal_is_a_tool_error(server, token, calls, outcomes):
    async def work(client):
        meta = {"intentgate/token": token}
        assert await said(client, "read_file", {"path": "/data/a"}, meta) == (False, "text of /data/a")
        failed, text = await said(client, "read_file", {"path": "/etc/passwd"}, meta)
        assert failed and text.startswith(REFUSED)
        assert await said(client, "delete_file", {"path": "/data/a"}, meta) == (True, BY_POLICY)
        failed, text = await said(client, "transfer", {"amount": 5}, meta)
        assert failed and text.startswith(ESCALATED)
        failed, text = await said(client, "read_file", {"path": "/data/a"})
        assert failed and text.startswith(NO_TOKEN)
        assert (await said(client, "read_file", {"path": "/data/missing"}, meta))[0] is True

    run(server, work)
    assert calls == [("read_file", "/data/a", 3)]
    assert outcomes() == ["success", "tool_error"]


def test_parallel_calls_are_judged_one_by_one(server, token, calls):
    async def work(client):
        meta = {"intentgate/token": token}
        return await asyncio.gather(*(said(client, "read_file", {"path": f"/{'data' if n % 2 else 'etc'}/{n}"}, meta)
                                      for n in range(20)))

    answers = run(server, work)
    assert [failed for failed, _ in answers] == [n % 2 == 0 for n in range(20)]
    assert sorted(path for _, path, _ in calls) == sorted(f"/data/{n}" for n in range(1, 20, 2))


def test_a_list_shows_what_the_token_can_call(gate, server, token):
    async def work(client):
        return sorted(tool.name for tool in (await client.list_tools()).tools)

    for used, names in ((token, ["delete_file", "read_file", "transfer"]), ("", [])):
        with gate.use(used):
            assert run(server, work) == names


def test_the_prompt_is_held_against_all_tools(server, token, calls):
    async def work(client):
        meta = {"intentgate/token": token, "intentgate/intent": "read the file and tell me what is in it"}
        failed, text = await said(client, "transfer", {"amount": 5}, meta)
        assert failed and text.startswith(NOT_COVERED), text
        assert (await said(client, "read_file", {"path": "/data/a"}, meta))[0] is False

    run(server, work)
    assert len(calls) == 1


def test_over_http_only_the_callers_own_token_counts(gate, server, token, calls):
    httpx = pytest.importorskip("httpx")
    if MAJOR == 1:
        server.settings.stateless_http = server.settings.json_response = True
        app = server.streamable_http_app()
    else:
        app = server.streamable_http_app(stateless_http=True, json_response=True)

    async def post(client, headers):
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": "read_file", "arguments": {"path": "/data/a"}}}
        answer = await client.post("/mcp", json=message, headers={
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18", **headers})
        return answer.json()["result"]["content"][0]["text"]

    async def main():
        with gate.use(token):
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(app.router.lifespan_context(app))
                client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000")
                await stack.enter_async_context(client)
                return await post(client, {}), await post(client, {"Authorization": f"Bearer {token}"})

    without, with_token = asyncio.run(main())
    assert without.startswith(NO_TOKEN) and with_token == "text of /data/a"
    assert len(calls) == 1


def test_what_is_no_server_says_so(gate):
    with pytest.raises(TypeError, match="a server"):
        guard_server(gate, object())


def test_an_approved_call_goes_once_when_it_is_made_again(server, token, calls, approve):
    async def work(client):
        meta = {"intentgate/token": token}
        failed, text = await said(client, "transfer", {"amount": 5}, meta)
        assert failed and "make exactly the same call again" in text
        approve()
        assert await said(client, "transfer", {"amount": 5}, meta) == (False, "sent")
        assert (await said(client, "transfer", {"amount": 5}, meta))[0] is True

    run(server, work)
    assert calls == [("transfer", 5)]
