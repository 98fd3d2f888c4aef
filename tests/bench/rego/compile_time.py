"""Compile time of a large policy: compile_time.py BUILD WORK [--modules N] [--lines N] [--rounds N] [--results FILE].

Generates the modules (modules.py), then compiles them in turns with `opa check`, each in a process of its own, and prints the
median of wall and processor seconds and the largest resident memory of each."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
from run import keep  # noqa: E402


def run(command):
    """Wall seconds, processor seconds, resident bytes."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit("%s failed: %s" % (command[0], errors.decode()[:500]))
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("work")
    parser.add_argument("--modules", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "modules.py"), folder, str(args.modules), str(args.lines)],
                              check=True, capture_output=True, text=True).stdout.strip()
        engines = {"intentgate": [os.path.join(args.build, "tests/bench/rego/rego_compile"), folder]}
        if os.path.exists(os.path.join(args.work, "opa")):
            engines["opa check"] = [os.path.join(args.work, "opa"), "check", folder]
        runs = {name: [] for name in engines}
        for _ in range(args.rounds):
            for name, command in engines.items():
                runs[name].append(run(command))
    print("compiling %s, median of %d rounds:" % (made, args.rounds))
    medians = {name: [statistics.median(column) for column in zip(*taken)] for name, taken in runs.items()}
    for name, (wall, cpu, memory) in medians.items():
        print("  %-12s %6.2f s  %6.2f s of processor  %5.0f MiB" % (name, wall, cpu, memory / (1 << 20)))
    figures = {"rego.compile_1000_modules": ("s", medians["intentgate"][0]), "rego.compile_memory": ("MiB", medians["intentgate"][2] / (1 << 20))}
    if "opa check" in medians:
        ratio = statistics.median(b[1] / a[1] for a, b in zip(runs["intentgate"], runs["opa check"]))
        print("  x%.1f of opa check in processor time" % ratio)
        figures["rego.compile_vs_opa"] = ("x", ratio)
    if args.results:
        keep(args.results, figures, args.modules)


if __name__ == "__main__":
    main()
