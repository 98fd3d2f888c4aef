"""What the gateway adds to an MCP call, and what it costs, beside a bare pass-through on the same HTTP code and beside the
upstream asked directly, in one run.

Usage: mcp_bench.py BUILD OUT.jsonl [OPTIMIZED]. With the folder of `make optimized`, its gateway and its pass-through are measured, and BUILD's
gateway has rounds at full load beside them. Rounds take turns, so that a busy machine is busy for all. Audit in `async` mode, SQLite; then
another gateway in `durable` mode, alone, gives the latency that is stated beside, at half of its own capacity.
Lines of OUT: {"name", "unit", "value", "peers", "settings"}.
"""
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from mcp_processes import CONNECTIONS, IDLE, Bench

ROUNDS, SECONDS = 5, 3


def stalls_seen(rounds):
    """What the machine itself does to the gateway's core, in words, seen while the gateway has nothing to do."""
    if rounds[0][0] < 0:
        return "the machine's stalls were not watched (no right to real-time priority)"
    often, held, longest = zip(*rounds)
    return (f"the machine held the gateway's core, without load, {statistics.median(often):.1f} times a second for more than 0.5 ms, "
            f"{statistics.median(held):.1f} ms in each second, {max(longest):.1f} ms at most")


def main():
    build, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    programs, plain = build / "tests/bench", build / "server/intentgate"
    optimized = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
    measured = [optimized / "intentgate", optimized / "mcp_passthrough"] if optimized else [plain, programs / "mcp_passthrough"]
    folder = pathlib.Path(tempfile.mkdtemp(dir=build))
    bench = Bench(programs, folder, *measured, SECONDS)
    median = statistics.median
    try:
        bench.start()
        bench.allows_calls()
        before, after = bench.idle()
        sides = [(bench.gateway, bench.through, bench.token), (bench.passthrough, bench.between, "")]
        if optimized:
            process, port = bench.serve("async", plain, "plain")
            sides.append((process, f"http://127.0.0.1:{port}/v1/mcp", bench.token))
        busy = [[bench.loaded(*side) for side in sides] for _ in range(ROUNDS)]
        for process, *_ in sides[2:]:   # the latencies are those of one gateway alone
            bench.end(process)
        (capacity, cpu), (peer_capacity, peer_cpu), *as_built = ([median(r[side][i] for r in busy) for i in (0, 1)] for side in range(len(sides)))
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
    build_notes = "code laid out by make optimized, the pass-through's too; " if optimized else ""
    notes = f"{build_notes}async audit, gateway alone on core 0, medians of {ROUNDS} x {SECONDS} s, load average {load:.1f}"
    at_half = f"{half} calls/s, half of the capacity, up to {left_out:.0%} left out when the generator had no processor; durable audit: {durable_half} calls/s; {machine}; {notes}"

    def beside(figure):
        return {"through": through[figure], "pass-through": between[figure], "direct": direct[figure], "through, durable audit": durable[figure]}

    beside_cpu, beside_calls = {"pass-through": peer_cpu}, {"pass-through": 1e6 / peer_cpu, "served": capacity, "pass-through served": peer_capacity}
    for _, plain_cpu in as_built:
        beside_cpu["plain build"], beside_calls["plain build"] = plain_cpu, 1e6 / plain_cpu

    rows = [("mcp.added_latency_p50", "us", through[0] - direct[0], beside(0), at_half),
            ("mcp.added_latency_p99", "us", through[1] - direct[1], beside(1), at_half),
            ("mcp.cpu_per_call", "us", cpu, beside_cpu, notes),
            ("mcp.cpu_per_call_at_half", "us", cpu_at_half, {"pass-through": peer_cpu_at_half},
             f"{cpu_at_half * half / 1e6:.0%} of the core: a call after a sleep costs more than one of many (docs/server.md, \"Latency\"); {at_half}"),
            ("mcp.calls_per_second_per_core", "calls/s", 1e6 / cpu, beside_calls,
             "from the processor time of the process; " + notes),
            ("mcp.idle_memory", "KiB", after, {"before": before}, f"{IDLE} listen streams and {IDLE} legacy sessions open")]
    with out.open("a", encoding="utf-8") as file:
        for name, unit, value, peers, settings in rows:
            file.write(json.dumps({"name": name, "unit": unit, "value": round(value, 1),
                                   "peers": {k: round(v, 1) for k, v in peers.items()}, "settings": settings}) + "\n")
    return 0


sys.exit(main())
