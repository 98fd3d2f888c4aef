"""The shared library exports what the header declares and nothing else, and the C tests call all of it.

Usage: exports_test.py LIBRARY HEADER C_TEST...
"""
import re
import subprocess
import sys

library, header, *c_tests = sys.argv[1:]
listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
exported = {line.split()[2].split("@")[0] for line in listed.splitlines() if line.split()[1] in "TWBDVi"}
with open(header, encoding="utf-8") as file:
    declared = set(re.findall(r"^IG_API [^;]*?\b(ig_\w+)\(", file.read(), re.M))
called = set()
for c_test in c_tests:
    with open(c_test, encoding="utf-8") as file:
        called |= set(re.findall(r"\b(ig_\w+)\(", file.read()))

problems = [f"exported, not declared: {name}" for name in sorted(exported - declared)]
problems += [f"declared, not exported: {name}" for name in sorted(declared - exported)]
problems += [f"declared, not called by a C test: {name}" for name in sorted(declared - called)]
print("\n".join(problems))
print(f"{0 if problems else 1} passed, {1 if problems else 0} failed")
sys.exit(bool(problems))
