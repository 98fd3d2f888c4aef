#!/usr/bin/env bash
# Public policy libraries with their own tests, held against the answers of `opa test`. Without Go it says so.
set -euo pipefail
source tests/run/go.sh
if [ -z "$GO" ]; then
  echo "0 passed, 0 failed"
  exit 0
fi
exec python3 tests/conformance/libraries/run.py "$PWD/${BUILD:-build/release}/server/intentgate" "$GO"
