#!/usr/bin/env bash
# Our checkpoints, proofs and tiles in the hands of golang.org/x/mod/sumdb and Tessera's fsck. Without Go the suite
# says so and counts nothing.
set -euo pipefail
source tests/run/go.sh
if [ -z "$GO" ]; then
  echo "0 passed, 0 failed"
  exit 0
fi
log=$PWD/${BUILD:-build/release}/tests/integration/tlog_go/tlog_go_log
work=$PWD/build/tlog_go
# The go client writes to go.mod and go.sum; it gets a copy.
rm -rf "$work"
mkdir -p "$work/source"
cp tests/integration/tlog_go/*.go tests/integration/tlog_go/go.mod tests/integration/tlog_go/go.sum "$work/source"
(cd "$work/source" && "$GO" build -o ../tlog_go .)

# Changes a byte of a file, whatever it was.
flip() {
  local was
  was=$(od -An -tu1 -j "$2" -N1 "$1")
  printf "\\x$(printf %02x $((was ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

status=0
for size in 1 256 70000; do
  "$log" write "$work/$size" "$size"
  timeout 120 "$work/tlog_go" "$work/$size" || { echo "0 passed, 1 failed"; status=1; }
  "$log" read "$work/$size" || { echo "0 passed, 1 failed"; status=1; }
done
# A check that cannot fail is none: one byte of each kind of file.
for file in tile/0/007 tile/1/000 tile/entries/100 checkpoint; do
  rm -rf "$work/changed"
  cp -r "$work/70000" "$work/changed"
  flip "$work/changed/log/$file" 40
  timeout 60 "$work/tlog_go" -refuse "$work/changed" || { echo "0 passed, 1 failed"; status=1; }
done
# What the real commands make of a real chain, and that a changed byte of it is refused.
bin=$PWD/${BUILD:-build/release}
chain=$work/command
mkdir -p "$chain"
"$bin/server/intentgate" keygen --out "$chain/keys" 2> /dev/null
"$bin/server/intentgate" audit keygen --name acme.example --out "$chain/signing.key" > "$chain/log.vkey" 2> /dev/null
cat > "$chain/gate.yaml" << 'YAML'
keys: {file: keys}
store: {sqlite_path: gate.db}
audit: {signing: {key_file: signing.key, deployment: acme.example}}
YAML
"$bin/tests/integration/tlog_go/fill_chain" "$chain/gate.yaml" 700
"$bin/server/intentgate" audit tiles --config "$chain/gate.yaml" --out "$chain/log"
timeout 60 "$work/tlog_go" -command "$chain" || { echo "0 passed, 1 failed"; status=1; }
# The directory grows with the log.
"$bin/tests/integration/tlog_go/fill_chain" "$chain/gate.yaml" 400
"$bin/server/intentgate" audit tiles --config "$chain/gate.yaml" --out "$chain/log"
timeout 60 "$work/tlog_go" -command "$chain" || { echo "0 passed, 1 failed"; status=1; }
for file in tile/0/001 tile/entries/002 checkpoint; do
  rm -rf "$work/changed"
  cp -r "$chain" "$work/changed"
  flip "$work/changed/log/$file" 40
  timeout 60 "$work/tlog_go" -refuse "$work/changed" || { echo "0 passed, 1 failed"; status=1; }
done
exit $status
