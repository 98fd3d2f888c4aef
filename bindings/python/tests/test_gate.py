import threading

import pytest

import libintentgate as ig
from conftest import POLICY


def test_each_check_can_refuse_and_says_what_decided(keys, token):
    with ig.Gate(keys=keys, policy={"policy.rego": POLICY}, budget=ig.Budget(agent=ig.Limits(window_calls=1))) as gate:
        gate.set_tools([("read_file", "read a file", ["path"]), ("read_mail", "read the mail", [])])
        allowed = gate.authorize("read_file", {"path": "/data/a"}, token)
        assert allowed and allowed.verdict == "allow" and (allowed.check, allowed.code, allowed.rule) == ("", "allowed", "")
        capability = gate.authorize("read_file", {"path": "/etc/passwd"}, token)
        assert (capability.verdict, capability.check, capability.code) == ("block", "capability", "capability.argument_refused")
        assert capability.rule == "caveat 1 (arg) of hop 0"
        policy = gate.authorize("read_file", {"path": "/data/secrets/x"}, token)
        assert (policy.check, policy.reason) == ("policy", "not for agents")
        assert policy.rule == "policy data.intentgate.policy.decision"
        escalated = gate.authorize("transfer", {}, token)
        assert (escalated.verdict, escalated.code) == ("escalate", "policy.escalated")
        assert not escalated.allowed
        intent = gate.authorize("read_mail", {}, token, intent="read the file report.txt and do not read the mail")
        assert (intent.check, intent.rule) == ("intent", "intent")
        budget = gate.authorize("read_file", {"path": "/data/a"}, token)
        assert (budget.check, budget.code) == ("budget", "budget.rate")
        assert budget.rule.startswith("budget agent:")
        with pytest.raises(ig.Denied) as denied:
            policy.require()
        assert denied.value.decision is policy and denied.value.code == "policy.blocked"


def test_no_token_is_a_denial(gate):
    for none in ("", None):
        decision = gate.authorize("read_file", {"path": "/data/a"}, none)
        assert decision.code == "capability.no_token" and not decision
    assert gate.authorize("read_file", {"path": "/data/a"}).code == "capability.no_token"


def test_a_budget_is_never_exceeded_by_threads(gate, keys):
    token = ig.mint(keys, "a", [ig.max_calls(50)]).token
    allowed = []

    def work():
        for _ in range(20):
            if gate.authorize("read_dir", {"path": "/data"}, token=token):
                allowed.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 50
    report = gate.verify_audit()
    assert report.ok and report.verified >= 160


def test_a_revoked_branch_is_refused_and_its_parent_is_not(gate, keys):
    root = ig.mint(keys, "a").token
    child = ig.attenuate(root, [ig.max_calls(9)])
    gate.revoke(ig.decode(child)["jti"], reason="test")
    assert gate.authorize("read_dir", {}, token=child).code == "capability.token_revoked"
    assert gate.authorize("read_dir", {}, token=root)
    assert gate.check_token(child).code == "capability.token_revoked"
    assert gate.check_token(root)


def test_what_was_judged_is_a_snapshot(gate, token):
    args = {"path": "/data/a", "deep": [1, {"n": 10**40}], "half": 0.1, "yes": True, "none": None, "t": (1, 2)}
    decision = gate.authorize("read_file", args, token)
    args["path"] = "/etc/passwd"
    assert decision.args == {"path": "/data/a", "deep": [1, {"n": 10**40}], "half": 0.1, "yes": True, "none": None, "t": [1, 2]}
    assert decision.args is decision.args
    assert gate.authorize("read_file", None, token).args is None


def test_an_explanation_charges_nothing_and_reads_well(gate, keys):
    token = ig.mint(keys, "a", [ig.max_calls(1), ig.tools("read_file")]).token
    for _ in range(3):
        decision = gate.explain("read_file", {"path": "/data/a"}, token)
        assert decision.allowed and [step.check for step in decision.trace] == ["capability", "intent", "policy", "budget"]
    text = str(gate.explain("write_file", {}, token))
    assert text.splitlines()[0].startswith("block (capability.tool_not_allowed): ")
    assert "decided by caveat 1 (tool_allow) of hop 0" in text and "refuse" in text
    assert gate.authorize("read_file", {"path": "/data/a"}, token)


