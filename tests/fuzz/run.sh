#!/usr/bin/env bash
# Runs every fuzz target, or those of FUZZ_TARGETS ("rego_eval rego_parse"), for FUZZ_SECONDS (default 60) with its corpus as
# seeds, under clang's libFuzzer with AddressSanitizer and UBSan. Stops at the first finding and says where its input lies.
# Adds the processor seconds of each target to build/fuzz/cpu_seconds and closes with what they come to in all runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash cmake/install-packages.sh clang-19 libclang-rt-19-dev
cmake --preset fuzz > /dev/null
wanted=()
for name in ${FUZZ_TARGETS:-}; do wanted+=(--target "${name}_fuzz"); done
[ ${#wanted[@]} -gt 0 ] || wanted=(--target fuzz_targets)
cmake --build build/fuzz -j "$(nproc)" "${wanted[@]}"
passed=0
TIMEFORMAT='%U %S'
for target in build/fuzz/tests/fuzz/*_fuzz; do
  name=$(basename "$target")
  [ -z "${FUZZ_TARGETS:-}" ] || [[ " $FUZZ_TARGETS " == *" ${name%_fuzz} "* ]] || continue
  work=build/fuzz/corpus/$name
  mkdir -p "$work"
  seeds=tests/fuzz/corpus/${name%_fuzz}
  [ -d "$seeds" ] || seeds=
  echo "$name for ${FUZZ_SECONDS:-60} s"
  if ! { time "$target" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=8192 -artifact_prefix="build/fuzz/$name-" "$work" $seeds \
    > "build/fuzz/$name.log" 2>&1; } 2> "build/fuzz/$name.time"; then
    tail -n 30 "build/fuzz/$name.log"
    echo "$passed passed, 1 failed"
    exit 1
  fi
  awk -v name="${name%_fuzz}" '{ print name, $1 + $2 }' "build/fuzz/$name.time" >> build/fuzz/cpu_seconds
  grep -o 'stat::number_of_executed_units: *[0-9]*' "build/fuzz/$name.log" || grep 'DONE' "build/fuzz/$name.log" | tail -n 1
  passed=$((passed + 1))
done
awk '{ seconds[$1] += $2; all += $2 } END { for (name in seconds) printf "%-24s %8.0f s\n", name, seconds[name]; printf "all %.2f processor hours\n", all / 3600 }' build/fuzz/cpu_seconds
echo "$passed passed, 0 failed"
