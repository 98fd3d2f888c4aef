"""Calls that wait for their decision, by event loop.

The gate's threads never enter the interpreter: they leave the decision in a queue and make a descriptor readable
that the loop watches. So a loop can be closed, and the interpreter can end, while a call is being judged.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Dict, Tuple
from weakref import WeakKeyDictionary

from . import _native

if TYPE_CHECKING:
    from .gate import Gate


class Waiting:
    """The waiting calls of one loop. Used on that loop's thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.completions = _native.Completions()
        self._calls: Dict[int, Tuple[asyncio.Future[_native.Decision], Gate]] = {}
        loop.add_reader(self.completions.fileno(), self._settle)

    def expect(self, ticket: int, future: asyncio.Future[_native.Decision], gate: Gate) -> None:
        self._calls[ticket] = (future, gate)

    def _settle(self) -> None:
        for ticket, decision in self.completions.drain():
            future, gate = self._calls.pop(ticket)
            if not future.done():
                future.set_result(decision)
            elif decision.allowed and not gate.closed:
                # Nobody waits any more, so the call will not be made; the chain has the allow.
                gate.record_outcome(decision, "cancelled")


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Waiting] = WeakKeyDictionary()


def waiting_of(loop: asyncio.AbstractEventLoop) -> Waiting:
    found = _by_loop.get(loop)
    if found is None:
        found = _by_loop[loop] = Waiting(loop)
    return found
