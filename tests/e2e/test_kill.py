"""kill -9 in the middle of load: every answered call is in the chain, and nothing reached the tool without an event."""
import hashlib
import http.client
import json
import os
import signal
import threading

import pytest

from support import Gateway, run_cli

ROUNDS, WORKERS, ANSWERS_BEFORE_KILL = (200 if "INTENTGATE_SOAK" in os.environ else 20), 6, 40


def digest(arguments):
    text = json.dumps(arguments, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def work(gateway, token, worker, round_number, answered, enough, dead):
    number = 0
    client = gateway.connect()
    while not dead.is_set():
        number += 1
        arguments = {"path": f"/data/{round_number}-{worker}-{number}"}
        try:
            code, _ = client.call(token, "read_file", arguments)
        except (OSError, http.client.HTTPException, AssertionError):
            return
        assert code == 0
        answered.append(digest(arguments))
        if len(answered) >= ANSWERS_BEFORE_KILL:
            enough.set()


@pytest.mark.parametrize("audit", ["durability: durable", "durability: journal, journal: {directory: journal}"])
def test_nothing_answered_is_lost(tmp_path, upstream, audit):
    gateway = Gateway(tmp_path, upstream.url, extra=f"audit: {{{audit}}}\n")
    token = gateway.mint("--tools", "read_file", "--where", "/path subpath /data", "--ttl", "1h")
    everything = []
    for round_number in range(ROUNDS):
        gateway.port = 0
        gateway.start()
        answered, enough, dead = [], threading.Event(), threading.Event()
        threads = [threading.Thread(target=work, args=(gateway, token, n, round_number, answered, enough, dead))
                   for n in range(WORKERS)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        gateway.stop(signal.SIGKILL)
        dead.set()
        for thread in threads:
            thread.join(30)
        everything += answered
    gateway.port = 0
    gateway.start()
    exported = gateway.export()
    assert gateway.admin("GET", "/v1/admin/audit/verify?tenant=default")[1]["ok"] is True
    assert gateway.stop() == 0
    (tmp_path / "audit.ndjson").write_text(exported)
    verified = run_cli("audit", "verify", tmp_path / "audit.ndjson")
    assert verified.returncode == 0, verified.stdout
    missing = [d for d in everything if d not in exported]
    assert len(everything) >= ROUNDS * ANSWERS_BEFORE_KILL and missing == []
    unrecorded = [c for c in upstream.calls if digest(c["params"]["arguments"]) not in exported]
    assert unrecorded == []
