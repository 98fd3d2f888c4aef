"""HTTP/1.1 to the gateway with the standard library, on an event loop."""

from __future__ import annotations

import asyncio
import collections
import http.client
import io
from typing import Awaitable, Deque, Dict, List, NamedTuple, Optional, Tuple, TypeVar

from ._http import Endpoint, encoded, is_quiet, reason_of
from ._protocol import MAX_REPLY_BYTES, Lost, Reply, Send, Unsent

_KEPT_CONNECTIONS = 32
_MAX_HEAD_BYTES = 1 << 16
_TOO_LARGE = f"the answer is larger than {MAX_REPLY_BYTES >> 20} MiB"
T = TypeVar("T")
_BROKEN = (OSError, EOFError, ValueError, http.client.HTTPException, asyncio.LimitOverrunError)


class _Reader(asyncio.StreamReader):
    """Knows whether the gateway said more than was read."""

    heard = 0
    taken = 0

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        self.heard += len(data)
        super().feed_data(data)

    async def read(self, n: int = -1) -> bytes:
        return self._took(await super().read(n))

    async def readuntil(self, separator: bytes = b"\n") -> bytes:  # type: ignore[override]
        return self._took(await super().readuntil(separator))

    async def readexactly(self, n: int) -> bytes:
        return self._took(await super().readexactly(n))

    def _took(self, data: bytes) -> bytes:
        self.taken += len(data)
        return data


class _Connection(NamedTuple):
    reader: _Reader
    writer: asyncio.StreamWriter

    @property
    def quiet(self) -> bool:
        """Whether it can be used again: the gateway has neither closed it nor said anything unasked."""
        reader = self.reader
        heard_nothing = reader.heard == reader.taken and not reader.at_eof() and reader.exception() is None
        # The socket is asked too, because the loop may not have looked at it yet.
        return heard_nothing and not self.writer.is_closing() and is_quiet(self.writer.get_extra_info("socket"))


class AsyncPool:
    """Belongs to the event loop that uses it first."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._idle: Deque[_Connection] = collections.deque()
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    async def asend(self, step: Send) -> Reply:
        body = encoded(step.message)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Connections of a loop that has ended cannot be used on another.
            self._idle, self._loop = collections.deque(), loop
        deadline = None if step.timeout is None else loop.time() + step.timeout
        connection = self._take() or await self._connect(deadline, loop)
        kept = False
        try:
            reply, kept = await _within(deadline, loop, self._exchange(connection, step.headers, body))
            return reply
        except _BROKEN as error:
            raise Lost(reason_of(error)) from error
        finally:
            if kept and len(self._idle) < _KEPT_CONNECTIONS:
                self._idle.append(connection)
            else:
                connection.writer.close()

    async def aclose(self) -> None:
        while self._idle:
            self._idle.pop().writer.close()

    def _take(self) -> Optional[_Connection]:
        while self._idle:
            connection = self._idle.pop()
            if connection.quiet:
                return connection
            connection.writer.close()
        return None

    async def _connect(self, deadline: Optional[float], loop: asyncio.AbstractEventLoop) -> _Connection:
        at = self._endpoint
        reader = _Reader(limit=_MAX_HEAD_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await _within(deadline, loop, loop.create_connection(lambda: protocol, at.host, at.port, ssl=at.tls))
        except _BROKEN as error:
            raise Unsent(reason_of(error)) from error
        return _Connection(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _exchange(self, connection: _Connection, headers: Dict[str, bytes], body: bytes) -> Tuple[Reply, bool]:
        head = f"POST {self._endpoint.path} HTTP/1.1\r\nHost: {self._endpoint.host_header}\r\nContent-Length: {len(body)}\r\n"
        lines = b"".join(b"%s: %s\r\n" % (name.encode("ascii"), value) for name, value in headers.items())
        connection.writer.write(head.encode("ascii") + lines + b"\r\n" + body)
        await connection.writer.drain()
        return await _read_reply(connection.reader)


async def _within(deadline: Optional[float], loop: asyncio.AbstractEventLoop, work: Awaitable[T]) -> T:
    if deadline is None:
        return await work
    try:
        return await asyncio.wait_for(work, max(0.0, deadline - loop.time()))
    except (asyncio.TimeoutError, TimeoutError):
        raise TimeoutError("timed out") from None


async def _read_reply(reader: asyncio.StreamReader) -> Tuple[Reply, bool]:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        version, status = _status_of(line)
        if status >= 200:
            break
    headers = {name.lower(): value for name, value in http.client.parse_headers(io.BytesIO(rest)).items()}
    body, delimited = await _read_body(reader, headers, status)
    kept = delimited and version == b"HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Reply(status, headers, body), kept


def _status_of(line: bytes) -> Tuple[bytes, int]:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or len(code) != 3 or not code.isdigit():
        raise http.client.BadStatusLine(repr(line[:80]))
    return version, int(code)


async def _read_body(reader: asyncio.StreamReader, headers: Dict[str, str], status: int) -> Tuple[bytes, bool]:
    """The body, and whether its end was marked."""
    if status in (204, 304):
        return b"", True
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader), True
    length = headers.get("content-length")
    if length is None:
        return await _read_to_end(reader), False
    if not length.isascii() or not length.isdigit() or len(length) > 12:
        raise http.client.HTTPException(f"Content-Length {length!r} is no number")
    if int(length) > MAX_REPLY_BYTES:
        raise Lost(_TOO_LARGE)
    return await reader.readexactly(int(length)), True


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    pieces: List[bytes] = []
    size = 0
    while True:
        line = (await reader.readuntil(b"\r\n")).partition(b";")[0].strip()
        length = int(line, 16)
        if length < 0:
            raise http.client.HTTPException("a chunk has no length")
        size += length
        if size > MAX_REPLY_BYTES:
            raise Lost(_TOO_LARGE)
        if length == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return b"".join(pieces)
        pieces.append(await reader.readexactly(length))
        if await reader.readexactly(2) != b"\r\n":
            raise http.client.HTTPException("a chunk is longer than it says")


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    pieces: List[bytes] = []
    size = 0
    while piece := await reader.read(_MAX_HEAD_BYTES):
        size += len(piece)
        if size > MAX_REPLY_BYTES:
            raise Lost(_TOO_LARGE)
        pieces.append(piece)
    return b"".join(pieces)
