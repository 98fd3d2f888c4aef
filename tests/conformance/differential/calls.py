"""Calls of builtins with operands that fit, that nearly fit, and that do not fit at all."""
import json
import pathlib

import policies
import pools
import values

# What reaches outside, reads the clock or a random source, or exists inside the compiler only.
LEFT_OUT = {"http.send", "net.lookup_ip_addr", "opa.runtime", "time.now_ns", "rand.intn", "uuid.rfc4122", "print", "trace", "eq", "assign", "internal.print",
            "internal.test_case", "internal.template_string", "io.jwt.encode_sign", "io.jwt.encode_sign_raw", "rego.metadata.chain", "rego.metadata.rule"}

# Their operands say how large the answer is.
SIZES = {"bits.lsh", "numbers.range", "numbers.range_step"}


def load(capabilities):
    """Name and operand types of each builtin that OPA has, from its own list."""
    listed = json.loads(pathlib.Path(capabilities).read_text(encoding="utf-8"))["builtins"]
    return [(b["name"], b.get("infix", ""), b["decl"].get("args", [])) for b in listed if b["name"] not in LEFT_OUT]


def of_type(rng, kind, depth=2):
    """A value of a declared type."""
    name = kind.get("type", "any")
    if name == "any":
        return of_type(rng, rng.choice(kind["of"]), depth) if kind.get("of") else values.anything(rng, depth)
    if name == "array":
        if kind.get("static"):
            return [of_type(rng, t, depth - 1) for t in kind["static"]]
        return values.an_array(rng, depth, lambda r: of_type(r, kind.get("dynamic") or {}, depth - 1))
    if name == "set":
        return values.a_set(rng, depth, lambda r: of_type(r, kind.get("of") or {}, depth - 1))
    if name == "object":
        out = {p["key"]: of_type(rng, p["value"], depth - 1) for p in kind.get("static") or [] if rng.random() < 0.8}
        if kind.get("dynamic"):
            out.update(values.an_object(rng, depth, lambda r: of_type(r, kind["dynamic"]["value"], depth - 1)))
        return out
    return {"number": values.number, "string": values.string, "boolean": lambda r: r.choice([True, False]), "null": lambda r: None}[name](rng)


def operand(rng, name, index, kind):
    if name in SIZES:  # a large one makes OPA take all memory
        return rng.choice(pools.SMALL) if rng.random() < 0.9 else values.string(rng)
    if rng.random() < 0.08:
        return values.anything(rng)
    special = pools.POOLS.get("%s:%d" % (name, index)) or pools.POOLS.get(name)
    if special and rng.random() < 0.8:
        return special(rng) if callable(special) else rng.choice(special)
    return of_type(rng, kind)


class Call:
    """The text of one call; what its operands read from the input collects in `given`."""

    def __init__(self, rng, table, given):
        self.name, infix, kinds = rng.choice(table)
        texts = [self.deliver(rng, operand(rng, self.name, i, kind), given) for i, kind in enumerate(kinds)]
        if self.name == "internal.member_3":
            self.text = "(%s, %s in %s)" % tuple(texts)
        elif infix and len(texts) == 2:
            self.text = "(%s %s %s)" % (texts[0], infix, texts[1])
        else:
            self.text = "%s(%s)" % (self.name, ", ".join(texts))

    def deliver(self, rng, value, given):
        """Mostly as something whose type no compiler knows: a type error says nothing of the builtin."""
        if values.is_json(value) and rng.random() < 0.6:
            given.append(value)
            return "input.v[%d]" % (len(given) - 1)
        if rng.random() < 0.75:
            return "object.get({}, 0, %s)" % values.write(value)
        return values.write(value)


def make(rng, table):
    """One call whose error is to be seen, or several whose values are."""
    given = []
    if rng.random() < 0.4:
        call = Call(rng, table, given)
        return {"query": "x := %s" % call.text, "modules": [], "input": {"v": given}, "data": {}, "strict": True, "eval": True}
    rules = []
    for i in range(rng.randint(3, 6)):
        call = Call(rng, table, given)
        if call.name == "walk":
            rules.append("r%d contains x if { x := walk(%s" % (i, call.text[5:]) + " }")
        else:
            rules.append("r%d := %s" % (i, call.text))
        if rng.random() < 0.2:
            rules.append("n%d if not %s" % (i, call.text))
    return {"query": policies.QUERY, "modules": ["package p\nimport rego.v2\n" + "\n".join(rules)], "input": {"v": given}, "data": {}, "strict": False}
