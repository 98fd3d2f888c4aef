"""LangChain agents and LangGraph tool nodes.

    agent = create_agent(model, tools, middleware=[..., GateMiddleware(gate, tools)])     # last: right before the tool

    guard = GateMiddleware(gate, tools)
    node = ToolNode(tools, wrap_tool_call=guard.wrap_tool_call, awrap_tool_call=guard.awrap_tool_call)
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Sequence, Union

from langchain.agents.middleware import AgentMiddleware
from langchain.tools import BaseTool
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from .._native import Decision
from ..gate import Gate
from ._asking import Asker, Given, described

Answer = Union[ToolMessage, "Command[Any]"]


class GateMiddleware(AgentMiddleware[Any, Any]):
    """Judges each tool call; a refusal is a ``ToolMessage`` with ``status="error"``, so the agent goes on.

    ``tools`` are what the intent check ranks. ``token`` and ``intent`` are strings or functions of the
    ``ToolCallRequest``, such as ``lambda request: request.runtime.context["token"]``. Arguments that the framework injects
    (state, store, runtime) are not the model's and are not judged.
    """

    def __init__(self, gate: Gate, tools: Sequence[BaseTool] = (), *, token: Given = None, intent: Given = None,
                 server: str = "", wait_for_approval: float = 0.0) -> None:
        super().__init__()
        self._asker = Asker(gate, token, intent, server, wait_for_approval)
        for tool in tools:
            self._learn(tool)

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Answer]) -> Answer:
        self._learn(request.tool)
        answer = self._asker.ask(request.tool_call["name"], request.tool_call["args"], request)
        if isinstance(answer, str):
            return _refused(request, answer)
        with self._asker.recorded(answer) as record:
            result = handler(_judged(request, answer))
            record.failed = getattr(result, "status", "") == "error"
            return result

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Answer]]) -> Answer:
        self._learn(request.tool)
        answer = await self._asker.aask(request.tool_call["name"], request.tool_call["args"], request)
        if isinstance(answer, str):
            return _refused(request, answer)
        with self._asker.recorded(answer) as record:
            result = await handler(_judged(request, answer))
            record.failed = getattr(result, "status", "") == "error"
            return result

    def _learn(self, tool: Any) -> None:
        if tool is not None:
            self._asker.learn([described(tool.name, tool.description, {"properties": tool.args})])


def _judged(request: ToolCallRequest, decision: Decision) -> ToolCallRequest:
    call: Any = {**request.tool_call, "args": decision.args or {}}
    return request.override(tool_call=call)


def _refused(request: ToolCallRequest, text: str) -> ToolMessage:
    return ToolMessage(content=text, name=request.tool_call["name"], tool_call_id=request.tool_call["id"] or "", status="error")
