#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS (default 60) with its corpus as seeds, under clang's libFuzzer with
# AddressSanitizer and UBSan. Stops at the first finding and says where its input lies.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash cmake/install-packages.sh clang-19 libclang-rt-19-dev
cmake --preset fuzz > /dev/null
cmake --build build/fuzz -j "$(nproc)"
passed=0
for target in build/fuzz/tests/fuzz/*_fuzz; do
  name=$(basename "$target")
  work=build/fuzz/corpus/$name
  mkdir -p "$work"
  seeds=tests/fuzz/corpus/${name%_fuzz}
  [ -d "$seeds" ] || seeds=
  echo "$name for ${FUZZ_SECONDS:-60} s"
  if ! "$target" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=8192 -artifact_prefix="build/fuzz/$name-" "$work" $seeds \
    > "build/fuzz/$name.log" 2>&1; then
    tail -n 30 "build/fuzz/$name.log"
    echo "$passed passed, 1 failed"
    exit 1
  fi
  grep -o 'stat::number_of_executed_units: *[0-9]*' "build/fuzz/$name.log" || grep 'DONE' "build/fuzz/$name.log" | tail -n 1
  passed=$((passed + 1))
done
echo "$passed passed, 0 failed"
