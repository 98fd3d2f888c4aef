"""Tokens: mint, attenuate, verify, check, explain, decode."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from . import _native
from ._native import KeyRing, attenuate, is_genuine, verify
from .caveats import Caveat

__all__ = [
    "CaveatAnswer", "MintedToken", "TokenExplanation", "attenuate", "check", "decode", "explain", "is_genuine", "mint", "verify",
]


class MintedToken(NamedTuple):
    """A new token. ``expires_at`` is in unix seconds, or ``None`` for a v3 or v4 token without expiry."""

    token: str
    jti: str
    expires_at: Optional[int]

    def __repr__(self) -> str:
        # The token is a secret.
        return f"MintedToken(jti={self.jti!r}, expires_at={self.expires_at!r})"


class CaveatAnswer(NamedTuple):
    """One line of an explanation. ``caveat`` is its index, or ``None`` for the token's own times; ``code`` is the
    reason of one that does not hold, else ``""``."""

    caveat: Optional[int]
    hop: int
    holds: bool
    code: str
    text: str


class TokenExplanation(NamedTuple):
    """What a token says about a call: ``allowed``, and every caveat's answer. ``print`` it."""

    tool: str
    answers: List[CaveatAnswer]

    @property
    def allowed(self) -> bool:
        return all(answer.holds for answer in self.answers)

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        lines = [f"{self.tool}: {'allowed' if self.allowed else 'refused'} by the token"]
        for answer in self.answers:
            place = "" if answer.caveat is None else f"hop {answer.hop} caveat {answer.caveat}: "
            lines.append(f"  {'pass  ' if answer.holds else 'refuse'}  {place}{answer.text}")
        return "\n".join(lines)


def mint(
    keys: KeyRing,
    subject: str,
    caveats: Sequence[Caveat] = (),
    *,
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
    expire. ``not_before`` is in unix seconds; ``max_depth`` is how many hops may be added. Argument caveats need
    ``format=5``. Raises ``IntentGateError`` (``invalid_argument``).
    """
    return MintedToken(
        *_native.mint(keys, subject, caveats, ttl, format, tenant, issuer, zone, audience, not_before, max_depth)
    )


def decode(token: str) -> Dict[str, Any]:
    """What the token says, unverified: for display only. Raises ``IntentGateError``."""
    return _native.decode(token)


def check(
    token: str,
    keys: KeyRing,
    tool: str,
    args: Optional[Mapping[str, Any]] = None,
    *,
    now: Optional[int] = None,
    agent: str = "",
    server: str = "",
    audience: str = "",
) -> None:
    """Verifies the token and holds every caveat against the call; returns if all allow it.

    Counting caveats (calls, rates, costs) are the gate's business. ``now`` is in unix seconds. Raises
    ``TokenRefused`` with the caveat that refused.
    """
    _native.check(token, keys, tool, args, now, agent, server, audience)


def explain(
    token: str,
    keys: KeyRing,
    tool: str,
    args: Optional[Mapping[str, Any]] = None,
    *,
    now: Optional[int] = None,
    agent: str = "",
    server: str = "",
    audience: str = "",
) -> TokenExplanation:
    """Every caveat's answer to the call, not only the first "no". Raises ``TokenRefused`` for a token that is not
    good at all."""
    rows = _native.explain(token, keys, tool, args, now, agent, server, audience)
    return TokenExplanation(tool, [CaveatAnswer(*row) for row in rows])
