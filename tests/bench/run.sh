#!/usr/bin/env bash
# `make bench`: every benchmark in one run, a table, and build/bench/results.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v wrk > /dev/null || { echo "Installing wrk"; bash cmake/install-packages.sh wrk; }
bash cmake/install-packages.sh postgresql
source examples/gateway/node.sh
source tests/run/node_tools.sh
cmake --preset release -DINTENTGATE_BENCH=ON -DINTENTGATE_NODE=ON > /dev/null
cmake --build build/release -j "$(nproc)"
mkdir -p build/bench
lines=build/bench/lines.jsonl
rm -f "$lines"
for bench in build/release/tests/bench/*_bench; do
  taskset -c 0,1 "$bench" | python3 tests/bench/collect.py "$lines"
done
python3 tests/bench/gateway_bench.py build/release "$lines"
bash cmake/optimize.sh
python3 tests/bench/mcp_bench.py build/release "$lines" build/optimized
bash tests/bench/python.sh "$lines"
peers=$(node_tools tests/bench/node_peers build/release/node)
taskset -c 0,1 node tests/bench/node_bench.mjs build/release/node "$peers" "$lines"
python3 tests/bench/table.py "$lines" build/bench/results.json
