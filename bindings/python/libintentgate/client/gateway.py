"""The clients: ``Gateway`` blocks, ``AsyncGateway`` is for an event loop."""

from __future__ import annotations

import itertools
import ssl
from typing import Any, Dict, Optional, Union

from ._ahttp import AsyncPool
from ._http import Endpoint, Foreign, ForeignAsync, Pool
from ._protocol import Caller, Clock, Conversation, Lost, Pause, Reply, Retry, SystemClock, ToolCall, Unsent
from .exceptions import ApprovalPending
from .results import ToolCallResult

DEFAULT_TIMEOUT = 10.0


class _Client:
    """What both clients have in common."""

    def __init__(self, url: str, token: Optional[str], timeout: Optional[float], retry: Optional[Retry], clock: Optional[Clock]) -> None:
        if timeout is not None and not timeout > 0:
            raise ValueError("timeout must be more than 0 seconds, or None")
        self._url = url.rstrip("/")
        self._clock = clock or SystemClock()
        self._caller = Caller(token, timeout, retry or Retry(), self._clock)
        self._ids = itertools.count(1)

    def _converse(self, tool: str, arguments: Optional[Dict[str, Any]], intent_prompt: Optional[str],
                  request_id: Union[int, str, None], approval_id: Optional[str], wait_for_approval: float) -> Conversation:
        if not tool:
            raise ValueError("tool is required")
        if not wait_for_approval >= 0:
            raise ValueError("wait_for_approval must be seconds, at least 0")
        call = ToolCall(tool, arguments or {}, intent_prompt, next(self._ids) if request_id is None else request_id)
        return self._caller.converse(call, approval_id, wait_for_approval)

    def _resume(self, pending: ApprovalPending, wait_for_approval: float) -> Conversation:
        call = pending.call
        return self._converse(call.tool, dict(call.arguments), call.intent_prompt, None, pending.approval_id, wait_for_approval)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._url}>"


class Gateway(_Client):
    """Calls tools through a gateway. Thread-safe.

        with Gateway("http://localhost:8080", token=token) as gateway:
            result = gateway.tool_call("read_file", {"path": "/data/a"}, intent_prompt="read the report")
            print(result.text)

    ``timeout`` is in seconds for a whole call, its retries included; ``None``: no limit. ``client`` is an
    ``httpx.Client`` or what has the same ``post``; it keeps its own timeout and its caller closes it. ``retry`` says how
    often a call that was not judged is sent again. ``ssl_context`` is for https with a certificate authority of your own.
    Proxy variables of the environment are not read.
    """

    def __init__(
        self,
        url: str,
        token: Optional[str] = None,
        *,
        timeout: Optional[float] = DEFAULT_TIMEOUT,
        client: Any = None,
        retry: Optional[Retry] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
        clock: Optional[Clock] = None,
    ) -> None:
        super().__init__(url, token, timeout, retry, clock)
        self._transport: Union[Pool, Foreign] = (Pool(Endpoint.parse(self._url, ssl_context)) if client is None
                                                 else Foreign(client, self._url + "/v1/mcp"))

    def tool_call(
        self,
        tool: str,
        arguments: Optional[Dict[str, Any]] = None,
        *,
        intent_prompt: Optional[str] = None,
        request_id: Union[int, str, None] = None,
        approval_id: Optional[str] = None,
        wait_for_approval: float = 0.0,
    ) -> ToolCallResult:
        """Calls a tool and returns its answer.

        ``intent_prompt`` is what the user asked for; line ends in it become spaces. ``wait_for_approval`` is how many
        seconds to wait when the policy wants a person to decide; ``approval_id`` resumes a call that was left pending.

        Raises ``CapabilityError``, ``IntentError``, ``PolicyError`` or ``BudgetError`` when a check refuses,
        ``ApprovalPending`` (a ``PolicyError``) while a person has not decided, ``ProtocolError`` for other JSON-RPC
        errors, ``GatewayError`` when the gateway cannot be reached; ``TypeError`` or ``ValueError`` for arguments that
        are no JSON.
        """
        return self._run(self._converse(tool, arguments, intent_prompt, request_id, approval_id, wait_for_approval))

    def resume(self, pending: ApprovalPending, *, wait_for_approval: float = 0.0) -> ToolCallResult:
        """Makes the pending call, if a person has approved it; raises as ``tool_call``."""
        return self._run(self._resume(pending, wait_for_approval))

    def close(self) -> None:
        """Closes the kept connections. A ``client`` that was given stays open."""
        self._transport.close()

    def _run(self, conversation: Conversation) -> ToolCallResult:
        answer: Union[Reply, Exception, None] = None
        try:
            while True:
                step = conversation.throw(answer) if isinstance(answer, Exception) else conversation.send(answer)
                answer = None
                if isinstance(step, Pause):
                    self._clock.sleep(step.seconds)
                    continue
                try:
                    answer = self._transport.send(step)
                except (Unsent, Lost) as error:
                    answer = error
        except StopIteration as end:
            result: ToolCallResult = end.value
            return result

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncGateway(_Client):
    """As ``Gateway``, for asyncio: ``async with``, ``await gateway.tool_call(...)``, ``await gateway.aclose()``.

    ``client`` is an ``httpx.AsyncClient``. Cancelling a call ends its connection; the tool may have run.
    """

    def __init__(
        self,
        url: str,
        token: Optional[str] = None,
        *,
        timeout: Optional[float] = DEFAULT_TIMEOUT,
        client: Any = None,
        retry: Optional[Retry] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
        clock: Optional[Clock] = None,
    ) -> None:
        super().__init__(url, token, timeout, retry, clock)
        self._transport: Union[AsyncPool, ForeignAsync] = (AsyncPool(Endpoint.parse(self._url, ssl_context)) if client is None
                                                           else ForeignAsync(client, self._url + "/v1/mcp"))

    async def tool_call(
        self,
        tool: str,
        arguments: Optional[Dict[str, Any]] = None,
        *,
        intent_prompt: Optional[str] = None,
        request_id: Union[int, str, None] = None,
        approval_id: Optional[str] = None,
        wait_for_approval: float = 0.0,
    ) -> ToolCallResult:
        """As ``Gateway.tool_call``."""
        return await self._run(self._converse(tool, arguments, intent_prompt, request_id, approval_id, wait_for_approval))

    async def resume(self, pending: ApprovalPending, *, wait_for_approval: float = 0.0) -> ToolCallResult:
        """As ``Gateway.resume``."""
        return await self._run(self._resume(pending, wait_for_approval))

    async def aclose(self) -> None:
        """Closes the kept connections. A ``client`` that was given stays open."""
        if isinstance(self._transport, AsyncPool):
            await self._transport.aclose()

    async def _run(self, conversation: Conversation) -> ToolCallResult:
        answer: Union[Reply, Exception, None] = None
        try:
            while True:
                step = conversation.throw(answer) if isinstance(answer, Exception) else conversation.send(answer)
                answer = None
                if isinstance(step, Pause):
                    await self._clock.asleep(step.seconds)
                    continue
                try:
                    answer = await self._transport.asend(step)
                except (Unsent, Lost) as error:
                    answer = error
        except StopIteration as end:
            result: ToolCallResult = end.value
            return result

    async def __aenter__(self) -> AsyncGateway:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
