#!/usr/bin/env bash
# `make demo` as a test, on ports of its own.
set -euo pipefail
export STATE_DIR=build/demo-test PORT=${PORT:-28080} UPSTREAM_PORT=${UPSTREAM_PORT:-28931}
exec bash examples/gateway/demo.sh build/release/server/intentgate
