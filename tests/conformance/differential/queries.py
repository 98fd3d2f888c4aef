"""Queries with variables: which bindings come out, and in what order."""
import policies


def make(rng):
    policy = policies.Policy(rng)
    rules = [policy.rule() for _ in range(rng.randint(0, 2))]
    policy.rules = [("data.p." + name, kind) for name, kind in policy.rules]
    scope = {}
    query = policy.body(scope, rng.randint(1, 3), 2)
    if rng.random() < 0.4:
        query = rng.choice(["x = input.xs[i]; ", "some i; input.xs[i] = x; ", "data.d.map[k] = v; ", "[x, y] = [input.a, input.b]; ", "walk(input.o, [p, v]); ", "{x: y} = {\"a\": input.a}; "]) + query
    return {**policies.make(rng), "modules": ["package p\nimport rego.v2\n" + "\n".join(rules)], "query": query, "strict": rng.random() < 0.3, "eval": True}
