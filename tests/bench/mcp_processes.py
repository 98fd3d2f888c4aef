"""The processes of the MCP benchmark: a gateway and a bare pass-through (one thread each) on core 0; upstream and load generator, one
compiled program with one loop, on core 1 (mcp_load.cc says why). mcp_bench.py measures them, mcp_profile.py takes their profiles.
"""
import dataclasses
import json
import os
import pathlib
import re
import socket
import subprocess
import urllib.request

CONNECTIONS, IDLE = 32, 1000
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
# `_meta` of a request of the modern era.
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def pinned(core, *args, **kwargs):
    return subprocess.Popen(["taskset", "-c", str(CORES[core % len(CORES)]), *map(str, args)], text=True, **kwargs)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def message(method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def hello():
    return message("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "bench", "version": "1"})


@dataclasses.dataclass
class Round:
    """What one round of mcp_load showed."""
    served: float                  # calls a second
    p50: float                     # us
    p99: float
    left_out: float                # part of the calls that the generator left out, because it had no processor itself
    cpu: float = 0                 # us of the process's time a call
    watched: bool = False          # whether mcp_load had the right to watch the core; else the rest is as if it were nobody else's
    alone_p50: float = 0           # of the calls that waited behind no other process
    alone_p99: float = 0
    waited: float = 0              # part of the calls that did
    others: dict = dataclasses.field(default_factory=dict)   # what they took of the core, ms in each second, by name
    stalls: tuple = ()             # (how often, ms) in each second, and the longest, ms


class Bench:
    def __init__(self, programs, folder, binary, passthrough, seconds):
        """`programs` is where mcp_load is, `folder` where the gateway's files go; a round takes `seconds`, after one of warm-up."""
        self.programs, self.folder, self.binary, self.passthrough_binary, self.seconds = programs, folder, binary, passthrough, seconds
        self.running = []

    def begin(self, core, *args, **kwargs):
        process = pinned(core, *args, stdout=subprocess.PIPE, **kwargs)
        self.running.append(process)
        return process

    def start(self):
        self.peer = self.begin(1, self.programs / "mcp_load", "127.0.0.1:0", stdin=subprocess.PIPE)
        self.upstream = f"http://127.0.0.1:{int(self.peer.stdout.readline())}/mcp"
        self.passthrough = self.begin(0, self.passthrough_binary, "127.0.0.1:0", self.upstream)
        self.between = f"http://127.0.0.1:{int(self.passthrough.stdout.readline())}/mcp"
        subprocess.run([self.binary, "keygen", "--out", self.folder / "keys"], check=True, capture_output=True)
        (self.folder / "policy.rego").write_text(
            'package intentgate.policy\nimport rego.v1\ndefault decision := {"allow": false, "reason": "no"}\n'
            'decision := {"allow": true, "reason": "read"} if startswith(input.tool, "read_")\n')
        self.gateway, self.port = self.serve("async")
        self.through = f"http://127.0.0.1:{self.port}/v1/mcp"
        self.token = subprocess.run([self.binary, "mint", "--keys", self.folder / "keys", "--subject", "bench", "--ttl", "1h",
                                     "--tools", "read_file", "--where", "/path subpath /data"],
                                    check=True, capture_output=True, text=True).stdout.strip()

    def serve(self, durability, binary=None, name=None):
        """A gateway, and its port."""
        name = name or durability
        config = self.folder / f"{name}.yaml"
        config.write_text(
            f"listen: {{address: 127.0.0.1:0, threads: 1}}\nupstream: {{name: bench, url: {self.upstream}}}\n"
            f"keys: {{file: keys}}\nstore: {{kind: sqlite, sqlite_path: {name}.db}}\npolicy: {{files: [policy.rego]}}\n"
            f"audit: {{durability: {durability}, overflow: block}}\nlog: {{level: warn}}\n")
        process = self.begin(0, binary or self.binary, "serve", "--config", config, stderr=subprocess.STDOUT)
        for line in process.stdout:
            found = re.search(r"listens at http://127\.0\.0\.1:(\d+)", line)
            if found:
                return process, int(found[1])
        raise SystemExit(f"the gateway with {durability} audit did not start")

    def load(self, url, token, connections=CONNECTIONS, rate=0, process=None, watch_stalls=False):
        """A round. `process` is the one whose processor time is counted, and with a rate others are watched on its core. `watch_stalls` looks
        at the machine's own stalls of that core instead, while nothing is to do there."""
        watched_core, watched = (CORES[0], process.pid) if process and rate else (CORES[0], 0) if watch_stalls else (-1, 0)
        before = cpu_seconds(process.pid) if process else 0
        self.peer.stdin.write(f"{url} {token or '-'} {connections} {self.seconds} {rate} {watched_core} {watched}\n")
        self.peer.stdin.flush()
        line = self.peer.stdout.readline()
        if not line:
            raise SystemExit("the load generator ended")
        out = json.loads(line)
        requests, p50, p99 = out["requests"], out["p50_us"], out["p99_us"]
        if out["failed"] or not requests:
            raise SystemExit(f"{out['failed']} calls failed at {url}, {requests} did not")
        done = Round(requests / self.seconds, p50, p99, out["left_out"] / (requests + out["left_out"]), alone_p50=p50, alone_p99=p99)
        if process:   # the warm-up's second counts on both sides
            done.cpu = (cpu_seconds(process.pid) - before) / (done.served * (self.seconds + 1)) * 1e6
        if "others_ms" in out:
            done.watched, done.alone_p50, done.alone_p99, done.waited = True, out["alone_p50_us"], out["alone_p99_us"], out["waited"] / requests
            done.others = {name: millis / self.seconds for name, millis in out["others_ms"].items()}
        if "stalls" in out:
            done.stalls = out["stalls"] / (self.seconds + 1), out["stalled_ms"] / (self.seconds + 1), out["longest_ms"]
        return done

    def idle(self):
        """KiB that 1,000 listen streams and 1,000 sessions add, and the whole."""
        before = resident_kib(self.gateway.pid)
        listen = message("subscriptions/listen", _meta=META, notifications={"toolsListChanged": True})
        streams = [self.post(listen, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n") for _ in range(IDLE)]
        sessions = [self.post(hello(), "") for _ in range(IDLE)]
        after = resident_kib(self.gateway.pid)
        if not all(b"Mcp-Session-Id" in head for _, head in sessions) or not all(b"text/event-stream" in head for _, head in streams):
            raise SystemExit("a session or a stream did not open")
        for connection, _ in streams + sessions:
            connection.close()
        return before, after

    def post(self, body, fields):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall((f"POST /v1/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
                            f"Authorization: Bearer {self.token}\r\n{fields}Content-Length: {len(body)}\r\n\r\n{body}").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit(f"the gateway closed the connection without an answer to {body}")
            head += piece
        return connection, head

    def change_to_durable(self):
        """In place of the other one: what either still writes would make the other's calls wait."""
        self.end(self.gateway)
        self.gateway, self.port = self.serve("durable")
        self.through = f"http://127.0.0.1:{self.port}/v1/mcp"

    def end(self, process):
        process.terminate()
        process.wait(30)

    def stop(self):
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(30)

    def allows_calls(self):
        """A benchmark of refusals would look splendid; so one call is looked at."""
        body = message("tools/call", name="read_file", arguments={"path": "/data/q3/a"}).encode()
        request = urllib.request.Request(self.through, body, {"Content-Type": "application/json", "Accept": "application/json",
                                                              "Authorization": f"Bearer {self.token}"})
        if "result" not in json.loads(urllib.request.urlopen(request, timeout=20).read()):
            raise SystemExit("the call is not allowed")
