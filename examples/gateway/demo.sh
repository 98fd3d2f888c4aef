#!/usr/bin/env bash
# `make demo`: the same as `make run`, driven by the official MCP client instead of a person. Exits 0 only
# if every call was answered as it should be and the exported audit log verifies.
set -euo pipefail
cd "$(dirname "$0")/../.."
BINARY=$1
STATE=${STATE_DIR:-build/demo}
PORT=${PORT:-18080}
UPSTREAM_PORT=${UPSTREAM_PORT:-18931}
rm -rf "$STATE"
source examples/gateway/setup.sh
start_upstream

"$BINARY" serve --config "$STATE/intentgate.yaml" --listen "127.0.0.1:$PORT" \
  --upstream "http://127.0.0.1:$UPSTREAM_PORT/mcp" > "$STATE/logs/gateway.log" 2>&1 &
GATEWAY_PID=$!
wait_for "The gateway" "$GATEWAY_PID" "$STATE/logs/gateway.log" curl -fs --max-time 2 "http://127.0.0.1:$PORT/readyz"

GATEWAY="http://127.0.0.1:$PORT" BINARY="$BINARY" STATE="$STATE" FILES="$FILES" node examples/demo/demo.mjs
