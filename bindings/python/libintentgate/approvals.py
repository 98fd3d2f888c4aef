"""Calls that wait for a person: what ``Gate`` has for them. docs/approvals.md is the contract."""

from __future__ import annotations

import contextlib
import math
import select
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Iterator, Literal, Optional

from . import _native
from ._native import Decision
from ._threads import awaited, iterated
from .errors import IntentGateError

if TYPE_CHECKING:
    import asyncio

State = Literal["pending", "approved", "rejected", "expired", "used"]

_PAGE = 100  # approvals that are read at once
_FOR_EVER = 365 * 86_400.0  # seconds; a longer limit is none


@dataclass(frozen=True)
class Approval:
    """One call that waits for a person, or waited. Times are microseconds since 1970.

    ``args`` are the exact arguments, which the person has to see, and ``reason`` is the policy's. ``deadline_micros`` is
    for the answer while it is pending, for the use once it is approved. ``decided_by``, ``claimed_by`` and ``note`` are
    not for the agent.
    """

    id: str
    tenant: str
    agent_id: str
    jti: str
    root_jti: str
    method: str
    server: str
    tool: str
    args: Optional[Dict[str, Any]] = field(repr=False)
    args_sha256: str
    intent_summary: str
    reason: str
    requires_step_up: bool
    state: State
    created_at_micros: int
    deadline_micros: int
    decided_at_micros: Optional[int]
    used_at_micros: Optional[int]
    decided_by: str
    claimed_by: str
    note: str


def checked_seconds(seconds: Optional[float], name: str) -> Optional[float]:
    """``seconds``, or ``None`` for no limit; raises for what is no time."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} must be seconds or None, not a {type(seconds).__name__}")
    if not seconds >= 0:
        raise ValueError(f"{name} must be seconds, at least 0")
    return None if seconds > _FOR_EVER else float(seconds)


class ApprovalMethods(_native.GateBase):
    """The part of ``Gate`` that is about approvals."""

    def list_approvals(self, state: Optional[State] = None, *, tenant: str = "", agent_id: str = "", tool: str = "",
                       root_jti: str = "") -> Iterator[Approval]:
        """The approvals, newest first, read as they are asked for. What is given narrows; ``tenant=""``: all tenants.

        Raises ``ValueError`` for another ``state``, ``IntentGateError`` ``unavailable``.
        """
        after = ""
        while True:
            rows, after = self._list_approvals(tenant, state or "", agent_id, tool, root_jti, after, _PAGE)
            yield from rows
            if not after:
                return

    def get_approval(self, id: str, *, tenant: str = "") -> Approval:
        """One approval as it is now. ``IntentGateError`` ``not_found``, also for another tenant's when ``tenant`` is given."""
        return self._get_approval(tenant, id)

    def approve(self, id: str, *, actor: str, note: str = "", claimed_by: str = "", tenant: str = "") -> Approval:
        """Lets the call be made once. The answer is in the chain when this returns.

        ``actor`` is who answers: authenticate that person first. ``note`` and ``claimed_by`` are free text for the record.
        ``tenant`` is whose approvals the person may answer, ``""``: every tenant's. Raises ``IntentGateError``:
        ``not_found``, ``conflict`` (somebody was first, or it has expired), ``invalid_argument``, ``unavailable``.
        """
        return self._decide_approval(tenant, id, True, note, claimed_by, actor)

    def reject(self, id: str, *, actor: str, note: str = "", claimed_by: str = "", tenant: str = "") -> Approval:
        """Refuses the call for good; as ``approve``."""
        return self._decide_approval(tenant, id, False, note, claimed_by, actor)

    alist_approvals = iterated(list_approvals)
    aget_approval = awaited(get_approval)
    aapprove = awaited(approve)
    areject = awaited(reject)

    def wait_approval(self, id: str, *, timeout: Optional[float] = None, tenant: str = "") -> Approval:
        """Returns the approval when it is no longer pending, wherever the answer was taken.

        ``timeout`` is in seconds; ``None``: until it is answered or expires. Raises ``TimeoutError``, and
        ``IntentGateError``: ``not_found``, ``limit_exceeded`` (too many wait), ``cancelled`` (the gate was closed). Holds
        no lock of the interpreter, and Ctrl-C ends it.
        """
        seconds = checked_seconds(timeout, "timeout")
        completions = _native.Completions()
        _, wait = self._wait_approval(completions, tenant, id)
        try:
            poll = select.poll()
            poll.register(completions.fileno(), select.POLLIN)
            if not poll.poll(None if seconds is None else math.ceil(seconds * 1000)):
                raise TimeoutError(f"nobody has answered approval {id} yet")
        finally:
            self._forget_wait(wait)
        (_, answer), = completions.drain()
        return _approval(answer)

    async def await_approval(self, id: str, *, timeout: Optional[float] = None, tenant: str = "") -> Approval:
        """As ``wait_approval``, for an event loop: other tasks run meanwhile."""
        import asyncio

        from ._loops import waiting_of

        seconds = checked_seconds(timeout, "timeout")
        loop = asyncio.get_running_loop()
        waiting = waiting_of(loop)
        future: asyncio.Future[Approval] = loop.create_future()
        ticket, wait = self._wait_approval(waiting.completions, tenant, id)
        waiting.expect_approval(ticket, future)
        try:
            return await asyncio.wait_for(future, seconds)
        except asyncio.TimeoutError:
            raise TimeoutError(f"nobody has answered approval {id} yet") from None
        finally:
            waiting.forget(ticket)
            self._forget_wait(wait)

    def _forget_wait(self, wait: int) -> None:
        with contextlib.suppress(ValueError):  # closed meanwhile, which has ended the wait
            self._cancel_approval_wait(wait)

    def _answered_in_time(self, tenant: str, id: str, seconds: float) -> bool:
        """For ``authorize``: whether it is worth to ask again."""
        try:
            if seconds == 0:
                return self.get_approval(id, tenant=tenant).state != "pending"
            self.wait_approval(id, timeout=seconds, tenant=tenant)
            return True
        except (TimeoutError, IntentGateError):
            # The escalation stands.
            return False

    async def _aanswered_in_time(self, tenant: str, id: str, seconds: float) -> bool:
        try:
            if seconds == 0:
                return (await self.aget_approval(id, tenant=tenant)).state != "pending"
            await self.await_approval(id, timeout=seconds, tenant=tenant)
            return True
        except (TimeoutError, IntentGateError):
            return False


def waits(decision: Decision, seconds: Optional[float]) -> bool:
    """Whether the call is to wait for a person."""
    return seconds is not None and decision.verdict == "escalate" and bool(decision.approval_id)


def _approval(answer: object) -> Approval:
    if isinstance(answer, Exception):
        raise answer
    assert isinstance(answer, Approval)
    return answer
