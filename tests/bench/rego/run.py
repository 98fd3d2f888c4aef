"""Measures the Rego engines against each other: run.py BUILD WORK [--only NAME,...] [--peers NAME,...] [--rounds N] [--results FILE].

Every engine is a process that obeys the line protocol of rego_engine.cc. They are pinned to one core and take turns in
short slices, so that all of them see the same machine. Answers are compared before anything is measured. Printed are
medians over the rounds, the spread of ours, and how many times faster ours is than the best of the others."""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys

SLICE_NS = 60e6
SPREAD_LIMIT = 0.30
BYTES_ROWS = ("eq_const", "agent_tool_policy", "big_input_1mb")


class Engine:
    def __init__(self, name, command, core=None):
        self.name = name
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        self.process = subprocess.Popen([*pinned, *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            reply = self.process.stdout.readline().rstrip("\n")
        except BrokenPipeError:
            reply = ""
        return reply or "no answer: the engine is gone"

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def engines(build, work, wanted, core):
    scenarios = os.path.join(work, "scenarios")
    candidates = {
        "intentgate": [os.path.join(build, "tests/bench/rego/rego_engine"), scenarios],
        "opa": [os.path.join(work, "opa_engine"), scenarios],
        "regorus": [os.path.join(work, "regorus_engine"), "tree", scenarios],
        "regorus_rvm": [os.path.join(work, "regorus_engine"), "rvm", scenarios],
        "opa_wasm": ["node", os.path.join(work, "wasm/engine.mjs"), os.path.join(work, "opa"), scenarios, os.path.join(work, "wasm/policies")],
    }
    found = []
    for name, command in candidates.items():
        needed = command[1] if command[0] == "node" else command[0]
        if name != "intentgate" and wanted is not None and name not in wanted:
            continue
        if not os.path.exists(needed) or (name == "opa_wasm" and not os.path.exists(command[2])):
            print(f"{name}: not installed here; its column stays empty")
            continue
        found.append(Engine(name, command, core))
    return found


def normal(answer):
    """Sets come as arrays in an order of the engine's own, numbers as 7 or 7.0."""
    def walk(value):
        if isinstance(value, list):
            return sorted((walk(v) for v in value), key=json.dumps)
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items()}
        if isinstance(value, float) and value == int(value):
            return int(value)
        return value
    return "undefined" if answer == "undefined" else json.dumps(walk(json.loads(answer)), sort_keys=True)


def runs_for_slice(engine, name, mode):
    runs = 1
    while True:
        reply = engine.ask(f"time {name} {mode} {runs}")
        if reply.startswith("no"):
            return 0
        took = int(reply)
        if took >= SLICE_NS / 4 or runs >= 1 << 22:
            return max(1, int(runs * SLICE_NS / max(took, 1)))
        runs *= 4


def able(all_engines, name):
    """The engines that load the scenario and give our answer."""
    good, wanted = [], None
    for engine in all_engines:
        loaded = engine.ask(f"load {name}")
        answer = engine.ask(f"answer {name}") if loaded == "ok" else loaded
        if answer.startswith("no"):
            print(f"  {name}: {engine.name} cannot: {answer[:110]}")
            if engine.name == "intentgate":
                return []
            continue
        if engine.name == "intentgate":
            wanted = normal(answer)
        if normal(answer) == wanted:
            good.append(engine)
        else:
            print(f"  {name}: {engine.name} answers {answer[:80]}, we {wanted[:80]}; not measured")
    return good


def measure(good, name, mode, rounds):
    runs = {engine.name: runs_for_slice(engine, name, mode) for engine in good}
    times = {engine.name: [] for engine in good if runs[engine.name]}
    for _ in range(rounds):
        for engine in good:
            if runs[engine.name]:
                times[engine.name].append(int(engine.ask(f"time {name} {mode} {runs[engine.name]}")) / runs[engine.name])
    return times


def row(name, mode, times, memory):
    medians = {engine: statistics.median(t) for engine, t in times.items()}
    ours = medians.pop("intentgate")
    spread = (max(times["intentgate"]) - min(times["intentgate"])) / ours
    best = min(medians, key=medians.get, default=None)
    ratio = statistics.median(p / o for p, o in zip(times[best], times["intentgate"])) if best else None
    opa = medians["opa"] / ours if "opa" in medians else None
    peers = "  ".join(f"{p} {v:,.0f}" for p, v in sorted(medians.items(), key=lambda i: i[1]))
    noisy = " noisy" if spread > SPREAD_LIMIT else ""
    print(f"{name:<20}{mode:<8}{ours:>13,.0f} ns  +-{spread * 50:>3.0f} %{noisy}  {memory:<16} x{ratio or 0:<7.2f} {peers}", flush=True)
    return {"name": name, "mode": mode, "ns": ours, "peers": medians, "ratio": ratio, "opa": opa, "memory": memory}


def threads(build, work, name, rounds):
    """Evaluations in a second on 1 to 8 threads, of one policy that they share. What they share must not slow them."""
    engine = Engine("intentgate", [os.path.join(build, "tests/bench/rego/rego_engine"), os.path.join(work, "scenarios")])
    engine.ask(f"load {name}")
    runs = runs_for_slice(engine, name, "parsed")
    counts = (1, 2, 4, 8)
    rates = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            rates[count].append(runs * count / int(engine.ask(f"threads {name} {count} {runs}")) * 1e9)
    engine.close()
    medians = {count: statistics.median(rates[count]) for count in counts}
    print(f"{name} on {len(os.sched_getaffinity(0))} cores, evaluations a second: " +
          "  ".join(f"{count} threads {rate:,.0f}" for count, rate in medians.items()))
    return statistics.median(many / one for many, one in zip(rates[counts[-1]], rates[1]))


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else 0.0


def keep(path, figures, count):
    """Puts the figures in place of older ones among the rows that `make bench` has written."""
    rows = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            rows = [row for row in json.load(file) if row["name"] not in figures]
    for figure, (unit, value) in figures.items():
        rows.append({"name": figure, "unit": unit, "value": value, "peers": {}, "settings": f"{count} rows"})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        json.dump(rows, out, indent=1)
        out.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("work")
    parser.add_argument("--only", default="")
    parser.add_argument("--peers")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--results")
    args = parser.parse_args()
    names = subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "scenarios.py"), os.path.join(args.work, "scenarios")],
                           check=True, capture_output=True, text=True).stdout.split()
    if args.only:
        names = [n for n in names if n in args.only.split(",")]
    running = engines(args.build, args.work, None if args.peers is None else args.peers.split(","), args.core)
    print("scenario            mode     ours (median)   spread  bytes, allocs    x best peer; peers in ns")
    rows = []
    for name in names:
        good = able(running, name)
        if good:
            memory = good[0].ask(f"memory {name}").replace(" ", " B, ")
            for mode in ("parsed", "bytes") if name in BYTES_ROWS else ("parsed",):
                rows.append(row(name, mode, measure(good, name, mode, args.rounds), memory))
        for engine in running:
            engine.ask(f"drop {name}")
    for engine in running:
        engine.close()
    ratios = [r["ratio"] for r in rows if r["ratio"]]
    opa = [r["opa"] for r in rows if r["opa"]]
    agent = [r["ns"] for r in rows if r["name"] == "agent_tool_policy" and r["mode"] == "parsed"]
    figures = {"rego.geomean_vs_best_peer": ("x", geomean(ratios)), "rego.worst_vs_best_peer": ("x", min(ratios, default=0.0)),
               "rego.geomean_vs_opa": ("x", geomean(opa)), "rego.agent_tool_policy": ("ns", agent[0] if agent else 0.0)}
    if "agent_tool_policy" in names:
        figures["rego.threads_8_vs_1"] = ("x", threads(args.build, args.work, "agent_tool_policy", args.rounds))
    for figure, (unit, value) in figures.items():
        print(f"{figure} {unit} {value:.3f}")
    if args.results and not args.only:
        keep(args.results, figures, len(rows))


if __name__ == "__main__":
    main()
