#!/usr/bin/env bash
# `make optimized`, and its binary in front of real clients: a program whose code was moved must decide, record and stop as before.
set -euo pipefail
source tests/run/environment.sh
if ! dpkg-query -W bolt-19 > /dev/null 2>&1 && ! apt-cache policy bolt-19 2> /dev/null | grep -q "Candidate: [0-9]"; then
  echo "not run: this system has no package bolt-19"
  exit 0
fi
bash cmake/optimize.sh
binary=$PWD/build/optimized/intentgate
# What the loader protects: no executable stack, relocations read-only once they are made.
hardening() { readelf -lW "$1" | awk '$1 == "GNU_STACK" { print $1, $(NF - 1) } $1 == "GNU_RELRO" { print $1 }'; readelf -dW "$1" | grep -oE "BIND_NOW|FLAGS_1.*" | sort -u; }
diff <(hardening build/release/server/intentgate) <(hardening "$binary")
INTENTGATE_BINARY=$binary PYTHONPATH=$PWD/build/release/python "$VENV/bin/python" -m pytest -q tests/e2e/test_four_checks.py tests/e2e/test_sessions.py tests/e2e/test_evidence.py tests/e2e/test_kill.py tests/e2e/test_stdio.py
STATE_DIR=build/optimized-demo PORT=28180 UPSTREAM_PORT=28991 bash examples/gateway/demo.sh "$binary"
