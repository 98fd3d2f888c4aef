import threading

import pytest

import libintentgate as ig


@pytest.fixture
def opened(gate_config):
    yaml, keys = gate_config
    with ig.Gate.open(yaml=yaml, environment={}) as gate:
        yield gate, keys


def test_each_check_can_refuse(opened):
    gate, keys = opened
    token = ig.mint(keys, subject="a", caveats=[ig.where("/path", subpath="/data", tool="read_text_file")]).token
    assert gate.authorize("read_text_file", {"path": "/data/a"}, token=token)
    capability = gate.authorize("read_text_file", {"path": "/etc/passwd"}, token=token)
    assert (capability.verdict, capability.check) == ("block", "capability")
    policy = gate.authorize("read_text_file", {"path": "/data/secrets/x"}, token=token)
    assert (policy.verdict, policy.check) == ("block", "policy")
    escalated = gate.authorize("move_file", {"source": "/a", "destination": "/b"}, token=token)
    assert (escalated.verdict, escalated.code) == ("escalate", "policy.escalated")
    with pytest.raises(ig.Denied) as denied:
        policy.require()
    assert denied.value.decision is policy


def test_no_token_is_a_denial(opened):
    decision = opened[0].authorize("read_text_file", {"path": "/data/a"})
    assert decision.code == "capability.no_token"
    assert not decision


def test_a_budget_is_never_exceeded_by_threads(opened):
    gate, keys = opened
    token = ig.mint(keys, subject="a", caveats=[ig.max_calls(50)]).token
    allowed = []

    def work():
        for _ in range(20):
            if gate.authorize("list_directory", {"path": "/data"}, token=token):
                allowed.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 50
    report = gate.verify_audit()
    assert report["ok"] and report["verified"] >= 160


def test_a_revoked_branch_is_refused_and_its_parent_is_not(opened):
    gate, keys = opened
    root = ig.mint(keys, subject="a").token
    child = ig.attenuate(root, [ig.max_calls(9)])
    gate.revoke(ig.decode(child)["jti"], reason="test")
    assert gate.authorize("list_directory", {}, token=child).code == "capability.token_revoked"
    assert gate.authorize("list_directory", {}, token=root)


def test_what_was_judged_is_a_snapshot(opened):
    gate, keys = opened
    args = {"path": "/data/a", "deep": [1, {"n": 10**40}]}
    decision = gate.authorize("read_text_file", args, token=ig.mint(keys, subject="a").token)
    args["path"] = "/etc/passwd"
    assert decision.args == {"path": "/data/a", "deep": [1, {"n": 10**40}]}


@pytest.mark.parametrize("args", [{"x": b"bytes"}, {"x": object()}, {1: "key"}, {"x": {1, 2}}])
def test_types_that_json_lacks_are_a_type_error(opened, args):
    with pytest.raises(TypeError):
        opened[0].authorize("read_text_file", args)


@pytest.mark.parametrize("args", [{"x": float("nan")}, {"x": "\ud800"}])
def test_values_that_json_lacks_are_a_value_error(opened, args):
    with pytest.raises(ValueError):
        opened[0].authorize("read_text_file", args)


def test_a_cycle_is_refused(opened):
    args = {}
    args["self"] = args
    with pytest.raises(ValueError):
        opened[0].authorize("read_text_file", args)


def test_mistakes_in_the_configuration_are_all_named():
    with pytest.raises(ig.IntentGateError) as error:
        ig.Gate.open(yaml="store: {kind: floppy}\nbugdet: {}\n", environment={})
    assert "store.kind" in str(error.value) and "bugdet" in str(error.value)


def test_a_closed_gate_says_so(gate_config):
    yaml, _ = gate_config
    gate = ig.Gate.open(yaml=yaml, environment={})
    gate.close()
    with pytest.raises(ValueError):
        gate.authorize("x")


def test_export_is_written(opened, tmp_path):
    gate, keys = opened
    gate.authorize("list_directory", {}, token=ig.mint(keys, subject="a").token)
    gate.export_audit(str(tmp_path / "audit.ndjson"))
    assert (tmp_path / "audit.ndjson").read_text().count("\n") >= 3
