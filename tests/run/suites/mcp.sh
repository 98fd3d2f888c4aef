#!/usr/bin/env bash
# The official MCP suite through the gateway, and public MCP clients in both eras.
set -euo pipefail
source tests/conformance/mcp/install.sh
status=0
bash tests/conformance/mcp/run.sh short || status=1
venv=build/venv-mcp
if [ ! -x "$venv/bin/pytest" ] || [ tests/mcp_clients/requirements.txt -nt "$venv/.installed" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/mcp_clients/requirements.txt
  touch "$venv/.installed"
fi
"$venv/bin/python" -m pytest -q tests/mcp_clients || status=1
exit $status
