#!/usr/bin/env bash
# `make soak`: the long versions of the tests that have one. A test has one when it asks tests/support/soak.h for its
# rounds and is labelled (ig_soak); the end-to-end tests that have one stand below. Closes with `N passed, N failed` as `make test` does.
set -uo pipefail
cd "$(dirname "$0")/../.."
logs=build/soak-logs
mkdir -p "$logs"
source tests/run/steps.sh
export INTENTGATE_SOAK=1
longest=36000   # seconds that one test may take

echo "Building"
source tests/run/environment.sh
step configure cmake --preset release -DINTENTGATE_TESTS=ON -DINTENTGATE_PYTHON=ON -DINTENTGATE_NODE=ON \
  -DPython3_EXECUTABLE="$PWD/$VENV/bin/python" || { failed=1; finish; }
step build cmake --build build/release -j "$(nproc)" || { failed=1; finish; }

echo "Soaking, for an hour or more"
for test in $(ctest --test-dir build/release -N -L soak | sed -n 's/^ *Test *#[0-9]*: //p'); do
  suite "$test" ctest --test-dir build/release -R "^$test\$" --output-on-failure --no-tests=error --timeout "$longest" -V
done
suite node_flat_memory env LIBINTENTGATE="$PWD/build/release/node/lib/index.mjs" MALLOC_ARENA_MAX=1 \
  node --expose-gc --max-semi-space-size=1 bindings/node/test/soak.mjs 10000000
suite gateway_kill9 "$VENV/bin/python" -m pytest -q tests/e2e/test_kill.py
suite python_memory env PYTHONPATH="$PWD/build/release/python" "$VENV/bin/python" -m pytest -q bindings/python/tests/test_hostile.py -k memory
suite witness env WITNESS_ROUNDS=1000 WITNESS_SECONDS=3000 bash tests/run/suites/witness.sh
suite faults bash tests/run/suites/faults.sh
finish
