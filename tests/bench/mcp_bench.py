"""What the gateway adds to an MCP call, and what it costs, beside a bare pass-through on the same HTTP code and beside the
upstream asked directly, in one run.

Usage: mcp_bench.py BUILD OUT.jsonl. The gateway (one thread) has core 0; upstream and load generator are one compiled program
with one loop on core 1 (mcp_load.cc says why). Rounds of them take turns, so that a busy machine is busy for all. Audit in `async` mode, SQLite; then another gateway in
`durable` mode, alone, gives the latency that is stated beside, at half of its own capacity.
Lines of OUT: {"name", "unit", "value", "peers", "settings"}.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROUNDS, SECONDS, CONNECTIONS, IDLE = 5, 3, 32, 1000
TICKS = os.sysconf("SC_CLK_TCK")


def pinned(core, *args, **kwargs):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, args)], text=True, **kwargs)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


class Bench:
    def __init__(self, build, folder):
        self.programs, self.folder, self.binary = build / "tests/bench", folder, build / "server/intentgate"
        self.running, self.stalls = [], []

    def begin(self, core, *args, **kwargs):
        process = pinned(core, *args, stdout=subprocess.PIPE, **kwargs)
        self.running.append(process)
        return process

    def start(self):
        self.peer = self.begin(1, self.programs / "mcp_load", "127.0.0.1:0", stdin=subprocess.PIPE)
        self.upstream = f"http://127.0.0.1:{int(self.peer.stdout.readline())}/mcp"
        self.passthrough = self.begin(0, self.programs / "mcp_passthrough", "127.0.0.1:0", self.upstream)
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

    def serve(self, durability):
        """A gateway, and its port."""
        config = self.folder / f"{durability}.yaml"
        config.write_text(
            f"listen: {{address: 127.0.0.1:0, threads: 1}}\nupstream: {{name: bench, url: {self.upstream}}}\n"
            f"keys: {{file: keys}}\nstore: {{kind: sqlite, sqlite_path: {durability}.db}}\npolicy: {{files: [policy.rego]}}\n"
            f"audit: {{durability: {durability}, overflow: block}}\nlog: {{level: warn}}\n")
        process = self.begin(0, self.binary, "serve", "--config", config, stderr=subprocess.STDOUT)
        for line in process.stdout:
            found = re.search(r"listens at http://127\.0\.0\.1:(\d+)", line)
            if found:
                return process, int(found[1])
        raise SystemExit(f"the gateway with {durability} audit did not start")

    def load(self, url, token, connections, rate=0, watched_core=-1):
        """(calls per second, p50, p99, part of the calls that the generator left out) of one round. A watched core's stalls are noted."""
        self.peer.stdin.write(f"{url} {token or '-'} {connections} {SECONDS} {rate} {watched_core}\n")
        self.peer.stdin.flush()
        out = self.peer.stdout.readline().split()
        if not out:
            raise SystemExit("the load generator ended")
        if int(out[4]) or not int(out[0]):
            raise SystemExit(f"{out[4]} calls failed at {url}, {out[0]} did not")
        if watched_core >= 0:
            self.stalls.append((int(out[6]) / (SECONDS + 1), float(out[7]) / (SECONDS + 1), float(out[8])))
        return int(out[0]) / float(out[1]), float(out[2]), float(out[3]), int(out[5]) / (int(out[0]) + int(out[5]))

    def loaded(self, process, url, token, connections=CONNECTIONS, rate=0):
        """As load, with the microseconds of processor time that a call took of `process` in second place; the warm-up counts on both sides."""
        before = cpu_seconds(process.pid)
        served, *rest = self.load(url, token, connections, rate)
        spent = cpu_seconds(process.pid) - before
        return served, spent / (served * (SECONDS + 1)) * 1e6, *rest

    def idle(self):
        """KiB that 1,000 listen streams and 1,000 sessions add, and the whole."""
        before = resident_kib(self.gateway.pid)
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
        listen = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {"_meta": meta, "notifications": {"toolsListChanged": True}}})
        hello = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                            "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "b", "version": "1"}}})
        streams = [self.post(listen, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n") for _ in range(IDLE)]
        sessions = [self.post(hello, "") for _ in range(IDLE)]
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
            head += connection.recv(65536)
        return connection, head

    def change_to_durable(self):
        """In place of the other one: what either still writes would make the other's calls wait."""
        self.gateway.terminate()
        self.gateway.wait(30)
        self.gateway, self.port = self.serve("durable")
        self.through = f"http://127.0.0.1:{self.port}/v1/mcp"

    def stop(self):
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(30)


def one_answer(bench):
    """A benchmark of refusals would look splendid; so one call is looked at."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/data/q3/a"}}}'
    request = urllib.request.Request(bench.through, body, {"Content-Type": "application/json", "Accept": "application/json",
                                                           "Authorization": f"Bearer {bench.token}"})
    if "result" not in json.loads(urllib.request.urlopen(request, timeout=20).read()):
        raise SystemExit("the call is not allowed")


def stalls_seen(rounds):
    """What the machine itself does to the gateway's core, in words, seen while the gateway has nothing to do."""
    if rounds[0][0] < 0:
        return "the machine's stalls were not watched (no right to real-time priority)"
    often, held, longest = zip(*rounds)
    return (f"the machine held the gateway's core, without load, {statistics.median(often):.1f} times a second for more than 0.5 ms, "
            f"{statistics.median(held):.1f} ms in each second, {max(longest):.1f} ms at most")


def main():
    build, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    folder = pathlib.Path(tempfile.mkdtemp(dir=build))
    bench = Bench(build, folder)
    median = statistics.median
    try:
        bench.start()
        one_answer(bench)
        before, after = bench.idle()
        busy = [(bench.loaded(bench.gateway, bench.through, bench.token), bench.loaded(bench.passthrough, bench.between, "")) for _ in range(ROUNDS)]
        capacity, cpu = median(g[0] for g, _ in busy), median(g[1] for g, _ in busy)
        peer_capacity, peer_cpu = median(p[0] for _, p in busy), median(p[1] for _, p in busy)
        half = round(capacity / 2)
        calm = [(bench.loaded(bench.gateway, bench.through, bench.token, 1, half), bench.loaded(bench.passthrough, bench.between, "", 1, half),
                 bench.load(bench.upstream, "", 1, half, watched_core=0)) for _ in range(ROUNDS)]
        through, between, direct = ([median(r[side][i] for r in calm) for i in (-3, -2)] for side in range(3))
        cpu_at_half, peer_cpu_at_half = (median(r[side][1] for r in calm) for side in range(2))
        machine = stalls_seen(bench.stalls)
        bench.change_to_durable()
        durable_half = round(bench.load(bench.through, bench.token, CONNECTIONS)[0] / 2)
        waited = [bench.load(bench.through, bench.token, 1, durable_half) for _ in range(ROUNDS)]
        durable = [median(r[i] for r in waited) for i in (1, 2)]
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    left_out = max(side[-1] for turn in calm for side in turn)
    load = os.getloadavg()[0]
    notes = f"async audit, gateway alone on core 0, medians of {ROUNDS} x {SECONDS} s, load average {load:.1f}"
    at_half = f"{half} calls/s, half of the capacity, up to {left_out:.0%} left out when the generator had no processor; durable audit: {durable_half} calls/s; {machine}; {notes}"

    def beside(figure):
        return {"through": through[figure], "pass-through": between[figure], "direct": direct[figure], "through, durable audit": durable[figure]}

    rows = [("mcp.added_latency_p50", "us", through[0] - direct[0], beside(0), at_half),
            ("mcp.added_latency_p99", "us", through[1] - direct[1], beside(1), at_half),
            ("mcp.cpu_per_call", "us", cpu, {"pass-through": peer_cpu}, notes),
            ("mcp.cpu_per_call_at_half", "us", cpu_at_half, {"pass-through": peer_cpu_at_half},
             f"{cpu_at_half * half / 1e6:.0%} of the core: a call after a sleep costs more than one of many (docs/server.md, \"Latency\"); {at_half}"),
            ("mcp.calls_per_second_per_core", "calls/s", 1e6 / cpu, {"pass-through": 1e6 / peer_cpu, "served": capacity, "pass-through served": peer_capacity},
             "from the processor time of the process; " + notes),
            ("mcp.idle_memory", "KiB", after, {"before": before}, f"{IDLE} listen streams and {IDLE} legacy sessions open")]
    with out.open("a", encoding="utf-8") as file:
        for name, unit, value, peers, settings in rows:
            file.write(json.dumps({"name": name, "unit": unit, "value": round(value, 1),
                                   "peers": {k: round(v, 1) for k, v in peers.items()}, "settings": settings}) + "\n")
    return 0


sys.exit(main())
