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
start_gateway

GATEWAY="http://127.0.0.1:$PORT" BINARY="$BINARY" STATE="$STATE" FILES="$FILES" node examples/demo/demo.mjs
