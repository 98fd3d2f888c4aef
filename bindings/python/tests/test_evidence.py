"""The chain and its evidence, as an operator in the same process uses them."""
import csv
import json

import pytest

import libintentgate as ig
from conftest import POLICY


@pytest.fixture
def signing(keys, tmp_path):
    """A gate that signs checkpoints, stores argument values and can prune, and its verifier key."""
    trusted = ig.make_signing_key(tmp_path / "signing.key", "acme")
    (tmp_path / "archive").mkdir()
    settings = {"audit": {"signing": {"key_file": str(tmp_path / "signing.key"), "deployment": "acme"}, "arg_values": "raw",
                          "retention": {"archive_directory": str(tmp_path / "archive")}}}
    with ig.Gate(keys=keys, policy={"p.rego": POLICY}, store=ig.SqliteStore(tmp_path / "gate.db"), settings=settings) as gate:
        yield gate, trusted


def call(gate, token, count=1):
    return [gate.authorize("read_file", {"path": f"/data/{n}"}, token) for n in range(count)]


def test_events_are_read_newest_first_and_narrowed(gate, token, monkeypatch):
    monkeypatch.setattr("libintentgate.audit._PAGE", 2)
    ids = [decision.event_id for decision in call(gate, token, 5)]
    gate.authorize("read_file", {"path": "/etc/x"}, token)
    assert [event["event_id"] for event in gate.audit_events(ig.AuditFilter(tool="read_file", decision="allow"))] == ids[::-1]
    block, = gate.audit_events(ig.AuditFilter(code="capability.argument_refused", agent_id="agent-7"))
    assert block["decision"] == "block"
    assert list(gate.audit_events(ig.AuditFilter(to_micros=0))) == []


def test_exports_in_every_format(gate, token, tmp_path):
    call(gate, token, 2)
    for format in ("ndjson", "csv", "ocsf"):
        gate.export_audit(tmp_path / format, format=format, filter=ig.AuditFilter(tool="read_file"))
    assert len(list(csv.reader((tmp_path / "csv").open()))) == 3
    assert len([json.loads(line) for line in (tmp_path / "ocsf").read_text().splitlines()]) == 2
    with pytest.raises(ValueError, match="ocsf"):
        gate.export_audit(tmp_path / "x", format="xml")
    assert not (tmp_path / "x").exists()
    with pytest.raises(ig.IntentGateError) as error:
        gate.export_audit(tmp_path / "no" / "folder")
    assert error.value.code == "io"


def test_values_are_erased_and_the_chain_still_verifies(signing, token):
    gate, _ = signing
    call(gate, token, 2)
    mine = ig.AuditFilter(tenant="default", agent_id="agent-7")
    assert any("/data/1" in json.dumps(event) for event in gate.audit_events(mine))
    counted = gate.erase_values(mine, reason="GDPR 17", actor="dpo@example.com", dry_run=True)
    assert counted.events == 2 and counted.values > 0
    assert gate.erase_values(mine, reason="GDPR 17", actor="dpo@example.com") == counted
    assert not any("/data/1" in json.dumps(event) for event in gate.audit_events(mine))
    assert gate.erase_values(mine, reason="again", actor="dpo@example.com").values == 0
    assert gate.verify_audit()
    erased = next(event for event in gate.audit_events() if event.get("tool") == "admin/erase" and event["actor"] == "dpo@example.com")
    assert erased
    with pytest.raises(ig.IntentGateError) as error:
        gate.erase_values(ig.AuditFilter(), reason="all", actor="dpo@example.com")
    assert error.value.code == "invalid_argument"


def test_a_hold_forbids_erasing_until_it_is_lifted(signing, token):
    gate, _ = signing
    call(gate, token)
    mine = ig.AuditFilter(tenant="default", agent_id="agent-7")
    gate.place_hold("case-1", reason="lawsuit", actor="counsel")
    hold, = gate.list_holds()
    assert (hold.id, hold.tenant, hold.reason, hold.placed_by, hold.from_micros) == ("case-1", "default", "lawsuit", "counsel", None)
    for wrong, code in [(lambda: gate.erase_values(mine, reason="r", actor="a"), "conflict"),
                        (lambda: gate.place_hold("case-1", reason="twice", actor="counsel"), "already_exists"),
                        (lambda: gate.lift_hold("case-2", reason="r", actor="counsel"), "not_found")]:
        with pytest.raises(ig.IntentGateError) as error:
            wrong()
        assert error.value.code == code
    assert any("/data/0" in json.dumps(event) for event in gate.audit_events(mine))
    gate.lift_hold("case-1", reason="settled", actor="counsel")
    assert gate.list_holds("default") == [] and gate.erase_values(mine, reason="r", actor="a").values > 0


