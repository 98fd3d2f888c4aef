#!/usr/bin/env bash
# Builds everything and runs every suite; closes with `N passed, N failed` over all of them and exits 0
# only if nothing failed. The output of each suite is kept in build/test-logs/.
set -uo pipefail
cd "$(dirname "$0")/../.."
logs=build/test-logs
mkdir -p "$logs"
passed=0
failed=0

# step NAME COMMAND...: runs it, shows its output only if it fails.
step() {
  local name=$1
  shift
  local started=$SECONDS
  if "$@" > "$logs/$name.log" 2>&1; then
    echo "  ok      $name ($((SECONDS - started)) s)"
    return 0
  fi
  echo "  FAILED  $name ($((SECONDS - started)) s); the end of $logs/$name.log:"
  tail -n 60 "$logs/$name.log"
  return 1
}

# count NAME: adds up what the suite's log says of itself.
count() {
  local counts
  counts=$(python3 tests/run/count.py "$logs/$1.log") || counts="0 1"
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

suite() {
  local name=$1
  if step "$@"; then count "$name"; else
    count "$name"
    [ "$failed" -gt 0 ] || failed=1
  fi
}

finish() {
  echo
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

echo "Building (first time: several minutes)"
source tests/run/environment.sh
step configure cmake --preset release -DINTENTGATE_TESTS=ON -DINTENTGATE_PYTHON=ON -DINTENTGATE_NODE=ON -DINTENTGATE_BENCH=ON \
  -DPython3_EXECUTABLE="$PWD/$VENV/bin/python" || { failed=1; finish; }
step build cmake --build build/release -j "$(nproc)" || { failed=1; finish; }

echo "Testing"
suite unit ctest --test-dir build/release --output-on-failure --no-tests=error -V
for script in tests/run/suites/*.sh; do
  suite "$(basename "$script" .sh)" bash "$script"
done
finish
