"""Evaluates generated policies whole and in part, and compares.

  partial.py RUNNER COUNT [--seed N] [--oracle PROGRAM]

For each policy of policies.py, and as many over few values, and a random split of its input and data into a known and an unknown part: what partial evaluation leaves,
evaluated with the unknown part alone, must answer as the policy does with everything. With --oracle, OPA evaluates what is left as
well. Closes with `N passed, N failed`; refused are those that partial evaluation says it cannot do.
"""
import argparse
import collections
import json
import random
import re
import sys

import engines
import policies
import run

BATCH = 250
SMALL_PLACES = ["input", "input.a", "input.b", "input.c", "input.xs", "input.ys", "input.o", "data.d.x", "data.d.list", "data.d.map"]
PLACES = ["input", "input.a", "input.b", "input.s", "input.t", "input.xs", "input.o", "input.o.k", "data.d.n", "data.d.list", "data.d.map", "data.d"]
MAX_REFUSED = 0.2  # more than this share means that partial evaluation gave up where it need not


class Small:
    """A policy over few values, whose rules read each other: most of it holds for some inputs and not for others."""

    FIELDS = ["input.a", "input.b", "input.c", "data.d.x", "data.d.y"]
    LISTS = ["input.xs", "input.ys", "data.d.list", "data.d.map", "input.o"]

    def __init__(self, rng):
        self.rng = rng
        self.complete, self.sets, self.objects, self.functions, self.fresh = [], [], [], [], 0

    def value(self, scope):
        return self.rng.choice(["1", "2", "3", "true", "false"] + self.FIELDS * 2 + scope * 4 + self.complete)

    def atom(self, scope):
        r, v = self.rng, lambda: self.value(scope)
        some = [
            lambda: "%s %s %s" % (v(), r.choice(["==", "==", "=", "!=", "<", ">="]), v()), lambda: v(), lambda: "%s in %s" % (v(), r.choice(self.LISTS)),
            lambda: "not %s" % v(), lambda: "not %s == %s" % (v(), v()), lambda: "not %s > %s" % (v(), v()), lambda: "%s[%s] == %s" % (r.choice(self.LISTS), v(), v()),
            lambda: "%s[_] == %s" % (r.choice(self.LISTS), v()), lambda: "every e in %s { e != %s }" % (r.choice(self.LISTS), v()),
            lambda: "count([1 | %s]) == %s" % (self.body(list(scope), 2), r.choice("0123")), lambda: "%s with input.a as %s" % (self.atom(scope), r.choice("12")),
            lambda: "%s with data.d.x as %s" % (self.atom(scope), r.choice("12")),
        ]
        if self.complete:
            some += [lambda: "%s == %s" % (r.choice(self.complete), v()), lambda: "not %s" % r.choice(self.complete), lambda: r.choice(self.complete)] * 2
        if self.sets:
            some += [lambda: "%s[%s]" % (r.choice(self.sets), v()), lambda: "count(%s) == %s" % (r.choice(self.sets), r.choice("012")), lambda: "not %s[%s]" % (r.choice(self.sets), v())]
        if self.objects:
            some += [lambda: "%s[%s] == %s" % (r.choice(self.objects), v(), v()), lambda: "count(%s) == %s" % (r.choice(self.objects), r.choice("012"))]
        if self.functions:
            some += [lambda: "%s(%s) == %s" % (r.choice(self.functions), v(), v()), lambda: "not %s(%s)" % (r.choice(self.functions), v())] * 2
        return r.choice(some)()

    def body(self, scope, count):
        out = []
        for _ in range(self.rng.randint(1, count)):
            kind = self.rng.random()
            if kind < 0.7:
                out.append(self.atom(scope))
                continue
            self.fresh += 1
            name = "v%d" % self.fresh
            source = self.rng.choice(self.LISTS + self.sets)
            out.append("%s := %s" % (name, self.value(scope)) if kind < 0.82 else "some %s in %s" % (name, source) if kind < 0.92 else "%s[%s]" % (source, name))
            scope.append(name)
        return "; ".join(out)

    def rule(self, number):
        name = "r%d" % number
        kind = self.rng.choice(["complete", "complete", "constant", "default", "else", "set", "object", "function"])
        lines = []
        if kind == "default":
            lines.append("default %s := %s" % (name, self.rng.choice(["false", "1", "2"])))
        for _ in range(self.rng.randint(1, 3)):
            scope = ["x"] if kind == "function" else []
            body = self.body(scope, 3)
            value = self.value(scope) if kind in ("complete", "set", "object", "function") else self.rng.choice(["true", "true", "1"])
            head = {"set": "%s contains %s" % (name, value), "object": "%s[%s] := %s" % (name, self.value(scope), value), "function": "%s(x) := %s" % (name, value)}
            other = " else := %s if { %s }" % (self.rng.choice(["1", "2", "false"]), self.body([], 2)) if kind == "else" else ""
            lines.append("%s if { %s }%s" % (head.get(kind, "%s := %s" % (name, value)), body, other))
        {"set": self.sets, "object": self.objects, "function": self.functions}.get(kind, self.complete).append(name)
        return "\n".join(lines)


