"""Our bundles, whole and tampered with, under the second verifier.

Usage: verify_bundle_test.py FOLDER_OF_BUNDLES. Prints `N passed, N failed`.
"""
import pathlib
import random
import sys
import tarfile

import verify_bundle

folder = pathlib.Path(sys.argv[1])
key = (folder / "key").read_text()
passed, failed = 0, 0


def check(name, wanted, data, key_text=key):
    global passed, failed
    verdict, why = verify_bundle.judge(data, key_text)
    if verdict in wanted:
        passed += 1
    else:
        failed += 1
        print(f"{name}: {verdict} ({why}), wanted {' or '.join(wanted)}")


bundles = {path.stem: path.read_bytes() for path in folder.glob("*.tar")}
for name in ("whole", "filtered", "uncovered", "pruned", "values", "archive_first", "archive_second"):
    check(name, ["intact"], bundles[name])
    check(f"{name} without a key", ["unknown key"], bundles[name], "")
    check(f"{name} without its end", ["truncated"], bundles[name][:-2048])
check("unsigned", ["intact"], bundles["unsigned"], "")
check("unsigned, held against a key", ["not covered"], bundles["unsigned"])

# What `tar` would show an auditor.
with tarfile.open(folder / "whole.tar") as archive:
    members = archive.getnames()
    if members[0] == "README.txt" and members[-1] == "end.json":
        passed += 1
    else:
        failed += 1
        print(f"tarfile lists {members}")

values = bundles["values"]
begin = values.index(b',"private":')
for at in range(begin, values.index(b',"event":{', begin)):
    changed = bytearray(values)
    changed[at] ^= 1
    check(f"values with byte {at} changed", ["tampered", "malformed"], bytes(changed))

rng = random.Random(7)
for name in ("whole", "filtered", "pruned", "archive_second"):
    for _ in range(60):
        at = rng.randrange(len(bundles[name]))
        changed = bytearray(bundles[name])
        changed[at] ^= 1 << rng.randrange(7)
        check(f"{name} with byte {at} changed", ["tampered", "truncated", "malformed", "unknown key"], bytes(changed))

print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
