"""What the guards have in common: whom they ask, with which token, and what a refusal says to a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple, Union

from .. import guard as _guard
from .._native import Decision
from ..approvals import checked_seconds
from ..gate import Gate
from ..guard import Recorded

# A value, or how to find it in the framework's own object of a call. ``None`` from the function means: none.
Given = Union[None, str, Callable[[Any], Optional[str]]]
Described = Tuple[str, str, List[str]]


def refusal_text(decision: Decision) -> str:
    """What a model is told of a call that was not allowed."""
    if decision.verdict == "escalate":
        text = f"Not run: a person has to approve this call first ({decision.code}). {decision.reason}"
        if not decision.approval_id:
            return text
        return f"{text} (approval {decision.approval_id}; once it is given, make exactly the same call again)"
    return f"Not run: the call was refused ({decision.code}). {decision.reason}"


def described(name: str, description: Optional[str], schema: Any) -> Described:
    """A tool for the intent check, from its JSON schema."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return name, description or "", [str(each) for each in properties or ()]


def strict_object(text: str) -> Dict[str, Any]:
    """The arguments that a model wrote as JSON. Raises ``ValueError`` where two readers could differ."""
    def unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("an argument is given twice")
        return members

    try:
        value = json.loads(text or "{}", object_pairs_hook=unique)
    except RecursionError:
        raise ValueError("the arguments are nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("the arguments are no JSON object")
    return value


@dataclass(frozen=True)
class Asker:
    """Asks one gate for one guard."""

    gate: Gate
    token: Given = None
    intent: Given = None
    server: str = ""
    wait_for_approval: float = 0.0

    def __post_init__(self) -> None:
        checked_seconds(self.wait_for_approval, "wait_for_approval")

    def ask(self, tool: str, args: Mapping[str, Any], about: Any) -> Union[Decision, str]:
        """An allow, or the text of the refusal. ``about`` is what ``token`` and ``intent`` are asked about."""
        named = self._named(about)
        try:
            return self._answer(self.gate.authorize(tool, args, **named, wait_for_approval=self.wait_for_approval))
        except (TypeError, ValueError) as error:
            return self._unfit(error)

    async def aask(self, tool: str, args: Mapping[str, Any], about: Any) -> Union[Decision, str]:
        """As ``ask``, without holding the event loop."""
        named = self._named(about)
        try:
            return self._answer(await self.gate.aauthorize(tool, args, **named, wait_for_approval=self.wait_for_approval))
        except (TypeError, ValueError) as error:
            return self._unfit(error)

    def recorded(self, decision: Decision) -> Recorded:
        return Recorded(self.gate, decision)

    def learn(self, tools: Iterable[Described]) -> None:
        """Tells the intent check which tools there are."""
        self.gate.add_tools(tools)

    def token_of(self, about: Any) -> str:
        return self._named(about)["token"]

    def intent_of(self, about: Any) -> str:
        return self._named(about)["intent"]

    def _named(self, about: Any) -> Dict[str, str]:
        ambient = _guard.current()
        return {"token": _value(self.token, about, ambient.token), "intent": _value(self.intent, about, ambient.intent),
                "session_id": ambient.session_id, "server": self.server}

    @staticmethod
    def _answer(decision: Decision) -> Union[Decision, str]:
        return decision if decision else refusal_text(decision)

    def _unfit(self, error: Exception) -> str:
        # A model can write what is no JSON; that is for the model to hear. A closed gate is for the host.
        if self.gate.closed:
            raise error
        return f"Not run: the arguments cannot be judged. {error}"


def _value(given: Given, about: Any, ambient: str) -> str:
    if given is None:
        return ambient
    return given if isinstance(given, str) else given(about) or ""
