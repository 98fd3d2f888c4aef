"""docs/policy/builtins.md lists what the engine has, and that is what OPA has. Usage: check_builtins.py ROOT INTENTGATE [OPA_CAPABILITIES].

OPA_CAPABILITIES is the capabilities file of OPA's Go module; without it only page and engine are compared.
"""
import json
import pathlib
import re
import subprocess
import sys

root, binary = pathlib.Path(sys.argv[1]), sys.argv[2]
page = (root / "docs/policy/builtins.md").read_text(encoding="utf-8")
table = page[page.index("| family"):page.index("\n## ")]
documented = {name for line in table.splitlines()[2:] for name in re.findall(r"`([a-z0-9_.]+)`", line)}
old = set(re.findall(r"`([a-z0-9_.]+)` \(v0\)", table))
engine = json.loads(subprocess.run([binary, "policy", "capabilities"], capture_output=True, text=True, check=True).stdout)["builtins"]
lists = {"the engine": ({entry["name"] for entry in engine}, {entry["name"] for entry in engine if entry.get("deprecated")})}
if len(sys.argv) > 3:
    opa = json.loads(pathlib.Path(sys.argv[3]).read_text(encoding="utf-8"))["builtins"]
    lists["OPA"] = ({entry["name"] for entry in opa}, {entry["name"] for entry in opa if entry.get("deprecated")})
failed = 0
for whose, (names, deprecated) in lists.items():
    for what, missing in (("lists, and it is not there", documented - names), ("does not list", names - documented),
                          ("marks v0, and it is not deprecated there", old - deprecated), ("does not mark v0", deprecated - old)):
        for name in sorted(missing):
            print(f"builtins.md {what}: {name} ({whose})")
            failed += 1
print(f"{len(documented) * len(lists) - failed} passed, {failed} failed")
sys.exit(failed > 0)
