#!/usr/bin/env bash
# The Python binding's own tests, what C++, Python and Node make of the same tokens, and the examples of both bindings.
# node_package.sh has the Node package's tests.
set -euo pipefail
source tests/run/environment.sh
build=build/release
export PYTHONPATH="$PWD/$build/python"
export LIBINTENTGATE="$PWD/$build/node/lib/index.mjs"
policy="$PWD/examples/gateway/policy.rego"
status=0
"$VENV/bin/python" -m pytest -q bindings/python/tests || status=1
"$VENV/bin/python" -m pytest -q tests/integration/token_languages || status=1
python3 examples/expect_output.py examples/expected.txt "$VENV/bin/python" examples/python/narrow_and_check.py "$policy" || status=1
python3 examples/expect_output.py examples/expected_delegation.txt "$VENV/bin/python" examples/python/delegation.py "$policy" || status=1
python3 examples/expect_output.py examples/expected.txt node examples/node/narrow-and-check.mjs "$policy" || status=1
python3 examples/expect_output.py examples/expected_delegation.txt node examples/node/delegation.mjs "$policy" || status=1
exit $status
