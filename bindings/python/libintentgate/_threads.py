"""Methods that wait for the store or for a file, in a form for event loops. They hold no lock of the interpreter while they
wait, so a thread of the loop's own pool is all that it takes."""

from __future__ import annotations

import functools
from itertools import islice
from typing import Any, AsyncGenerator, Callable, Coroutine, Iterator, ParamSpec, TypeVar

from ._native import CancelToken

P = ParamSpec("P")
T = TypeVar("T")

_PAGE = 100  # rows that are taken to the loop at once


def awaited(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """``function`` as a coroutine function with an ``a`` in front of its name."""

    async def wait(*args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio

        return await asyncio.to_thread(function, *args, **kwargs)

    return _named(wait, function)


def cancellable(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """As ``awaited``, for a function with an argument ``cancel``: cancelling the task ends the work too."""

    async def wait(*args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio

        token = kwargs.get("cancel")
        if token is None:
            token = kwargs["cancel"] = CancelToken()
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        except asyncio.CancelledError:
            token.cancel()  # type: ignore[attr-defined]
            raise

    return _named(wait, function, "Cancelling ends the evaluation.")


def iterated(function: Callable[P, Iterator[T]]) -> Callable[P, AsyncGenerator[T, None]]:
    """``function``, which reads as it goes, as an asynchronous generator with an ``a`` in front of its name."""

    async def rows(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        import asyncio

        iterator = function(*args, **kwargs)
        while page := await asyncio.to_thread(lambda: list(islice(iterator, _PAGE))):
            for row in page:
                yield row

    return _named(rows, function)


def _named(
    made: Callable[P, T], function: Callable[P, Any], cancelling: str = "Cancelling ends the wait and not the work."
) -> Callable[P, T]:
    functools.update_wrapper(made, function)
    made.__name__ = "a" + function.__name__
    made.__qualname__ = function.__qualname__.removesuffix(function.__name__) + made.__name__
    made.__doc__ = f"As ``{function.__name__}``, for an event loop: other tasks run meanwhile. {cancelling}"
    return made
