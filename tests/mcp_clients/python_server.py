"""A tool server on the official Python SDK, over standard input and output."""
from mcp.server import MCPServer

server = MCPServer("python")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers"""
    return a + b


server.run(transport="stdio")
