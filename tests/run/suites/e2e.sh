#!/usr/bin/env bash
# The real binary against a recording upstream, hostile requests, trouble, kill -9, and the public Python SDK.
set -euo pipefail
source tests/run/environment.sh
exec "$VENV/bin/python" -m pytest -q tests/e2e
