"""Authorization for AI agents' tool calls, in process.

    import libintentgate as ig

    keys = ig.KeyRing.parse(open("keys").read())
    token = ig.mint(keys, subject="agent-7", ttl=300, caveats=[ig.tools("read_file"), ig.where("/path", subpath="/data")])
    child = ig.attenuate(token.token, [ig.where("/path", subpath="/data/q3")], expires_in=60)

    gate = ig.Gate.open("intentgate.yaml")
    decision = gate.authorize("read_file", {"path": "/data/q3/a.csv"}, token=child)
    decision.require()          # raises Denied with the reason

Everything here is thread-safe. Errors are ``IntentGateError``; a denial is a ``Decision``, not an error.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

from . import _native
from ._native import KeyRing, generate_key_line
from .caveats import (
    Caveat,
    deny_tools,
    expires,
    max_calls,
    max_cost,
    rate_limit,
    servers,
    tools,
    where,
)
from .errors import Denied, IntentGateError, TokenRefused

__all__ = [
    "Caveat", "Decision", "Denied", "Gate", "IntentGateError", "KeyRing", "MintedToken", "TokenRefused", "TraceStep",
    "attenuate", "check", "decode", "deny_tools", "expires", "generate_key_line", "max_calls", "max_cost", "mint",
    "rate_limit", "servers", "tools", "verify", "where",
]


@dataclass(frozen=True)
class MintedToken:
    """A new token. ``expires_at`` is in unix seconds, or ``None`` for a v3 or v4 token without expiry."""

    token: str = field(repr=False)
    jti: str
    expires_at: Optional[int]


@dataclass(frozen=True)
class TraceStep:
    """One question of the gate: which check, whether it passed, and a sentence."""

    check: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Decision:
    """What the gate said. ``bool(decision)`` is true only for an allow.

    ``verdict`` is ``"allow"``, ``"block"`` or ``"escalate"``; ``check`` is who refused (``"capability"``,
    ``"intent"``, ``"policy"``, ``"budget"`` or ``""``); ``code`` is stable, ``reason`` is a sentence. ``args`` is the
    snapshot that was judged: hand it to the tool rather than your own object.
    """

    verdict: str
    check: str
    code: str
    reason: str
    requires_step_up: bool
    event_id: str
    tenant: str
    agent_id: str
    jti: str
    root_jti: str
    latency_us: int
    args: Optional[Dict[str, Any]]
    trace: List[TraceStep]

    @property
    def allowed(self) -> bool:
        return self.verdict == "allow"

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> "Decision":
        """Returns the decision if it is an allow, else raises ``Denied``."""
        if not self.allowed:
            raise Denied(self)
        return self


def mint(
    keys: KeyRing,
    *,
    subject: str,
    caveats: Sequence[Caveat] = (),
    ttl: Optional[int] = None,
    format: int = 5,
    tenant: str = "default",
    issuer: str = "intentgate",
    zone: str = "default",
    audience: str = "",
    not_before: Optional[int] = None,
    max_depth: Optional[int] = None,
) -> MintedToken:
    """A token under the ring's active key.

    ``ttl`` is in seconds; a v5 token lives an hour unless it is given, a v3 or v4 token without one does not
    expire. Argument caveats need ``format=5``. Raises ``IntentGateError`` (``invalid_argument``).
    """
    made = _native.mint(keys, subject, format, tenant, issuer, zone, audience, ttl, not_before, max_depth, list(caveats))
    return MintedToken(**made)


def attenuate(
    token: str,
    caveats: Sequence[Caveat] = (),
    *,
    expires_in: Optional[int] = None,
    seal: bool = False,
    label: str = "",
) -> str:
    """A child that can do no more than ``token``. Needs no key.

    ``expires_in`` is in seconds; ``seal`` forbids further attenuation and ``label`` names the hop (both v5).
    Raises ``IntentGateError``: ``malformed``, ``invalid_argument`` or ``limit_exceeded``.
    """
    return _native.attenuate(token, list(caveats), expires_in, seal, label)


def decode(token: str) -> Dict[str, Any]:
    """What the token says, unverified: for display only. Raises ``IntentGateError``."""
    return _native.decode(token)


def verify(token: str, keys: KeyRing, *, audience: str = "") -> Dict[str, Any]:
    """The content of a token whose signature is right. Does not look at its caveats; ``check`` does.

    Raises ``TokenRefused``.
    """
    return _native.verify(token, keys, audience)


def check(
    token: str,
    keys: KeyRing,
    tool: str,
    args: Optional[Mapping[str, Any]] = None,
    *,
    now: Optional[int] = None,
    agent: str = "",
) -> None:
    """Verifies the token and holds every caveat against the call; returns if all allow it.

    Counting caveats (calls, rates, costs) are the gate's business. ``now`` is in unix seconds. Raises
    ``TokenRefused`` with the caveat that refused.
    """
    _native.check(token, keys, tool, None if args is None else dict(args), now, agent)


class Gate:
    """All four checks and the audit chain, on the same configuration as the server. Thread-safe.

    Use as a context manager, or call ``close`` to flush the chain.
    """

    def __init__(self, native: _native.Gate) -> None:
        self._native = native

    @classmethod
    def open(
        cls,
        config: Optional[str] = None,
        *,
        yaml: Optional[str] = None,
        environment: Optional[Mapping[str, str]] = None,
    ) -> "Gate":
        """Opens a gate from a YAML file (``config``) or from its text (``yaml``).

        ``environment`` supplies INTENTGATE_* variables; the process's own are used when it is ``None``. Raises
        ``IntentGateError`` that lists every mistake.
        """
        if yaml is None:
            yaml = ""
            if config is not None:
                with open(config, encoding="utf-8") as file:
                    yaml = file.read()
        env = os.environ if environment is None else environment
        return cls(_native.Gate.open(yaml, config or "", dict(env)))

    def authorize(
        self,
        tool: str,
        args: Optional[Mapping[str, Any]] = None,
        *,
        token: str = "",
        prompt: str = "",
        session_id: str = "",
    ) -> Decision:
        """Judges one call and records it. Returns when the event is as durable as the configuration asks.

        ``args`` is copied first; types that JSON does not have raise ``TypeError``. Releases the GIL while it
        waits.
        """
        return self._decide(tool, args, token, prompt, session_id, explain=False)

    def explain(
        self, tool: str, args: Optional[Mapping[str, Any]] = None, *, token: str = "", prompt: str = ""
    ) -> Decision:
        """As ``authorize``, with a trace; charges nothing and records nothing."""
        return self._decide(tool, args, token, prompt, "", explain=True)

    def record_outcome(self, decision: Decision, outcome: str = "success", *, latency_us: int = 0) -> None:
        """Records what became of an allowed call: ``"success"``, ``"tool_error"``, ``"timeout"``..."""
        if not decision.allowed:
            raise ValueError("only an allowed call has an outcome")
        fields = ("event_id", "tenant", "agent_id", "jti", "root_jti")
        self._open().record_outcome({name: getattr(decision, name) for name in fields}, outcome, latency_us)

    def revoke(self, id: str, *, tenant: str = "", reason: str = "", actor: str = "embedder") -> None:
        """Revokes a token by its jti, or a whole tree by its root id. Holds for every later call."""
        self._open().revoke(id, tenant, reason, actor)

    def verify_audit(self, tenant: str = "default") -> Dict[str, Any]:
        """Verifies a tenant's chain from its stored bytes: ``ok``, ``verified``, ``problem``, ``broken_seq``."""
        return self._open().verify_audit(tenant)

    def export_audit(self, path: str, *, tenant: str = "", format: str = "ndjson") -> None:
        """Writes the events to ``path``, as ``ndjson`` (verifiable offline) or ``csv``."""
        self._open().export_audit(path, tenant, format)

    def close(self) -> None:
        """Flushes the chain. Later calls raise ``ValueError``."""
        self._native.close()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> _native.Gate:
        if self._native.closed:
            raise ValueError("the gate is closed")
        return self._native

    def _decide(
        self, tool: str, args: Optional[Mapping[str, Any]], token: str, prompt: str, session_id: str, *, explain: bool
    ) -> Decision:
        snapshot = None if args is None else dict(args)
        made = self._open().authorize(tool, snapshot, token, prompt, session_id, explain)
        made["trace"] = [TraceStep(**step) for step in made["trace"]]
        return Decision(**made)
