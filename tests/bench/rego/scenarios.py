"""Writes the policies, data and inputs of the Rego benchmark, one JSON file a scenario: scenarios.py FOLDER.

Each has the rule data.bench.answer. Everything is made by arithmetic, so that two runs measure the same."""
import json
import os
import sys

SCENARIOS = {}


def scenario(make):
    SCENARIOS[make.__name__] = make
    return make


def policy(text):
    return "package bench\n\n" + text


def of(text, input, data=None):
    return {"module": policy(text), "input": input, "data": data or {}}


@scenario
def eq_const():
    return of('default answer := false\n\nanswer if input.principal == "admin"\n', {"principal": "admin"})


@scenario
def default_only():
    return of('default answer := "none"\n\nanswer := "some" if input.missing.member == 1\n', {"principal": "admin"})


@scenario
def rbac_small():
    text = """
default answer := false

answer if {
    some role in data.user_roles[input.user]
    some grant in data.role_grants[role]
    grant.action == input.action
    grant.type == input.type
}
"""
    data = {
        "user_roles": {f"user{i}": ["employee", "billing" if i % 2 else "engineering"] for i in range(4)},
        "role_grants": {
            "employee": [{"action": "read", "type": t} for t in ("dog", "cat", "finance")],
            "engineering": [{"action": a, "type": "repo"} for a in ("read", "write", "merge")],
            "billing": [{"action": a, "type": "finance"} for a in ("read", "update")],
        },
    }
    return of(text, {"user": "user3", "action": "update", "type": "finance"}, data)


def rules_eq(count):
    rules = ["default answer := false\n"]
    for i in range(count):
        rules.append(f'answer if {{\n    input.method == "GET"\n    input.service == "service-{i}"\n    input.user == "user-{i % 97}"\n}}\n')
    i = count * 2 // 3
    return of("\n".join(rules), {"method": "GET", "service": f"service-{i}", "user": f"user-{i % 97}"})


for _count in (10, 100, 1000, 10000):
    SCENARIOS[f"rules_eq_{_count}"] = lambda count=_count: rules_eq(count)


@scenario
def deny_set_30():
    rules = []
    for i in range(30):
        rules.append(
            f'deny contains message if {{\n    some c in input.containers\n    c.limits.kind{i % 10} > {i * 3}\n'
            f'    message := sprintf("%s: limit %d is over %d", [c.name, c.limits.kind{i % 10}, {i * 3}])\n}}\n')
    rules.append("answer := sort([m | some m in deny])\n")
    containers = [{"name": f"container-{c}", "limits": {f"kind{k}": (c * 31 + k * 17) % 90 for k in range(10)}} for c in range(2)]
    return of("\n".join(rules), {"containers": containers})


def items(count):
    return {"items": [{"id": i, "kind": f"kind-{i % 7}", "size": i * 37 % 1000, "ok": True} for i in range(count)], "wanted": count - 1}


@scenario
def iter_1000():
    return of("default answer := false\n\nanswer if {\n    some x in input.items\n    x.id == input.wanted\n}\n", items(1000))


@scenario
def compr_sum_1000():
    return of("answer := sum([x.size | some x in input.items; x.size > 100])\n", items(1000))


@scenario
def every_1000():
    return of("default answer := false\n\nanswer if {\n    every x in input.items {\n        x.ok\n        x.size < 1000\n    }\n}\n", items(1000))


@scenario
def join_200x200():
    text = "answer := count([1 | some a in input.left; some b in input.right; a.key == b.key])\n"
    return of(text, {"left": [{"key": f"k{i}", "v": i} for i in range(200)], "right": [{"key": f"k{i * 2}", "v": i} for i in range(200)]})


@scenario
def strings():
    text = """
default answer := false

answer if {
    startswith(input.path, "/api/")
    endswith(input.path, ".json")
    contains(input.path, "/v2/")
    parts := split(trim(input.path, "/"), "/")
    parts[2] == lower(input.Tenant)
    replace(parts[3], "-", "_") == "order_list.json"
}
"""
    return of(text, {"path": "/api/v2/acme/order-list.json", "Tenant": "ACME"})


