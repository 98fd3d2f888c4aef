"""CrewAI tools.

    agent = Agent(role=..., tools=guard_tools(gate, [ReadFile(), DeleteFile()]))
"""

from __future__ import annotations

import importlib.util
from typing import Any, Dict, List, Sequence

from crewai.tools import BaseTool
from pydantic import PrivateAttr
from pydantic_core import to_jsonable_python

from .._native import Decision
from ..gate import Gate
from ._asking import Asker, Given, described

# A failure that the framework counts as one; in an older CrewAI it is only its text.
_ToolFailure: Any = None
if importlib.util.find_spec("crewai.tools.tool_failure") is not None:
    from crewai.tools.tool_failure import ToolFailure as _ToolFailure


def guard_tools(gate: Gate, tools: Sequence[BaseTool], *, token: Given = None, intent: Given = None, server: str = "",
                wait_for_approval: float = 0.0) -> List[BaseTool]:
    """Tools in place of ``tools`` that ask ``gate`` before each call; a refusal is a failed call that says why.

    ``token`` and ``intent`` are strings or functions of the tool. Results are not cached by CrewAI, because the cache would
    answer an agent whose call was never judged.
    """
    asker = Asker(gate, token, intent, server, wait_for_approval)
    asker.learn(described(tool.name, tool.description, tool.args_schema.model_json_schema()) for tool in tools)
    return [_Guarded.around(tool, asker) for tool in tools]


def _never_cached(_args: Any = None, _result: Any = None) -> bool:
    return False


class _Guarded(BaseTool):
    _inner: BaseTool = PrivateAttr()
    _asker: Asker = PrivateAttr()

    @classmethod
    def around(cls, tool: BaseTool, asker: Asker) -> BaseTool:
        guarded = cls(name=tool.name, description=tool.description, args_schema=tool.args_schema, cache_function=_never_cached,
                      result_as_answer=tool.result_as_answer, max_usage_count=tool.max_usage_count)
        guarded._inner, guarded._asker = tool, asker
        return guarded

    def _run(self, **kwargs: Any) -> Any:
        answer = self._asker.ask(self.name, to_jsonable_python(kwargs), self._inner)
        if isinstance(answer, str):
            return _failure(answer)
        with self._asker.recorded(answer) as record:
            result = self._inner.run(**self._judged(answer))
            record.failed = _ToolFailure is not None and isinstance(result, _ToolFailure)
            return result

    async def _arun(self, **kwargs: Any) -> Any:
        answer = await self._asker.aask(self.name, to_jsonable_python(kwargs), self._inner)
        if isinstance(answer, str):
            return _failure(answer)
        with self._asker.recorded(answer) as record:
            result = await self._inner.arun(**self._judged(answer))
            record.failed = _ToolFailure is not None and isinstance(result, _ToolFailure)
            return result

    @staticmethod
    def _judged(decision: Decision) -> Dict[str, Any]:
        return decision.args or {}


def _failure(text: str) -> Any:
    return text if _ToolFailure is None else _ToolFailure(message=text)
