"""FastMCP servers (package ``fastmcp``).

    server = FastMCP("files", middleware=[..., GateMiddleware(gate)])    # last: right before the tool

The token is the member ``intentgate/token`` of the request's ``_meta``, else the HTTP bearer token. On stdio and in process
it is else that of ``gate.use``.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import get_http_request
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext

from ..gate import Gate
from ._asking import Asker, Given, described
from ._mcp_request import McpRequest, intent_of, meta_of, token_of


class GateMiddleware(Middleware):
    """Judges every ``tools/call``, and shows in ``tools/list`` what the token can call.

    A refusal is a ``ToolError``, which the client gets as ``isError`` with the reason. ``token`` and ``intent`` are strings
    or functions of an ``McpRequest``; ``name`` is the server's name for caveats and policies.
    """

    def __init__(self, gate: Gate, *, token: Given = token_of, intent: Given = intent_of, name: str = "",
                 wait_for_approval: float = 0.0) -> None:
        self._asker = Asker(gate, token, intent, name, wait_for_approval)

    async def on_call_tool(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        message, about = context.message, _about(context)
        if self._asker.intent_of(about) and context.fastmcp_context is not None:
            self._learn(await context.fastmcp_context.fastmcp.list_tools(run_middleware=False))
        answer = await self._asker.aask(message.name, message.arguments or {}, about)
        if isinstance(answer, str):
            raise ToolError(answer)
        judged = context.copy(message=message.model_copy(update={"arguments": answer.args or {}}))
        with self._asker.recorded(answer) as record:
            result = await call_next(judged)
            record.failed = getattr(result, "is_error", False) is True
            return result

    async def on_list_tools(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Sequence[Any]:
        tools = list(await call_next(context))
        self._learn(tools)
        token = self._asker.token_of(_about(context))
        visible = set(self._asker.gate.visible_tools(token, [tool.name for tool in tools], server=self._asker.server))
        return [tool for tool in tools if tool.name in visible]

    def _learn(self, tools: Sequence[Any]) -> None:
        self._asker.learn(described(tool.name, tool.description, tool.parameters) for tool in tools)


def _about(context: MiddlewareContext[Any]) -> McpRequest:
    request = getattr(context.fastmcp_context, "request_context", None)
    return McpRequest(meta_of(getattr(request, "meta", None)), _http_headers(), context)


def _http_headers() -> Optional[Mapping[str, str]]:
    try:
        return {name.lower(): value for name, value in get_http_request().headers.items()}
    except RuntimeError:
        return None
