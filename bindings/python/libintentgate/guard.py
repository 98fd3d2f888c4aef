"""Functions that ask the gate before they run. ``Gate.guard`` and ``Gate.use`` are the way in."""

from __future__ import annotations

import contextlib
import functools
import inspect
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, Iterator, List, NamedTuple, Optional, Tuple, TypeVar, cast

from ._native import Decision

if TYPE_CHECKING:
    from .gate import Gate

F = TypeVar("F", bound=Callable[..., Any])
OnRefused = Callable[[Decision], Any]

# The keyword by which a caller of a guarded function gives the token; the function never sees it.
TOKEN_KEYWORD = "gate_token"


class Credentials(NamedTuple):
    """What ``Gate.use`` sets for the code inside it."""

    token: str = ""
    intent: str = ""
    session_id: str = ""

    def __repr__(self) -> str:
        # The token is a secret.
        return f"Credentials(intent={self.intent!r}, session_id={self.session_id!r})"


_current: ContextVar[Credentials] = ContextVar("libintentgate_credentials", default=Credentials())


def current() -> Credentials:
    """The credentials of the innermost ``Gate.use`` around the caller; empty ones outside of any."""
    return _current.get()


@contextlib.contextmanager
def use(token: str, *, intent: str = "", session_id: str = "") -> Iterator[Credentials]:
    """Sets the credentials for guarded calls inside the ``with`` block, also for tasks that are started in it."""
    mine = Credentials(token, intent, session_id)
    reset = _current.set(mine)
    try:
        yield mine
    finally:
        _current.reset(reset)