@scenario
def regex_glob():
    text = """
default answer := false

answer if {
    regex.match(`^/data/[a-z]+/[0-9]{4}/.*[.]csv$`, input.path)
    glob.match("/data/*/2026/**", ["/"], input.path)
    not regex.match(`[.][.]`, input.path)
}
"""
    return of(text, {"path": "/data/sales/2026/q3/report.csv"})


@scenario
def func_calls():
    text = """
add1(x) := x + 1

twice(x) := add1(add1(x))

scaled(x, y) := twice(x) * y

score(x) := scaled(x, 3) if x.value > 25

score(x) := scaled(x.value, 2) if x.value <= 25

scaled_value(x) := scaled(x.value, 3)

answer := sum([s | some x in input.items; s := total(x)])

total(x) := scaled_value(x) if x.value > 25

total(x) := scaled(x.value, 2) if x.value <= 25
"""
    text = text.replace("score(x) := scaled(x, 3) if x.value > 25\n\nscore(x) := scaled(x.value, 2) if x.value <= 25\n\n", "")
    return of(text, {"items": [{"value": i} for i in range(50)]})


@scenario
def agent_tool_policy():
    text = """
default answer := {"allow": false, "reason": "no rule allows this call"}

answer := {"allow": false, "reason": reason} if {
    some reason in blocked
} else := {"escalate": true, "reason": "a human must see this"} if {
    needs_human
} else := {"allow": true, "reason": "allowed"} if {
    permitted
}

readers := {"read_file", "list_directory", "search_files", "get_file_info"}

writers := {"write_file", "edit_file", "move_file"}

permitted if input.tool in readers

permitted if {
    input.tool in writers
    startswith(input.arguments.path, "/data/")
    "write" in input.capability.scopes
}

blocked contains "paths under secrets/ are closed" if contains(input.arguments.path, "/secrets/")

blocked contains "no path may climb" if contains(input.arguments.path, "..")

blocked contains "this tenant is suspended" if input.tenant in data.suspended

blocked contains "too large" if count(input.arguments.content) > 100000

needs_human if {
    input.tool in writers
    input.arguments.amount > data.limits[input.tenant].amount
}

needs_human if {
    input.tool == "move_file"
    not startswith(input.arguments.destination, "/data/")
}
"""
    data = {"suspended": ["evil", "late"], "limits": {"acme": {"amount": 500}, "globex": {"amount": 10}}}
    call = {
        "tool": "write_file", "tenant": "acme", "method": "tools/call",
        "arguments": {"path": "/data/q3/report.csv", "content": "a,b\n1,2\n", "amount": 12},
        "capability": {"issuer": "gate", "subject": "agent-7", "scopes": ["read", "write"], "hops": 2},
        "intent": {"summary": "write the report", "tools": ["write_file", "read_file"]},
        "agent": {"id": "agent-7", "session": "s-19"}, "time": "2026-11-28T10:00:00Z",
    }
    return of(text, call, data)


@scenario
def data_lookup_100k():
    data = {"users": {f"user-{i}": {"role": f"role-{i % 50}", "level": i % 9} for i in range(100_000)}}
    text = 'default answer := false\n\nanswer if {\n    u := data.users[input.user]\n    u.level >= 3\n    u.role == input.role\n}\n'
    return of(text, {"user": "user-66666", "role": "role-16"}, data)


def tree(depth, width):
    return {f"n{i}": tree(depth - 1, width) for i in range(width)} if depth else {"leaf": True, "v": 7}


@scenario
def walk_tree():
    return of("answer := count([p | walk(input.tree, [p, v]); v == 7])\n", {"tree": tree(5, 4)})


@scenario
def object_compr_500():
    return of('answer := count({x.name: x.size | some x in input.items; x.size % 2 == 0})\n',
              {"items": [{"name": f"name-{i}", "size": i} for i in range(500)]})


@scenario
def big_input_1mb():
    big = items(9000)
    big["filler"] = [{"text": "x" * 40, "n": i} for i in range(4000)]
    big["user"] = "admin"
    return of('default answer := false\n\nanswer if input.user == "admin"\n', big)


