#!/usr/bin/env bash
# Builds everything and runs every suite; closes with `N passed, N failed` over all of them and exits 0
# only if nothing failed. The output of each suite is kept in build/test-logs/.
set -uo pipefail
cd "$(dirname "$0")/../.."
logs=build/test-logs
mkdir -p "$logs"
source tests/run/steps.sh

echo "Building (first time: several minutes)"
source tests/run/environment.sh
step configure cmake --preset release -DINTENTGATE_TESTS=ON -DINTENTGATE_PYTHON=ON -DINTENTGATE_NODE=ON -DINTENTGATE_BENCH=ON \
  -DPython3_EXECUTABLE="$PWD/$VENV/bin/python" || { failed=1; finish; }
step build cmake --build build/release -j "$(nproc)" || { failed=1; finish; }

echo "Testing"
suite unit ctest --test-dir build/release --no-tests=error -V
for script in tests/run/suites/*.sh; do
  suite "$(basename "$script" .sh)" bash "$script"
done
finish
