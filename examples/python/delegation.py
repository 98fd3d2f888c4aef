"""An orchestrator hands each sub-agent a token of its own, narrowed to its task; the chain shows who delegated to whom.

Usage: delegation.py POLICY_FILE
"""
import json
import pathlib
import sys
import tempfile

import libintentgate as ig


def read_report(gate: ig.Gate, token: str, path: str) -> str:
    """A sub-agent's call: judged right before it is made."""
    try:
        with gate.use(token):
            return gate.run("read_text_file", {"path": path}, lambda args: f"read {args['path']}")
    except ig.Denied as denied:
        return f"refused: {denied.code}"


def pay(gate: ig.Gate, token: str, cents: int) -> str:
    try:
        with gate.use(token):
            return gate.run("write_file", {"path": "/data/payments", "content": "pay", "cents": cents}, lambda args: f"paid {args['cents']}")
    except ig.Denied as denied:
        return f"refused: {denied.code}"


def main(policy_file: str) -> None:
    keys = ig.KeyRing.parse(ig.generate_key_line("demo"))
    orchestrator = ig.mint(keys, "orchestrator", [ig.where("/path", subpath="/data")], ttl=3600).token

    # By path, by number of calls, by time. No key is needed, and no server.
    researcher = ig.attenuate(
        orchestrator, [ig.tools("read_text_file"), ig.where("/path", subpath="/data/q3"), ig.max_calls(2)], expires_in=300, label="researcher"
    )
    # By amount.
    payer = ig.attenuate(orchestrator, [ig.tools("write_file"), ig.where("/cents", minimum=1, maximum=5000)], expires_in=60, label="payer")
    # The researcher passes on less than it has, and nothing more can be added.
    intern = ig.attenuate(researcher, [ig.where("/path", equals="/data/q3/a.txt")], expires_in=30, label="intern", seal=True)

    with tempfile.TemporaryDirectory() as folder, ig.Gate(keys=keys, policy=policy_file) as gate:
        print("researcher, its quarter:", read_report(gate, researcher, "/data/q3/b.txt"))
        print("researcher, another quarter:", read_report(gate, researcher, "/data/q4/b.txt"))
        print("intern, its file:", read_report(gate, intern, "/data/q3/a.txt"))
        print("intern, the researcher's file:", read_report(gate, intern, "/data/q3/b.txt"))
        print("researcher, a third read:", read_report(gate, researcher, "/data/q3/c.txt"))
        print("payer, 49.00:", pay(gate, payer, 4900))
        print("payer, 51.00:", pay(gate, payer, 5100))
        show_chain(gate, pathlib.Path(folder, "audit.ndjson"))


def show_chain(gate: ig.Gate, export: pathlib.Path) -> None:
    gate.export_audit(export)
    for line in export.read_text().splitlines():
        event = json.loads(line).get("event", {})
        if event.get("kind") == "decision":
            labels = [hop.get("label", event["agent_id"]) for hop in event["details"]["delegation"]]
            print(" > ".join(labels) + ":", event["tool"], event["decision"])
    print("chain:", "intact" if gate.verify_audit() else "broken")


main(sys.argv[1])
