"""Public tool servers that speak over standard input and output, all three behind one gateway that starts them."""
import asyncio
import json
import os
import pathlib
import sys

import pytest

from support import Gateway
from test_clients import mcp_client

POLICY = """package intentgate.policy
import rego.v1
default decision := {"allow": false, "reason": "no rule"}
decision := {"allow": true, "reason": "a test"} if input.server in {"files", "every", "py"}
"""
PACKAGES = pathlib.Path(os.environ["FIXTURE"]) / "node_modules/@modelcontextprotocol"


def package(name, *args):
    binary = json.loads((PACKAGES / name / "package.json").read_text())["bin"]
    return [os.environ["NODE"], str(PACKAGES / name / next(iter(binary.values()))), *args]


@pytest.fixture(scope="module")
def stdio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stdio")
    data = folder / "data"
    data.mkdir()
    (data / "a.txt").write_text("the text of a")
    upstreams = json.dumps([{"name": "files", "command": package("server-filesystem", str(data))},
                            {"name": "every", "command": package("server-everything", "stdio")},
                            {"name": "py", "command": [sys.executable, str(pathlib.Path(__file__).with_name("python_server.py"))]}])
    # A busy machine may need long to start three interpreters.
    server = Gateway(folder, "", "mcp: {merge_wait_ms: 120000}\n", policy=POLICY, upstreams=f"upstreams: {upstreams}\n").start()
    server.data = data
    yield server
    server.stop()


def test_three_servers_behind_one_address(stdio):
    token = stdio.mint("--ttl", "1h", "--tools", "files_read_text_file,files_list_directory,every_*,py_add")
    url = f"http://127.0.0.1:{stdio.port}/v1/mcp"

    async def drive():
        async with mcp_client(url, token, "legacy") as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert {"files_read_text_file", "every_echo", "py_add"} <= tools
            assert "files_write_file" not in tools
            text = await client.call_tool("files_read_text_file", {"path": str(stdio.data / "a.txt")})
            assert text.content[0].text == "the text of a"
            assert (await client.call_tool("every_echo", {"message": "hello"})).content[0].text == "Echo: hello"
            assert (await client.call_tool("py_add", {"a": 2, "b": 3})).content[0].text == "5"
            seen = []

            async def on_progress(progress, total=None, message=None):
                seen.append(progress)

            await client.call_tool("every_trigger-long-running-operation", {"duration": 1, "steps": 4}, progress_callback=on_progress)
            assert seen == [1, 2, 3, 4]
            with pytest.raises(Exception, match="capability check failed"):
                await client.call_tool("files_write_file", {"path": str(stdio.data / "b.txt"), "content": "x"})

    asyncio.run(drive())
    assert not (stdio.data / "b.txt").exists()
    assert {event["decision"] for event in stdio.decisions() if event.get("tool") == "files_write_file"} == {"block"}
