#!/usr/bin/env bash
# `make run`: the gateway in front of a real MCP file server, until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/../.."
BINARY=$1
STATE=${STATE_DIR:-build/run}
PORT=${PORT:-8080}
UPSTREAM_PORT=${UPSTREAM_PORT:-8931}
source examples/gateway/setup.sh
start_upstream
start_gateway

relative=${STATE#"$PWD"/}
cat << TXT

The gate is open at   http://127.0.0.1:$PORT/v1/mcp
in front of           @modelcontextprotocol/server-filesystem over $relative/files
State, keys and logs  $relative (keys and admin-token have mode 0600)

Mint a token for an agent that may read below notes/ for an hour:

  TOKEN=\$($BINARY mint --keys $relative/keys --subject my-agent --ttl 1h \\
    --tools read_text_file --where '/path subpath $FILES/notes')

Try it:

  curl -s http://127.0.0.1:$PORT/v1/mcp -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' \\
    -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_text_file","arguments":{"path":"$FILES/notes/welcome.txt"}}}'

Ctrl-C stops it. \`make demo\` drives it through every check.
TXT
wait "$GATEWAY_PID"
