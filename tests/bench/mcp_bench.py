"""What the gateway adds to an MCP call, and what it costs, beside a bare pass-through on the same HTTP code and beside the
upstream asked directly, in one run.

Usage: mcp_bench.py BUILD OUT.jsonl [OPTIMIZED]. With the folder of `make optimized`, its gateway and its pass-through are measured, and BUILD's
gateway has rounds at full load beside them. Rounds take turns, so that a busy machine is busy for all. Audit in `async` mode, SQLite; then
another gateway in `durable` mode, alone, gives the latency that is stated beside, at half of its own capacity.

The gateway is to have one core. What other processes take of it, an agent of the machine say, is watched, and the latencies are those of the calls that did
not wait behind them; "whole" has all calls, and is what is added without the right to watch.
Lines of OUT: {"name", "unit", "value", "peers", "settings"}.
"""
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from mcp_processes import IDLE, Bench

ROUNDS, SECONDS = 5, 3


def stalls_seen(rounds):
    """What the machine itself does to the gateway's core, in words, seen while the gateway has nothing to do."""
    if not rounds[0].stalls:
        return "the machine's stalls were not watched (no right to real-time priority)"
    often, held, longest = zip(*(r.stalls for r in rounds))
    return (f"the machine held the gateway's core, without load, {statistics.median(often):.1f} times a second for more than 0.5 ms, "
            f"{statistics.median(held):.1f} ms in each second, {max(longest):.1f} ms at most")


def others_seen(rounds):
    """Who else had the gateway's core while it was measured, and what became of the calls."""
    if not all(r.watched for r in rounds):
        return "others on the gateway's core were not watched (no right to), so calls that waited behind them are in the figures"
    times = {}
    for r in rounds:
        for name, millis in r.others.items():
            times[name] = times.get(name, 0) + millis / len(rounds)
    longest = ", ".join(f"{name} {millis:.1f}" for name, millis in sorted(times.items(), key=lambda item: -item[1])[:4])
    return (f"others had the gateway's core for {sum(times.values()):.1f} ms in each second ({longest or 'nobody'}), and the "
            f"{statistics.median(r.waited for r in rounds):.1%} of the calls that waited behind them are in \"whole\" only")


def medians(rounds, *figures):
    return [statistics.median(getattr(r, figure) for r in rounds) for figure in figures]


def main():
    build, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    programs, plain = build / "tests/bench", build / "server/intentgate"
    optimized = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
    measured = [optimized / "intentgate", optimized / "mcp_passthrough"] if optimized else [plain, programs / "mcp_passthrough"]
    folder = pathlib.Path(tempfile.mkdtemp(dir=build))
    bench = Bench(programs, folder, *measured, SECONDS)
    try:
        bench.start()
        bench.allows_calls()
        before, after = bench.idle()
        sides = [(bench.gateway, bench.through, bench.token), (bench.passthrough, bench.between, "")]
        if optimized:
            process, port = bench.serve("async", plain, "plain")
            sides.append((process, f"http://127.0.0.1:{port}/v1/mcp", bench.token))
        busy = list(zip(*([bench.load(url, token, process=process) for process, url, token in sides] for _ in range(ROUNDS))))
        for process, *_ in sides[2:]:   # the latencies are those of one gateway alone
            bench.end(process)
        capacity, cpu = medians(busy[0], "served", "cpu")
        peer_capacity, peer_cpu = medians(busy[1], "served", "cpu")
        half = round(capacity / 2)
        through, between, direct = zip(*((bench.load(bench.through, bench.token, 1, half, bench.gateway), bench.load(bench.between, "", 1, half, bench.passthrough),
                                          bench.load(bench.upstream, "", 1, half, watch_stalls=True)) for _ in range(ROUNDS)))
        bench.change_to_durable()
        durable_half = round(bench.load(bench.through, bench.token).served / 2)
        durable = [bench.load(bench.through, bench.token, 1, durable_half, bench.gateway) for _ in range(ROUNDS)]
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    left_out = max(r.left_out for r in through + between + direct)
    load = os.getloadavg()[0]
    build_notes = "code laid out by make optimized, the pass-through's too; " if optimized else ""
    notes = f"{build_notes}async audit, gateway alone on core 0, medians of {ROUNDS} x {SECONDS} s, load average {load:.1f}"
    at_half = (f"{half} calls/s, half of the capacity, up to {left_out:.0%} left out when the generator had no processor; {others_seen(through)}; "
               f"durable audit: {durable_half} calls/s; {stalls_seen(direct)}; {notes}")

    def beside(figure):
        whole = figure.removeprefix("alone_")
        (mine, mine_whole), (peer,), (bare,), (kept,) = (medians(*asked) for asked in (
            (through, figure, whole), (between, figure), (direct, whole), (durable, figure)))
        return mine - bare, {"through": mine, "pass-through": peer, "direct": bare, "through, durable audit": kept, "whole": mine_whole - bare}

    beside_cpu, beside_calls = {"pass-through": peer_cpu}, {"pass-through": 1e6 / peer_cpu, "served": capacity, "pass-through served": peer_capacity}
    for rounds in busy[2:]:
        plain_cpu, = medians(rounds, "cpu")
        beside_cpu["plain build"], beside_calls["plain build"] = plain_cpu, 1e6 / plain_cpu
    (cpu_at_half,), (peer_cpu_at_half,) = medians(through, "cpu"), medians(between, "cpu")

    rows = [("mcp.added_latency_p50", "us", *beside("alone_p50"), at_half),
            ("mcp.added_latency_p99", "us", *beside("alone_p99"), at_half),
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