def make_small(seed):
    rng = random.Random("small %d" % seed)
    policy = Small(rng)
    rules = [policy.rule(i) for i in range(rng.randint(2, 6))]
    value = lambda: rng.choice([1, 1, 2, 2, 3, True, False])
    document = {k: value() for k in "abc" if rng.random() < 0.9}
    document.update(xs=[value() for _ in range(rng.randint(0, 3))], ys=[value()], o={"k": value()})
    data = {"d": {"x": value(), "y": value(), "list": [value() for _ in range(3)], "map": {"p": value(), "q": value()}}}
    header = rng.choice(["import rego.v1", "import rego.v2"])
    return {"query": "data.p = x", "modules": ["package p\n" + header + "\n" + "\n".join(rules)], "input": document, "data": data, "strict": False}


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
    small = seed % 2 == 0
    request = make_small(seed) if small else policies.make(random.Random(seed))
    places = (SMALL_PLACES if small else PLACES)[1:]
    unknowns = rng.choice([["input"], rng.sample(places, 1), rng.sample(places, 2), rng.sample(places, 3), ["input", "data.d.list"], ["data.d"]])
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
    return ("ok", sorted({json.dumps(numbers(v), sort_keys=True) for v in values}))


def numbers(value):
    """1 and 1.0 are one number."""
    if isinstance(value, engines.Digits):
        return float(value)
    if isinstance(value, list):
        return [numbers(v) for v in value]
    if isinstance(value, dict):
        return {k: numbers(v) for k, v in value.items()}
    return value


def compare(whole, left, by_opa):
    """An error of the whole may only go away where nothing is answered then."""
    if whole[0] == "error" or left[0] == "error":
        return whole[0] == left[0] == "error"
    return whole[1] == left[1] or (by_opa and without_empty(whole) == without_empty(left))


def without_empty(outcome):
    """OPA has an empty document below a constant path of a rule that does not succeed (docs/policy/language.md)."""
    values = [run.without_empty(json.loads(text)) for text in outcome[1]]
    return [value for value in values if value not in ({}, [])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle")
    parser.add_argument("--show", type=int, default=5)
    args = parser.parse_args()
    runner = engines.Engine(args.runner)
    compared = different = refused = broken = typed = early = 0
    reasons = collections.Counter()
    for start in range(args.seed, args.seed + args.count, BATCH):
        cases = [(seed, case(seed)) for seed in range(start, min(start + BATCH, args.seed + args.count))]
        cases = [(seed, c) for seed, c in cases if c is not None]
        wholes = [verdict(a, True) for a in runner.ask([c[0] for _, c in cases])]
        partials = runner.ask([c[1] for _, c in cases])
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
        for engine in [runner] + ([engines.Engine(args.oracle)] if args.oracle else []):
            for (seed, c, whole, partial, request), answer in zip(todo, engine.ask([t[4] for t in todo])):
                compared += 1
                left = verdict(answer, False)
                # The types of constants are known, which the policy had in its data or input; an internal error is a bug of OPA's own.
                if re.search("rego_type_error" if engine is runner else "rego_type_error|eval_internal_error", answer.get("error", "")):
                    typed += 1
                    continue
                # Rules that the whole had no need of, since another had given the answer, are asked in what is left.
                if whole[0] == "ok" and left == ("error", "eval_conflict_error"):
                    early += 1
                    continue
                if compare(whole, left, engine is not runner):
                    continue
                different += 1
                if different <= args.show:
                    print("seed %d, %s\n%s\nquery %s\npartial %s\ninput %s\ndata %s\nwhole %s\nleft  %s %s\n%s" % (
                        seed, engine.program.rsplit("/", 1)[-1], c[0]["modules"][0], c[0]["query"], json.dumps(c[1]["partial"]), json.dumps(c[0]["input"]), json.dumps(c[0]["data"]),
                        whole, left, answer.get("error", "")[:300], "\n".join(request["modules"])))
    print("%d compared, %d different, %d refused, %d without an answer, %d refused by a type check or OPA's own error, %d in conflict over what the whole did not ask" % (compared, different, refused, broken, typed, early))
    for reason, count in reasons.most_common():
        print("  refused %d times: %s" % (count, reason))
    if compared == 0 or refused > MAX_REFUSED * (compared + refused):
        print("too few were evaluated in part")
        different += 1
    print("%d passed, %d failed" % (compared, different))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
