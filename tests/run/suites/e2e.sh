#!/usr/bin/env bash
# The real binary against a recording upstream, hostile requests, trouble, kill -9, and the public
# Python SDK beside this project's client, and OAuth with a real authorization server.
set -euo pipefail
source tests/run/environment.sh

# An authorization server from npm.
oauth=build/node-oauth_server
mkdir -p "$oauth"
if ! cmp -s tests/e2e/oauth_server/package-lock.json "$oauth/.installed"; then
  cp tests/e2e/oauth_server/package*.json "$oauth"
  npm ci --prefix "$oauth" --silent --no-audit --no-fund --ignore-scripts
  cp tests/e2e/oauth_server/package-lock.json "$oauth/.installed"
fi
cp tests/e2e/oauth_server/server.mjs "$oauth"
PYTHONPATH="$PWD/build/release/python" exec "$VENV/bin/python" -m pytest -q tests/e2e
