#!/usr/bin/env bash
# Partial evaluation of generated policies, held against their whole evaluation. CASES=20000 looks at more than `make test` does.
set -euo pipefail
exec python3 tests/conformance/differential/partial.py "${BUILD:-build/release}/tests/conformance/rego_case" "${CASES:-4000}"
