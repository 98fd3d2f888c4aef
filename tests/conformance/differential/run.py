"""Asks the engine and OPA the same of generated requests, and reports where they differ.

  run.py RUNNER ORACLE CAPABILITIES COUNT [--seed N] [--only policies|calls|modules|queries]

RUNNER is rego_case, ORACLE the Go program of tests/conformance/go; both answer one line for each line. CAPABILITIES is OPA's own
list of builtins. A seeded generator draws the requests, so a number names one for ever. What may differ is in
differences.json, each with its reason. Closes with `N compared, N different, N allowed`.
"""
import argparse
import collections
import json
import math
import pathlib
import random
import re
import sys

import calls
import engines
import modules
import policies
import queries

BATCH = 500


class Generator:
    """Most requests are policies; the others try one part of the language each."""

    def __init__(self, capabilities, only):
        self.table = calls.load(capabilities)
        self.only = only

    def make(self, seed):
        rng = random.Random(seed)
        kind = self.only or rng.choices(["policies", "calls", "modules", "queries"], [50, 30, 12, 8])[0]
        made = {"policies": policies.make, "calls": lambda r: calls.make(r, self.table), "modules": modules.make, "queries": queries.make}[kind](rng)
        return {"kind": kind, **made}


def outcome(answer):
    if "error" in answer:
        found = engines.CODE.search(answer["error"])
        return "error %s" % (found.group(0) if found else answer["error"])
    return json.dumps([engines.plain(b) for b in answer.get("bindings") or []], sort_keys=True)


def pieces(request, ours, theirs):
    """(text, our outcome, OPA's) of each rule that differs, or of the request as a whole."""
    text = "\n".join(request["modules"]) + "\n" + request["query"]
    if "error" not in ours and "error" not in theirs and len(request["modules"]) == 1 and request["query"] == policies.QUERY:
        a, b = ([engines.plain(row["x"]) for row in answer.get("bindings") or []] for answer in (ours, theirs))
        if len(a) == len(b) == 1 and isinstance(a[0], dict) and isinstance(b[0], dict):
            rules = collections.defaultdict(list)
            for line in request["modules"][0].splitlines():
                rules[re.split(r"\W", line.removeprefix("default "), maxsplit=1)[0]].append(line)
            missing = object()  # null is a value
            differing = [k for k in sorted(set(a[0]) | set(b[0])) if a[0].get(k, missing) != b[0].get(k, missing)]
            return [("\n".join(rules[k]), *(json.dumps(side[k], sort_keys=True) if k in side else "undefined" for side in (a[0], b[0]))) for k in differing]
    return [(text, outcome(ours), outcome(theirs))]


def close(a, b):
    """The same but for the last digits of numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        if "#" in a and "#" in b:
            return math.isclose(float(a["#"]), float(b["#"]), rel_tol=1e-15)
        return a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return a == b


def same_but_for_digits(ours, theirs):
    sides = [side for side in (ours, theirs) if not side.startswith(("error", "undefined"))]
    return len(sides) == 2 and close(json.loads(ours), json.loads(theirs))


def without_order(text):
    """"must be one of {number, set}" names the same kinds in any order."""
    return re.sub(r"\{[a-z, ]+\}", lambda m: ",".join(sorted(m.group(0)[1:-1].split(", "))), text)


def code(text):
    return re.split(r"[ :]", text)[:2] if text.startswith("error ") else text


class Allowed:
    """differences.json: each entry has regular expressions of the rule or query (text), of the modules (request) and of both answers."""

    def __init__(self, path):
        self.entries = json.loads(path.read_text(encoding="utf-8"))
        self.used = collections.Counter()
        for entry in self.entries:
            entry["matchers"] = [re.compile(entry.get(part, ""), re.S) for part in ("text", "ours", "opa", "request")]

    def explains(self, request, piece):
        kind, whole = request["kind"], "\n".join(request["modules"])
        for entry in self.entries:
            text, ours, opa, anywhere = entry["matchers"]
            fits = (text.search(piece[0]), ours.match(piece[1]), opa.match(piece[2]), anywhere.search(whole))
            if entry.get("but_for_digits") and not same_but_for_digits(piece[1], piece[2]):
                continue
            if entry.get("same_code") and code(piece[1]) != code(piece[2]):
                continue
            if kind in entry.get("kinds", [kind]) and all(fits):
                self.used[entry["reason"]] += 1
                return True
        return False


def report(seed, request, different):
    print("seed %d (%s)\n%s\nquery %s\ninput %s\ndata %s" % (
        seed, request["kind"], "\n".join(request["modules"]), request["query"], json.dumps(request["input"], ensure_ascii=False), json.dumps(request["data"])))
    for text, ours, theirs in different:
        print("  %s\n  ours %s\n  opa  %s" % (text[-300:], ours[:600], theirs[:600]))
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner")
    parser.add_argument("oracle")
    parser.add_argument("capabilities")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--show", type=int, default=10)
    args = parser.parse_args()
    generator = Generator(args.capabilities, args.only)
    allowed = Allowed(pathlib.Path(__file__).parent / "differences.json")
    runner, oracle = engines.Engine(args.runner), engines.Engine(args.oracle)
    compared = different = explained = refused = 0
    for start in range(args.seed, args.seed + args.count, BATCH):
        seeds = range(start, min(start + BATCH, args.seed + args.count))
        requests = [generator.make(seed) for seed in seeds]
        for seed, request, ours, theirs in zip(seeds, requests, *engines.ask_both(runner, oracle, requests)):
            compared += 1
            a, b = engines.result(ours, request["strict"]), engines.result(theirs, request["strict"])
            refused += a == b == ("error", "compile", "")
            if a == b or (a[:2] == b[:2] and a[0] == "error" and without_order(a[2]) == without_order(b[2])):
                continue
            left = [p for p in pieces(request, ours, theirs) if not allowed.explains(request, p)]
            explained += not left
            different += bool(left)
            if left and different <= args.show:
                report(seed, request, left)
    for reason, count in allowed.used.most_common():
        print("%6d allowed: %s" % (count, reason))
    print("%d compared (%d refused by both compilers), %d different, %d allowed" % (compared, refused, different, explained))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
