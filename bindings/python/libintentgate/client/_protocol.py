"""One tool call as a conversation with the gateway, without any input or output.

``converse`` is a generator: it yields a ``Send`` or a ``Pause``, is sent the ``Reply`` (or has ``Unsent`` or ``Lost``
thrown in), and returns the result or raises what the caller gets. So the blocking and the asyncio client decide alike.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from dataclasses import dataclass
from typing import Any, Dict, Generator, Mapping, Optional, Protocol, Union

from .exceptions import ApprovalPending, GatewayError, IntentGateError, PolicyError, ProtocolError, for_code
from .results import ToolCallResult

MAX_REPLY_BYTES = 64 << 20
_SHOWN_OF_A_BAD_REPLY = 500          # characters
_APPROVAL_HEADER = "X-IntentGate-Approval-Id"
_LONGEST_HOLD = 60.0                 # seconds that one request asks the gateway to hold it; proxies cut longer ones
_POLICY_CODE = -32012
# Nothing was judged when the gateway, or a proxy before it, answers so.
_BUSY = (429, 503)


class Unsent(Exception):
    """The request did not reach the gateway, or not as a whole."""


class Lost(Exception):
    """The request left, and no whole answer came."""


class Clock(Protocol):
    """Time and chance, so that a test can have its own. Seconds everywhere; ``jitter`` is in [0, 1)."""

    def now(self) -> float: ...
    def jitter(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    async def asleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def jitter(self) -> float:
        return random.random()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Retry:
    """How often, and after which pauses in seconds, a call is sent again.

    Only when the gateway certainly did not judge it: no connection, or HTTP 429 or 503. Pauses double, with jitter; the
    gateway's ``Retry-After`` is kept; all of it is within the call's ``timeout``.
    """

    attempts: int = 3
    first_pause: float = 0.1
    longest_pause: float = 2.0

    def pause(self, failures: int, clock: Clock) -> float:
        ceiling = min(self.longest_pause, self.first_pause * float(2 ** (failures - 1)))
        return ceiling * (0.5 + clock.jitter() / 2)


@dataclass(frozen=True)
class ToolCall:
    """A call as its caller gave it; ``ApprovalPending`` keeps it."""

    tool: str
    arguments: Mapping[str, Any]
    intent_prompt: Optional[str]
    request_id: Union[int, str]

    def message(self) -> Dict[str, Any]:
        return {"jsonrpc": "2.0", "id": self.request_id, "method": "tools/call",
                "params": {"name": self.tool, "arguments": dict(self.arguments)}}


@dataclass(frozen=True)
class Send:
    message: Dict[str, Any]
    headers: Dict[str, bytes]
    timeout: Optional[float]   # seconds
    held: float = 0.0          # of them, those for which the gateway was asked to hold the request


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]   # names in lower case
    body: bytes

    @property
    def retry_after(self) -> Optional[float]:
        """Seconds, or ``None`` without such a header. Dates count as absent."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


Conversation = Generator[Union[Send, Pause], Optional[Reply], ToolCallResult]


def _is_control(character: str) -> bool:
    return character < " " or character == "\x7f"


def one_line(prompt: str) -> str:
    """A prompt as a header can carry it: line ends and other controls become spaces."""
    return "".join(" " if _is_control(character) else character for character in prompt).strip()


def header_value(name: str, text: str) -> bytes:
    """Raises ``ValueError`` for what a header cannot carry."""
    if any(map(_is_control, text)):
        raise ValueError(f"{name} holds a control character or a line end")
    return text.encode("utf-8")


