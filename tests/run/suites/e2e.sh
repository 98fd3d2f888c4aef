#!/usr/bin/env bash
# The real binary against a recording upstream, hostile requests, trouble, kill -9, and the public
# Python SDK beside this project's client.
set -euo pipefail
source tests/run/environment.sh
PYTHONPATH="$PWD/build/release/python" exec "$VENV/bin/python" -m pytest -q tests/e2e
