"""Asks the engine and OPA the same of generated policies and inputs, and reports where they differ.

  rego_differential.py RUNNER ORACLE COUNT [--seed N] [--allow FILE]

RUNNER is rego_case, ORACLE the Go program of tests/conformance/go; both answer one line for each line. The policies are
drawn from a grammar by a seeded generator, so a number names a policy for ever. The file of allowed differences matches the
text of OPA's error and of ours (empty: no error) and a part of the policy, with a reason each. Closes with `N compared, N different, N allowed`.
"""
import argparse
import json
import random
import re
import subprocess
import sys

BATCH = 500
SCALARS = ["0", "1", "2", "-1", "1.5", "10", '"a"', '"b"', '"ab"', '""', "true", "false", "null"]
STRINGS = ['"a"', '"b"', '"ab"', '"abc"', '""', "input.s", "input.t"]
REFS = ["input.a", "input.b", "input.s", "input.xs", "input.o", "input.xs[0]", "input.o.k", "input.none", "data.d.n", "data.d.list", "data.d.map"]


class Policy:
    """One module: rules r0, r1, ..., each of which sees the ones before it."""

    def __init__(self, rng):
        self.rng = rng
        self.rules = []  # (name, kind)
        self.depth = 0
        self.fresh = 0

    def pick(self, *choices):
        return self.rng.choice(choices)

    def name(self):
        self.fresh += 1
        return "v%d" % self.fresh

    def unknown(self, scope):
        """Something of no known type: what is typed makes a compiler refuse most of the policies."""
        usable = sorted(name for name, typed in scope.items() if not typed)
        return self.rng.choice(usable if usable and self.rng.random() < 0.5 else REFS)

    def ref_to_rule(self, scope):
        usable = [r for r in self.rules if r[1] != "function"]
        if not usable:
            return self.rng.choice(REFS)
        name, kind = self.rng.choice(usable)
        if kind in ("set", "object") and self.rng.random() < 0.4:
            return "%s[%s]" % (name, self.unknown(scope))
        return name

    def call(self, scope, depth):
        f = [r for r in self.rules if r[1] == "function"]
        if f and self.rng.random() < 0.3:
            return "%s(%s)" % (self.rng.choice(f)[0], self.unknown(scope))
        t = lambda: self.unknown(scope)
        return self.pick(
            lambda: "count(%s)" % t(), lambda: "sum(%s)" % t(), lambda: "max(%s)" % t(), lambda: "min(%s)" % t(), lambda: "sort(%s)" % t(),
            lambda: "concat(%s, %s)" % (self.rng.choice(STRINGS), t()), lambda: "upper(%s)" % t(), lambda: "abs(%s)" % t(), lambda: "round(%s)" % t(),
            lambda: "object.get(%s, %s, %s)" % (t(), t(), t()), lambda: "array.concat(%s, %s)" % (t(), t()), lambda: "type_name(%s)" % t(),
            lambda: "format_int(%s, 2)" % t(), lambda: "split(%s, %s)" % (t(), self.rng.choice(STRINGS)), lambda: "startswith(%s, %s)" % (t(), t()),
            lambda: "contains(%s, %s)" % (t(), t()), lambda: "indexof(%s, %s)" % (t(), t()), lambda: "trim(%s, %s)" % (t(), t()),
            lambda: "to_number(%s)" % t(), lambda: "json.marshal(%s)" % t(), lambda: "numbers.range(%s, %s)" % (self.pick("0", "1", "3"), self.pick("0", "2", "5")),
            lambda: "object.keys(%s)" % t(), lambda: "object.union(%s, %s)" % (t(), t()), lambda: "is_string(%s)" % t(), lambda: "array.slice(%s, 0, 1)" % t(),
            lambda: "sprintf(%s, [%s])" % (self.pick('"%v"', '"%d"', '"%s"', '"%05.1f|"'), t()), lambda: "replace(%s, %s, %s)" % (t(), t(), t()),
            lambda: "object.remove(%s, [%s])" % (t(), t()), lambda: "array.reverse(%s)" % t(), lambda: "substring(%s, 0, 1)" % t(),
        )()

    def comprehension(self, scope, depth):
        inner = dict(scope)
        body = self.body(inner, self.rng.randint(1, 2), depth - 1)
        head = self.term(inner, 1) if self.rng.random() < 0.5 else self.unknown(inner)
        return self.pick("[%s | %s]" % (head, body), "{%s | %s}" % (head, body), "{%s: %s | %s}" % (self.term(inner, 0), head, body))

    def term(self, scope, depth):
        if depth <= 0 or self.rng.random() < 0.35:
            options = [self.rng.choice(SCALARS), self.rng.choice(REFS)]
            if scope:
                options += [self.rng.choice(sorted(scope))] * 2
            return self.rng.choice(options)
        t = lambda: self.term(scope, depth - 1)
        return self.rng.choice([
            lambda: "[%s, %s]" % (t(), t()), lambda: "{%s, %s}" % (t(), t()), lambda: '{"k": %s, "l": %s}' % (t(), t()), lambda: "[]", lambda: "{}", lambda: "set()",
            lambda: self.ref_to_rule(scope), lambda: self.call(scope, depth), lambda: self.call(scope, depth), lambda: self.comprehension(scope, depth),
            lambda: "(%s %s %s)" % (self.unknown(scope), self.pick("+", "-", "*", "/", "%", "-"), self.pick("1", "2", "1.5", self.unknown(scope))),
            lambda: "(%s %s %s)" % (self.unknown(scope), self.pick("&", "|"), self.unknown(scope)), lambda: "(%s %s %s)" % (self.unknown(scope), self.pick("==", "!=", "<", ">="), t()),
            lambda: "%s[%s]" % (self.rng.choice(REFS), self.unknown(scope)), lambda: '$"x{%s}y"' % self.rng.choice(REFS), lambda: "(%s in %s)" % (t(), self.unknown(scope)),
        ])()

    def literal(self, scope, depth):
        def assign():
            plain = self.rng.random() < 0.5
            value = self.unknown(scope) if plain else self.term(scope, depth)
            name = self.name()
            scope[name] = not plain
            return "%s := %s" % (name, value)

        def some_in():
            domain = self.unknown(scope) if self.rng.random() < 0.7 else self.comprehension(scope, depth)
            if self.rng.random() < 0.5:
                name = self.name()
                scope[name] = False
                return "some %s in %s" % (name, domain)
            key, value = self.name(), self.name()
            scope[key] = scope[value] = False
            return "some %s, %s in %s" % (key, value, domain)

        def unify():
            value = self.unknown(scope)
            left, right = self.name(), self.name()
            scope[left] = scope[right] = False
            return "[%s, %s] = %s" % (left, right, value)

        def every():
            name = self.name()
            inner = dict(scope)
            inner[name] = False
            domain = self.unknown(scope)
            return "every %s in %s { %s }" % (name, domain, self.body(inner, 1, depth - 1))

        def negation():
            if self.rng.random() < 0.4:
                return "not { %s }" % self.body(dict(scope), 2, depth - 1)
            return "not %s" % self.term(scope, depth)

        def logic():
            op = self.pick("and", "or")
            return "(%s) %s (%s)" % (self.compare(scope, depth), op, self.compare(scope, depth))

        def with_():
            target = self.pick("input", "input.a", "input.o.k", "data.d.n", "data.d")
            return "%s with %s as %s" % (self.compare(scope, depth), target, self.term(scope, 1))

        return self.rng.choice([assign, assign, some_in, some_in, unify, every, negation, logic, with_, lambda: self.term(scope, depth), lambda: self.compare(scope, depth), lambda: self.compare(scope, depth)])()

    def compare(self, scope, depth):
        return "%s %s %s" % (self.unknown(scope), self.pick("==", "==", "!=", "<", "<=", ">", ">="), self.term(scope, depth))

    def body(self, scope, count, depth):
        return "; ".join(self.literal(scope, depth) for _ in range(count))

    def rule(self):
        name = "r%d" % len(self.rules)
        kind = self.pick("complete", "complete", "set", "object", "function", "default")
        lines = []
        if kind == "default":
            lines.append("default %s := %s" % (name, self.rng.choice(SCALARS)))
        for _ in range(self.rng.randint(1, 2)):
            scope = {"x": False} if kind == "function" else {}
            head_scope = scope
            body = self.body(scope, self.rng.randint(1, 3), 2)
            value = self.term(head_scope, 1)
            if kind == "set":
                lines.append("%s contains %s if { %s }" % (name, value, body))
            elif kind == "object":
                lines.append("%s[%s] := %s if { %s }" % (name, self.term(scope, 0), value, body))
            elif kind == "function":
                lines.append("%s(x) := %s if { %s }" % (name, value, body))
            else:
                other = "" if self.rng.random() < 0.7 else " else := %s if { %s }" % (self.rng.choice(SCALARS), self.body({}, 1, 1))
                lines.append("%s := %s if { %s }%s" % (name, value, body, other))
        self.rules.append((name, "complete" if kind == "default" else kind))
        return "\n".join(lines)


