#!/usr/bin/env bash
# System calls that fail, one by one, under strace. Without the right to trace the suite says so and counts nothing.
set -euo pipefail
bash cmake/install-packages.sh strace
source tests/run/environment.sh
exec "$VENV/bin/python" -m pytest -q -rs -s tests/faults
