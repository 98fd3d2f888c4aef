"""The gate in process."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Any, Awaitable, Callable, Collection, ContextManager, Dict, Iterable, List, Mapping, NamedTuple, Optional
from typing import Sequence, Tuple, TypeVar, Union, cast

from . import _native, guard as _guard
from ._native import Decision, KeyRing
from ._threads import awaited
from .approvals import ApprovalMethods, checked_seconds, waits
from .audit import AuditMethods
from .evidence import EvidenceMethods
from .policy import Policy, PolicySource, read_sources
from .settings import Audit, Budget, Capability, IntentCheck, Store, Tool, to_yaml

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Health(NamedTuple):
    """Whether the gate can answer; ``problem`` says why not, for operators."""

    ready: bool
    problem: str


class Gate(ApprovalMethods, AuditMethods, EvidenceMethods):
    """All four checks and the audit chain, in this process. Thread-safe.

        with Gate(keys=keys, policy="policy.rego", store=SqliteStore("gate.db")) as gate:
            decision = gate.authorize("read_file", {"path": "/data/a"}, token)

    ``Gate.open`` takes the server's configuration file instead. Use as a context manager, or call ``close``, which
    flushes the chain; a gate that is still open when the interpreter ends is closed then. A gate does not outlive a
    ``fork``: open one in the child.
    """

    def __init__(
        self,
        *,
        keys: KeyRing,
        policy: Union[Policy, PolicySource],
        store: Store = "memory",
        budget: Optional[Budget] = None,
        tools: Sequence[Tool] = (),
        audit: Union[str, Audit, None] = None,
        intent: Union[str, IntentCheck, None] = None,
        capability: Optional[Capability] = None,
        settings: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Opens a gate in code; the environment is not read.

        ``policy`` is a compiled ``Policy``, a path, a list of paths or ``{name: text}``. ``store`` is ``"memory"``,
        ``SqliteStore(path)`` or ``PostgresStore(url)``. ``audit`` and ``intent`` can be ``"async"`` and ``"required"``
        for short. ``settings`` is any other setting by its section, as in the file. Raises ``IntentGateError`` that
        lists every mistake.
        """
        yaml = to_yaml(store=store, budget=budget, tools=tools, audit=audit, intent=intent, capability=capability,
                       settings=settings)
        sources = list(policy.sources) if isinstance(policy, Policy) else read_sources(policy)
        super().__init__(yaml, "", {}, keys, sources)
        self._keep()
        if isinstance(policy, Policy) and policy.has_data:
            self.set_policy(policy)

    @classmethod
    def open(
        cls,
        config: Union[str, "os.PathLike[str]", None] = None,
        *,
        yaml: Optional[str] = None,
        environment: Optional[Mapping[str, str]] = None,
    ) -> Gate:
        """Opens a gate from a YAML file (``config``) or from its text (``yaml``).

        ``environment`` supplies INTENTGATE_* variables; the process's own are used when it is ``None``. Raises
        ``IntentGateError`` that lists every mistake.
        """
        name = "" if config is None else os.fspath(config)
        if yaml is None:
            yaml = ""
            if name:
                with open(name, encoding="utf-8") as file:
                    yaml = file.read()
        env = os.environ if environment is None else environment
        gate = cls.__new__(cls)
        _native.GateBase.__init__(gate, yaml, name, dict(env), None, None)
        gate._keep()
        return gate

    @classmethod
    async def aopen(
        cls,
        config: Union[str, "os.PathLike[str]", None] = None,
        *,
        yaml: Optional[str] = None,
        environment: Optional[Mapping[str, str]] = None,
    ) -> Gate:
        """As ``open``, for an event loop."""
        import asyncio

        return await asyncio.to_thread(cls.open, config, yaml=yaml, environment=environment)

    def _keep(self) -> None:
        self._catalogue: Dict[str, Tuple[str, str, List[str]]] = {}
        _open_gates.add(self)

    async def aauthorize(
        self,
        tool: str,
        args: Optional[Mapping[str, Any]] = None,
        token: Optional[str] = "",
        *,
        intent: Optional[str] = "",
        session_id: Optional[str] = "",
        server: Optional[str] = "",
        approval_id: Optional[str] = "",
        wait_for_approval: Optional[float] = None,
    ) -> Decision:
        """As ``authorize``, for an event loop: other tasks run while the decision waits for its event's commit, for the
        intent extractor or for a person. If the task is cancelled meanwhile, an allow is recorded as not used."""
        checked_seconds(wait_for_approval, "wait_for_approval")
        named = {"intent": intent, "session_id": session_id, "server": server}
        decision = await self._decision(tool, args, token, **named, approval_id=approval_id)
        if not waits(decision, wait_for_approval):
            return decision
        # A person's answer is for the arguments that were judged, whatever became of the caller's objects.
        if not await self._aanswered_in_time(decision.tenant, decision.approval_id, cast(float, wait_for_approval)):
            return decision
        return await self._decision(tool, decision.args, token, **named, approval_id=decision.approval_id)

    async def _decision(self, tool: str, args: Optional[Mapping[str, Any]], token: Optional[str], **named: Optional[str]) -> Decision:
        import asyncio

        from ._loops import waiting_of

        loop = asyncio.get_running_loop()
        waiting = waiting_of(loop)
        begun = self._start(waiting.completions, tool, args, token, **named)
        if isinstance(begun, Decision):
            return begun
        future: asyncio.Future[Decision] = loop.create_future()
        waiting.expect(begun, future, self)
        return await future

    def guard(
        self,
        tool: str,
        *,
        exclude: Collection[str] = (),
        server: str = "",
        on_refused: Optional[Callable[[Decision], Any]] = None,
        wait_for_approval: float = 0.0,
    ) -> Callable[[F], F]:
        """Decorates a function, a coroutine function or a generator so that each call is judged right before it runs.

            @gate.guard("read_file")
            def read_file(path: str, limit: int = 10) -> str: ...

            with gate.use(token):
                read_file("/data/a")
            read_file("/data/a", gate_token=token)

        The arguments are the function's parameters by name, with their defaults; the function gets the snapshot that
        was judged. ``exclude`` names parameters that are none of the tool's (``self`` and ``cls`` are left out
        anyway). The token is ``gate_token=`` or that of ``use``; without one the call is refused
        (``capability.no_token``). The intent check learns of the tool from its name, docstring and parameters. A refusal
        raises ``Denied``, or its result is what ``on_refused(decision)`` returns. The outcome of an allowed call is
        recorded.

        An escalated call waits ``wait_for_approval`` seconds for a person; one that nobody has answered in time is refused,
        and ``denied.decision.approval_id`` names the approval. The same call made again later finds it, and goes once if
        it has been approved meanwhile.
        """
        checked_seconds(wait_for_approval, "wait_for_approval")
        if not isinstance(tool, str):
            raise TypeError('guard needs the tool\'s name: @gate.guard("read_file")')

        def decorate(function: F) -> F:
            wrapped = _guard.guarded(self, tool, function, exclude=exclude, server=server, on_refused=on_refused,
                                      wait_for_approval=wait_for_approval)
            self.add_tools([_guard.described(tool, function, exclude)])
            return wrapped

        return decorate

    def use(self, token: str, *, intent: str = "", session_id: str = "") -> ContextManager[_guard.Credentials]:
        """The token and the prompt for guarded calls inside the ``with`` block, also in tasks that are started in it.

        A thread that is started inside does not inherit them; give it ``gate_token=`` or a ``use`` of its own.
        """
        return _guard.use(token, intent=intent, session_id=session_id)

    def run(
        self,
        tool: str,
        args: Optional[Mapping[str, Any]],
        call: Callable[[Dict[str, Any]], T],
        *,
        token: Optional[str] = None,
        intent: Optional[str] = None,
        session_id: Optional[str] = None,
        server: str = "",
        wait_for_approval: float = 0.0,
    ) -> T:
        """Judges one call, and if it is allowed returns ``call(snapshot)`` and records its outcome.

        What is ``None`` is taken from ``use``. Raises ``Denied``. ``wait_for_approval`` is as for ``guard``.
        """
        decision = self.authorize(tool, args, **_named(token, intent, session_id, server), wait_for_approval=wait_for_approval).require()
        with _guard.Recorded(self, decision):
            return call(decision.args or {})

    async def arun(
        self,
        tool: str,
        args: Optional[Mapping[str, Any]],
        call: Callable[[Dict[str, Any]], Awaitable[T]],
        *,
        token: Optional[str] = None,
        intent: Optional[str] = None,
        session_id: Optional[str] = None,
        server: str = "",
        wait_for_approval: float = 0.0,
    ) -> T:
        """As ``run``, for a coroutine function."""
        decision = (await self.aauthorize(tool, args, **_named(token, intent, session_id, server),
                                            wait_for_approval=wait_for_approval)).require()
        with _guard.Recorded(self, decision):
            return await call(decision.args or {})

    def record_outcome(self, decision: Decision, outcome: str = "success", *, latency_us: int = 0) -> None:
        """Records what became of an allowed call: ``"success"``, ``"tool_error"``, ``"timeout"``, ``"cancelled"``...

        ``latency_us`` is what the tool took, in microseconds. ``ValueError`` for a decision that is no allow.
        """
        self._record_outcome(decision, outcome, latency_us)

    def revoke(self, id: str, *, tenant: str = "", reason: str = "", actor: str = "embedder") -> None:
        """Revokes a token by its jti, or a whole tree by its root id. Holds for every later call."""
        self._revoke(id, tenant, reason, actor)

    def check_token(self, token: str) -> Decision:
        """Whether the token is good at all: signature, time, revocation."""
        return self._check_token(token)

    def visible_tools(self, token: str, tools: Iterable[str], *, server: str = "") -> List[str]:
        """Those of ``tools`` that the token could call with some arguments; for a list shown to an agent."""
        names = list(tools)
        return [name for name, visible in zip(names, self._visible_tools(token, names, server)) if visible]

    def set_tools(self, tools: Iterable[Tuple[str, str, Sequence[str]]]) -> None:
        """What the intent check ranks: name, description and parameter names of every tool, in place of what it knew.

        Tools that ``guard`` decorates later are added.
        """
        self._catalogue = {name: (name, description, list(parameters)) for name, description, parameters in tools}
        self._set_tools(list(self._catalogue.values()))

    def add_tools(self, tools: Iterable[Tuple[str, str, Sequence[str]]]) -> None:
        """As ``set_tools``, beside what is known; a tool that is known keeps its description."""
        before = len(self._catalogue)
        for name, description, parameters in tools:
            self._catalogue.setdefault(name, (name, description, list(parameters)))
        if len(self._catalogue) != before:
            self._set_tools(list(self._catalogue.values()))

    def set_policy(self, policy: Policy, *, actor: str = "embedder") -> None:
        """Swaps the policy; calls in flight finish under the old one. Recorded in the chain."""
        self._set_policy(policy, actor)

    aexplain = awaited(_native.GateBase.explain)
    arevoke = awaited(revoke)
    aset_policy = awaited(set_policy)
    aclose = awaited(_native.GateBase.close)

    def health(self) -> Health:
        """Whether the gate can answer."""
        return Health(*self._health())

    def describe(self) -> str:
        """The settings in force in one line, without secrets."""
        return self._describe()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Gate:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return "<Gate closed>" if self.closed else "<Gate open>"


def _named(token: Optional[str], intent: Optional[str], session_id: Optional[str], server: str) -> Dict[str, str]:
    ambient = _guard.current()
    return {"token": ambient.token if token is None else token,
            "intent": ambient.intent if intent is None else intent,
            "session_id": ambient.session_id if session_id is None else session_id,
            "server": server}


_open_gates: weakref.WeakSet[Gate] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    gates = list(_open_gates)
    for gate in gates:
        gate.close()
    # A call of a daemon thread keeps its gate past that, and the gate's threads must not run on while the process ends.
    for gate in gates:
        gate._await_end()
