"""Runs a command and holds what it prints against a file: each line must begin as the file's line does.

Usage: expect_output.py EXPECTED COMMAND [ARGUMENT...]. Prints `N passed, N failed`.
"""
import subprocess
import sys

expected = open(sys.argv[1], encoding="utf-8").read().splitlines()
run = subprocess.run(sys.argv[2:], capture_output=True, text=True)
lines = run.stdout.splitlines()
wrong = [f"wanted {want!r}, got {got!r}" for want, got in zip(expected, lines + [""] * len(expected)) if not got.startswith(want)]
if run.returncode != 0 or len(lines) != len(expected):
    wrong.append(f"exit code {run.returncode}, {len(lines)} lines: {run.stderr.strip()}")
print("\n".join(wrong))
print(f"{len(expected) - min(len(wrong), len(expected))} passed, {len(wrong)} failed")
sys.exit(1 if wrong else 0)
