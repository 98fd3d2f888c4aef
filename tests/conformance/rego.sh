#!/usr/bin/env bash
# `make conformance-rego`: OPA's own conformance cases, v1 and v0, from its Go module. Names a build folder with
# BUILD, and a part of a note or folder with CASES. Without Go it says so and counts nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/run/environment.sh
source tests/run/go.sh
source tests/conformance/opa_module.sh
if [ -z "$OPA" ]; then
  echo "0 passed, 0 failed, 0 skipped"
  exit 0
fi
exec "$VENV/bin/python" tests/conformance/rego_runner.py "${BUILD:-build/release}/tests/conformance/rego_case" \
  "$OPA/v1/test/cases/testdata" --skips tests/conformance/rego_skips.json --results build/bench/results.json --cases "${CASES:-}"
