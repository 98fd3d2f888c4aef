import asyncio

import pytest
from fastmcp import Client, FastMCP

from conftest import BY_POLICY, ESCALATED, NOT_COVERED, NO_TOKEN, REFUSED
from libintentgate.guards.fastmcp import GateMiddleware


@pytest.fixture
def server(gate, calls):
    made = FastMCP("files", middleware=[GateMiddleware(gate, name="files")])

    @made.tool
    def read_file(path: str, limit: int = 3) -> str:
        """Reads a file."""
        if path == "/data/missing":
            raise ValueError("no such file")
        calls.append(("read_file", path, limit))
        return f"text of {path}"

    @made.tool
    def delete_file(path: str) -> str:
        """Deletes a file."""
        calls.append(("delete_file", path))
        return "gone"

    @made.tool
    def transfer(amount: int) -> str:
        """Sends money."""
        calls.append(("transfer", amount))
        return "sent"

    @made.tool
    def write_note(text: str) -> str:
        """Writes a note."""
        calls.append(("write_note", text))
        return "kept"

    return made


async def said(client, tool, arguments, meta=None):
    result = await client.call_tool(tool, arguments, raise_on_error=False, meta=meta)
    return result.is_error, result.content[0].text


def test_each_call_is_judged_and_a_refusal_is_a_tool_error(gate, server, token, calls, outcomes):
    async def main():
        async with Client(server) as client:
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

    asyncio.run(main())
    assert calls == [("read_file", "/data/a", 3)]
    assert outcomes() == ["success", "tool_error"]


def test_parallel_calls_are_judged_one_by_one(server, token, calls):
    async def main():
        async with Client(server) as client:
            meta = {"intentgate/token": token}
            return await asyncio.gather(*(said(client, "read_file", {"path": f"/{'data' if n % 2 else 'etc'}/{n}"}, meta)
                                          for n in range(20)))

    answers = asyncio.run(main())
    assert [failed for failed, _ in answers] == [n % 2 == 0 for n in range(20)]
    assert sorted(path for _, path, _ in calls) == sorted(f"/data/{n}" for n in range(1, 20, 2))


def test_a_list_shows_what_the_token_can_call(gate, server, token):
    async def main():
        async with Client(server) as client:
            return [tool.name for tool in await client.list_tools()]

    async def under(used):
        with gate.use(used):
            return await main()

    assert sorted(asyncio.run(under(token))) == ["delete_file", "read_file", "transfer"]
    assert asyncio.run(under("")) == []


def test_the_prompt_is_held_against_all_tools(server, token, calls):
    async def main():
        async with Client(server) as client:
            meta = {"intentgate/token": token, "intentgate/intent": "read the file and tell me what is in it"}
            failed, text = await said(client, "transfer", {"amount": 5}, meta)
            assert failed and text.startswith(NOT_COVERED), text
            assert (await said(client, "read_file", {"path": "/data/a"}, meta))[0] is False

    asyncio.run(main())
    assert len(calls) == 1


def test_over_http_only_the_callers_own_token_counts(gate, server, token, calls):
    httpx = pytest.importorskip("httpx")
    with gate.use(token):
        app = server.http_app(stateless_http=True, json_response=True)

        async def post(headers):
            async with app.router.lifespan_context(app):
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
                    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                               "params": {"name": "read_file", "arguments": {"path": "/data/a"}}}
                    answer = await client.post("/mcp", json=message, headers={
                        "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18", **headers})
                    return answer.json()["result"]["content"][0]["text"]

        assert asyncio.run(post({})).startswith(NO_TOKEN)
        app = server.http_app(stateless_http=True, json_response=True)
        assert asyncio.run(post({"Authorization": f"Bearer {token}"})) == "text of /data/a"


def test_an_approved_call_goes_once_when_it_is_made_again(server, token, calls, approve):
    async def main():
        async with Client(server) as client:
            meta = {"intentgate/token": token}
            failed, text = await said(client, "transfer", {"amount": 5}, meta)
            assert failed and "make exactly the same call again" in text
            approve()
            assert await said(client, "transfer", {"amount": 5}, meta) == (False, "sent")
            assert (await said(client, "transfer", {"amount": 5}, meta))[0] is True

    asyncio.run(main())
    assert calls == [("transfer", 5)]
