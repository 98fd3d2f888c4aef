"""FastAPI routes.

    @app.post("/files/{folder}")
    def read(decision: Annotated[Decision, Depends(require(gate, "read_file"))]) -> str:
        return open(decision.args["path"]).read()
"""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import Any, AsyncIterator, Awaitable, Callable, Coroutine, Dict, Mapping, Optional, Union

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from .._native import Decision
from ..approvals import checked_seconds
from ..gate import Gate
from ..guard import Recorded
from ._asking import strict_object

Arguments = Callable[[Request], Union[Mapping[str, Any], Awaitable[Mapping[str, Any]]]]

# The token itself is not good, so another one may help; anything else is a refusal of this call.
_TOKEN_CODES = ("capability.no_token", "capability.token_")

# As the gateway has them.
_APPROVAL_HEADER = "X-IntentGate-Approval-Id"
_RETRY_SECONDS = "5"

# Of an answer that nobody reads. Access logs know the number.
_CLIENT_LEFT = 499


def require(
    gate: Gate,
    tool: str,
    *,
    arguments: Optional[Arguments] = None,
    token: Optional[Callable[[Request], Optional[str]]] = None,
    server: str = "",
    wait_for_approval: float = 0.0,
) -> Callable[[Request], AsyncIterator[Decision]]:
    """A dependency that judges the request as a call of ``tool`` and gives the route its ``Decision``.

    The arguments are the path's and the query's values (strings) and the members of a JSON body; a name that comes twice is
    a 400. ``arguments`` is a function of the request in their place. Work with ``decision.args``: they are what was judged.
    The token is the bearer's; ``X-Intent-Prompt`` is the prompt. Without a good token the answer is 401, a refusal is 403
    with ``{"code", "message"}``. The outcome is recorded when the route has ended.

    An escalated call waits ``wait_for_approval`` seconds for a person. Then its 403 names the approval, as ``approval_id``
    and as the header ``X-IntentGate-Approval-Id``; the caller sends that header when it comes again. When the client leaves
    meanwhile, nobody waits any more and the route does not run.
    """
    checked_seconds(wait_for_approval, "wait_for_approval")
    find_arguments, find_token = arguments or request_arguments, token or bearer_of

    async def judged(request: Request) -> AsyncIterator[Decision]:
        try:
            found = find_arguments(request)
            args = await found if inspect.isawaitable(found) else found
            asked = gate.aauthorize(tool, args, find_token(request), server=server,
                                    intent=request.headers.get("x-intent-prompt", ""),
                                    approval_id=request.headers.get(_APPROVAL_HEADER, ""),
                                    wait_for_approval=wait_for_approval)
            decision = await (_while_connected(gate, request, asked) if wait_for_approval else asked)
        except (TypeError, ValueError) as error:
            if gate.closed:
                raise
            raise HTTPException(400, {"code": "gate.invalid_request", "message": str(error)}) from error
        if not decision:
            raise _refused(decision)
        with Recorded(gate, decision):
            yield decision

    return judged


async def _while_connected(gate: Gate, request: Request, asked: Coroutine[Any, Any, Decision]) -> Decision:
    asking = asyncio.ensure_future(asked)
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not leaving.done():
            return await asking
        if asking.done() and asking.exception() is None and asking.result():
            gate.record_outcome(asking.result(), "cancelled")
        raise HTTPException(_CLIENT_LEFT)
    finally:
        asking.cancel()
        leaving.cancel()


async def _disconnected(request: Request) -> None:
    # The body is read first, and kept by the request for whoever wants it: what comes behind it is the end.
    try:
        await request.body()
    except RuntimeError:
        pass  # `arguments` has taken it from the stream
    except ClientDisconnect:
        return
    while (await request.receive())["type"] != "http.disconnect":
        pass


def bearer_of(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


async def request_arguments(request: Request) -> Dict[str, Any]:
    """The arguments in a request: path, query and JSON body. Raises ``ValueError`` for a name that comes twice."""
    found = [*request.path_params.items(), *request.query_params.multi_items()]
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        body = await request.body()
        try:
            found += strict_object(body.decode("utf-8")).items()
        except json.JSONDecodeError as error:
            raise ValueError(f"the body is no JSON: {error}") from error
    args = dict(found)
    if len(args) != len(found):
        raise ValueError("an argument is given twice")
    return args


def _refused(decision: Decision) -> HTTPException:
    detail = {"code": decision.code, "message": decision.reason}
    if decision.code.startswith(_TOKEN_CODES):
        return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
    if decision.verdict == "escalate" and decision.approval_id:
        return HTTPException(403, {**detail, "approval_id": decision.approval_id},
                             headers={_APPROVAL_HEADER: decision.approval_id, "Retry-After": _RETRY_SECONDS})
    return HTTPException(403, detail)
