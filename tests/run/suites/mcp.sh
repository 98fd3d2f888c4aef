#!/usr/bin/env bash
# The official MCP suite through the gateway, and public MCP clients in both eras.
set -euo pipefail
source tests/conformance/mcp/install.sh
source tests/mcp_clients/npm/install.sh
status=0
bash tests/conformance/mcp/run.sh short || status=1
# with ENVIRONMENT REQUIREMENTS ARGUMENT...: pytest in a virtual environment of its own.
with() {
  local venv=$1 requirements=$2
  shift 2
  if [ ! -x "$venv/bin/pytest" ] || [ "$requirements" -nt "$venv/.installed" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    touch "$venv/.installed"
  fi
  "$venv/bin/python" -m pytest -q "$@"
}
agents=tests/mcp_clients/test_agent_clients.py
with build/venv-mcp tests/mcp_clients/requirements.txt tests/mcp_clients --ignore "$agents" || status=1
with build/venv-agents tests/mcp_clients/requirements-agents.txt "$agents" || status=1
exit $status
