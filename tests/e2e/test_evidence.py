"""Checkpoints, bundles, proofs and their verification, with the real binary from the call to the auditor."""
import base64
import json
import shutil
import sqlite3
import tarfile

import pytest

from support import Gateway, run_cli

SIGNING = "audit: {signing: {key_file: signing.key, deployment: acme.example, interval_ms: 20}}\n"


class Signed:
    """A gateway that signs, its configuration for the commands, and the auditor's key."""

    def __init__(self, folder, upstream):
        made = run_cli("audit", "keygen", "--name", "acme.example", "--out", folder / "signing.key")
        assert made.returncode == 0, made.stderr
        self.folder, self.key = folder, made.stdout.strip()
        self.gateway = Gateway(folder, upstream.url, SIGNING).start()
        self.config = folder / "intentgate.yaml"
        self.token = self.gateway.mint("--tools", "read_file,write_file")

    def calls(self, count):
        with self.gateway.connect() as client:
            for number in range(count):
                client.call(self.token, "read_file", {"path": f"/data/{number}"})

    def audit(self, command, *args):
        done = run_cli("audit", command, "--config", self.config, *args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def bundle(self, name, *filters):
        self.audit("bundle", "--out", self.folder / name, *filters)
        return self.folder / name

    def verify(self, *args, key=None):
        return run_cli("audit", "verify", *args, "--key", self.key if key is None else key)

    def events(self):
        lines = [json.loads(line) for line in self.gateway.export().splitlines()]
        return [line for line in lines if "event" in line]


@pytest.fixture
def signed(tmp_path, upstream):
    log = Signed(tmp_path, upstream)
    yield log
    log.gateway.stop()


def replace_in(path, old, new):
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    at = data.rindex(old)
    path.write_bytes(data[:at] + new + data[at + len(old):])


def test_a_bundle_is_written_beside_the_running_gateway_and_verifies(signed):
    signed.calls(10)
    bundle = signed.bundle("acme.tar")
    done = signed.verify(bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("intact: All ")
    assert "acme.example/audit/default/1" in done.stdout
    report = json.loads(signed.verify(bundle, "--json").stdout)
    assert report["complete"] and report["covered"] == report["next_seq"] >= 21
    with tarfile.open(bundle) as archive:
        assert archive.getnames()[:4] == ["README.txt", "manifest.json", "checkpoint.note", "range.proof"]
    piped = run_cli("audit", "verify", "-", "--key", signed.key, stdin=signed.gateway.export())
    assert piped.returncode == 2 and "no checkpoint" in piped.stdout


def test_each_verdict_has_its_exit_code(signed, tmp_path):
    signed.calls(10)
    kept = tmp_path / "kept.note"
    kept.write_text(signed.audit("checkpoint"))
    signed.calls(3)
    bundle = signed.bundle("good.tar")
    assert signed.verify(bundle, "--against", kept).returncode == 0

    altered = shutil.copy(bundle, tmp_path / "altered.tar")
    replace_in(altered, b'"decision":"allow"', b'"decision":"block"')
    done = signed.verify(altered)
    assert done.returncode == 1 and "first bad event: " in done.stdout

    cut = tmp_path / "cut.tar"
    cut.write_bytes(bundle.read_bytes()[:-2048])
    assert signed.verify(cut).returncode == 2

    other = run_cli("audit", "keygen", "--name", "acme.example", "--out", tmp_path / "other.key").stdout.strip()
    assert signed.verify(bundle, key=other).returncode == 4
    assert run_cli("audit", "verify", bundle).returncode == 4

    assert signed.verify(tmp_path / "nothing.tar").returncode == 5
    assert signed.verify(bundle, "--nonsense").returncode == 5
    assert signed.verify(bundle, key="no key at all").returncode == 5
    rubbish = tmp_path / "rubbish.tar"
    rubbish.write_bytes(b"README.txt" + b"x" * 5000)
    assert signed.verify(rubbish).returncode == 5


def test_a_filtered_bundle_says_what_it_cannot_prove(signed):
    signed.calls(10)
    bundle = signed.bundle("filtered.tar", "--tool", "read_file", "--decision", "allow")
    done = signed.verify(bundle)
    assert done.returncode == 0, done.stdout
    assert "cannot be proved from it that no matching event was left out" in done.stdout


def test_one_event_is_proved_by_its_hash(signed, tmp_path):
    signed.calls(5)
    event = next(line for line in signed.events() if line["event"]["kind"] == "decision")
    proof = tmp_path / "event.proof"
    signed.audit("proof", event["event"]["event_id"], "--out", proof)
    done = signed.verify(proof, "--hash", event["hash"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"event {event['seq']} of acme.example/audit/default/1" in done.stdout
    wrong = signed.verify(proof, "--hash", "0" * 64)
    assert wrong.returncode == 1
    assert signed.verify(proof).returncode == 5


def test_the_background_signs_by_itself_and_status_tells(signed):
    signed.calls(5)
    while True:   # the interval is 20 ms; pytest's own timeout is the limit
        status = json.loads(signed.audit("status", "--json"))
        tenant = status["tenants"][0]
        if tenant.get("checkpoint") and tenant["uncommitted_events"] == 0:
            break
    assert status["verifier_key"] == signed.key
    assert tenant["ok"] and tenant["checkpoint"]["size"] == tenant["next_seq"]
    genesis = signed.events()[0]["event"]
    assert genesis["details"]["signing_key"] == signed.key
    assert genesis["details"]["deployment"] == "acme.example"


def test_a_restored_backup_is_told_and_ends_in_a_new_epoch(signed, tmp_path):
    def database(target):
        for suffix in ("", "-wal", "-shm"):
            if (tmp_path / f"intentgate.db{suffix}").exists():
                shutil.copy(tmp_path / f"intentgate.db{suffix}", target.with_name(target.name + suffix))

    signed.calls(5)
    signed.gateway.stop()
    (tmp_path / "backup").mkdir()
    database(tmp_path / "backup" / "intentgate.db")
    signed.gateway.start()
    signed.calls(5)
    lost = tmp_path / "lost.note"
    lost.write_text(signed.audit("checkpoint"))
    signed.gateway.stop()
    for path in tmp_path.glob("intentgate.db*"):
        path.unlink()
    for path in (tmp_path / "backup").iterdir():
        shutil.copy(path, tmp_path / path.name)
    signed.gateway.start()
    signed.calls(5)

    refused = run_cli("audit", "checkpoint", "--config", signed.config)
    assert refused.returncode == 3 and "fork_detected" in refused.stderr
    status = run_cli("audit", "status", "--config", signed.config)
    assert status.returncode == 1 and "NOT OK" in status.stdout
    while not any(line["event"].get("tool") == "audit/fork_detected" for line in signed.events()):
        pass
    assert any("no checkpoint is signed" in line for line in signed.gateway.log)
    note = signed.audit("open-epoch", "--actor", "alice", "--why", "restored the backup of Monday")
    assert note.startswith("acme.example/audit/default/2\n")
    bundle = signed.bundle("after.tar")
    assert signed.verify(bundle).returncode == 0
    forked = signed.verify(bundle, "--against", lost)
    assert forked.returncode == 3 and "two histories" in forked.stdout and lost.read_text() in forked.stdout


def test_another_key_takes_over_while_both_sign(signed, tmp_path):
    signed.calls(2)
    signed.gateway.stop()
    new = run_cli("audit", "keygen", "--name", "acme.example", "--out", tmp_path / "new.key").stdout.strip()
    config = signed.config.read_text().replace(
        "key_file: signing.key", "key_file: new.key, previous_key_file: signing.key, state_file: signing.key.state")
    signed.config.write_text(config)
    signed.gateway.start()
    signed.calls(2)
    while not any(line["event"].get("tool") == "audit/key_rotated" for line in signed.events()):
        pass
    bundle = signed.bundle("both.tar")
    for key in (signed.key, new):
        assert signed.verify(bundle, key=key).returncode == 0


def test_a_second_key_signs_the_time(signed, tmp_path):
    signed.gateway.stop()
    timer = run_cli("audit", "keygen", "--time", "--name", "acme-time", "--out", tmp_path / "time.key").stdout.strip()
    signed.config.write_text(signed.config.read_text().replace("key_file: signing.key", "key_file: signing.key, time_key_file: time.key"))
    signed.gateway.start()
    signed.calls(2)
    bundle = signed.bundle("timed.tar")
    verified = json.loads(signed.verify(bundle, "--key", timer, "--json").stdout)
    assert verified["result"] == "intact" and verified["signed_by"] == ["acme.example", "acme-time"], verified
    assert verified["cosigned_at"] > "2020", verified
    assert "cosigned_at" not in json.loads(signed.verify(bundle, "--json").stdout)
    assert signed.verify(bundle, key=timer).returncode == 4


def test_the_admin_api_gives_bundle_checkpoint_proof_and_freshness(signed, tmp_path):
    signed.calls(8)
    admin = signed.gateway.admin
    status, checkpoint = admin("GET", "/v1/admin/audit/checkpoint")
    assert status == 200 and checkpoint["verifier_key"] == signed.key
    assert checkpoint["note"].startswith("acme.example/audit/default/1\n" + str(checkpoint["size"]) + "\n")

    with signed.gateway.connect() as client:
        headers = {"Authorization": f"Bearer {signed.gateway.admin_token}"}
        client.connection.request("GET", "/v1/admin/audit/bundle?tool=read_file", headers=headers)
        response = client.connection.getresponse()
        body = response.read()
    assert response.status == 200 and response.headers["Content-Type"] == "application/x-tar"
    (tmp_path / "http.tar").write_bytes(body)
    done = signed.verify(tmp_path / "http.tar", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["events"] == 8

    event = next(line for line in signed.events() if line["event"]["kind"] == "decision")
    status, proof = admin("GET", f"/v1/admin/audit/proof?event_id={event['event']['event_id']}")
    assert status == 200 and (proof["seq"], proof["hash"]) == (event["seq"], event["hash"])
    (tmp_path / "http.proof").write_text(proof["proof"])
    assert signed.verify(tmp_path / "http.proof", "--hash", proof["hash"]).returncode == 0
    assert admin("GET", "/v1/admin/audit/proof?event_id=none")[0] == 404
    assert admin("GET", "/v1/admin/audit/proof")[0] == 400
    assert admin("GET", "/v1/admin/audit/checkpoint?tenant=nobody")[0] == 404
    assert admin("GET", "/v1/admin/audit/bundle?tenant=nobody")[0] == 404
    assert admin("GET", "/v1/admin/audit/bundle?uncovered=maybe")[0] == 400
    assert admin("GET", "/v1/admin/audit/checkpoint", token="wrong")[0] == 401

    status, fresh = admin("GET", "/v1/admin/audit/freshness")
    assert status == 200 and fresh["ok"] and fresh["signing"]
    assert fresh["checkpoint"]["size"] + fresh["uncommitted_events"] == fresh["next_seq"]
    assert (fresh["declared_losses"], fresh["verified_to"]) == (0, 0)

    full = admin("GET", "/v1/admin/audit/verify")[1]
    assert full["ok"] and full["mode"] == "full" and full["from_seq"] == 0 and full["covered"] > 0
    assert admin("GET", "/v1/admin/audit/freshness")[1]["verified_to"] == full["covered"]
    again = admin("GET", "/v1/admin/audit/verify?mode=incremental")[1]
    assert again["ok"] and again["from_seq"] == full["covered"]
    assert admin("GET", "/v1/admin/audit/verify?mode=some")[0] == 400


def test_the_metrics_tell_the_evidence_of_each_tenant(signed):
    signed.calls(3)
    name = "intentgate_gateway_audit_checkpoint_events"
    while True:
        text = signed.gateway.admin("GET", "/metrics")[1]
        values = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}
        if values.get(name + '{tenant="default"}', 0) >= 7:
            break
    assert values['intentgate_gateway_audit_evidence_ok{tenant="default"}'] == 1
    assert values["intentgate_gateway_audit_tenants"] == 1
    assert values['intentgate_gateway_audit_declared_losses{tenant="default"}'] == 0


def test_a_caller_that_asks_gets_a_receipt_and_can_hold_the_log_to_it(signed, tmp_path):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_file", "arguments": {}}}
    refused = {**body, "params": {"name": "delete_all", "arguments": {}}}

    def post(message, **headers):
        with signed.gateway.connect() as client:
            head = {"Content-Type": "application/json", "Authorization": f"Bearer {signed.token}", **headers}
            status, _, answer = client.request("POST", "/v1/mcp", json.dumps(message), head)
        assert status == 200
        return answer.get("X-IntentGate-Receipt")

    assert post(body) is None and post(body, **{"X-IntentGate-Receipt": "0"}) is None
    asked = {"X-IntentGate-Receipt": "1"}
    for number, value in enumerate([post(body, **asked), post(refused, **asked),
                                    post(body, Accept="application/json, text/event-stream", **asked)]):
        receipt = base64.b64decode(value).decode()
        assert receipt.startswith("intentgate-audit-receipt-1\nlog acme.example/audit/default\nevent ")
        (tmp_path / f"{number}.receipt").write_text(receipt)
    bundle = signed.bundle("with.tar")
    receipts = [part for number in range(3) for part in ("--receipt", tmp_path / f"{number}.receipt")]
    assert signed.verify(bundle, *receipts).returncode == 0
    # A receipt for an event that came after the bundle is not kept yet, and one that was altered is none.
    later = tmp_path / "later.receipt"
    later.write_bytes(base64.b64decode(post(body, **asked)))
    assert signed.verify(bundle, "--receipt", later).returncode == 2
    replace_in(later, b"event ", b"EVENT ")
    assert signed.verify(bundle, "--receipt", later).returncode == 1


def test_a_row_altered_behind_the_watermark_is_said_loudly_until_the_chain_is_good_again(signed):
    signed.calls(3)
    admin, database = signed.gateway.admin, signed.folder / "intentgate.db"
    assert admin("GET", "/v1/admin/audit/verify?mode=incremental")[1]["ok"]

    def flip():
        """One bit of the hash that stands with event 3; the same again mends it."""
        with sqlite3.connect(database, timeout=30) as db:
            run, first, hashes = db.execute("SELECT id, first_seq, hashes FROM audit_runs WHERE first_seq <= 3 ORDER BY first_seq DESC LIMIT 1").fetchone()
            at = 32 * (3 - first)
            db.execute("UPDATE audit_runs SET hashes = ? WHERE id = ?", (hashes[:at] + bytes([hashes[at] ^ 1]) + hashes[at + 1:], run))

    def ask():
        status, fresh = admin("GET", "/v1/admin/audit/freshness")
        assert status == 200
        done = run_cli("audit", "status", "--config", signed.config)
        return fresh, done.returncode, done.stdout

    flip()
    found = admin("GET", "/v1/admin/audit/verify")[1]
    assert not found["ok"] and found["broken_at"]["id"] == 3
    fresh, code, said = ask()
    why = "altered: the stored bytes do not give the stored hash (event 3)"
    assert not fresh["ok"] and fresh["full_verification"]["problem"] == why and not fresh["full_verification"]["ok"]
    assert code == 1 and "NOT OK: verification: " + why in said
    assert signed.events()[-1]["event"]["tool"] == "audit/verification_failed"
    name = 'intentgate_gateway_audit_full_verification_ok{tenant="default"} '
    while name + "0" not in admin("GET", "/metrics")[1]:
        pass

    flip()
    assert admin("GET", "/v1/admin/audit/verify")[1]["ok"]
    fresh, code, said = ask()
    assert fresh["ok"] and fresh["full_verification"]["ok"]
    assert code == 0 and "as a whole at " in said and said.rstrip().count("NOT OK") == 0
    while name + "1" not in admin("GET", "/metrics")[1]:
        pass
