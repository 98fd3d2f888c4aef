"""The MCP clients of agent frameworks through the gateway, on the SDK's version 1: what they list, what they may call, what is
refused, progress in order, and an abort that reaches the tool. They have an environment of their own, because test_clients.py needs version 2."""
import asyncio
import contextlib
import traceback

import pytest

HIDDEN = "test_image_content"
TEXT = "This is a simple text response for testing."


class LangChain:
    @staticmethod
    @contextlib.asynccontextmanager
    async def connect(url, headers, on_progress):
        from langchain_mcp_adapters.callbacks import Callbacks
        from langchain_mcp_adapters.client import MultiServerMCPClient

        async def told(progress, total, message, context):
            on_progress(progress)

        client = MultiServerMCPClient({"gateway": {"transport": "streamable_http", "url": url, "headers": headers}},
                                      callbacks=Callbacks(on_progress=told))
        tools = {tool.name: tool for tool in await client.get_tools()}

        async def call(name):
            if name in tools:
                return str(await tools[name].ainvoke({}))
            async with client.session("gateway") as session:
                return await session.call_tool(name, {})

        yield list(tools), call


class OpenAIAgents:
    @staticmethod
    @contextlib.asynccontextmanager
    async def connect(url, headers, on_progress):
        from agents.mcp import MCPServerStreamableHttp

        async with MCPServerStreamableHttp({"url": url, "headers": headers, "timeout": 60}, client_session_timeout_seconds=60) as server:
            async def call(name):
                if name != "test_tool_with_progress":
                    return str(await server.call_tool(name, {}))

                async def told(progress, total, message):
                    on_progress(progress)

                return str(await server.session.call_tool(name, {}, progress_callback=told))

            yield [tool.name for tool in await server.list_tools()], call


class PydanticAI:
    @staticmethod
    @contextlib.asynccontextmanager
    async def connect(url, headers, on_progress):
        from fastmcp.client.transports import StreamableHttpTransport
        from pydantic_ai.mcp import MCPToolset

        async def told(progress, total, message):
            on_progress(progress)

        transport = StreamableHttpTransport(url, headers=headers)
        async with MCPToolset(transport, progress_handler=told, tool_error_behavior="error") as toolset:
            async def call(name):
                return str(await toolset.direct_call_tool(name, {}))

            yield [tool.name for tool in await toolset.list_tools()], call


@pytest.mark.parametrize("client", [LangChain, OpenAIAgents, PydanticAI])
def test_a_client_of_an_agent_framework(client, url, token, upstream):
    seen = []

    async def drive():
        async with client.connect(url, {"Authorization": f"Bearer {token}"}, seen.append) as (tools, call):
            assert HIDDEN not in tools and "test_simple_text" in tools
            assert TEXT in await call("test_simple_text")
            with pytest.raises(Exception) as caught:
                await call(HIDDEN)
            # Some of them raise it inside a group.
            assert "capability check failed" in "".join(traceback.format_exception(caught.value))
            await call("test_tool_with_progress")
            before = upstream.state()["legacy"]
            held = asyncio.create_task(call("test_hold"))
            await asyncio.to_thread(upstream.until, lambda state: state["legacy"]["waiting"] == before["waiting"] + 1)
            held.cancel()
            with pytest.raises(asyncio.CancelledError):
                await held
        # The SDK's version 1 tells nobody of a cancelled task; the session that ends with the client ends its call.
        await asyncio.to_thread(upstream.until, lambda state: state["legacy"]["cancelled"] == before["cancelled"] + 1)

    asyncio.run(drive())
    assert seen == [0, 50, 100]
