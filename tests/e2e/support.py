"""The real binary, a recording upstream and a plain HTTP client for the end-to-end tests."""
from __future__ import annotations

import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
from typing import Any, Dict, List, Optional, Tuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("INTENTGATE_BINARY", ROOT / "build/release/server/intentgate"))
# The gate refuses variables of its own prefix that it does not know; what the tests' caller set stays outside.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("INTENTGATE_")}

POLICY = """package intentgate.policy
import rego.v1
default decision := {"allow": false, "reason": "no rule allows this tool"}
decision := {"allow": true, "reason": "reading"} if startswith(input.tool, "read_")
decision := {"allow": false, "escalate": true, "reason": "a human decides"} if input.tool == "transfer_funds"
"""


def run_cli(*args: str, stdin: str = "", env: Optional[Dict[str, str]] = None) -> subprocess.CompletedProcess:
    return subprocess.run([str(BINARY), *map(str, args)], input=stdin, capture_output=True, text=True, timeout=60,
                          env=ENVIRONMENT if env is None else env)


def without_duplicates(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    out = dict(pairs)
    assert len(out) == len(pairs), "the gateway forwarded duplicate members"
    return out


class Upstream:
    """An MCP server that records every call it gets. `mode` makes it misbehave or answer with a stream:
    "sse" whole, "sse_steps" with a wait for `release` before the answer, "sse_broken" ends inside an event.
    With `with_sessions` it wants the session id that it gave out, and `sessions` holds the ones it knows."""

    def __init__(self) -> None:
        self.calls: List[Dict[str, Any]] = []
        self.headers: List[Dict[str, str]] = []
        self.others: List[Dict[str, Any]] = []
        self.mode = "good"
        self.with_sessions = False
        self.sessions: Dict[str, bool] = {}
        self.sessions_opened = 0
        self.release = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.answer(self, body)

            def do_GET(self) -> None:
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_DELETE(self) -> None:
                outer.end_session(self)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        message = json.loads(body, object_pairs_hook=without_duplicates)
        method = message.get("method")
        session = handler.headers.get("Mcp-Session-Id", "")
        if self.with_sessions and method != "initialize" and session not in self.sessions:
            return self.send(handler, 404 if session else 400, b"")
        if method != "tools/call":
            self.others.append({"method": method, "session": session, "raw": body})
        if method == "tools/call":
            self.calls.append({"params": message["params"], "raw": body})
            self.headers.append({k.lower(): v for k, v in handler.headers.items()})
        if "id" not in message:
            return self.send(handler, 202, b"")
        result: Any = {}
        if method == "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                      "serverInfo": {"name": "recorder", "version": "1"}}
            if self.with_sessions:
                self.sessions_opened += 1
                session = f"session-{self.sessions_opened}"
                self.sessions[session] = True
                body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
                return self.send(handler, 200, body, {"Mcp-Session-Id": session})
        elif method == "tools/list":
            names = ["read_file", "read_note", "write_file", "delete_all", "transfer_funds"]
            result = {"tools": [{"name": n, "description": n.replace("_", " "), "inputSchema":
                                 {"type": "object", "properties": {"path": {"type": "string"}}}} for n in names]}
        elif method == "tools/call":
            if self.mode == "rubbish":
                return self.send(handler, 200, b"<html>not json</html>")
            if self.mode == "error":
                return self.send(handler, 500, b"secret stack trace at 10.1.2.3")
            if self.mode == "slow":
                self.release.wait(30)
            result = {"content": [{"type": "text", "text": json.dumps(message["params"].get("arguments"))}], "isError": False}
            if self.mode.startswith("sse"):
                return self.stream(handler, message["id"], result)
        self.send(handler, 200, json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())

    def stream(self, handler: http.server.BaseHTTPRequestHandler, call_id: Any, result: Any) -> None:
        progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 1}}
        answer = json.dumps({"jsonrpc": "2.0", "id": call_id, "result": result})
        handler.close_connection = True
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(f"event: message\ndata: {json.dumps(progress)}\n\n".encode())
            handler.wfile.flush()
            if self.mode == "sse_steps":
                self.release.wait(30)
            whole = f"event: message\ndata: {answer}\n\n"
            handler.wfile.write((whole[:40] if self.mode == "sse_broken" else whole).encode())
        except OSError:
            pass

    def end_session(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        known = self.sessions.pop(handler.headers.get("Mcp-Session-Id", ""), False)
        if not self.with_sessions:
            return self.send(handler, 405, b"")
        self.send(handler, 204 if known else 404, b"")

    @staticmethod
    def send(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes,
             headers: Optional[Dict[str, str]] = None) -> None:
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            for name, value in (headers or {}).items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            pass


class Gateway:
    """`intentgate serve` on a free port, with its files in `folder`. `upstreams`: that part of the settings, in place of a URL."""

    def __init__(self, folder: pathlib.Path, upstream_url: str, extra: str = "", policy: str = POLICY,
                 tenant_admins: Optional[Dict[str, str]] = None, upstreams: str = "") -> None:
        self.folder = folder
        self.admin_token = "admin-0123456789abcdef0123456789abcdef"
        if not (folder / "keys").exists():
            assert run_cli("keygen", "--out", folder / "keys").returncode == 0
            (folder / "admin-token").write_text(self.admin_token)
            (folder / "admin-token").chmod(0o600)
            (folder / "policy.rego").write_text(policy)
        tenants = ", ".join(f'"{tenant}:{token}"' for tenant, token in (tenant_admins or {}).items())
        (folder / "intentgate.yaml").write_text(
            "listen: {address: 127.0.0.1:0}\n"
            + (upstreams or f"upstream: {{name: recorder, url: {upstream_url}}}\n") +
            f"keys: {{file: keys}}\nadmin: {{token_file: admin-token, tenants: [{tenants}]}}\n"
            "store: {kind: sqlite, sqlite_path: intentgate.db}\npolicy: {files: [policy.rego]}\n"
            "metrics: {enabled: true}\n" + extra)
        self.port = 0
        self.log: List[str] = []
        self.process: Optional[subprocess.Popen] = None

    def start(self) -> "Gateway":
        self.process = subprocess.Popen([str(BINARY), "serve", "--config", str(self.folder / "intentgate.yaml")],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
        for line in self.process.stdout:
            self.log.append(line)
            match = re.search(r"127\.0\.0\.1:(\d+)", line)
            if match and "listen" in line:
                self.port = int(match[1])
                break
        assert self.port, "the gateway did not start:\n" + "".join(self.log)
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()
        return self

    def _drain(self) -> None:
        for line in self.process.stdout:
            self.log.append(line)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(30)
        self.drain.join(30)
        log = "".join(self.log)
        # Written by a binary that was built with -fsanitize (INTENTGATE_BINARY): a finding fails the test that met it.
        assert "Sanitizer" not in log and "runtime error:" not in log, log
        assert how != signal.SIGTERM or code in (0, -signal.SIGKILL), f"the gateway ended with {code}:\n{log}"
        return code

    def mint(self, *flags: str) -> str:
        made = run_cli("mint", "--keys", self.folder / "keys", "--subject", "agent-7", *flags)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def connect(self) -> "Client":
        return Client(self.port)

    def admin(self, method: str, path: str, body: Any = None, token: Optional[str] = None) -> Tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.admin_token if token is None else token}"}
        with self.connect() as client:
            status, text, _ = client.request(method, path, None if body is None else json.dumps(body), headers)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def decisions(self) -> List[Dict[str, Any]]:
        """Every decision event, oldest first."""
        lines = [json.loads(line) for line in self.export().splitlines()]
        events = [{**line["event"], **{v["member"]: v["value"] for v in line.get("private", [])}} for line in lines if "event" in line]
        return [event for event in events if event["kind"] == "decision"]

    def export(self) -> str:
        status, text = self.admin("GET", "/v1/admin/audit/export?format=json")
        assert status == 200
        return text if isinstance(text, str) else json.dumps(text)


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.next_id = 0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.connection.close()

    def request(self, method: str, path: str, body: Any = None, headers: Optional[Dict[str, str]] = None):
        try:
            self.connection.request(method, path, body, headers or {})
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the whole body was read; the answer is there
        response = self.connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace"), dict(response.getheaders())

    def post(self, body: Any, token: str = "", **headers: str):
        """A POST to /v1/mcp: (status, parsed answer or text)."""
        head = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        if token:
            head["Authorization"] = f"Bearer {token}"
        text = body if isinstance(body, (bytes, str)) else json.dumps(body)
        status, answer, _ = self.request("POST", "/v1/mcp", text, head)
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer

    def call(self, token: str, tool: str, arguments: Any = None, prompt: str = ""):
        """tools/call: (error code or 0, the answer's error or result)."""
        self.next_id += 1
        params: Dict[str, Any] = {"name": tool}
        if arguments is not None:
            params["arguments"] = arguments
        extra = {"X-Intent-Prompt": prompt} if prompt else {}
        status, answer = self.post({"jsonrpc": "2.0", "id": self.next_id, "method": "tools/call", "params": params}, token, **extra)
        assert isinstance(answer, dict), (status, answer)
        if "error" in answer:
            return answer["error"]["code"], answer["error"]
        assert answer["id"] == self.next_id
        return 0, answer["result"]
