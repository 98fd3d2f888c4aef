"""Calls that wait for their decision or for a person, by event loop.

The gate's threads never enter the interpreter: they leave the answer in a queue and make a descriptor readable
that the loop watches. So a loop can be closed, and the interpreter can end, while a call is being judged.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple
from weakref import WeakKeyDictionary

from . import _native

if TYPE_CHECKING:
    from .approvals import Approval
    from .gate import Gate


class Waiting:
    """The waiting calls of one loop. Used on that loop's thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.completions = _native.Completions()
        # The gate is there for a decision only.
        self._waits: Dict[int, Tuple[asyncio.Future[Any], Optional[Gate]]] = {}
        loop.add_reader(self.completions.fileno(), self._settle)

    def expect(self, ticket: int, future: asyncio.Future[_native.Decision], gate: Gate) -> None:
        self._waits[ticket] = (future, gate)

    def expect_approval(self, ticket: int, future: asyncio.Future[Approval]) -> None:
        self._waits[ticket] = (future, None)

    def forget(self, ticket: int) -> None:
        """Of an approval; its answer may be on its way and is dropped then."""
        self._waits.pop(ticket, None)

    def _settle(self) -> None:
        for ticket, answer in self.completions.drain():
            future, gate = self._waits.pop(ticket, (None, None))
            if future is not None and not future.done():
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
            elif gate is not None and isinstance(answer, _native.Decision) and answer.allowed and not gate.closed:
                # Nobody waits any more, so the call will not be made; the chain has the allow.
                gate.record_outcome(answer, "cancelled")


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Waiting] = WeakKeyDictionary()


def waiting_of(loop: asyncio.AbstractEventLoop) -> Waiting:
    found = _by_loop.get(loop)
    if found is None:
        found = _by_loop[loop] = Waiting(loop)
    return found
