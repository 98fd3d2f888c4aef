"""Function tools of the OpenAI Agents SDK (package ``openai-agents``).

    agent = Agent(name="files", tools=guard_tools(gate, [read_file, delete_file]))
"""

from __future__ import annotations

import copy
import json
from typing import Any, List, Sequence

from agents import FunctionTool

from ..gate import Gate
from ._asking import Asker, Given, described, strict_object


def guard_tools(gate: Gate, tools: Sequence[Any], *, token: Given = None, intent: Given = None, server: str = "",
                wait_for_approval: float = 0.0) -> List[FunctionTool]:
    """Copies of ``tools`` that ask ``gate`` before each call; a refusal is the call's output.

    ``token`` and ``intent`` are strings or functions of the SDK's ``ToolContext``, such as
    ``lambda context: context.context.token``. Raises ``TypeError`` for a tool that runs at the provider, which no guard
    here can stop.
    """
    asker = Asker(gate, token, intent, server, wait_for_approval)
    guarded = [_guarded(asker, tool) for tool in tools]
    asker.learn(described(tool.name, tool.description, tool.params_json_schema) for tool in guarded)
    return guarded


def _guarded(asker: Asker, tool: Any) -> FunctionTool:
    if not isinstance(tool, FunctionTool):
        raise TypeError(f"{type(tool).__name__} does not run in this process and cannot be guarded; only function tools can")
    invoke = tool.on_invoke_tool

    async def ask_and_invoke(context: Any, text: str) -> Any:
        try:
            args = strict_object(text)
        except ValueError as error:
            return f"Not run: the arguments cannot be judged. {error}"
        answer = await asker.aask(tool.name, args, context)
        if isinstance(answer, str):
            return answer
        with asker.recorded(answer):
            return await invoke(context, json.dumps(answer.args or {}, ensure_ascii=False))

    guarded = copy.copy(tool)
    guarded.on_invoke_tool = ask_and_invoke
    return guarded
