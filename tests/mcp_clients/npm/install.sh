# Sourced from the project's folder, after tests/conformance/mcp/install.sh, whose NODE runs them: installs the public npm clients
# under build/ and sets MCP_CLIENTS.
place=build/mcp-clients
mkdir -p "$place"
cp -r tests/mcp_clients/npm/package.json tests/mcp_clients/npm/*.mjs tests/mcp_clients/npm/clients "$place/"
if ! cmp -s tests/mcp_clients/npm/package-lock.json "$place/installed-lock.json"; then
  cp tests/mcp_clients/npm/package-lock.json "$place/"
  PATH="$(dirname "$NODE"):$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$place"
  cp tests/mcp_clients/npm/package-lock.json "$place/installed-lock.json"
fi
export MCP_CLIENTS="$PWD/$place"
