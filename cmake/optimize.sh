#!/usr/bin/env bash
# `make optimized`: build/optimized/intentgate, the release binary with its code laid out anew after a profile of its load, and
# build/optimized/mcp_passthrough, which the benchmarks compare it with. docs/server.md, "A faster binary".
set -euo pipefail
cd "$(dirname "$0")/.."
readonly release=build/release out=build/optimized llvm=/usr/lib/llvm-19/bin
programs=(intentgate mcp_passthrough)

bash cmake/install-packages.sh bolt-19
mkdir -p "$out"
log=$out/log.txt
: > "$log"
step() {
  echo "$1"
  shift
  "$@" >> "$log" 2>&1 || { tail -20 "$log" >&2; echo "optimize: this step failed; all of its output is in $log" >&2; exit 1; }
}
# Started as llvm-bolt, it finds the instrumentation's library beside itself.
bolt() { "$llvm/llvm-bolt" "$@"; }

step "Configuring" cmake --preset release -DINTENTGATE_BENCH=ON
step "Building" cmake --build "$release" -j "$(nproc)" --target mcp_load "${programs[@]/%/_relocations}"
rm -f "$out"/*.fdata "$out"/*.instrumented
for program in "${programs[@]}"; do
  step "Instrumenting $program" bolt "$release/relocations/${program}_relocations" -instrument -o "$out/$program.instrumented" \
    --instrumentation-file="$PWD/$out/$program" --instrumentation-file-append-pid
done
step "Taking a profile (half a minute)" python3 tests/bench/mcp_profile.py "$release/tests/bench" "$out/intentgate.instrumented" "$out/mcp_passthrough.instrumented"
for program in "${programs[@]}"; do
  step "Reading the profile of $program" "$llvm/merge-fdata" "$out/$program".*.fdata -o "$out/$program.profile"
  step "Laying out $program" bolt "$release/relocations/${program}_relocations" -data="$out/$program.profile" -o "$out/$program.new" \
    -reorder-blocks=ext-tsp -reorder-functions=cdsort -split-functions -split-all-cold -split-eh -icf=1
  mv "$out/$program.new" "$out/$program"
done
rm -f "$out"/*.fdata "$out"/*.instrumented
echo "$out/intentgate"
