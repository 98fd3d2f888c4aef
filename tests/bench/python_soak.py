"""Makes CALLS calls of the Python package and prints how much the process grew. Usage: python_soak.py CALLS [MOST_KIB].

Calls whose result nobody keeps: attenuate, is_genuine, verify, check, explain, a policy's evaluation and an authorize that waits
for its event, and each of them with an error. The chain is on disk, so that what it keeps is not counted. Growth is counted from
the first tenth on. With MOST_KIB, more growth than that is an error.
"""
import asyncio
import gc
import pathlib
import sys
import tempfile

import libintentgate as ig

POLICY = 'package intentgate.policy\nimport rego.v1\ndecision := {"allow": startswith(input.tool, "read_"), "reason": "reads"}\n'
ROUND = 100  # calls
EVERY = 50   # rounds
AT_ONCE = 2 * EVERY  # decisions that wait together, so that they share a commit: two for each round

WARM_UP = 500  # times AT_ONCE decisions: until then SQLite fills its caches


def resident_kib() -> int:
    gc.collect()
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def refused(call, *args, **kwargs) -> None:
    try:
        call(*args, **kwargs)
    except (ig.IntentGateError, TypeError, ValueError):
        return
    raise SystemExit(f"{call} was to fail")


async def decide(gate: ig.Gate, token: str) -> None:
    """AT_ONCE calls, every second one refused."""
    tools = ["read_file", "write_file"] * (AT_ONCE // 2)
    decisions = await asyncio.gather(*(gate.aauthorize(tool, {"path": "/data/a"}, token) for tool in tools))
    for decision in decisions:
        if decision:
            gate.record_outcome(decision.require())
        else:
            refused(decision.require)


def one_round(gate: ig.Gate, policy: ig.Policy, keys: ig.KeyRing, token: str) -> None:
    """ROUND calls but the two that ``decide`` makes."""
    args = {"path": "/data/a", "deep": [1, 2.5, None, {"x": "y"}]}
    for _ in range(12):
        ig.attenuate(token, [ig.max_calls(3), ig.where("/path", subpath="/data/q3")], expires_in=60)
        ig.is_genuine(token, keys)
        ig.verify(token, keys)
        ig.check(token, keys, "read_file", args)
        gate.explain("read_file", args, token).trace
        policy.evaluate({"tool": "read_file", "args": args})
        refused(ig.attenuate, "rubbish", [ig.max_calls(3)])
    for _ in range(2):
        refused(ig.attenuate, token, [{"t": "tool_allow", "tools": [1]}])
        refused(ig.check, token, keys, "read_file", {"path": float("nan")})
        refused(ig.verify, token[:-2], keys)
        refused(gate.explain, "read_file", {"path": object()})
        refused(policy.evaluate, {"tool": b"x"})
    refused(policy.query, "no reference", {})
    gate.authorize("read_file", args, token[:-2])
    refused(gate.authorize, "read_file", args, 5)
    refused(gate.get_approval, "x")


async def main() -> int:
    rounds = int(sys.argv[1]) // ROUND
    with tempfile.TemporaryDirectory() as folder:
        keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
        token = ig.mint(keys, "agent-7", [ig.tools("read_file"), ig.where("/path", subpath="/data")]).token
        policy = ig.Policy.compile({"policy.rego": POLICY})
        with ig.Gate(keys=keys, policy=policy, store=ig.SqliteStore(pathlib.Path(folder, "gate.db"))) as gate:
            for _ in range(WARM_UP):
                await decide(gate, token)
            for number in range(rounds):
                if number == rounds // 10:
                    before = resident_kib()
                one_round(gate, policy, keys, token)
                if number % EVERY == 0:
                    await decide(gate, token)
            grown = resident_kib() - before
    print(f"sdk.python.rss_growth KiB {grown} {rounds * ROUND} calls")
    return 1 if len(sys.argv) > 2 and grown > int(sys.argv[2]) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
