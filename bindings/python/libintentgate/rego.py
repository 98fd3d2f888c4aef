"""Rego by itself: files that are parsed once and compiled often, queries that are compiled once and asked often.

    engine = rego.Engine(max_steps=100_000)
    rules = engine.parse("rules.rego", "package rules\\nallow if input.user in data.readers")
    policy = engine.compile([rules], data={"readers": ["ann"]})
    allow = policy.prepare("data.rules.allow")
    assert allow.eval({"user": "ann"}) is True

When one file changes, parse that one and compile again with the others' modules as they are. Everything is immutable and
thread-safe. ``libintentgate.Policy`` is the gate's contract on top of this.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from . import _native
from ._native import CancelToken
from ._threads import cancellable

__all__ = ["Answer", "CancelToken", "CompiledPolicy", "Engine", "Module", "Query"]


class Answer(NamedTuple):
    """One answer of a query: its variables by name, and the values of its expressions."""

    bindings: Dict[str, Any]
    values: List[Any]


class Module:
    """One file, parsed. Made by ``Engine.parse``."""

    def __init__(self, native: _native.RegoModuleBase) -> None:
        self._native = native

    @property
    def name(self) -> str:
        return self._native.name

    @property
    def text(self) -> str:
        return self._native.text

    @property
    def package(self) -> str:
        """Such as ``"data.authz"``."""
        return self._native.package

    def tree(self) -> Dict[str, Any]:
        """The syntax tree, as ``opa parse --format json`` gives it."""
        made: Dict[str, Any] = json.loads(self._native._tree())
        return made

    def annotations(self) -> List[Dict[str, Any]]:
        """The metadata blocks, in the order of the text."""
        made: List[Dict[str, Any]] = self._native._annotations()
        return made

    def format(self) -> str:
        """The text, laid out as ``intentgate policy fmt`` does it."""
        return self._native._format()

    def __repr__(self) -> str:
        return f"<Module {self.name} {self.package}>"


class Query:
    """A compiled query. Made by ``CompiledPolicy.prepare``; keeps its policy."""

    def __init__(self, native: _native.RegoQueryBase) -> None:
        self._native = native

    @property
    def text(self) -> str:
        return self._native.text

    @property
    def is_reference(self) -> bool:
        """Whether it is a ground reference such as ``"data.rules.allow"``, which ``eval`` wants."""
        return self._native.is_reference

    def eval(self, input: Any = None, *, cancel: Optional[CancelToken] = None) -> Any:
        """The value of the reference. Raises ``KeyError`` when it is undefined and ``IntentGateError`` when the evaluation
        fails or is cancelled. ``None`` is no input."""
        defined, value = self._native._eval(input, cancel)
        if not defined:
            raise KeyError(f"{self.text} is undefined")
        return value

    def answers(self, input: Any = None, *, cancel: Optional[CancelToken] = None) -> List[Answer]:
        """All answers of the query."""
        return [Answer(bindings, values) for bindings, values in self._native._answers(input, cancel)]

    aeval = cancellable(eval)
    aanswers = cancellable(answers)

    def __repr__(self) -> str:
        return f"<Query {self.text}>"


class CompiledPolicy:
    """Modules and data, compiled. Made by ``Engine.compile``."""

    def __init__(self, engine: _native.RegoEngineBase, native: _native.RegoPolicyBase) -> None:
        self._engine = engine
        self._native = native

    @property
    def rule_names(self) -> List[str]:
        """The full names of all rules and functions, sorted."""
        return self._native._rule_names()

    @property
    def packages(self) -> List[str]:
        return self._native._packages()

    def prepare(self, query: str) -> Query:
        """Compiles a query, such as ``"data.rules.allow"`` or ``"some x in data.rules.users; x.admin"``."""
        return Query(self._engine._prepare(self._native, query))


class Engine:
    """Makes modules and policies by one configuration.

    ``builtins`` are the only ones that policies may call; ``None``: all. None that reaches outside the process is granted.
    """

    def __init__(
        self, *, v0: bool = False, max_steps: int = 1_000_000, max_memory_bytes: int = 64 << 20, strict_builtin_errors: bool = False,
        builtins: Optional[Sequence[str]] = None,
    ) -> None:
        if max_steps < 1 or max_memory_bytes < 1:
            raise ValueError("max_steps and max_memory_bytes must be at least 1")
        self._native = _native.RegoEngineBase(v0, max_steps, max_memory_bytes, strict_builtin_errors, None if builtins is None else list(builtins))

    def parse(self, name: str, text: str) -> Module:
        """Raises ``IntentGateError`` with every mistake and its place."""
        return Module(self._native._parse(name, text))

    def compile(self, modules: Sequence[Module], data: Optional[Mapping[str, Any]] = None) -> CompiledPolicy:
        """Raises ``IntentGateError`` with every mistake and its place."""
        if not all(isinstance(module, Module) for module in modules):
            raise TypeError("modules must be a sequence of Module")
        return CompiledPolicy(self._native, self._native._compile([module._native for module in modules], data))
