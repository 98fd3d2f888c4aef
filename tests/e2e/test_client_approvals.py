"""This project's Python client and the gateway's approvals: wait for a person, come back later, be rejected."""
import asyncio

import pytest

from libintentgate import client as sdk

AMOUNT = {"amount": 5}


@pytest.fixture
def url(gateway):
    return f"http://127.0.0.1:{gateway.port}"


def decide(gateway, approval_id, decision):
    status, answer = gateway.admin("POST", f"/v1/admin/approvals/{approval_id}/decide", {"decision": decision})
    assert status == 200, answer


def left_pending(client):
    with pytest.raises(sdk.ApprovalPending) as left:
        client.tool_call("transfer_funds", AMOUNT)
    return left.value


def test_a_call_is_resumed_once_and_for_its_own_arguments_only(gateway, upstream, url):
    with sdk.Gateway(url, gateway.mint("--ttl", "1h")) as client:
        pending = left_pending(client)
        with pytest.raises(sdk.ApprovalPending) as still:
            client.resume(pending)
        assert still.value.approval_id == pending.approval_id
        decide(gateway, pending.approval_id, "approve")
        with pytest.raises(sdk.PolicyError) as other:
            client.tool_call("transfer_funds", {"amount": 6}, approval_id=pending.approval_id)
        assert not isinstance(other.value, sdk.ApprovalPending)
        assert '"amount": 5' in client.resume(pending).text
        with pytest.raises(sdk.PolicyError) as used:
            client.resume(pending)
        assert not isinstance(used.value, sdk.ApprovalPending)
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("decision, calls", [("approve", 1), ("reject", 0)])
def test_a_client_waits_while_the_gateway_holds_its_request(gateway, upstream, url, decision, calls):
    token = gateway.mint("--ttl", "1h")
    with sdk.Gateway(url, token) as client:
        pending = left_pending(client)

    async def main():
        async with sdk.AsyncGateway(url, token) as client:
            waiting = asyncio.create_task(client.resume(pending, wait_for_approval=30))
            await asyncio.to_thread(decide, gateway, pending.approval_id, decision)
            return await waiting

    if decision == "approve":
        assert '"amount": 5' in asyncio.run(main()).text
    else:
        with pytest.raises(sdk.PolicyError) as rejected:
            asyncio.run(main())
        assert not isinstance(rejected.value, sdk.ApprovalPending)
    assert len(upstream.calls) == calls
