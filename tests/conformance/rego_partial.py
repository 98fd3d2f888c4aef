"""Evaluates generated policies whole and in part, and compares.

  rego_partial.py RUNNER COUNT [--seed N] [--oracle PROGRAM]

For each policy of rego_differential.py and a random split of its input and data into a known and an unknown part: what partial evaluation leaves,
evaluated with the unknown part alone, must answer as the policy does with everything. With --oracle, OPA evaluates what is left as
well. Closes with `N compared, N different, N refused`; refused are those that partial evaluation says it cannot do.
"""
import argparse
import collections
import json
import random
import sys

from rego_differential import ask, canonical, make

BATCH = 250
PLACES = ["input", "input.a", "input.b", "input.s", "input.t", "input.xs", "input.o", "input.o.k", "data.d.n", "data.d.list", "data.d.map", "data.d"]
MAX_REFUSED = 0.2  # more than this share means that partial evaluation gave up where it need not


def split(rng, document, prefix, unknowns):
    """The known and the unknown part of a document."""
    known, unknown = {}, {}
    for name, value in document.items():
        path = prefix + "." + name
        if any(path == u or path.startswith(u + ".") for u in unknowns):
            unknown[name] = value
        elif any(u.startswith(path + ".") for u in unknowns):
            if not isinstance(value, dict):
                return None
            inner = split(rng, value, path, unknowns)
            if inner is None:
                return None
            known[name], unknown[name] = inner
        else:
            known[name] = value
    return known, unknown


def case(seed):
    """The whole request, the partial one, and the documents that are left; None where the split cannot be."""
    rng = random.Random("partial %d" % seed)
    request = make(seed)
    unknowns = rng.choice([["input"], rng.sample(PLACES[1:], 1), rng.sample(PLACES[1:], 2), ["input", "data.d.list"], ["data.d"]])
    rules = [line.split("(")[0].split("[")[0].split()[0] for line in request["modules"][0].splitlines()[2:] if not line.startswith("default")]
    functions = [line.split("(")[0] for line in request["modules"][0].splitlines()[2:] if "(x) :=" in line]
    names = sorted(set(r for r in rules if r not in functions))
    query = "data.p = x"
    if names and rng.random() < 0.8:
        name = rng.choice(names)
        query = rng.choice(["data.p.%s = x", "x = true; data.p.%s", "x = true; not data.p.%s", "x = 1; data.p.%s == 1", "data.p.%s[y] = x"]) % name
    request["query"] = query
    parts = []
    for root, document in (("input", request["input"]), ("data", request["data"])):
        parts.append(({}, document) if root in unknowns else split(rng, document, root, unknowns))
    if None in parts:
        return None
    (known_input, left_input), (known_data, left_data) = parts
    partial = dict(request, input=known_input, data=known_data, partial={"unknowns": unknowns, "shallow_inlining": rng.random() < 0.1})
    if rng.random() < 0.2 and names:
        partial["partial"]["disable_inlining"] = ["data.p." + rng.choice(names)]
    return request, partial, left_input, left_data


def rest(partial, left_input, left_data, answer):
    """A request for what partial evaluation left: the queries are the ways of one rule's set of answers."""
    ways = ["answers contains x if {\n%s\n}" % query for query in answer["queries"]]
    module = "package holds\n\n" + "\n\n".join(ways) + "\n"
    return {"query": "data.holds.answers = x" if ways else "x = []", "modules": answer["modules"] + [module], "input": left_input, "data": left_data, "strict": False}


def verdict(answer, whole):
    if "error" in answer:
        return ("error", "compile" if answer["error_code"].startswith("rego_") else answer["error_code"])
    values = [b.get("x") for b in answer.get("bindings") or []]
    if not whole:
        values = values[0] if values else []
    return ("ok", sorted(set(canonical([json.dumps(v, sort_keys=True) for v in values]))))


def compare(whole, left):
    """An error of the whole may only go away where nothing is answered then."""
    if whole[0] == "error" or left[0] == "error":
        return whole[0] == left[0] == "error"
    return whole[1] == left[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle")
    parser.add_argument("--show", type=int, default=5)
    args = parser.parse_args()
    compared = different = refused = broken = 0
    reasons = collections.Counter()
    for start in range(args.seed, args.seed + args.count, BATCH):
        cases = [(seed, case(seed)) for seed in range(start, min(start + BATCH, args.seed + args.count))]
        cases = [(seed, c) for seed, c in cases if c is not None]
        wholes = [verdict(a, True) for a in ask(args.runner, [c[0] for _, c in cases])]
        partials = ask(args.runner, [c[1] for _, c in cases])
        todo = []
        for (seed, c), whole, partial in zip(cases, wholes, partials):
            if whole[0] == "error":
                broken += 1  # a policy that does not compile, or ends in an error: nothing to compare
            elif "error" in partial:
                refused += 1
                reasons[partial["error"].split(":", 3)[-1][:90]] += 1
                if partial["error_code"] not in ("rego_partial_error", "eval_conflict_error", "eval_limit_error"):
                    different += 1
                    print("seed %d: %s\n%s" % (seed, partial["error"], c[0]["modules"][0]))
            else:
                todo.append((seed, c, whole, partial, rest(c[1], c[2], c[3], partial)))
        for engine in [args.runner] + ([args.oracle] if args.oracle else []):
            for (seed, c, whole, partial, request), answer in zip(todo, ask(engine, [t[4] for t in todo])):
                compared += 1
                left = verdict(answer, False)
                if compare(whole, left):
                    continue
                different += 1
                if different <= args.show:
                    print("seed %d, %s\n%s\nquery %s\npartial %s\ninput %s\ndata %s\nwhole %s\nleft  %s %s\n%s" % (
                        seed, engine.rsplit("/", 1)[-1], c[0]["modules"][0], c[0]["query"], json.dumps(c[1]["partial"]), json.dumps(c[0]["input"]), json.dumps(c[0]["data"]),
                        whole, left, answer.get("error", "")[:300], "\n".join(request["modules"])))
    print("%d compared, %d different, %d refused, %d without an answer" % (compared, different, refused, broken))
    for reason, count in reasons.most_common():
        print("  refused %d times: %s" % (count, reason))
    if compared == 0 or refused > MAX_REFUSED * (compared + refused):
        print("too few were evaluated in part")
        return 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