class _Parameters:
    """How a function's parameters become a tool's arguments, and back."""

    def __init__(self, function: Callable[..., Any], exclude: Collection[str]) -> None:
        self.signature = inspect.signature(function)
        kinds = {parameter.kind for parameter in self.signature.parameters.values()}
        if TOKEN_KEYWORD in self.signature.parameters:
            raise TypeError(f"{TOKEN_KEYWORD} is how callers give the token; name the parameter differently")
        unknown = set(exclude) - set(self.signature.parameters)
        if unknown:
            raise TypeError(f"exclude names no parameter: {', '.join(sorted(unknown))}")
        if {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_KEYWORD} <= kinds:
            raise TypeError("a function with positional-only parameters and ** cannot be guarded: one name could mean two values")
        names = list(self.signature.parameters)
        # The object of a method is no argument of the tool.
        self.hidden = set(exclude) | ({names[0]} if names and names[0] in ("self", "cls") else set())

    def bind(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[inspect.BoundArguments, Dict[str, Any]]:
        """The bound call with its defaults, and the tool's arguments in it."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        tool_args: Dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if name in self.hidden:
                continue
            if self.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                tool_args.update(value)
            else:
                tool_args[name] = value
        return bound, tool_args

    def judged(self, bound: inspect.BoundArguments, snapshot: Dict[str, Any]) -> inspect.BoundArguments:
        """The bound call with the arguments that were judged in place of the caller's own objects."""
        left = dict(snapshot)
        for name, parameter in self.signature.parameters.items():
            if name in self.hidden or parameter.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            value = left.pop(name)
            bound.arguments[name] = tuple(value) if parameter.kind is inspect.Parameter.VAR_POSITIONAL else value
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD and name not in self.hidden:
                bound.arguments[name] = left
        return bound


class Recorded:
    """Records what became of an allowed call when the block ends; ``failed`` is for a tool that failed without raising."""

    failed = False

    def __init__(self, gate: Gate, decision: Decision) -> None:
        self._gate, self._decision = gate, decision

    def __enter__(self) -> Recorded:
        self._started = time.monotonic_ns()
        return self

    def __exit__(self, kind: Optional[type], error: Optional[BaseException], trace: object) -> None:
        if self._gate.closed:
            return
        took = (time.monotonic_ns() - self._started) // 1000
        outcome = "tool_error" if self.failed and error is None else _outcome(error)
        self._gate.record_outcome(self._decision, outcome, latency_us=took)


def _outcome(error: Optional[BaseException]) -> str:
    if error is None or isinstance(error, GeneratorExit):
        return "success"
    if isinstance(error, Exception):
        return "timeout" if isinstance(error, TimeoutError) else "tool_error"
    # asyncio.CancelledError, KeyboardInterrupt, SystemExit.
    return "cancelled"


class _Guarded:
    """One guarded function: its name at the gate and how it is asked about."""

    def __init__(self, gate: Gate, tool: str, function: Callable[..., Any], exclude: Collection[str], server: str,
                 on_refused: Optional[OnRefused], wait_for_approval: float) -> None:
        self.gate, self.tool, self.function, self.server = gate, tool, function, server
        self.on_refused, self.wait_for_approval = on_refused, wait_for_approval
        self.parameters = _Parameters(function, exclude)

    def question(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[inspect.BoundArguments, Dict[str, Any], Dict[str, Any]]:
        ambient = current()
        token = kwargs.pop(TOKEN_KEYWORD, None)
        bound, tool_args = self.parameters.bind(args, kwargs)
        named = {"token": ambient.token if token is None else token, "intent": ambient.intent,
                 "session_id": ambient.session_id, "server": self.server, "wait_for_approval": self.wait_for_approval}
        return bound, tool_args, named

    def judged(self, bound: inspect.BoundArguments, decision: Decision) -> inspect.BoundArguments:
        return self.parameters.judged(bound, cast(Dict[str, Any], decision.args))

    def refuse(self, decision: Decision) -> Any:
        if self.on_refused is None:
            decision.require()
        return cast(OnRefused, self.on_refused)(decision)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        bound, tool_args, named = self.question(args, kwargs)
        decision = self.gate.authorize(self.tool, tool_args, **named)
        if not decision:
            return self.refuse(decision)
        bound = self.judged(bound, decision)
        with Recorded(self.gate, decision):
            return self.function(*bound.args, **bound.kwargs)

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        bound, tool_args, named = self.question(args, kwargs)
        decision = await self.gate.aauthorize(self.tool, tool_args, **named)
        if not decision:
            return self.refuse(decision)
        bound = self.judged(bound, decision)
        with Recorded(self.gate, decision):
            return await self.function(*bound.args, **bound.kwargs)

    def iterate(self, *args: Any, **kwargs: Any) -> Any:
        bound, tool_args, named = self.question(args, kwargs)
        decision = self.gate.authorize(self.tool, tool_args, **named).require()
        bound = self.judged(bound, decision)
        with Recorded(self.gate, decision):
            return (yield from self.function(*bound.args, **bound.kwargs))

    async def aiterate(self, *args: Any, **kwargs: Any) -> Any:
        bound, tool_args, named = self.question(args, kwargs)
        decision = (await self.gate.aauthorize(self.tool, tool_args, **named)).require()
        bound = self.judged(bound, decision)
        with Recorded(self.gate, decision):
            async with contextlib.aclosing(self.function(*bound.args, **bound.kwargs)) as items:
                async for item in items:
                    yield item


def described(tool: str, function: Callable[..., Any], exclude: Collection[str]) -> Tuple[str, str, List[str]]:
    """Name, description and parameters of a tool, for the intent check."""
    parameters = _Parameters(function, exclude)
    return tool, inspect.getdoc(function) or "", [name for name in parameters.signature.parameters if name not in parameters.hidden]


def guarded(gate: Gate, tool: str, function: F, *, exclude: Collection[str] = (), server: str = "",
            on_refused: Optional[OnRefused] = None, wait_for_approval: float = 0.0) -> F:
    """``function`` behind the gate; see ``Gate.guard``."""
    guard = _Guarded(gate, tool, function, exclude, server, on_refused, wait_for_approval)
    generates = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if generates and on_refused is not None:
        raise TypeError("on_refused cannot stand in for a generator; catch Denied where it is iterated")

    wrapper: Callable[..., Any]
    # Plain functions of the right kind, so that frameworks see a coroutine function as one.
    if inspect.iscoroutinefunction(function):
        async def acall(*args: Any, **kwargs: Any) -> Any:
            return await guard.acall(*args, **kwargs)
        wrapper = acall
    elif inspect.isasyncgenfunction(function):
        async def aiterate(*args: Any, **kwargs: Any) -> Any:
            async with contextlib.aclosing(guard.aiterate(*args, **kwargs)) as items:
                async for item in items:
                    yield item
        wrapper = aiterate
    elif inspect.isgeneratorfunction(function):
        def iterate(*args: Any, **kwargs: Any) -> Any:
            return (yield from guard.iterate(*args, **kwargs))
        wrapper = iterate
    else:
        def call(*args: Any, **kwargs: Any) -> Any:
            return guard.call(*args, **kwargs)
        wrapper = call
    return cast(F, functools.wraps(function)(wrapper))
