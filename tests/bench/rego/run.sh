#!/usr/bin/env bash
# `make bench-rego`: builds what peers this machine can build, then measures all engines in one run (run.py).
set -euo pipefail
cd "$(dirname "$0")/../../.."
source tests/run/go.sh
source examples/gateway/node.sh
work=$PWD/build/bench/rego
mkdir -p "$work"

# peer NAME COMMAND...: a peer that cannot be built is left out, with the reason in a log.
peer() {
  local name=$1
  shift
  [ -e "$work/$name" ] && return
  echo "Building the peer $name"
  "$@" > "$work/$name.log" 2>&1 || echo "  $name cannot be built here: $work/$name.log"
}

opa_engine() {
  rm -rf "$work/opa_source" && cp -r tests/bench/rego/peers/opa "$work/opa_source" && cd "$work/opa_source" &&
    "$GO" mod tidy && "$GO" build -o "$work/opa_engine" . && "$GO" build -o "$work/opa" github.com/open-policy-agent/opa
}

regorus_engine() {
  (cd tests/bench/rego/peers/regorus && cargo build --release --target-dir "$work/regorus") &&
    cp "$work/regorus/release/regorus_engine" "$work/regorus_engine"
}

wasm() {
  mkdir -p "$work/wasm_packages" && cp tests/bench/rego/peers/wasm/* "$work/wasm_packages" &&
    (cd "$work/wasm_packages" && npm install --no-audit --no-fund) && mv "$work/wasm_packages" "$work/wasm"
}

[ -z "$GO" ] || (peer opa_engine opa_engine)
if command -v cargo > /dev/null; then peer regorus_engine regorus_engine; else echo "regorus: no cargo here"; fi
peer wasm wasm

cmake --preset release -DINTENTGATE_BENCH=ON > /dev/null
cmake --build build/release --target rego_engine --target rego_compile -j "$(nproc)"
python3 tests/bench/rego/run.py build/release "$work" "$@"
case " $* " in
  *" --only "*) ;;
  *) python3 tests/bench/rego/compile_time.py build/release "$work" --results build/bench/results.json ;;
esac
