"""Makes CALLS calls of the Python package and prints how much the process grew. Usage: python_soak.py CALLS [MOST_KIB].

Calls whose result nobody keeps: attenuate, is_genuine, verify, check, explain, and each of them with an error; and now and then a
durable authorize, which leaves nothing in the queue of the chain. Growth is counted from the first tenth on. With MOST_KIB, more growth than that is an error.
"""
import asyncio
import gc
import pathlib
import sys
import tempfile

import libintentgate as ig

POLICY = 'package intentgate.policy\nimport rego.v1\ndecision := {"allow": startswith(input.tool, "read_"), "reason": "reads"}\n'
ROUND = 100  # calls


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
    gate.authorize("read_file", {"path": "/data/a"}, token).require()
    decision = await gate.aauthorize("write_file", {"path": "/data/a"}, token)
    refused(decision.require)


def one_round(gate: ig.Gate, keys: ig.KeyRing, token: str) -> None:
    """ROUND calls."""
    args = {"path": "/data/a", "deep": [1, 2.5, None, {"x": "y"}]}
    for _ in range(14):
        ig.attenuate(token, [ig.max_calls(3), ig.where("/path", subpath="/data/q3")], expires_in=60)
        ig.is_genuine(token, keys)
        ig.verify(token, keys)
        ig.check(token, keys, "read_file", args)
        gate.explain("read_file", args, token).trace
        refused(ig.attenuate, "rubbish", [ig.max_calls(3)])
    for _ in range(4):
        refused(ig.attenuate, token, [{"t": "tool_allow", "tools": [1]}])
        refused(ig.check, token, keys, "read_file", {"path": float("nan")})
        refused(ig.verify, token[:-2], keys)
        refused(gate.explain, "read_file", {"path": object()})


async def main() -> int:
    rounds = int(sys.argv[1]) // ROUND
    with tempfile.TemporaryDirectory() as folder:
        keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
        token = ig.mint(keys, "agent-7", [ig.tools("read_file"), ig.where("/path", subpath="/data")]).token
        with ig.Gate(keys=keys, policy={"policy.rego": POLICY}, store=ig.SqliteStore(pathlib.Path(folder, "gate.db"))) as gate:
            for number in range(rounds):
                if number == rounds // 10:
                    before = resident_kib()
                one_round(gate, keys, token)
                if number % ROUND == 0:
                    await decide(gate, token)
            grown = resident_kib() - before
    print(f"sdk.python.rss_growth KiB {grown} {rounds * ROUND} calls")
    return 1 if len(sys.argv) > 2 and grown > int(sys.argv[2]) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
