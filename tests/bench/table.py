"""Prints the rows of a benchmark run as a table and writes them as one JSON array. Usage: table.py LINES OUT."""
import json
import os
import sys

# Rows of the same file that other commands make: make conformance-rego, make bench-rego.
KEPT = "rego."

# What others read from the file, with the peers of the same run.
NAMED = {
    "audit.postgres.durable_events_per_second": {"bare_loop", "per_event_transaction"},
    "audit.sqlite.durable_events_per_second": {"bare_loop", "per_event_transaction"},
    "audit.postgres.disk_fsync_p50": set(),
    "audit.sqlite.disk_fsync_p50": set(),
    "audit.verify_events_per_second": set(),
    "audit.durable_wait_p99_at_5000": set(),
    "audit.proof_bytes": set(),
    "sdk.python.attenuate": {"intentgate"},
    "sdk.python.authorize_per_second": {"tenuo"},
    "sdk.node.attenuate": {"plain_javascript"},
    "sdk.node.authorize_per_second": {"macaroon_and_cedar_wasm"},
}

rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
flags = open("/proc/cpuinfo", encoding="utf-8").read()
print(f"SHA extensions: {'yes' if ' sha_ni' in flags else 'no'}")
width = max(len(row["name"]) for row in rows)
for row in rows:
    peers = ", ".join(f"{name} {value:,.1f}" for name, value in row["peers"].items())
    print(f"{row['name']:<{width}}  {row['value']:>12,.2f} {row['unit']:<8} {peers:<40} {row['settings']}")
if os.path.exists(sys.argv[2]):
    rows += [row for row in json.load(open(sys.argv[2], encoding="utf-8")) if row["name"].startswith(KEPT)]
with open(sys.argv[2], "w", encoding="utf-8") as out:
    json.dump(rows, out, indent=1)
    out.write("\n")
print(f"written to {sys.argv[2]}")
peers_of = {row["name"]: set(row["peers"]) for row in rows}
missing = [name for name, peers in NAMED.items() if name not in peers_of or not peers <= peers_of[name]]
if missing:
    sys.exit("missing in this run, or without a peer: " + ", ".join(missing))
