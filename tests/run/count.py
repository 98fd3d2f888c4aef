"""Adds up the tests that a log reports: doctest, pytest, node's runner and our own `N passed, N failed`.

Usage: count.py LOG. Prints `PASSED FAILED`.
"""
import re
import sys

PATTERNS = [
    # doctest: "[doctest] test cases:  10 |   9 passed | 1 failed | 0 skipped"
    re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(?P<passed>\d+) passed \|\s*(?P<failed>\d+) failed"),
    # pytest: "3 failed, 12 passed in 0.12s", with or without rules around it
    re.compile(r"^(?:=+ )?(?:(?P<failed>\d+) failed, )?(?P<passed>\d+) passed.* in [\d.]+", re.M),
    # ours: "12 passed, 0 failed"
    re.compile(r"^(?:\d+: )?(?P<passed>\d+) passed, (?P<failed>\d+) failed", re.M),
]


def main() -> None:
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        text = log.read()
    passed = failed = 0
    for pattern in PATTERNS:
        for match in pattern.finditer(text):
            passed += int(match["passed"])
            failed += int(match["failed"] or 0)
    # node --test: "# pass 7" and "# fail 0" (also behind the info sign of the spec reporter)
    passed += sum(int(n) for n in re.findall(r"^(?:\d+: )?(?:#|ℹ) pass (\d+)", text, re.M))
    failed += sum(int(n) for n in re.findall(r"^(?:\d+: )?(?:#|ℹ) fail (\d+)", text, re.M))
    print(passed, failed)


main()
