#!/usr/bin/env bash
# The official MCP suite, directly and through the gateway; closes with `N passed, N failed`. With "short": through the
# gateway alone.
set -euo pipefail
cd "$(dirname "$0")/../../.."
source tests/conformance/mcp/install.sh
exec "$NODE" "$FIXTURE/suite.mjs" "${INTENTGATE_BINARY:-build/release/server/intentgate}" "$FIXTURE/results" "${1:-whole}"
