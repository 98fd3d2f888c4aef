"""A gateway that says what the test wants, byte by byte, and keeps what it was asked."""

import contextlib
import json
import socket
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Union


class Asked(NamedTuple):
    headers: Dict[str, str]
    message: Dict[str, Any]
    connection: int


def result(**members: Any) -> Dict[str, Any]:
    return {"content": [{"type": "text", "text": "done"}], "isError": False, **members}


def answer(body: Union[bytes, Dict[str, Any]], status: int = 200, **headers: str) -> bytes:
    if isinstance(body, dict):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, **body}).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def allowed(**members: Any) -> bytes:
    return answer({"result": result(**members)})


def refused(code: int, reason: str, **headers: str) -> bytes:
    return answer({"error": {"code": code, "message": "check failed", "data": reason}}, **headers)


def pending(approval_id: str = "a-1", **headers: str) -> bytes:
    return refused(-32012, "a person decides", X_IntentGate_Approval_Id=approval_id, **headers)


CLOSE = b""  # as an answer: close the connection

Answer = Union[bytes, Callable[[Asked], bytes]]


class FakeGateway:
    """Gives ``answers`` in turn, one a request; the last one again and again. One that ends with ``CLOSE`` is a list:
    what is sent before the connection is closed."""

    def __init__(self, *answers: Union[Answer, List[bytes]]) -> None:
        self.asked: List[Asked] = []
        self._answers = list(answers)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: List[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "FakeGateway":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Closes the connections that are open."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()
                number += 1

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as reader:
            while reader.readline():
                headers = {}
                while (line := reader.readline().decode("latin-1").strip()):
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                asked = Asked(headers, json.loads(reader.read(int(headers["content-length"]))), number)
                with self._lock:
                    self.asked.append(asked)
                    chosen = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                said = chosen(asked) if callable(chosen) else chosen
                for piece in said if isinstance(said, list) else [said]:
                    if piece == CLOSE:
                        return
                    connection.sendall(piece)


class FakeClock:
    """Pauses take no time and are kept."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.pauses: List[float] = []

    def now(self) -> float:
        return self.time

    def jitter(self) -> float:
        return 1.0 - 1e-9

    def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