def test_mistakes_in_the_configuration_are_all_named(keys):
    with pytest.raises(ig.IntentGateError) as error:
        ig.Gate.open(yaml="store: {kind: floppy}\nbugdet: {}\n", environment={})
    assert "store.kind" in str(error.value) and "bugdet" in str(error.value)
    with pytest.raises(ig.IntentGateError) as error:
        ig.Gate(keys=keys, policy={"p.rego": POLICY}, store="floppy", settings={"bugdet": {}}, audit="never")
    assert all(name in str(error.value) for name in ("store.kind", "bugdet", "audit.durability"))
    with pytest.raises(ig.IntentGateError) as error:
        ig.Gate(keys=keys, policy={"p.rego": "package intentgate.policy\ndecision := x"})
    assert "p.rego:2" in str(error.value)
    with pytest.raises(ig.IntentGateError) as error:
        ig.Gate(keys=keys, policy={"p.rego": POLICY}, settings={"keys": {"file": "keys"}})
    assert "keys.file" in str(error.value)


def test_a_gate_from_a_file_reads_its_environment(gate_config, tmp_path):
    yaml, keys = gate_config
    (tmp_path / "intentgate.yaml").write_text(yaml)
    environment = {"INTENTGATE_BUDGET_AGENT_LIFETIME_CALLS": "1"}
    with ig.Gate.open(tmp_path / "intentgate.yaml", environment=environment) as gate:
        token = ig.mint(keys, "a").token
        assert gate.authorize("read_dir", {}, token)
        assert gate.authorize("read_dir", {}, token).code == "budget.exhausted"
        assert gate.health() == (True, "") and "memory" in gate.describe()


def test_settings_in_code_are_those_of_the_file(keys, tmp_path):
    settings = dict(
        keys=keys, policy={"policy.rego": POLICY}, store=ig.SqliteStore(tmp_path / "gate.db"),
        budget=ig.Budget(agents={"a": ig.Limits(lifetime_calls=1)}), tools=[ig.Tool("read_*", cost=2, durability="async")],
        audit=ig.Audit(arg_values="raw"), intent=ig.IntentCheck(mode="off"), capability=ig.Capability(audience="here"),
    )
    token = ig.mint(keys, "a", audience="here").token
    with ig.Gate(**settings) as gate:
        assert gate.authorize("read_dir", {}, token, intent="write a poem")
        assert gate.authorize("read_dir", {}, ig.mint(keys, "a", audience="there").token).code == "capability.token_wrong_audience"
    with ig.Gate(**settings) as again:
        assert again.authorize("read_dir", {}, token).code == "budget.exhausted"
        assert again.verify_audit().ok


def test_a_store_that_the_library_does_not_know_is_its_own_error(keys):
    try:
        ig.Gate(keys=keys, policy={"p.rego": POLICY}, store=ig.PostgresStore("postgresql://nobody:pw@127.0.0.1:1/none")).close()
    except ig.IntentGateError as error:
        assert "store" in str(error) and "pw" not in str(error)
    else:
        pytest.fail("a database that is not there was opened")
    assert "pw" not in repr(ig.PostgresStore("postgresql://nobody:pw@127.0.0.1:1/none"))


def test_a_closed_gate_says_so(gate, token):
    gate.close()
    gate.close()
    assert gate.closed
    for use in (lambda: gate.authorize("x"), lambda: gate.verify_audit(), lambda: gate.health(), lambda: gate.explain("x")):
        with pytest.raises(ValueError, match="the gate is closed"):
            use()


def test_export_and_outcomes(gate, token, tmp_path):
    decision = gate.authorize("read_file", {"path": "/data/a"}, token)
    gate.record_outcome(decision, "tool_error", latency_us=12)
    gate.export_audit(tmp_path / "audit.ndjson")
    text = (tmp_path / "audit.ndjson").read_text()
    assert text.count("\n") >= 3 and decision.event_id in text and "tool_error" in text
    gate.export_audit(tmp_path / "audit.csv", format="csv")
    with pytest.raises(ValueError):
        gate.export_audit(tmp_path / "x", format="xml")
    with pytest.raises(ig.IntentGateError):
        gate.export_audit(tmp_path / "no such folder" / "x")
    with pytest.raises(ValueError, match="only an allowed call"):
        gate.record_outcome(gate.authorize("read_file"), "success")


def test_what_an_agent_may_see(gate, token):
    assert gate.visible_tools(token, ["read_file", "write_file", "read_dir"]) == ["read_file", "read_dir"]
    assert gate.visible_tools("rubbish", ["read_file"]) == []


def test_a_policy_can_be_swapped(gate, token):
    assert gate.authorize("read_dir", {}, token)
    nothing = 'package intentgate.policy\ndecision := {"allow": false, "reason": data.why}\n'
    gate.set_policy(ig.Policy.compile({"none.rego": nothing}, data={"why": "closed today"}))
    assert gate.authorize("read_dir", {}, token).reason == "closed today"
