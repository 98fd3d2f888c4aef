"""Narrows a token for a sub-agent and checks calls in process. Prints each decision.

Usage: narrow_and_check.py POLICY_FILE
"""
import pathlib
import sys
import tempfile

import libintentgate as ig


def main(policy_file: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # A key of our own; a real program keeps its key file, made by `intentgate keygen --out keys`.
        key_file = pathlib.Path(folder, "keys")
        key_file.touch(mode=0o600)
        key_file.write_text(ig.generate_key_line("demo") + "\n")
        keys = ig.KeyRing.parse(key_file.read_text())

        root = ig.mint(
            keys,
            subject="orchestrator",
            ttl=600,
            caveats=[ig.tools("read_text_file", "write_file"), ig.where("/path", subpath="/data")],
        ).token
        # No key is needed to hand a sub-agent less.
        child = ig.attenuate(
            root, [ig.tools("read_text_file"), ig.where("/path", subpath="/data/q3")], expires_in=60, label="researcher"
        )

        config = f"keys: {{file: {key_file}}}\nstore: {{kind: memory}}\npolicy: {{files: [{policy_file}]}}\n"
        with ig.Gate.open(yaml=config, environment={}) as gate:
            for what, token, tool, path in [
                ("root writes /data/a.txt", root, "write_file", "/data/a.txt"),
                ("child reads /data/q3/a.txt", child, "read_text_file", "/data/q3/a.txt"),
                ("child reads /data/q4/a.txt", child, "read_text_file", "/data/q4/a.txt"),
                ("child writes /data/q3/a.txt", child, "write_file", "/data/q3/a.txt"),
            ]:
                d = gate.authorize(tool, {"path": path, "content": "x"}, token=token)
                print(f"{what}: {d.verdict}" + ("" if d else f" by {d.check}, {d.reason}"))
            print("audit chain:", "intact" if gate.verify_audit().ok else "broken")


main(sys.argv[1])