@scenario
def not_chain():
    rules = ["default answer := false\n\nanswer if not r0\n"]
    for i in range(20):
        rules.append(f"r{i} if not r{i + 1}\n")
    rules.append("r20 if input.n > 3\n")
    return of("\n".join(rules), {"n": 4})


@scenario
def with_mock():
    text = """
inner if {
    input.user == "alice"
    data.flags.on
}

answer := count([1 | some i in numbers.range(1, 100); inner with input as {"user": input.users[i % 2]} with data.flags.on as true])
"""
    return of(text, {"users": ["alice", "bob"]}, {"flags": {"on": False}})


@scenario
def prefix_2500():
    rules = ["default answer := false\n"]
    for i in range(250):
        tests = ", ".join(f'"/team{i}/area{k}/"' for k in range(10))
        rules.append(f"answer if strings.any_prefix_match(input.path, [{tests}])\n")
    return of("\n".join(rules), {"path": "/team200/area7/file.txt"})


@scenario
def startswith_1000():
    rules = ["default answer := false\n"] + [f'answer if startswith(input.path, "/team{i}/")\n' for i in range(1000)]
    return of("\n".join(rules), {"path": "/team700/file.txt"})


@scenario
def suffix_1000():
    rules = ["default answer := false\n"] + [f'answer if endswith(input.host, ".zone{i}.example")\n' for i in range(1000)]
    return of("\n".join(rules), {"host": "www.zone700.example"})


@scenario
def glob_1000():
    rules = ["default answer := false\n"] + [f'answer if glob.match("/team{i}/*/read", ["/"], input.path)\n' for i in range(1000)]
    return of("\n".join(rules), {"path": "/team700/reports/read"})


@scenario
def in_set_1000():
    rules = ["default answer := false\n"] + [f'answer if input.tool in {{"tool-{i}", "tool-{i}-b", "tool-{i}-c"}}\n' for i in range(1000)]
    return of("\n".join(rules), {"tool": "tool-700-b"})


@scenario
def alias_200():
    rules = ["default answer := false\n\ntool := input.request.tool.name\n"] + [f'answer if tool == "tool-{i}"\n' for i in range(200)]
    return of("\n".join(rules), {"request": {"tool": {"name": "tool-150"}}})


@scenario
def deep_path():
    node = {"leaf": "found"}
    for i in reversed(range(16)):
        node = {f"k{i}": node, "x": 1}
    path = ".".join(f"k{i}" for i in range(16))
    return of(f'default answer := false\n\nanswer if input.{path}.leaf == "found"\n', node)


@scenario
def set_ops_10k():
    text = "left := {x | some x in input.left}\n\nright := {x | some x in input.right}\n\nanswer := count((left & right) | (left - right))\n"
    return of(text, {"left": list(range(10_000)), "right": list(range(5_000, 15_000))})


@scenario
def group_by_1000():
    text = """
kinds := {x.kind | some x in input.items}

groups[kind] := ids if {
    some kind in kinds
    ids := [x.id | some x in input.items; x.kind == kind]
}

answer := {kind: count(ids) | some kind, ids in groups}
"""
    return of(text, items(1000))


@scenario
def json_patch():
    text = 'answer := json.patch(input.doc, [{"op": "add", "path": "/a/b", "value": 1}, {"op": "remove", "path": "/c"}, {"op": "replace", "path": "/l/1", "value": "z"}])\n'
    return of(text, {"doc": {"a": {"x": 1}, "c": [1, 2], "l": ["p", "q", "r"]}})


@scenario
def time_format():
    text = 'answer := [time.date(ns), time.weekday(ns)] if ns := time.parse_rfc3339_ns(input.at)\n'
    return of(text, {"at": "2026-11-28T10:00:00Z"})


@scenario
def bigint_mul():
    return of("answer := (input.a * input.b) % 1000000007\n", {"a": 123456789012345, "b": 987654321098765})


@scenario
def template_string():
    return of('answer := $"user {input.user} called {input.tool} {input.n} times"\n', {"user": "ann", "tool": "read_file", "n": 3})


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, make in SCENARIOS.items():
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
            json.dump(make(), out)
    print("\n".join(SCENARIOS))
