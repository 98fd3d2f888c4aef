#!/usr/bin/env bash
# The official MCP suite, directly and through the gateway; closes with `N passed, N failed`. The suite needs Node.js 22;
# an older one is left alone and a newer one comes from npm, under build/. With "short": through the gateway alone.
set -euo pipefail
cd "$(dirname "$0")/../../.."
binary=${INTENTGATE_BINARY:-build/release/server/intentgate}
place=build/conformance-mcp
node=$(command -v node || true)
if [ -z "$node" ] || [ "$("$node" -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
  folder=build/node-22
  [ -d "$folder/node_modules" ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    "node-$(uname -s | tr A-Z a-z)-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@22"
  node=$(echo "$PWD/$folder"/node_modules/node-*/bin/node)
fi
mkdir -p "$place"
cp tests/conformance/mcp/package.json tests/conformance/mcp/*.mjs "$place/"
if ! cmp -s tests/conformance/mcp/package-lock.json "$place/installed-lock.json"; then
  cp tests/conformance/mcp/package-lock.json "$place/"
  npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$place"
  cp tests/conformance/mcp/package-lock.json "$place/installed-lock.json"
fi
exec "$node" "$place/suite.mjs" "$binary" "$place/results" "${1:-whole}"
