"""Servers of the official MCP SDK (package ``mcp``), versions 1 and 2.

    from mcp.server.mcpserver import MCPServer        # version 1: mcp.server.fastmcp.FastMCP
    server = MCPServer("files")
    ...
    guard_server(gate, server)                        # after the tools and the server's own middleware

The token is the member ``intentgate/token`` of the request's ``_meta``, else the HTTP bearer token. On stdio, where the
caller is whoever started the server, it is else that of ``gate.use`` around ``server.run()``.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, List, Mapping, Optional, Set, TypeVar

import mcp.types

from ..gate import Gate
from ._asking import Asker, Given, described
from ._mcp_request import McpRequest, intent_of, meta_of, token_of

S = TypeVar("S")

# The two versions spell its members differently.
_types: Any = mcp.types


def guard_server(gate: Gate, server: S, *, token: Given = token_of, intent: Given = intent_of, name: str = "",
                 wait_for_approval: float = 0.0) -> S:
    """Puts ``gate`` in front of the tools of ``server``, which is changed and returned.

    A refused call is answered with ``isError`` and the reason; ``tools/list`` shows the tools that the token can call.
    ``token`` and ``intent`` are strings or functions of an ``McpRequest``. ``name`` is the server's name for caveats and
    policies. Takes ``MCPServer``, ``FastMCP`` (of the SDK) and the low-level ``Server``.
    """
    asker = Asker(gate, token, intent, name, wait_for_approval)
    middleware = getattr(server, "middleware", None)
    if isinstance(middleware, list):
        middleware.append(_Middleware(asker))
        return server
    low_level = getattr(server, "_mcp_server", server)
    handlers = getattr(low_level, "request_handlers", None)
    if not isinstance(handlers, dict):
        raise TypeError(f"a server of the MCP SDK is wanted, not a {type(server).__name__}")
    _guard_handlers(asker, low_level, handlers)
    return server


def _refused(text: str) -> Any:
    error = "is_error" if "is_error" in _types.CallToolResult.model_fields else "isError"
    return _types.CallToolResult(**{"content": [_types.TextContent(type="text", text=text)], error: True})


def _headers(request: Any) -> Optional[Mapping[str, str]]:
    headers = getattr(request, "headers", None)
    return None if headers is None else {str(key).lower(): str(value) for key, value in headers.items()}


class _Middleware:
    """Version 2: every message of a client passes here, before it is validated."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def __call__(self, ctx: Any, call_next: Any) -> Any:
        if ctx.method == "tools/call" and ctx.request_id is not None:
            return await self._call(ctx, call_next)
        if ctx.method == "tools/list":
            return await self._list(ctx, call_next)
        return await call_next(ctx)

    async def _call(self, ctx: Any, call_next: Any) -> Any:
        params: Dict[str, Any] = dict(ctx.params or {})
        about = self._about(ctx)
        if self._asker.intent_of(about):
            await self._learn(ctx, call_next)
        name: Any = params.get("name")
        arguments = params.get("arguments")
        answer = await self._asker.aask(name, {} if arguments is None else arguments, about)
        if isinstance(answer, str):
            return _refused(answer)
        with self._asker.recorded(answer) as record:
            result = await call_next(dataclasses.replace(ctx, params={**params, "arguments": answer.args or {}}))
            record.failed = isinstance(result, Mapping) and result.get("isError") is True
            return result

    async def _list(self, ctx: Any, call_next: Any) -> Any:
        result = await call_next(ctx)
        if not isinstance(result, Mapping) or not isinstance(result.get("tools"), list):
            return result
        self._asker.learn(_wire_tools(result))
        names = [tool["name"] for tool in result["tools"]]
        visible = set(self._asker.gate.visible_tools(self._asker.token_of(self._about(ctx)), names, server=self._asker.server))
        return {**result, "tools": [tool for tool in result["tools"] if tool["name"] in visible]}

    async def _learn(self, ctx: Any, call_next: Any) -> None:
        """All pages of the server's own list, because the intent check ranks a tool among all tools."""
        # The newest revision wants its own members of _meta in every request.
        params: Dict[str, Any] = {"_meta": self._about(ctx).meta} if self._about(ctx).meta else {}
        seen: Set[str] = set()
        while True:
            page = await call_next(dataclasses.replace(ctx, method="tools/list", params=params))
            self._asker.learn(_wire_tools(page))
            cursor = page.get("nextCursor")
            if cursor is None or cursor in seen:
                return
            seen.add(cursor)
            params = {**params, "cursor": cursor}

    @staticmethod
    def _about(ctx: Any) -> McpRequest:
        params = ctx.params if isinstance(ctx.params, Mapping) else {}
        meta = params.get("_meta")
        return McpRequest(meta if isinstance(meta, Mapping) else {}, _headers(ctx.request), ctx)


def _wire_tools(result: Mapping[str, Any]) -> List[Any]:
    return [described(tool["name"], tool.get("description"), tool.get("inputSchema")) for tool in result.get("tools", ())]


def _guard_handlers(asker: Asker, server: Any, handlers: Dict[Any, Any]) -> None:
    """Version 1: the two handlers are replaced by ones that ask first."""
    call, listing = handlers.get(_types.CallToolRequest), handlers.get(_types.ListToolsRequest)
    if call is None or listing is None:
        raise ValueError("guard the server after its tool handlers have been registered")

    def about(params: Any) -> McpRequest:
        context = server.request_context
        return McpRequest(meta_of(getattr(params, "meta", None)), _headers(context.request), context)

    async def learn() -> Any:
        tools = (await listing(None)).root.tools
        asker.learn(described(tool.name, tool.description, tool.inputSchema) for tool in tools)

    async def guarded_call(request: Any) -> Any:
        asked = about(request.params)
        if asker.intent_of(asked):
            await learn()
        answer = await asker.aask(request.params.name, request.params.arguments or {}, asked)
        if isinstance(answer, str):
            return _types.ServerResult(_refused(answer))
        judged = request.model_copy(update={"params": request.params.model_copy(update={"arguments": answer.args or {}})})
        with asker.recorded(answer) as record:
            result = await call(judged)
            record.failed = getattr(result.root, "isError", False) is True
            return result

    async def guarded_list(request: Any) -> Any:
        result = await listing(request)
        if request is None:  # the SDK itself asks, for the schemas
            return result
        tools = result.root.tools
        asker.learn(described(tool.name, tool.description, tool.inputSchema) for tool in tools)
        token = asker.token_of(about(request.params))
        visible = set(asker.gate.visible_tools(token, [tool.name for tool in tools], server=asker.server))
        page = result.root.model_copy(update={"tools": [tool for tool in tools if tool.name in visible]})
        return _types.ServerResult(page)

    handlers[_types.CallToolRequest] = guarded_call
    handlers[_types.ListToolsRequest] = guarded_list
