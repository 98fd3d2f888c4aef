"""Policies in Rego: compile, evaluate, test. docs/policy/decision.md is the contract with the gate."""

from __future__ import annotations

import fnmatch
import os
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _native
from ._native import CancelToken
from ._threads import cancellable
from .errors import IntentGateError

Path = Union[str, "os.PathLike[str]"]
PolicySource = Union[Path, Sequence[Path], Mapping[str, str]]


class PolicyVerdict(NamedTuple):
    """What a policy says about one call.

    ``verdict`` is ``"allow"``, ``"block"`` or ``"escalate"``. ``failure`` names why it is a block that no rule
    asked for (``"policy_undefined"``, ``"policy_limit"``...) and ``detail`` is the engine's error; both are ``""``
    otherwise. ``steps`` is what the evaluation took of its limit.
    """

    verdict: str
    reason: str
    requires_step_up: bool
    failure: str
    detail: str
    steps: int

    @property
    def allowed(self) -> bool:
        return self.verdict == "allow"


class PolicyTest(NamedTuple):
    """One ``test_`` rule: its name, whether it is true, and the error when it could not be evaluated."""

    name: str
    passed: bool
    error: str


class PartialResult(NamedTuple):
    """What is left of a query. The queries and modules together answer as the policy with everything known.

    ``queries`` are Rego bodies, each one way for the whole to hold; ``always`` says that one of them is empty and
    ``never`` that there is none. ``support`` has the modules that the queries read, as name and text. ``source`` is
    all of it as ``opa eval --partial --format source`` prints it. ``steps`` is what it took of its limit.
    """

    queries: List[str]
    support: List[Tuple[str, str]]
    always: bool
    never: bool
    source: str
    steps: int


def read_sources(files: PolicySource) -> List[Tuple[str, str]]:
    """Name and text of each file. A mapping is taken as it is; a path or a sequence of paths is read."""
    if isinstance(files, Mapping):
        return [(str(name), text) for name, text in files.items()]
    paths: Sequence[Path] = [files] if isinstance(files, (str, os.PathLike)) else files
    out = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            out.append((os.fspath(path), file.read()))
    return out


class Policy(_native.PolicyBase):
    """A compiled policy. Immutable, thread-safe.

        policy = Policy.compile("policy.rego")
        policy.evaluate({"tool": "read_file", "args": {"path": "/data/a"}}).verdict
        assert all(test.passed for test in policy.test())
    """

    def __init__(self, sources: Sequence[Tuple[str, str]], data: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(list(sources), data)
        self.sources = tuple(sources)
        self.has_data = data is not None

    @classmethod
    def compile(cls, files: PolicySource, *, data: Optional[Mapping[str, Any]] = None) -> Policy:
        """Compiles Rego: a path, a list of paths, or ``{name: text}``. ``data`` is the base document.

        Raises ``IntentGateError`` (``invalid_argument``) with every mistake and its place, and ``OSError`` for a
        file that cannot be read.
        """
        return cls(read_sources(files), data)

    @classmethod
    async def acompile(cls, files: PolicySource, *, data: Optional[Mapping[str, Any]] = None) -> Policy:
        """As ``compile``, for an event loop."""
        import asyncio

        return await asyncio.to_thread(cls.compile, files, data=data)

    def evaluate(self, input: Mapping[str, Any], *, cancel: Optional[CancelToken] = None) -> PolicyVerdict:
        """The decision on an input document, such as ``{"tool": ..., "args": {...}, "agent_id": ...}``. One that is
        cancelled is a block (``policy_runtime_error``)."""
        return PolicyVerdict(**self._decide(input, cancel))

    def query(self, reference: str, input: Optional[Mapping[str, Any]] = None, *, cancel: Optional[CancelToken] = None) -> Any:
        """The value of a ground reference such as ``"data.p.allow"``. Raises ``KeyError`` when it is undefined and
        ``IntentGateError`` when the evaluation fails or is cancelled (``eval_cancel_error`` in its message)."""
        defined, value = self._eval(reference, input, cancel)
        if not defined:
            raise KeyError(f"{reference} is undefined")
        return value

    def partial(
        self, query: str, *, input: Optional[Mapping[str, Any]] = None, unknowns: Sequence[str] = ("input",),
        disable_inlining: Sequence[str] = (), shallow_inlining: bool = False, nondeterministic_builtins: bool = False,
        support_namespace: str = "partial", max_queries: int = 1_000, max_rules: int = 20_000, max_text_bytes: int = 4 << 20,
        max_alternatives: int = 100, max_steps: int = 1_000_000, max_memory_bytes: int = 64 << 20,
        cancel: Optional[CancelToken] = None,
    ) -> PartialResult:
        """What ``query`` comes to when only a part of the input and the data is known: docs/policy/partial.md.

            left = policy.partial("data.orders.visible == true", input={"user": {"name": "ann"}}, unknowns=["input.row"])
            assert left.queries == ['input.row.owner == "ann"']

        ``input`` is the known part; ``unknowns`` are names such as ``"input.row"`` or ``"data.rows"`` that only the later
        evaluation knows. Rules at and below ``disable_inlining`` (``"data.p"``) stay rules, with ``shallow_inlining`` all that
        depend on unknowns; they are kept below ``data.<support_namespace>``. ``nondeterministic_builtins`` evaluates what
        depends on the time, on chance and on the host now.

        Limits: queries, rules of all modules, and text in bytes of what is left; a rule or collection with more than
        ``max_alternatives`` ways to hold stays one; steps and memory of the evaluation. Each is at least 1.

        Raises ``IntentGateError``: ``limit_exceeded`` names the limit, ``cancelled``, or ``invalid_argument`` for a query that
        does not compile (with every mistake and its place) and for what cannot be evaluated in part (``rego_partial_error`` in
        its message). ``TypeError`` and ``ValueError`` for an argument that can never be right. Waits without the GIL.
        """
        options = dict(
            unknowns=unknowns, disable_inlining=disable_inlining, shallow_inlining=shallow_inlining,
            nondeterministic_builtins=nondeterministic_builtins, support_namespace=support_namespace, max_queries=max_queries,
            max_rules=max_rules, max_text_bytes=max_text_bytes, max_alternatives=max_alternatives, max_steps=max_steps,
            max_memory_bytes=max_memory_bytes,
        )
        return PartialResult(*self._partial(query, input, options, cancel))

    def test(self, pattern: str = "*", *, cancel: Optional[CancelToken] = None) -> List[PolicyTest]:
        """Evaluates the rules whose name begins with ``test_``; one passes when it is true. Those that are cancelled
        have an error.

        ``pattern`` is a glob over full names, such as ``"data.intentgate.policy_test.test_read*"``.
        """
        out = []
        for name in self._rule_names():
            if not name.rpartition(".")[2].startswith("test_") or not fnmatch.fnmatchcase(name, pattern):
                continue
            try:
                defined, value = self._eval(name, None, cancel)
                out.append(PolicyTest(name, defined and value is True, ""))
            except IntentGateError as error:
                out.append(PolicyTest(name, False, str(error)))
        return out

    aevaluate = cancellable(evaluate)
    aquery = cancellable(query)
    apartial = cancellable(partial)
    atest = cancellable(test)

    def __repr__(self) -> str:
        return f"<Policy {', '.join(name for name, _ in self.sources)}>"
