"""Calls through the gateway next to the same upstream without it, in one run.

Usage: gateway_bench.py BUILD OUT.jsonl. Needs wrk. The load, the gateway and the upstream share the machine; what
counts is the ratio of the two rows. Lines of OUT: {"name", "unit", "value", "peers", "settings"}.

Gateway and upstream have one thread each and share core 0, wrk has core 1, so "per core" is one core for both halves
of the server side; `direct` is the upstream alone on core 0.
"""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROUNDS, SECONDS = 3, 4
BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": "read_file", "arguments": {"path": "/data/q3/report.csv"}}})


def pinned(core, *args, **kwargs):
    return subprocess.Popen(["taskset", "-c", str(core), *args], text=True, **kwargs)


def script(folder: pathlib.Path, token: str) -> pathlib.Path:
    path = folder / "call.lua"
    path.write_text(
        f'wrk.method = "POST"\nwrk.body = {json.dumps(BODY)}\n'
        'wrk.headers["Content-Type"] = "application/json"\nwrk.headers["Accept"] = "application/json"\n'
        + (f'wrk.headers["Authorization"] = "Bearer {token}"\n' if token else "")
        + 'done = function(summary, latency)\n'
        '  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), '
        'latency:percentile(99), summary.errors.status + summary.errors.connect + summary.errors.read))\nend\n')
    return path


def load(url: str, lua: pathlib.Path, connections: int):
    """One round: (requests per second, p50 us, p99 us)."""
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", str(lua), url],
                         capture_output=True, text=True, check=True).stdout
    requests, duration, p50, p99, errors = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", out).groups())
    if errors or not requests:
        raise SystemExit(f"{errors} of {requests} requests failed at {url}:\n{out}")
    return requests / (duration / 1e6), p50, p99


def wait_ready(url: str, process: subprocess.Popen) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the gateway ended: " + process.stderr.read())
            time.sleep(0.05)
    raise SystemExit("the gateway did not become ready")


def one_answer(url: str, token: str) -> None:
    """A benchmark of refusals would look splendid; so one call is looked at."""
    request = urllib.request.Request(url, BODY.encode(), {"Content-Type": "application/json", "Accept": "application/json",
                                                          "Authorization": f"Bearer {token}"})
    answer = json.loads(urllib.request.urlopen(request, timeout=5).read())
    if "result" not in answer:
        raise SystemExit(f"the call is not allowed: {answer}")


def main() -> int:
    build, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    if not shutil.which("wrk"):
        print("gateway_bench: wrk is not installed; skipped", file=sys.stderr)
        return 0
    binary = build / "server/intentgate"
    folder = pathlib.Path(tempfile.mkdtemp(dir=build))
    upstream = pinned(0, str(build / "tests/bench/mcp_upstream"), "127.0.0.1:0", "1", stdout=subprocess.PIPE)
    port = upstream.stdout.readline().strip()
    subprocess.run([binary, "keygen", "--out", folder / "keys"], check=True, capture_output=True)
    (folder / "policy.rego").write_text('package intentgate.policy\nimport rego.v1\n'
                                        'default decision := {"allow": false, "reason": "no"}\n'
                                        'decision := {"allow": true, "reason": "read"} if startswith(input.tool, "read_")\n')
    (folder / "intentgate.yaml").write_text(
        f"listen: {{address: 127.0.0.1:18099, threads: 1}}\nupstream: {{name: bench, url: http://127.0.0.1:{port}/mcp}}\n"
        "keys: {file: keys}\nstore: {kind: sqlite, sqlite_path: bench.db}\npolicy: {files: [policy.rego]}\n"
        "audit: {durability: durable}\nlog: {level: warn}\n")
    gateway = pinned(0, str(binary), "serve", "--config", str(folder / "intentgate.yaml"), stderr=subprocess.PIPE,
                     stdout=subprocess.DEVNULL)
    try:
        wait_ready("http://127.0.0.1:18099/readyz", gateway)
        token = subprocess.run([binary, "mint", "--keys", folder / "keys", "--subject", "bench", "--ttl", "1h", "--tools",
                                "read_file", "--where", "/path subpath /data"],
                               check=True, capture_output=True, text=True).stdout.strip()
        through, direct = "http://127.0.0.1:18099/v1/mcp", f"http://127.0.0.1:{port}/mcp"
        one_answer(through, token)
        # taskset replaces itself by the gateway, so its process id is the gateway's.
        rss = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{gateway.pid}/status").read_text())[1])
        bare_folder = folder / "bare"
        bare_folder.mkdir()
        lua, bare = script(folder, token), script(bare_folder, "")
        rows = {}
        for connections in (1, 64):
            rounds = [(load(through, lua, connections), load(direct, bare, connections)) for _ in range(ROUNDS)]
            rows[connections] = [[statistics.median(r[side][i] for r in rounds) for i in range(3)] for side in (0, 1)]
    finally:
        gateway.terminate()
        gateway.wait(20)
        upstream.kill()
        shutil.rmtree(folder, ignore_errors=True)
    gate64, direct64 = rows[64]
    gate1, direct1 = rows[1]
    settings = f"SQLite synchronous=FULL, durable audit, gateway and upstream on one core, median of {ROUNDS} x {SECONDS} s"
    results = [
        ("gateway.allowed_calls_per_second", "calls/s", gate64[0], {"direct": direct64[0]}, settings + ", 64 connections"),
        ("gateway.p50_64", "us", gate64[1], {"direct": direct64[1]}, "64 connections"),
        ("gateway.p99_64", "us", gate64[2], {"direct": direct64[2]}, "64 connections"),
        ("gateway.added_latency_p50", "us", gate1[1] - direct1[1], {"through": gate1[1], "direct": direct1[1]}, "1 connection"),
        ("gateway.added_latency_p99", "us", gate1[2] - direct1[2], {"through": gate1[2], "direct": direct1[2]}, "1 connection"),
        ("gateway.idle_rss", "KiB", rss, {}, "after one call"),
    ]
    with out.open("a", encoding="utf-8") as file:
        for name, unit, value, peers, note in results:
            row = {"name": name, "unit": unit, "value": round(value, 1), "peers": peers, "settings": note}
            file.write(json.dumps(row) + "\n")
    return 0


sys.exit(main())
