"""Archiving and pruning beside a running gateway, and what an auditor can still verify afterwards."""
import json
import pathlib
import subprocess
import sys

import pytest

from support import Gateway, run_cli

SECOND_VERIFIER = pathlib.Path(__file__).resolve().parents[1] / "golden/audit/verify_export.py"
LATER = "2999-01-01T00:00:00Z"
EXTRA = ("audit: {signing: {key_file: signing.key, deployment: acme.example, interval_ms: 20}, "
         "retention: {archive_directory: archive}}\n")


@pytest.fixture
def gateway(tmp_path, upstream):
    made = run_cli("audit", "keygen", "--name", "acme.example", "--out", tmp_path / "signing.key")
    assert made.returncode == 0, made.stderr
    (tmp_path / "archive").mkdir()
    server = Gateway(tmp_path, upstream.url, EXTRA).start()
    server.key = made.stdout.strip()
    yield server
    server.stop()


def calls(gateway, count):
    token = gateway.mint("--tools", "read_file")
    with gateway.connect() as client:
        for number in range(count):
            client.call(token, "read_file", {"path": f"/data/{number}"})


def audit(gateway, command, *args):
    return run_cli("audit", command, "--config", gateway.folder / "intentgate.yaml", *args)


def test_old_events_are_archived_pruned_and_still_proved(gateway):
    calls(gateway, 150)   # a decision and an outcome each
    folder = gateway.folder
    planned = audit(gateway, "prune", "--tenant", "default", "--before", LATER, "--dry-run", "--json")
    assert json.loads(planned.stdout)["next_first_seq"] == 256, planned.stderr
    assert list((folder / "archive").iterdir()) == []
    pruned = audit(gateway, "prune", "--tenant", "default", "--before", LATER, "--reason", "policy R-7", "--json")
    assert pruned.returncode == 0, pruned.stderr
    report = json.loads(pruned.stdout)
    assert (report["first_seq"], report["next_first_seq"], report["resumed"]) == (0, 256, False)
    segment = folder / "archive" / "default-000000000000-000000000256.tar"
    assert report["archive"] == str(segment)
    verified = run_cli("audit", "verify", segment, "--key", gateway.key)
    assert verified.returncode == 0 and "archive segment" in verified.stdout, verified.stdout + verified.stderr

    # The gateway goes on, and everything that it says of the chain stays good.
    calls(gateway, 150)
    assert gateway.admin("GET", "/v1/admin/audit/verify?tenant=default&mode=full")[1]["ok"] is True
    status, answer = gateway.admin("POST", "/v1/admin/audit/prune", {"tenant": "default", "before": LATER})
    assert status == 200 and (answer["first_seq"], answer["next_first_seq"]) == (256, 512), answer
    assert run_cli("audit", "verify", folder / "archive" / "default-000000000256-000000000512.tar", "--key", gateway.key).returncode == 0
    bundle = audit(gateway, "bundle", "--tenant", "default", "--out", folder / "rest.tar")
    assert bundle.returncode == 0, bundle.stderr
    assert run_cli("audit", "verify", folder / "rest.tar", "--key", gateway.key).returncode == 0
    status = audit(gateway, "status", "--json")
    assert status.returncode == 0, status.stdout
    events = gateway.admin("GET", "/v1/admin/audit?tool=audit/pruned")[1]["events"]
    assert [e["details"]["first_seq"] for e in events] == [512]   # the other one is in the second segment
    assert b"pruned" in (folder / "archive" / "default-000000000256-000000000512.tar").read_bytes()
    # An export of what is left: our verifier and the second one know where it begins, and the segment ends there.
    exported = audit(gateway, "export", "--tenant", "default")
    (folder / "rest.ndjson").write_text(exported.stdout)
    verdict = json.loads(run_cli("audit", "verify", folder / "rest.ndjson", "--json").stdout)
    assert verdict["result"] == "intact" and verdict["complete"] is True, verdict
    second = json.loads(run_cli("audit", "verify", folder / "archive" / "default-000000000256-000000000512.tar", "--key", gateway.key, "--json").stdout)
    assert verdict["pruned"] == [{"tenant": "default", "first_seq": 512, "prev_hash": second["last_hash"]}]
    assert subprocess.run([sys.executable, SECOND_VERIFIER, "--expect", "intact", folder / "rest.ndjson"], check=False).returncode == 0
    assert gateway.stop() == 0
    gateway.start()
    assert gateway.admin("GET", "/v1/admin/audit/verify?tenant=default&mode=full")[1]["ok"] is True
    assert gateway.admin("GET", "/v1/admin/audit?tool=audit/key_rotated")[1]["events"] == []


def test_a_hold_stops_a_pruning_and_without_an_archive_there_is_none(gateway, tmp_path):
    calls(gateway, 150)
    assert gateway.admin("POST", "/v1/admin/audit/holds", {"tenant": "default", "id": "case-7"})[0] == 200
    refused = audit(gateway, "prune", "--tenant", "default", "--before", LATER)
    assert refused.returncode != 0 and "case-7" in refused.stderr
    assert gateway.admin("POST", "/v1/admin/audit/prune", {"tenant": "default", "before": LATER})[0] == 409
    assert list((tmp_path / "archive").iterdir()) == []
    config = tmp_path / "intentgate.yaml"
    config.write_text(config.read_text().replace(", retention: {archive_directory: archive}", ""))
    refused = audit(gateway, "prune", "--tenant", "default", "--before", LATER)
    assert refused.returncode != 0 and "audit.retention.archive_directory" in refused.stderr
