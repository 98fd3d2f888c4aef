#!/usr/bin/env bash
# `make differential-rego N=100000 SEED=1`: the engine and OPA on N generated policies. OPA is built from its Go module.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/run/environment.sh
source tests/run/go.sh
if [ -z "$GO" ]; then
  echo "0 compared, 0 different, 0 allowed"
  exit 0
fi
# The go client writes to go.mod and go.sum; it gets a copy.
oracle=build/rego_oracle
mkdir -p "$oracle"
cp tests/conformance/go/* "$oracle"
(cd "$oracle" && "$GO" build -o oracle .)
# The syntax trees of OPA's own modules, which the build above has fetched.
opa=$(cd "$oracle" && "$GO" list -m -f '{{.Dir}}' github.com/open-policy-agent/opa)
"$VENV/bin/python" tests/conformance/ast_compare.py "${BUILD:-build/release}/tests/conformance/rego_case" "$oracle/oracle" "$opa/v1/test/cases/testdata" \
  --allow tests/conformance/ast_differences.json
# What partial evaluation leaves, in both engines.
"$VENV/bin/python" tests/conformance/differential/partial.py "${BUILD:-build/release}/tests/conformance/rego_case" "$((${N:-10000} / 4))" --seed "${SEED:-1}" \
  --oracle "$oracle/oracle"
exec "$VENV/bin/python" tests/conformance/differential/run.py "${BUILD:-build/release}/tests/conformance/rego_case" "$oracle/oracle" \
  "$opa/capabilities.json" "${N:-10000}" --seed "${SEED:-1}"
