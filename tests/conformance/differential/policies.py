"""Policies: one module of a few rules, each of which sees the ones before it."""
QUERY = "data.p = x"
SCALARS = ["0", "1", "2", "-1", "1.5", "10", '"a"', '"b"', '"ab"', '""', "true", "false", "null", "18446744073709551617", "1e3", '"é"', '"日本"', "1.0"]
STRINGS = ['"a"', '"b"', '"ab"', '"abc"', '""', "input.s", "input.t"]
REFS = ["input.a", "input.b", "input.s", "input.xs", "input.o", "input.xs[0]", "input.o.k", "input.none", "data.d.n", "data.d.list", "data.d.map", "data.d.map.a",
        "input.o[\"k\"]", "data.d"]


class Policy:
    """Rules r0, r1, ..., each of which sees the ones before it."""

    def __init__(self, rng):
        self.rng = rng
        self.rules = []  # (name, kind)
        self.mocks = True
        self.fresh = 0

    def pick(self, *choices):
        return self.rng.choice(choices)

    def name(self):
        """A new variable; now and then one that is there already, in this rule or in another."""
        if self.fresh and self.rng.random() < 0.02:
            return "v%d" % self.rng.randint(1, self.fresh)
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
            return "%s%s" % (self.compare(scope, depth), "".join(self.replacement(scope) for _ in range(self.pick(1, 1, 2))))

        return self.rng.choice([assign, assign, some_in, some_in, unify, every, negation, logic, with_, lambda: self.term(scope, depth), lambda: self.compare(scope, depth), lambda: self.compare(scope, depth)])()

    def replacement(self, scope):
        """` with ... as ...` of documents, of functions and of builtins."""
        functions = [r[0] for r in self.rules if r[1] == "function"]
        if self.mocks and self.rng.random() < 0.35:
            target = self.rng.choice(functions) if functions and self.rng.random() < 0.5 else self.pick("count", "upper", "is_string", "type_name", "abs")
            others = [f for f in functions if f != target]
            value = self.rng.choice(others) if others and self.rng.random() < 0.4 else self.pick("1", '"w"', "[1, 2]", "input.a")
            return " with %s as %s" % (target, value)
        return " with %s as %s" % (self.pick("input", "input.a", "input.o.k", "data.d.n", "data.d", "data.d.map.a", "input.xs"), self.term(scope, 1))

    def compare(self, scope, depth):
        return "%s %s %s" % (self.unknown(scope), self.pick("==", "==", "!=", "<", "<=", ">", ">="), self.term(scope, depth))

    def body(self, scope, count, depth):
        return "; ".join(self.literal(scope, depth) for _ in range(count))

    def rule(self):
        name = "r%d" % len(self.rules)
        kind = self.pick("complete", "complete", "set", "object", "function", "default", "nested", "tests", "default function", "constant")
        lines = {"default": ["default %s := %s" % (name, self.rng.choice(SCALARS))], "default function": ["default %s(_) := %s" % (name, self.rng.choice(SCALARS))]}.get(kind, [])
        for _ in range(self.rng.randint(1, 2 if kind != "tests" else 3)):
            lines.append(self.branch(name, kind))
        known = {"default": "complete", "tests": "function", "default function": "function", "nested": "object", "constant": "complete"}
        self.rules.append((name, known.get(kind, kind)))
        return "\n".join(lines)

    def branch(self, name, kind):
        """One rule of that name."""
        is_function = kind in ("function", "tests", "default function")
        scope = {"x": False} if is_function else {}
        body = self.body(scope, self.rng.randint(1, 3), 2)
        value = self.term(scope, 1)
        if kind == "set":
            return "%s contains %s if { %s }" % (name, value, body)
        if kind == "object":
            return "%s[%s] := %s if { %s }" % (name, self.term(scope, 0), value, body)
        if kind == "nested":
            return self.nested(name, scope, value, body)
        if kind == "tests":
            return "%s(%s) := %s if { %s }" % (name, self.pick("0", "1", '"a"', "x", "[x, _]", '{"k": x}', "null", "_"), self.rng.choice(SCALARS), self.body({}, 1, 1))
        if kind == "constant":
            return "%s := %s" % (name, self.term({}, 2))
        if is_function:
            return "%s(x) := %s if { %s }%s" % (name, value, body, self.otherwise({"x": False}))
        return "%s := %s if { %s }%s" % (name, value, body, self.otherwise({}))

    def otherwise(self, scope):
        out = ""
        while self.rng.random() < 0.25:
            out += " else := %s if { %s }" % (self.rng.choice(SCALARS), self.body(dict(scope), 1, 1))
        return out

    def nested(self, name, scope, value, body):
        """References in heads: constants and variables, of complete and of partial rules."""
        keys = [self.pick(".a", ".b", '["c d"]', ".a.b", "[%s]" % self.term(scope, 0), "[%s]" % self.unknown(scope)) for _ in range(self.rng.randint(1, 3))]
        head = name + "".join(keys)
        return self.pick("%s := %s if { %s }" % (head, value, body), "%s contains %s if { %s }" % (head, value, body), "%s if { %s }" % (head, body))


def value(rng, depth=2):
    if depth == 0 or rng.random() < 0.4:
        return rng.choice([0, 1, 2, -1, 1.5, 10, "a", "b", "ab", "", True, False, None, "é", 18446744073709551617])
    if rng.random() < 0.5:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {k: value(rng, depth - 1) for k in rng.sample(["k", "l", "a", "b"], rng.randint(0, 3))}


def make(rng):
    policy = Policy(rng)
    rules = [policy.rule() for _ in range(rng.randint(2, 5))]
    document = {"a": value(rng), "b": value(rng), "s": rng.choice(["", "a", "ab", "abc"]), "t": rng.choice(["a", "b"]), "xs": [value(rng, 1) for _ in range(3)], "o": {"k": value(rng, 1)}}
    data = {"d": {"n": rng.choice([1, 2.5, "a"]), "list": [value(rng, 1) for _ in range(3)], "map": {"a": value(rng, 1), "b": 2}}}
    return {"query": QUERY, "modules": ["package p\nimport rego.v2\n" + "\n".join(rules)], "input": document, "data": data, "strict": False}
