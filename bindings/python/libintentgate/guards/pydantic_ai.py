"""PydanticAI toolsets.

    agent = Agent(model, toolsets=[GuardedToolset(FunctionToolset([read_file, delete_file]), gate)])
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.toolsets import ToolsetTool, WrapperToolset
from pydantic_core import to_jsonable_python

from .._native import Decision
from ..gate import Gate
from ._asking import Asker, Given, described


@dataclass
class GuardedToolset(WrapperToolset[Any]):
    """The tools of ``wrapped``, each call of which is judged first; a refusal is a failed call that says why.

    ``token`` and ``intent`` are strings or functions of the ``RunContext``, such as ``lambda ctx: ctx.deps.token``. What is
    judged is the JSON form of the arguments after validation, with their defaults; the tool gets what that form says.
    """

    gate: Gate
    token: Given = field(default=None, kw_only=True, repr=False)
    intent: Given = field(default=None, kw_only=True)
    server: str = field(default="", kw_only=True)
    wait_for_approval: float = field(default=0.0, kw_only=True)

    async def get_tools(self, ctx: RunContext[Any]) -> Dict[str, ToolsetTool[Any]]:
        tools = await super().get_tools(ctx)
        self._asker.learn(described(name, tool.tool_def.description, tool.tool_def.parameters_json_schema)
                          for name, tool in tools.items())
        return tools

    async def call_tool(self, name: str, tool_args: Dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]) -> Any:
        answer = await self._asker.aask(name, to_jsonable_python(tool_args), ctx)
        if isinstance(answer, str):
            raise ToolFailed(answer)
        with self._asker.recorded(answer):
            return await super().call_tool(name, _judged(answer, ctx, tool), ctx, tool)

    @property
    def _asker(self) -> Asker:
        return Asker(self.gate, self.token, self.intent, self.server, self.wait_for_approval)


def _judged(decision: Decision, ctx: RunContext[Any], tool: ToolsetTool[Any]) -> Dict[str, Any]:
    validated: Dict[str, Any] = tool.args_validator.validate_json(json.dumps(decision.args or {}), context=ctx.validation_context)
    return validated
