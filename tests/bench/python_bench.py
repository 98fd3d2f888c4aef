"""The Python package beside the public SDK and tenuo, in one process and one run.

Usage: python_bench.py LINES. Wants libintentgate on PYTHONPATH and tests/bench/requirements.txt installed. Lines of the file:
{"name", "unit", "value", "peers", "settings"}; the row of token_bench that the verify overhead is taken from is read from it.

A batch takes some 50 us and the median batch counts, so that one that was preempted does not.
"""
import json
import logging
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import intentgate
import tenuo

import libintentgate as ig

BATCH_NS = 50_000
BATCHES = 2000
IMPORT_ROUNDS = 21
POLICY = ('package intentgate.policy\nimport rego.v1\ndefault decision := {"allow": false, "reason": "no"}\n'
          'decision := {"allow": true, "reason": "read"} if startswith(input.tool, "read_")\n')
ARGS = {"path": "/data/q3/report.csv"}


def micros(work) -> float:
    """Microseconds of one call."""
    for _ in range(100):
        work()
    started = time.perf_counter_ns()
    work()
    size = max(1, BATCH_NS // max(1, time.perf_counter_ns() - started))
    took = []
    for _ in range(BATCHES):
        started = time.perf_counter_ns()
        for _ in range(size):
            work()
        took.append((time.perf_counter_ns() - started) / size)
    return statistics.median(took) / 1000


def import_millis(modules) -> dict:
    """Milliseconds (wall clock, CPU) that a process takes longer with each import than without, interleaved, medians."""
    codes = {"": "pass", **{module: f"import {module}" for module in modules}}
    wall, cpu = {module: [] for module in codes}, {module: [] for module in codes}
    for _ in range(IMPORT_ROUNDS):
        for module, code in codes.items():
            started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            wall[module].append(time.perf_counter() - started)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu[module].append(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
    return {module: tuple((statistics.median(of[module]) - statistics.median(of[""])) * 1000 for of in (wall, cpu))
            for module in modules}


def imports():
    names = ["libintentgate", "libintentgate.client", "intentgate", "tenuo"]
    took = import_millis(names)
    how = f"above an empty interpreter, interleaved, medians of {IMPORT_ROUNDS}"
    for index, (suffix, kind) in enumerate((("", "wall clock"), ("_cpu", "CPU time"))):
        peers = {name: took[name][index] for name in names[2:]}
        yield f"sdk.python.import{suffix}", "ms", took["libintentgate"][index], peers, f"{kind} {how}"
        yield f"sdk.python.import_client{suffix}", "ms", took["libintentgate.client"][index], {}, f"{kind} {how}"


def attenuation(keys):
    """Caveats are made within the measured call, on both sides."""
    narrow = [ig.tools("read_file", "write_file")]
    v5, v3 = ig.mint(keys, "agent-7", narrow).token, ig.mint(keys, "agent-7", narrow, format=3, ttl=3600).token
    theirs = micros(lambda: intentgate.attenuate(v3, max_calls=3))
    for suffix, token, settings in (("", v5, "v5, the public SDK v3"), ("_v3", v3, "both v3")):
        ours = micros(lambda: ig.attenuate(token, [ig.max_calls(3)]))
        yield f"sdk.python.attenuate{suffix}", "us", ours, {"intentgate": theirs}, f"one caveat; {settings}"
    theirs = micros(lambda: intentgate.attenuate(v3, add_tools=["read_file"], max_calls=1))
    for suffix, token, settings in (("", v5, "v5, the public SDK v3"), ("_v3", v3, "both v3")):
        ours = micros(lambda: ig.attenuate(token, [ig.tools("read_file"), ig.max_calls(1)]))
        yield f"sdk.python.attenuate_two{suffix}", "us", ours, {"intentgate": theirs}, f"two caveats; {settings}"


def verification(keys, native_us):
    root = ig.mint(keys, "finance-copilot", [ig.tools("read_invoice", "list_invoices"), ig.max_calls(50),
                                             ig.where("/path", subpath="/data/q3", tool="read_invoice")]).token
    token = ig.attenuate(root, [ig.tools("read_invoice"), ig.max_calls(3)])
    genuine, whole = micros(lambda: ig.is_genuine(token, keys)), micros(lambda: ig.verify(token, keys))
    for name, value in (("is_genuine", genuine), ("verify", whole)):
        peers = {"C++": native_us} if native_us else {}
        yield f"sdk.python.{name}", "us", value, peers, "v5, 5 caveats"
        if native_us:
            yield f"sdk.python.{name}_overhead", "us", value - native_us, {}, "above C++ in the same run"


def decisions(keys):
    token = ig.mint(keys, "agent-7", [ig.tools("read_file"), ig.where("/path", subpath="/data")]).token
    with ig.Gate(keys=keys, policy={"policy.rego": POLICY}, store="memory", audit="async") as gate:
        gate.authorize("read_file", ARGS, token).require()
        ours = micros(lambda: gate.authorize("read_file", ARGS, token))
    key = tenuo.SigningKey.generate()
    warrant = tenuo.Warrant.mint_builder().capability("read_file", path=tenuo.Subpath("/data")).holder(key.public_key).ttl(3600).mint(key)
    bound = warrant.bind(key, trusted_roots=[key.public_key])
    if not bound.validate("read_file", ARGS) or bound.validate("read_file", {"path": "/etc"}):
        raise SystemExit("tenuo does not decide as it should")
    theirs = micros(lambda: bound.validate("read_file", ARGS))
    yield ("sdk.python.authorize_per_second", "1/s", 1e6 / ours, {"tenuo": 1e6 / theirs},
           "one thread; ours with policy, budget and chain (memory, async); tenuo.BoundWarrant.validate")


def main() -> int:
    logging.disable(logging.CRITICAL)
    lines = pathlib.Path(sys.argv[1])
    known = {row["name"]: row["value"] for row in map(json.loads, lines.read_text().splitlines())} if lines.exists() else {}
    keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
    rows = [*imports(), *attenuation(keys), *verification(keys, known.get("token.verify_v5_5_caveats_cold")), *decisions(keys)]
    with lines.open("a", encoding="utf-8") as out:
        for name, unit, value, peers, settings in rows:
            peers = {peer: round(number, 3) for peer, number in peers.items()}
            out.write(json.dumps({"name": name, "unit": unit, "value": round(value, 3), "peers": peers, "settings": settings}) + "\n")
    return 0


sys.exit(main())
