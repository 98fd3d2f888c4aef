#!/usr/bin/env bash
# Our checkpoints before a real witness, torchwood's litewitness. WITNESS_ROUNDS is how many it cosigns. Without Go or an
# ssh-agent the suite says so and counts nothing.
set -euo pipefail
source tests/run/environment.sh
source tests/run/go.sh
if [ -z "$GO" ] || ! command -v ssh-agent > /dev/null; then
  echo "witness: Go or ssh-agent is missing; these checks are skipped"
  echo "0 passed, 0 failed"
  exit 0
fi
work=$PWD/build/witness
mkdir -p "$work/source"
cp tests/integration/witness/go.mod tests/integration/witness/go.sum "$work/source"
(cd "$work/source" && "$GO" build -o ../litewitness filippo.io/torchwood/cmd/litewitness)
export INTENTGATE_BINARY=$PWD/${BUILD:-build/release}/server/intentgate
timeout "${WITNESS_SECONDS:-300}" "$VENV/bin/python" tests/integration/witness/drive.py "$work/litewitness" "${WITNESS_ROUNDS:-100}"
