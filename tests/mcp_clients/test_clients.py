"""Public MCP clients through the gateway, in the eras that they speak: what they list, what they may call, what is refused,
progress in order, and an abort that reaches the tool."""
import asyncio
import json
import os
import pathlib
import subprocess

import pytest

HIDDEN, RESOURCES = "test_image_content", ["test://static-text", "test://static-binary"]
REFUSED = {"legacy": -32010, "modern": -31010}
TEXT = "This is a simple text response for testing."


def cancelled(state, era):
    return state[era]["cancelled"]


@pytest.mark.parametrize("which,era", [("v1", "legacy"), ("v2", "legacy"), ("v2-modern", "modern")])
def test_the_official_npm_sdks(which, era, url, token, upstream):
    before = cancelled(upstream.state(), era)
    script = pathlib.Path(__file__).with_name("client.mjs")
    client = subprocess.Popen([os.environ["NODE"], script, which, url, token], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    line = client.stdout.readline()
    assert line, client.communicate()[1]
    out = json.loads(line)
    assert HIDDEN not in out["tools"] and "test_simple_text" in out["tools"] and "json_schema_2020_12_tool" not in out["tools"]
    assert out["resources"] == RESOURCES
    assert out["text"] == TEXT and "static text" in out["resource"]
    assert out["refused"] == out["refusedResource"] == REFUSED[era]
    assert out["progress"] == [0, 50, 100]
    assert out["held"] == "aborted"
    upstream.until(lambda state: cancelled(state, era) == before + 1)
    client.communicate(timeout=60)
    assert client.returncode == 0


def mcp_client(url, token, mode):
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
    return Client(streamable_http_client(url, http_client=http), mode=mode)


def fastmcp_client(url, token, mode):
    from fastmcp import Client

    return Client(url, auth=token, mode=mode)


@pytest.mark.parametrize("mode,era", [("legacy", "legacy"), ("auto", "modern")])
@pytest.mark.parametrize("make", [mcp_client, fastmcp_client])
def test_the_python_clients(make, mode, era, url, token, upstream):
    asyncio.run(drive(make(url, token, mode), era, upstream))


async def drive(made, era, upstream):
    async with made as client:
        listed = await client.list_tools()
        tools = [tool.name for tool in getattr(listed, "tools", listed)]
        assert HIDDEN not in tools and "test_simple_text" in tools
        result = await client.call_tool("test_simple_text", {})
        assert result.content[0].text == TEXT
        for refused in (client.call_tool(HIDDEN, {}), client.read_resource("test://watched-resource")):
            with pytest.raises(Exception) as caught:
                await refused
            assert str(REFUSED[era]) in repr(caught.value) or "capability check failed" in str(caught.value)
        seen = []

        async def on_progress(progress, total=None, message=None):
            seen.append(progress)

        handler = {"progress_callback": on_progress} if "progress_callback" in client.call_tool.__code__.co_varnames else {"progress_handler": on_progress}
        await client.call_tool("test_tool_with_progress", {}, **handler)
        assert seen == [0, 50, 100]
        before = upstream.state()
        held = asyncio.create_task(client.call_tool("test_hold", {}))
        await asyncio.to_thread(upstream.until, lambda state: state[era]["waiting"] == before[era]["waiting"] + 1)
        held.cancel()
        with pytest.raises(asyncio.CancelledError):
            await held
        await asyncio.to_thread(upstream.until, lambda state: cancelled(state, era) == cancelled(before, era) + 1)