def value(rng, depth=2):
    if depth == 0 or rng.random() < 0.4:
        return rng.choice([0, 1, 2, -1, 1.5, 10, "a", "b", "ab", "", True, False, None])
    if rng.random() < 0.5:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {k: value(rng, depth - 1) for k in rng.sample(["k", "l", "a", "b"], rng.randint(0, 3))}


def make(seed):
    rng = random.Random(seed)
    policy = Policy(rng)
    rules = [policy.rule() for _ in range(rng.randint(2, 5))]
    document = {"a": value(rng), "b": value(rng), "s": rng.choice(["", "a", "ab", "abc"]), "t": rng.choice(["a", "b"]), "xs": [value(rng, 1) for _ in range(3)], "o": {"k": value(rng, 1)}}
    data = {"d": {"n": rng.choice([1, 2.5, "a"]), "list": [value(rng, 1) for _ in range(3)], "map": {"a": value(rng, 1), "b": 2}}}
    return {"query": "data.p = x", "modules": ["package p\nimport rego.v2\n" + "\n".join(rules)], "input": document, "data": data, "strict": False}


def verdict(answer):
    """What must agree: the result, or the kind of error. Which of several errors comes first may differ."""
    if "error" in answer:
        return ("error", "compile" if answer["error_code"].startswith("rego_") else answer["error_code"])
    return ("ok", [json.dumps(b.get("x"), sort_keys=True) for b in answer.get("bindings") or []])