class Caller:
    """What the calls of one client have in common."""

    def __init__(self, token: Optional[str], timeout: Optional[float], retry: Retry, clock: Clock) -> None:
        # A token that was read from a file often has a line end.
        self._token = header_value("token", token.strip()) if token else b""
        self._timeout, self._retry, self._clock = timeout, retry, clock

    def converse(self, call: ToolCall, approval_id: Optional[str], wait_for_approval: float) -> Conversation:
        until_decided = self._clock.now() + wait_for_approval
        lost: Optional[Lost] = None
        held = 0.0 if approval_id is None else min(wait_for_approval, _LONGEST_HOLD)
        while True:
            began = self._clock.now()
            try:
                reply = yield from self._exchange(call, approval_id, held)
                return _result_of(reply, call)
            except ApprovalPending as pending:
                if self._clock.now() >= until_decided:
                    raise
                approval_id = pending.approval_id
                # A gateway that did hold the request needs no pause on top.
                advised = 1.0 if pending.retry_after is None else pending.retry_after
                pause = advised - (self._clock.now() - began) if held else 0.0
            except Lost as error:
                # An approval is used once, so asking again cannot make the call twice.
                if not held or lost is not None or self._clock.now() >= until_decided:
                    raise GatewayError(f"transport error: {error}", maybe_executed=True) from error
                lost, pause = error, self._retry.pause(1, self._clock)
            except PolicyError as refused:
                if lost is None:
                    raise
                raise GatewayError(f"the answer was lost ({lost}), and the approval does not serve again",
                                   code=refused.code, data=refused.data, maybe_executed=True) from refused
            left = until_decided - self._clock.now()
            if pause > 0:
                yield Pause(min(pause, max(left, 0.0)))
                left = until_decided - self._clock.now()
            held = min(max(left, 0.0), _LONGEST_HOLD)

    def _exchange(self, call: ToolCall, approval_id: Optional[str],
                  held: float) -> Generator[Union[Send, Pause], Optional[Reply], Reply]:
        """One request and its reply, sent again where that is safe."""
        headers = self._headers(call, approval_id, held)
        deadline = None if self._timeout is None else self._clock.now() + self._timeout + held
        failures = 0
        while True:
            left = None if deadline is None else deadline - self._clock.now()
            reply, advised, problem = None, 0.0, ""
            cause: Optional[Unsent] = None
            try:
                reply = yield Send(call.message(), headers, left, held)
                assert reply is not None
                if reply.status not in _BUSY:
                    return reply
                advised = reply.retry_after or 0.0
            except Unsent as error:
                cause, problem = error, f"transport error: {error}"
            failures += 1
            pause = max(advised, self._retry.pause(failures, self._clock))
            late = deadline is not None and self._clock.now() + pause >= deadline
            if failures >= self._retry.attempts or late:
                if reply is not None:
                    return reply
                raise GatewayError(problem) from cause
            yield Pause(pause)

    def _headers(self, call: ToolCall, approval_id: Optional[str], held: float) -> Dict[str, bytes]:
        headers = {"Content-Type": b"application/json", "Accept": b"application/json"}
        if self._token:
            headers["Authorization"] = b"Bearer " + self._token
        prompt = one_line(call.intent_prompt or "")
        if prompt:
            headers["X-Intent-Prompt"] = header_value("intent_prompt", prompt)
        if approval_id is not None:
            headers[_APPROVAL_HEADER] = header_value("approval_id", approval_id)
            if held > 0:
                headers["Prefer"] = b"wait=%d" % math.ceil(held)
        return headers


def _result_of(reply: Reply, call: ToolCall) -> ToolCallResult:
    try:
        payload = json.loads(reply.body)
        problem = ""
    except (ValueError, RecursionError) as error:
        payload, problem = None, str(error)
    error_member = payload.get("error") if isinstance(payload, dict) else None
    if reply.status // 100 != 2 and not (isinstance(error_member, dict) and for_code(error_member.get("code")) is not ProtocolError):
        shown = reply.body.decode("utf-8", "replace")[:_SHOWN_OF_A_BAD_REPLY]
        raise GatewayError(f"gateway returned HTTP {reply.status}", data=shown or None,
                           maybe_executed=reply.status >= 500 and reply.status not in _BUSY)
    if problem:
        raise GatewayError(f"non-JSON response: {problem}", maybe_executed=True)
    if not isinstance(payload, dict):
        raise ProtocolError("response is not a JSON object")
    if error_member is not None:
        raise _error_of(error_member, reply, call)
    result = payload.get("result")
    if not isinstance(result, dict):
        raise ProtocolError("response missing 'result' object", data=payload)
    return ToolCallResult.from_json(result)


def _error_of(error: Any, reply: Reply, call: ToolCall) -> IntentGateError:
    if not isinstance(error, dict):
        return ProtocolError("response has an 'error' that is not an object", data=error)
    number = error.get("code")
    code = number if isinstance(number, int) and not isinstance(number, bool) else 0
    said = error.get("message")
    message = said if isinstance(said, str) else "gateway error"
    approval_id = reply.headers.get(_APPROVAL_HEADER.lower(), "")
    if code == _POLICY_CODE and approval_id:
        return ApprovalPending(message, approval_id=approval_id, retry_after=reply.retry_after, call=call, code=code,
                               data=error.get("data"))
    return for_code(code)(message, code=code, data=error.get("data"))


