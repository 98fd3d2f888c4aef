"""Several modules of one dialect: packages, imports and data documents that meet, in v1 and in v0."""
import policies

V0_HEADS = ["", "import future.keywords", "import future.keywords.if\nimport future.keywords.in\nimport future.keywords.contains\nimport future.keywords.every"]
# What v0 has no words for.
V1_ONLY = ['$"', " not {", ") and (", ") or ("]


def old_rule(rng, name, policy):
    """A rule as v0 writes it."""
    body = policy.body({}, rng.randint(1, 2), 1)
    term = policy.term({}, 1)
    return rng.choice([
        "%s = %s { %s }" % (name, term, body), "%s[v] { v := %s; %s }" % (name, term, body), "%s { %s }" % (name, body), '%s[v] = 1 { v := "a"; %s }' % (name, body),
        "%s(x) = y { y := x; %s }" % (name, body), "default %s = %s" % (name, rng.choice(policies.SCALARS)), "%s := %s" % (name, term)])


def until(allowed, draw):
    while True:
        text = draw()
        if not any(word in text for word in ([] if allowed else V1_ONLY)):
            return text


def module(rng, package, others, old):
    """A module that reads rules of the packages before it."""
    policy = policies.Policy(rng)
    head = rng.choice(V0_HEADS) if old else "import rego.v2"
    imports, names = [], []
    for other in others:
        name = rng.choice(["o%d" % len(names), "", "data." + other])
        if name.startswith("data."):
            names.append(name)
        else:
            imports.append("import data.%s%s" % (other, " as " + name if name else ""))
            names.append(name or other.split(".")[-1])
    if rng.random() < 0.3:
        imports.append("import input.a as ia")
        names.append("ia")
    rules = []
    for i in range(rng.randint(1, 3)):
        written = until(not old, lambda: old_rule(rng, "r%d" % i, policy) if old and (not head or rng.random() < 0.6) else policy.rule())
        policy.rules = policy.rules[:i] + [("r%d" % i, "unknown")]
        rules.append(written)
    for i, name in enumerate(names):
        target = rng.choice([name, name + ".r0", name + ".r1", '%s["r0"]' % name])
        rules.append("s%d := x%s { x := %s }" % (i, "" if old else " if", target))
    return "package %s\n%s\n%s\n%s" % (package, head, "\n".join(imports), "\n".join(rules))


def make(rng):
    old = rng.random() < 0.4
    packages = rng.sample(["p", "p.q", "q", "p.r.s", "d2"], rng.randint(2, 3))
    made = [module(rng, package, packages[:i], old) for i, package in enumerate(packages)]
    return {"query": rng.choice(["data.p = x", "data.q = x", "data = x", "data[k].r0 = x"]), "modules": made,
            "input": {"a": policies.value(rng), "b": policies.value(rng), "s": "ab", "t": "a", "xs": [policies.value(rng, 1)], "o": {"k": policies.value(rng, 1)}},
            "data": {"d": {"n": 1, "list": [policies.value(rng, 1)], "map": {"a": policies.value(rng, 1), "b": 2}}}, "strict": False, "v0": old}
