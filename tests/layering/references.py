"""Files that comments name exist. Usage: references.py ROOT. Prints every miss as file:line."""
import pathlib
import re
import sys

NAMED = re.compile(r"(?<![A-Za-z0-9_./-])((?:docs|tests|bindings)/[A-Za-z0-9_/.-]+\.(?:md|cc|py|json|sh))\b")

root = pathlib.Path(sys.argv[1])
passed = failed = 0
for top in ("libintentgate", "server", "bindings", "examples", "cmake", "docs"):
    for file in sorted((root / top).rglob("*")):
        if file.suffix not in (".h", ".cc", ".py", ".js", ".ts", ".sh", ".cmake", ".md") or "node_modules" in file.parts:
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for target in NAMED.findall(line):
                # A page may also name a neighbour of its own folder.
                if (root / target).exists() or (file.parent / target).exists():
                    passed += 1
                else:
                    print(f"{file.relative_to(root)}:{number}: {target} does not exist")
                    failed += 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
