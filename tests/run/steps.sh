# Sourced by what runs suites one after the other. $logs names the folder for their output.
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
  echo "  FAILED  $name ($((SECONDS - started)) s); what failed and the end of $logs/$name.log:"
  # doctest's, pytest's and ctest's words for a check that failed
  grep -n -B6 -A8 -E "ERROR: |FATAL ERROR|^E  |^FAILED |\*\*\*Failed|\*\*\*Exception|not ok " "$logs/$name.log" | head -n 120
  echo "  ..."
  tail -n 30 "$logs/$name.log"
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
