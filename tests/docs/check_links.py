"""Every relative link of the documentation leads to a file. Usage: check_links.py ROOT."""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")

root = pathlib.Path(sys.argv[1])
passed = failed = 0
for page in [root / "README.md", root / "CHANGELOG.md", *(root / "docs").rglob("*.md")]:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        if (page.parent / target).exists():
            passed += 1
        else:
            print(f"{page.relative_to(root)}: {target} does not exist")
            failed += 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
