"""The public Python SDK, unmodified from its registry, works against this gateway."""
import pytest

intentgate = pytest.importorskip("intentgate", reason="the public SDK is not installed")


@pytest.fixture
def v3_token(gateway):
    status, answer = gateway.admin("POST", "/v1/admin/mint", {
        "subject": "sdk-agent", "ttl_seconds": 600, "tools": ["read_file", "write_file", "transfer_funds"], "max_calls": 3})
    assert status == 200
    return answer["token"]


def test_calls_are_allowed_and_refused_with_the_sdks_exceptions(gateway, upstream, v3_token):
    with intentgate.Gateway(f"http://127.0.0.1:{gateway.port}", token=v3_token) as client:
        result = client.tool_call("read_file", {"path": "/data/a"})
        assert result.is_error is False
        assert result.intentgate.decision == "allow"
        assert '"path": "/data/a"' in result.content[0].text
        with pytest.raises(intentgate.CapabilityError) as refused:
            client.tool_call("delete_all", {})
        assert refused.value.code == -32010
        with pytest.raises(intentgate.IntentError):
            client.tool_call("write_file", {"path": "/data/a"}, intent_prompt="read the note and summarize it")
        with pytest.raises(intentgate.PolicyError):
            client.tool_call("transfer_funds", {"amount": 5})
        client.tool_call("read_file", {"path": "/data/b"})
        client.tool_call("read_file", {"path": "/data/c"})
        with pytest.raises(intentgate.BudgetError):
            client.tool_call("read_file", {"path": "/data/d"})
    assert len(upstream.calls) == 3


def test_a_token_attenuated_by_the_sdk_can_do_less(gateway, upstream, v3_token):
    child = intentgate.attenuate(v3_token, add_tools=["read_file"], max_calls=1)
    with intentgate.Gateway(f"http://127.0.0.1:{gateway.port}", token=child) as client:
        with pytest.raises(intentgate.CapabilityError):
            client.tool_call("write_file", {"path": "/data/a"})
        client.tool_call("read_file", {"path": "/data/a"})
        with pytest.raises(intentgate.BudgetError):
            client.tool_call("read_file", {"path": "/data/a"})
