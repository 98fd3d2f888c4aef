"""HTTP/1.1 to the gateway with the standard library, blocking: a pool of connections that stay open."""

from __future__ import annotations

import collections
import http.client
import json
import os
import select
import socket
import ssl
import time
import urllib.parse
from typing import Any, Deque, Dict, List, NamedTuple, Optional, Protocol, Tuple, Union

from ._protocol import MAX_REPLY_BYTES, Lost, Reply, Send, Unsent

_KEPT_CONNECTIONS = 32
_PIECE = 1 << 16


class Endpoint(NamedTuple):
    """Where the gateway is: the parts of its URL that a connection needs."""

    host: str
    port: int
    path: str
    tls: Optional[ssl.SSLContext]

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str, context: Optional[ssl.SSLContext]) -> Endpoint:
        """Raises ``ValueError`` for what is no http or https URL."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the gateway's url must look like http://localhost:8080, not {url!r}")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("the gateway's url takes no user, query or fragment; the token is an argument of its own")
        secure = parts.scheme == "https"
        path = parts.path.rstrip("/") + "/v1/mcp"
        return cls(parts.hostname, parts.port or (443 if secure else 80), path,
                   (context or ssl.create_default_context()) if secure else None)


def encoded(message: Dict[str, Any]) -> bytes:
    """Raises ``TypeError`` or ``ValueError`` for arguments that are no JSON."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def reason_of(error: BaseException) -> str:
    return str(error) or type(error).__name__


class HasFileno(Protocol):
    def fileno(self) -> int: ...


class Pool:
    """Thread-safe. A connection has one user at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._idle: Deque[http.client.HTTPConnection] = collections.deque(maxlen=_KEPT_CONNECTIONS)
        self._process = os.getpid()

    def send(self, step: Send) -> Reply:
        body = encoded(step.message)
        deadline = None if step.timeout is None else time.monotonic() + step.timeout
        connection = self._take()
        kept = False
        try:
            if connection.sock is None:
                self._connect(connection, deadline)
            reply, kept = self._exchange(connection, body, step.headers, deadline)
            return reply
        finally:
            if kept and len(self._idle) < _KEPT_CONNECTIONS:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> http.client.HTTPConnection:
        if self._process != os.getpid():
            # The parent goes on using the connections that were open before the fork.
            self._idle, self._process = collections.deque(maxlen=_KEPT_CONNECTIONS), os.getpid()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if is_quiet(connection.sock):
                return connection
            connection.close()
        at = self._endpoint
        if at.tls is not None:
            return http.client.HTTPSConnection(at.host, at.port, context=at.tls)
        return http.client.HTTPConnection(at.host, at.port)

    def _connect(self, connection: http.client.HTTPConnection, deadline: Optional[float]) -> None:
        try:
            connection.timeout = _left(deadline)
            connection.connect()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise Unsent(reason_of(error)) from error

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes, headers: Dict[str, bytes],
                  deadline: Optional[float]) -> Tuple[Reply, bool]:
        try:
            connection.putrequest("POST", self._endpoint.path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", self._endpoint.host_header)
            connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value)
            _wait_at_most(connection.sock, deadline)
            connection.endheaders(body)
            _wait_at_most(connection.sock, deadline)
            response = connection.getresponse()
            whole = self._read(connection, response, deadline)
            response.close()  # the answer; its connection stays
        except (OSError, http.client.HTTPException) as error:
            raise Lost(reason_of(error)) from error
        named = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, named, whole), not response.will_close

    @staticmethod
    def _read(connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: Optional[float]) -> bytes:
        pieces: List[bytes] = []
        size = 0
        while True:
            # After the last byte of an answer that ends the connection there is no socket any more.
            if connection.sock is not None:
                _wait_at_most(connection.sock, deadline)
            piece = response.read1(_PIECE)
            if not piece:
                if response.length:
                    raise Lost("the answer broke off")
                return b"".join(pieces)
            size += len(piece)
            if size > MAX_REPLY_BYTES:
                raise Lost(f"the answer is larger than {MAX_REPLY_BYTES >> 20} MiB")
            pieces.append(piece)


def _left(deadline: Optional[float]) -> Optional[float]:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _wait_at_most(sock: socket.socket, deadline: Optional[float]) -> None:
    sock.settimeout(_left(deadline))


def is_quiet(sock: Optional[HasFileno]) -> bool:
    """Whether a kept connection can be used: one that has something to read was closed by the gateway meanwhile."""
    if sock is None:
        return False
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLHUP | select.POLLERR)
        return not poll.poll(0)
    except (OSError, ValueError):
        return False


class Foreign:
    """A client of the caller's, such as ``httpx.Client``: anything with ``post(url, json=, headers=)``."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def send(self, step: Send) -> Reply:
        try:
            return reply_of(self._client.post(self._url, **_options(step)))
        except Exception as error:
            raise translated(error) from error

    def close(self) -> None:
        """Nothing: the client is its maker's to close."""


class ForeignAsync(Foreign):
    """As ``Foreign``, for ``httpx.AsyncClient``."""

    async def asend(self, step: Send) -> Reply:
        try:
            return reply_of(await self._client.post(self._url, **_options(step)))
        except Exception as error:
            raise translated(error) from error


def _options(step: Send) -> Dict[str, Any]:
    # A value that is no ASCII stays bytes: httpx would not encode it.
    headers: Dict[str, Union[str, bytes]] = {name: value.decode() if value.isascii() else value
                                             for name, value in step.headers.items()}
    options: Dict[str, Any] = {"json": step.message, "headers": headers}
    # The caller's client has a timeout of its own, which does not know of an approval.
    return {**options, "timeout": step.timeout} if step.held else options


def reply_of(response: Any) -> Reply:
    headers = {str(name).lower(): str(value) for name, value in dict(response.headers).items()}
    return Reply(int(response.status_code), headers, bytes(response.content))


def translated(error: Exception) -> Exception:
    """The transport errors of httpx as ours, without importing it; any other exception as it is."""
    names = {each.__name__ for each in type(error).__mro__ if each.__module__.partition(".")[0] in ("httpx", "httpx2")}
    if names & {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"}:
        return Unsent(reason_of(error))
    return Lost(reason_of(error)) if "HTTPError" in names else error