def same(ours, theirs):
    if ours[0] != theirs[0]:
        return False
    return canonical(ours[1]) == canonical(theirs[1])


def canonical(texts):
    if isinstance(texts, str):
        return texts
    return [json.dumps(numbers(json.loads(t)), sort_keys=True) for t in texts]


def numbers(v):
    if isinstance(v, bool) or v is None or isinstance(v, str):
        return v
    if isinstance(v, (int, float)):
        return float(v)
    if isinstance(v, list):
        return [numbers(x) for x in v]
    return {k: numbers(x) for k, x in v.items()}


def ask(program, requests):
    """Every request's answer. A program that ends is started again behind the request that it ended at."""
    answers = []
    while len(answers) < len(requests):
        text = "".join(json.dumps(r) + "\n" for r in requests[len(answers):])
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
        answers += [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) < len(requests):
            answers.append({"error_code": "crash", "error": "crash: " + done.stderr[:200]})
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("oracle")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--allow")
    parser.add_argument("--show", type=int, default=10)
    args = parser.parse_args()
    with open(args.allow, encoding="utf-8") as handle:
        allowed_list = [[re.compile(e[part], re.S) for part in ("opa", "ours", "policy")] for e in json.load(handle)]
    compared = different = allowed = refused = 0
    for start in range(args.seed, args.seed + args.count, BATCH):
        seeds = range(start, min(start + BATCH, args.seed + args.count))
        requests = [make(seed) for seed in seeds]
        for seed, request, ours, theirs in zip(seeds, requests, ask(args.runner, requests), ask(args.oracle, requests)):
            compared += 1
            a, b = verdict(ours), verdict(theirs)
            refused += a == b and a[1] == "compile"
            if same(a, b):
                continue
            if any(
                opa.fullmatch(theirs.get("error", "")) and our.fullmatch(ours.get("error", "")) and policy.search(request["modules"][0])
                for opa, our, policy in allowed_list
            ):
                allowed += 1
                continue
            different += 1
            if different <= args.show:
                print("seed %d\n%s\ninput %s\ndata %s\nours  %s\nopa   %s\n" % (
                    seed, request["modules"][0], json.dumps(request["input"]), json.dumps(request["data"]), json.dumps(ours)[:600], json.dumps(theirs)[:600]))
    print("%d compared (%d refused by both compilers), %d different, %d allowed" % (compared, refused, different, allowed))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
