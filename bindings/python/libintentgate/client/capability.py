"""Narrowing a token under the public SDK's names. ``libintentgate.attenuate`` can do more."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Dict, List, Optional

from .. import errors, tokens

__all__ = ["attenuate", "AttenuationError", "Caveat", "decode_token"]


class AttenuationError(ValueError):
    """The token is malformed, or cannot be narrowed like this."""


@dataclass
class Caveat:
    """One restriction: its type and the members that belong to the type."""

    type: str
    tools: Optional[List[str]] = None
    agent: str = ""
    expiry: int = 0
    max_calls: int = 0

    EXPIRY: ClassVar[str] = "exp"
    TOOL_ALLOW: ClassVar[str] = "tool_allow"
    TOOL_DENY: ClassVar[str] = "tool_deny"
    AGENT_LOCK: ClassVar[str] = "agent_lock"
    MAX_CALLS: ClassVar[str] = "max_calls"

    def to_dict(self) -> Dict[str, Any]:
        """The caveat's JSON form; empty members are left out."""
        members = {"tools": list(self.tools or []), "agent": self.agent, "exp": int(self.expiry), "max_calls": int(self.max_calls)}
        return {"t": self.type, **{name: value for name, value in members.items() if value}}


def decode_token(token: str) -> Dict[str, Any]:
    """What a token says, unverified. Raises ``AttenuationError``."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if isinstance(content, dict):
            return content
    except (ValueError, TypeError, RecursionError):
        pass  # not the older formats, whose text is JSON
    try:
        return tokens.decode(token)
    except errors.IntentGateError as error:
        raise AttenuationError(f"the token cannot be read: {error.message}") from error


def attenuate(
    token: str,
    *,
    add_tools: Optional[List[str]] = None,
    deny_tools: Optional[List[str]] = None,
    max_calls: Optional[int] = None,
    expires_in_seconds: Optional[int] = None,
    expires_at: Optional[int] = None,
    extra: Optional[List[Caveat]] = None,
) -> str:
    """A child of ``token`` that can do no more than these arguments and its parent allow. Needs no key.

    ``expires_at`` is in unix seconds and wins over ``expires_in_seconds``. ``extra`` comes last. Raises
    ``AttenuationError``, also when nothing narrows the token, and for ``max_calls=0``, which gateways read as no limit.
    """
    added: List[Caveat] = []
    if add_tools:
        added.append(Caveat(Caveat.TOOL_ALLOW, tools=list(add_tools)))
    if deny_tools:
        added.append(Caveat(Caveat.TOOL_DENY, tools=list(deny_tools)))
    if max_calls is not None:
        if max_calls < 1:
            raise AttenuationError("max_calls must be at least 1")
        added.append(Caveat(Caveat.MAX_CALLS, max_calls=int(max_calls)))
    if expires_at is None and expires_in_seconds is not None:
        expires_at = int(time.time()) + int(expires_in_seconds)
    if expires_at is not None:
        added.append(Caveat(Caveat.EXPIRY, expiry=int(expires_at)))
    added.extend(extra or [])
    if not added:
        raise AttenuationError("give at least one of add_tools, deny_tools, max_calls, expires_in_seconds, expires_at, extra")
    try:
        return tokens.attenuate(token, [caveat.to_dict() for caveat in added])
    except errors.IntentGateError as error:
        raise AttenuationError(error.message) from error