def test_a_bundle_convinces_an_auditor_and_a_changed_one_does_not(signing, token, tmp_path):
    gate, trusted = signing
    call(gate, token)
    first = gate.make_checkpoint()
    decision, = call(gate, token)
    receipt = gate.sign_receipt(decision)
    assert gate.verifier_key == trusted
    checkpoint = gate.make_checkpoint()
    assert checkpoint.size > first.size and gate.latest_checkpoint() == checkpoint and checkpoint.origin.startswith("acme/audit/default")
    gate.write_bundle(tmp_path / "bundle.tar")
    report = ig.verify_bundle(tmp_path / "bundle.tar", keys=[trusted], older_checkpoints=[first.note], receipts=[receipt])
    assert report and report.complete and report.covered == checkpoint.size and report.tenant == "default", report
    whole = (tmp_path / "bundle.tar").read_bytes()
    (tmp_path / "changed.tar").write_bytes(whole.replace(b"read_file", b"read_pile"))
    assert ig.verify_bundle(tmp_path / "changed.tar", keys=[trusted]).verdict == "tampered"
    (tmp_path / "short.tar").write_bytes(whole[:len(whole) // 2])
    assert not ig.verify_bundle(tmp_path / "short.tar", keys=[trusted])
    (tmp_path / "rubbish.tar").write_bytes(b"\xff" * 5000)
    assert ig.verify_bundle(tmp_path / "rubbish.tar", keys=[trusted]).verdict == "malformed"
    stranger = ig.make_signing_key(tmp_path / "other.key", "acme")
    assert ig.verify_bundle(tmp_path / "bundle.tar", keys=[stranger]).verdict == "unknown_key"


def test_a_proof_of_one_event_and_its_receipt(signing, token):
    gate, trusted = signing
    decision, other = call(gate, token, 2)
    gate.make_checkpoint()
    proof = gate.prove_event(decision.event_id)
    assert proof.event_id == decision.event_id
    assert ig.verify_proof(proof.proof, proof.hash, keys=[trusted])
    assert ig.verify_proof(proof.proof, "", keys=[trusted], receipts=[gate.sign_receipt(decision)]).seq == proof.seq
    wrong = gate.prove_event(other.event_id)
    assert not ig.verify_proof(proof.proof, wrong.hash, keys=[trusted])
    with pytest.raises(ig.IntentGateError) as error:
        gate.prove_event("0198c0de-0000-7000-8000-000000000000")
    assert error.value.code == "not_found"


def test_old_events_are_pruned_into_an_archive_that_verifies(signing, token, tmp_path):
    gate, trusted = signing
    call(gate, token, 600)
    gate.make_checkpoint()
    newest = next(gate.audit_events(ig.AuditFilter(tool="read_file")))
    assert newest["decision"] == "allow"
    dry = gate.prune_audit(2**62, reason="old", actor="ops", dry_run=True)
    assert dry.first_seq == 0 and dry.next_first_seq == 512 and dry.archive == ""
    done = gate.prune_audit(2**62, reason="old", actor="ops")
    assert done.next_first_seq == 512
    segment = ig.verify_bundle(done.archive, keys=[trusted])
    assert segment and (segment.first_seq, segment.next_seq) == (0, 512), segment
    assert gate.verify_audit()
    gate.place_hold("case-1", reason="lawsuit", actor="counsel")
    call(gate, token, 300)
    gate.make_checkpoint()
    with pytest.raises(ig.IntentGateError) as error:
        gate.prune_audit(2**62, reason="old", actor="ops")
    assert error.value.code == "conflict"


def test_without_a_signing_key_nothing_is_signed(gate, token, tmp_path):
    decision, = call(gate, token)
    assert gate.verifier_key == ""
    for use in (gate.make_checkpoint, lambda: gate.sign_receipt(decision), lambda: gate.prove_event(decision.event_id)):
        with pytest.raises(ig.IntentGateError) as error:
            use()
        assert error.value.code == "unavailable"
    with pytest.raises(ig.IntentGateError) as error:
        gate.latest_checkpoint()
    assert error.value.code == "not_found"
    with pytest.raises(ValueError, match="no place in the chain"):
        gate.sign_receipt(gate.explain("read_file", {"path": "/data/a"}, token))


@pytest.mark.parametrize("use", [
    lambda g: g.erase_values({"tenant": "x"}, reason="r", actor="a"), lambda g: g.erase_values(ig.AuditFilter(tenant=5), reason="r", actor="a"),
    lambda g: g.place_hold(5, reason="r", actor="a"), lambda g: g.place_hold("x", reason="r", actor="a", from_micros="y"),
    lambda g: g.sign_receipt(None), lambda g: g.make_checkpoint(5), lambda g: g.prove_event(5), lambda g: g.prune_audit("x", reason="r", actor="a"),
    lambda g: g.write_bundle(5), lambda g: ig.verify_bundle("x", keys=5), lambda g: ig.verify_proof(5, "", keys=[]),
    lambda g: list(g.audit_events(ig.AuditFilter(to_micros="x"))),
])
def test_wrong_types_are_type_errors(gate, use):
    with pytest.raises(TypeError):
        use(gate)


def test_keys_and_files_that_cannot_be_read(tmp_path):
    ig.make_signing_key(tmp_path / "key", "acme")
    for use, code in [(lambda: ig.make_signing_key(tmp_path / "key", "acme"), "io"),
                      (lambda: ig.verify_bundle(tmp_path / "none", keys=[]), "io"),
                      (lambda: ig.verify_bundle(tmp_path / "key", keys=["rubbish"]), "malformed"),
                      (lambda: ig.verify_bundle(tmp_path, keys=[]), "io"),
                      (lambda: ig.verify_proof("rubbish", "no hash", keys=[]), "invalid_argument")]:
        with pytest.raises(ig.IntentGateError) as error:
            use()
        assert error.value.code == code
