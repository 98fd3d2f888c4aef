# Sourced by run.sh and demo.sh: makes the state folder with its keys, and starts the real MCP server.
#
# Expects BINARY, STATE, PORT and UPSTREAM_PORT. Sets FILES, the scratch folder; stops what it started at exit.

mkdir -p "$STATE/files/notes" "$STATE/files/secrets" "$STATE/logs"
chmod 700 "$STATE"
STATE=$(cd "$STATE" && pwd)
FILES=$STATE/files
[ -e "$FILES/notes/welcome.txt" ] || echo "Welcome. An agent may read this." > "$FILES/notes/welcome.txt"
[ -e "$FILES/secrets/salaries.txt" ] || echo "Not for agents." > "$FILES/secrets/salaries.txt"
for name in intentgate.yaml policy.rego; do
  [ -e "$STATE/$name" ] || cp "examples/gateway/$name" "$STATE/$name"
done
# Made once; the commands refuse to overwrite, and the modes are 0600 from the start.
[ -e "$STATE/keys" ] || "$BINARY" keygen --out "$STATE/keys"
[ -e "$STATE/admin-token" ] || (umask 077 && head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' > "$STATE/admin-token")

UPSTREAM_PID=
GATEWAY_PID=
stop_all() {
  local pid
  for pid in $GATEWAY_PID $UPSTREAM_PID; do kill "$pid" 2> /dev/null || true; done
  for pid in $GATEWAY_PID $UPSTREAM_PID; do wait "$pid" 2> /dev/null || true; done
}
trap stop_all EXIT

# wait_for WHAT PID LOG COMMAND...: until the command succeeds; gives up when the process has ended.
wait_for() {
  local what=$1 pid=$2 log=$3
  shift 3
  for _ in $(seq 1 300); do
    "$@" > /dev/null 2>&1 && return 0
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.1
  done
  echo "$what did not start; the end of $log:" >&2
  tail -n 20 "$log" >&2
  return 1
}

# upstream_up: true once the bridge answers HTTP at all.
upstream_up() { curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$UPSTREAM_PORT/"; }

start_upstream() {
  source examples/gateway/node.sh
  if [ ! -d examples/demo/node_modules/@modelcontextprotocol/server-filesystem ]; then
    echo "Installing the example's MCP server and client from npm"
    npm ci --prefix examples/demo --ignore-scripts --no-audit --no-fund --silent
  fi
  if upstream_up; then
    echo "port $UPSTREAM_PORT is in use by something else; stop it, or set UPSTREAM_PORT" >&2
    return 1
  fi
  local bin=examples/demo/node_modules/.bin
  # Loopback only: whoever reaches the file server itself has gone around the gate.
  node "$bin/mcp-proxy" --host 127.0.0.1 --port "$UPSTREAM_PORT" --server stream -- \
    node "$bin/mcp-server-filesystem" "$FILES" > "$STATE/logs/upstream.log" 2>&1 &
  UPSTREAM_PID=$!
  wait_for "The file server" "$UPSTREAM_PID" "$STATE/logs/upstream.log" upstream_up
}

start_gateway() {
  "$BINARY" serve --config "$STATE/intentgate.yaml" --listen "127.0.0.1:$PORT" \
    --upstream "http://127.0.0.1:$UPSTREAM_PORT/mcp" > "$STATE/logs/gateway.log" 2>&1 &
  GATEWAY_PID=$!
  wait_for "The gateway" "$GATEWAY_PID" "$STATE/logs/gateway.log" curl -fs --max-time 2 "http://127.0.0.1:$PORT/readyz"
}
