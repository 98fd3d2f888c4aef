"""The client over HTTP against a gateway that misbehaves. tests/e2e/test_public_sdk.py has the real one."""

import asyncio
import gc
import multiprocessing
import os
import socket
import threading

import pytest

from fake_gateway import CLOSE, FakeClock, FakeGateway, allowed, answer, pending, refused, result
from libintentgate import client as sdk


class Blocking:
    """Both clients behind one face: ``open`` makes one, ``close`` ends it."""

    def open(self, url, **options):
        gateway = sdk.Gateway(url, **options)
        self.call, self.resume, self.close = gateway.tool_call, gateway.resume, gateway.close
        return self


class OnLoop:
    def open(self, url, **options):
        self.loop = asyncio.new_event_loop()
        self.gateway = sdk.AsyncGateway(url, **options)
        return self

    def call(self, *args, **kwargs):
        return self.loop.run_until_complete(self.gateway.tool_call(*args, **kwargs))

    def resume(self, *args, **kwargs):
        return self.loop.run_until_complete(self.gateway.resume(*args, **kwargs))

    def close(self):
        self.loop.run_until_complete(self.gateway.aclose())
        self.loop.close()


@pytest.fixture(params=[Blocking, OnLoop])
def opened(request):
    """Opens a client, blocking and on a loop."""
    made = []

    def open_one(url, **options):
        made.append(request.param().open(url, **options))
        return made[-1]

    yield open_one
    for each in made:
        each.close()


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_what_is_sent_and_what_comes_back(opened):
    said = result(content=[{"type": "text", "text": "one"}, {"type": "image", "data": "AA=="}, {"type": "text", "text": "two"}, 7],
                  structuredContent={"rows": 2},
                  _intentgate={"decision": "allow", "reason": "forwarded", "check": "", "latency_ms": 3})
    with FakeGateway(answer({"result": said})) as gateway:
        client = opened(gateway.url + "/", token="secret-token\n")
        got = client.call("read_file", {"path": "/ü"}, intent_prompt="lies ümläute\r\nund mehr")
        assert client.call("read_file", request_id="mine").is_error is False
    first, second = gateway.asked
    assert first.message == {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                             "params": {"name": "read_file", "arguments": {"path": "/ü"}}}
    assert second.message["id"] == "mine" and second.message["params"]["arguments"] == {}
    assert first.headers["authorization"] == "Bearer secret-token"
    assert first.headers["x-intent-prompt"].encode("latin-1").decode() == "lies ümläute  und mehr"
    assert "x-intent-prompt" not in second.headers and first.connection == second.connection
    assert got.content[0] == sdk.ContentBlock("text", "one") and got.content[1].fields["data"] == "AA=="
    assert (got.text, got.structured_content, len(got.content)) == ("one\ntwo", {"rows": 2}, 3)
    assert got.intentgate == sdk.IntentGateMetadata("allow", "forwarded", "", 3)


@pytest.mark.parametrize("code, kind", [(-32010, sdk.CapabilityError), (-32011, sdk.IntentError), (-32012, sdk.PolicyError),
                                        (-32013, sdk.BudgetError), (-32603, sdk.ProtocolError)])
def test_a_refusal_is_raised_by_its_kind_and_not_asked_again(opened, code, kind):
    with FakeGateway(refused(code, "because")) as gateway, pytest.raises(kind) as error:
        opened(gateway.url, clock=FakeClock()).call("x")
    assert (type(error.value), error.value.code, error.value.message, error.value.data) == (kind, code, "check failed", "because")
    assert str(error.value) == "check failed: because" and len(gateway.asked) == 1


def test_a_check_that_answers_with_a_status_is_still_that_check(opened):
    body = {"error": {"code": -32010, "message": "capability check failed", "data": "no token"}}
    with FakeGateway(answer(body, 401)) as gateway, pytest.raises(sdk.CapabilityError):
        opened(gateway.url).call("x")


@pytest.mark.parametrize("said, kind, executed", [
    (answer(b"<html>" + b"x" * 2000, 404), sdk.GatewayError, False),
    (answer(b"oops", 502), sdk.GatewayError, True),
    (answer(b"not json"), sdk.GatewayError, True),
    (answer(b"[" * 100_000), sdk.GatewayError, True),
    (answer(b"[]"), sdk.ProtocolError, None),
    (answer({"result": [1]}), sdk.ProtocolError, None),
    (answer({"error": "text"}), sdk.ProtocolError, None),
    (answer({"error": {"code": "x", "message": 7}}), sdk.ProtocolError, None),
    ([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour", CLOSE], sdk.GatewayError, True),
    ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfo", CLOSE], sdk.GatewayError, True),
    ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", CLOSE], sdk.GatewayError, True),
    ([b"SMTP/1.1 hello\r\n\r\n", CLOSE], sdk.GatewayError, True),
    ([b"HTTP/1.1 2x0 OK\r\n\r\n", CLOSE], sdk.GatewayError, True),
    ([b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", CLOSE], sdk.GatewayError, True),
    ([CLOSE], sdk.GatewayError, True),
])
def test_rubbish_is_an_error_of_the_client_and_not_sent_again(opened, said, kind, executed):
    with FakeGateway(said) as gateway, pytest.raises(kind) as error:
        opened(gateway.url, clock=FakeClock()).call("x")
    assert type(error.value) is kind and error.value.code == 0 and len(gateway.asked) == 1
    assert getattr(error.value, "maybe_executed", None) is executed
    assert error.value.data is None or len(str(error.value.data)) < 600


def test_members_of_the_wrong_type_count_as_absent(opened):
    said = {"result": {"content": [{"type": 1, "text": None}], "isError": "no", "_intentgate": {"latency_ms": None}}}
    with FakeGateway(answer(said)) as gateway:
        got = opened(gateway.url).call("x")
    assert got == sdk.ToolCallResult([sdk.ContentBlock("", "")], False, sdk.IntentGateMetadata("", "", "", 0))


@pytest.mark.parametrize("said", [
    [b"HTTP/1.1 100 Continue\r\n\r\n", allowed()],
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"9;x=y\r\n{\"result\"\r\n", b"4\r\n:{}}\r\n0\r\nT: x\r\n\r\n"],
    [b"HTTP/1.0 200 OK\r\n\r\n{\"result\":{}}", CLOSE],
])
def test_answers_in_every_framing(opened, said):
    with FakeGateway(said) as gateway:
        client = opened(gateway.url)
        assert client.call("x").is_error is False
        assert client.call("x").is_error is False


def test_a_connection_that_the_gateway_closed_is_not_used_again(opened):
    with FakeGateway(allowed()) as gateway:
        client = opened(gateway.url)
        client.call("x")
        gateway.drop()
        client.call("x")
    assert [asked.connection for asked in gateway.asked] == [0, 1]


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(opened):
    with FakeGateway([allowed() + allowed(structuredContent="stale")], allowed(structuredContent="right")) as gateway:
        client = opened(gateway.url)
        client.call("x")
        assert client.call("x").structured_content == "right"


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_that_was_not_judged_is_sent_again(opened, status):
    clock = FakeClock()
    with FakeGateway(answer(b"busy", status), answer(b"busy", status, Retry_After="3"), allowed()) as gateway:
        opened(gateway.url, clock=clock).call("x")
    assert len(gateway.asked) == 3 and clock.pauses == [0.1, 3.0]
    with FakeGateway(answer(b"busy", status)) as gateway, pytest.raises(sdk.GatewayError) as error:
        opened(gateway.url, clock=clock).call("x")
    assert len(gateway.asked) == 3 and error.value.maybe_executed is False
    with FakeGateway(answer(b"busy", status, Retry_After="3600")) as gateway, pytest.raises(sdk.GatewayError):
        opened(gateway.url, clock=clock).call("x")
    assert len(gateway.asked) == 1


def test_no_connection_is_tried_again_and_then_an_error(opened):
    clock = FakeClock()
    with pytest.raises(sdk.GatewayError, match="transport error") as error:
        opened(f"http://127.0.0.1:{unused_port()}", clock=clock, retry=sdk.Retry(4, 0.5, 1.0)).call("x")
    assert error.value.maybe_executed is False and clock.pauses == [0.5, 1.0, 1.0]


def test_a_gateway_that_says_nothing_or_too_little_times_out(opened):
    go_on = threading.Event()
    slow = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    for said in (lambda asked: go_on.wait(30) and b"", lambda asked: [slow, b""][go_on.is_set()]):
        with FakeGateway(said) as gateway, pytest.raises(sdk.GatewayError, match="timed out") as error:
            opened(gateway.url, timeout=0.2).call("x")
        assert error.value.maybe_executed is True and len(gateway.asked) == 1
    go_on.set()


def test_an_answer_has_a_largest_size(opened, monkeypatch):
    for module in ("_http", "_ahttp"):
        monkeypatch.setattr(f"libintentgate.client.{module}.MAX_REPLY_BYTES", 1000)
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100\r\n" + b" " * 256 + b"\r\n"
    for said in (allowed(structuredContent="x" * 1000), [endless, (b"100\r\n" + b" " * 256 + b"\r\n") * 5, CLOSE],
                 [b"HTTP/1.0 200 OK\r\n\r\n" + b" " * 2000, CLOSE]):
        with FakeGateway(said) as gateway, pytest.raises(sdk.GatewayError, match="larger"):
            opened(gateway.url).call("x")


def test_what_cannot_be_sent_is_an_error_at_once(opened):
    with FakeGateway(allowed()) as gateway:
        client = opened(gateway.url)
        for arguments in ({"a": float("nan")}, {"a": object()}, {"a": "\ud800"}):
            with pytest.raises((TypeError, ValueError)):
                client.call("x", arguments)
        for wrong in ({"approval_id": "a\r\nX: y"}, {"wait_for_approval": -1}, {"intent_prompt": "\ud800"}):
            with pytest.raises(ValueError):
                client.call("x", **wrong)
        with pytest.raises(ValueError, match="tool"):
            client.call("")
        with pytest.raises(ValueError, match="token"):
            opened(gateway.url, token="a\nb")
        client.call("x")
    assert len(gateway.asked) == 1
    for url in ("", "localhost:8080", "ftp://x", "http://", "http://u:p@x", "http://x/?q=1"):
        with pytest.raises(ValueError):
            opened(url)


def test_an_escalated_call_is_pending_and_can_be_resumed(opened):
    with FakeGateway(pending(Retry_After="7"), allowed()) as gateway:
        client = opened(gateway.url)
        with pytest.raises(sdk.PolicyError) as left:
            client.call("transfer", {"amount": 5}, intent_prompt="pay")
        assert isinstance(left.value, sdk.ApprovalPending)
        assert (left.value.approval_id, left.value.retry_after, left.value.code) == ("a-1", 7.0, -32012)
        assert client.resume(left.value).text == "done"
    first, second = gateway.asked
    assert second.headers["x-intentgate-approval-id"] == "a-1" and "prefer" not in second.headers
    assert second.message["params"] == first.message["params"] and second.headers["x-intent-prompt"] == "pay"


def test_waiting_for_an_approval_holds_the_request_at_the_gateway(opened):
    clock = FakeClock()

    def held(asked):
        clock.time += 60
        return pending()

    with FakeGateway(pending(), held, allowed()) as gateway:
        assert opened(gateway.url, clock=clock).call("transfer", wait_for_approval=100).text == "done"
    assert [asked.headers.get("prefer") for asked in gateway.asked] == [None, "wait=60", "wait=40"]
    assert [asked.headers.get("x-intentgate-approval-id") for asked in gateway.asked] == [None, "a-1", "a-1"]
    assert clock.pauses == []


def test_a_gateway_that_does_not_hold_is_asked_at_its_own_pace_until_the_time_is_over(opened):
    clock = FakeClock()
    with FakeGateway(pending(Retry_After="4")) as gateway, pytest.raises(sdk.ApprovalPending):
        opened(gateway.url, clock=clock).call("transfer", wait_for_approval=10)
    assert clock.pauses == [4.0, 4.0, 2.0] and len(gateway.asked) == 5


def test_a_rejection_ends_the_wait(opened):
    with FakeGateway(pending(), refused(-32012, "rejected")) as gateway, pytest.raises(sdk.PolicyError) as error:
        opened(gateway.url, clock=FakeClock()).call("transfer", wait_for_approval=10)
    assert type(error.value) is sdk.PolicyError and error.value.data == "rejected" and len(gateway.asked) == 2


def test_a_wait_survives_one_lost_connection_and_never_hides_that_the_call_may_have_run(opened):
    with FakeGateway(pending(), [CLOSE], allowed()) as gateway:
        assert opened(gateway.url, clock=FakeClock()).call("transfer", wait_for_approval=10).text == "done"
    assert len(gateway.asked) == 3
    with FakeGateway(pending(), [CLOSE], refused(-32012, "the approval was used")) as gateway:
        with pytest.raises(sdk.GatewayError) as error:
            opened(gateway.url, clock=FakeClock()).call("transfer", wait_for_approval=10)
    assert error.value.maybe_executed is True and error.value.data == "the approval was used"


def test_the_first_request_of_a_call_is_never_sent_twice(opened):
    with FakeGateway([CLOSE]) as gateway, pytest.raises(sdk.GatewayError) as error:
        opened(gateway.url, clock=FakeClock()).call("transfer", wait_for_approval=10)
    assert error.value.maybe_executed is True and len(gateway.asked) == 1


def test_a_client_of_the_callers_is_used_and_left_open(opened):
    httpx = pytest.importorskip("httpx")

    def respond(request):
        if request.headers["authorization"] == "Bearer lost":
            raise httpx.ReadTimeout("slow", request=request)
        assert request.url.path == "/base/v1/mcp" and request.headers["x-intent-prompt"] == "ü"
        return httpx.Response(200, json={"result": result()})

    transport = httpx.MockTransport(respond)
    for kind, loop in ((httpx.Client, None), (httpx.AsyncClient, OnLoop)):
        client = kind(transport=transport)
        opener = OnLoop if loop else Blocking
        for token in ("good", "lost"):
            gateway = opener().open("http://gate/base/", token=token, client=client)
            if token == "good":
                assert gateway.call("x", intent_prompt="ü").text == "done"
            else:
                with pytest.raises(sdk.GatewayError, match="transport error: slow") as error:
                    gateway.call("x")
                assert error.value.maybe_executed is True
            gateway.close()
        assert client.is_closed is False


def test_a_client_does_not_print_its_token(opened):
    with FakeGateway(allowed()) as gateway:
        for kind in (sdk.Gateway, sdk.AsyncGateway):
            assert "secret" not in repr(kind(gateway.url, token="secret"))


def test_threads_share_a_client():
    with FakeGateway(allowed()) as gateway, sdk.Gateway(gateway.url) as client:
        failed = []

        def work():
            try:
                for _ in range(50):
                    assert client.tool_call("x").text == "done"
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failed and len(gateway.asked) == 400
    assert len({asked.message["id"] for asked in gateway.asked}) == 400


def test_a_cancelled_call_leaves_no_connection_that_would_answer_the_next_one():
    go_on = threading.Event()

    async def main(gateway):
        async with sdk.AsyncGateway(gateway.url) as client:
            task = asyncio.create_task(client.tool_call("slow"))
            while not gateway.asked:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go_on.set()
            return (await client.tool_call("x")).structured_content

    with FakeGateway(lambda asked: go_on.wait(30) and allowed(structuredContent="stale"), allowed(structuredContent="right")) as gateway:
        assert asyncio.run(main(gateway)) == "right"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_process_opens_connections_of_its_own():
    with FakeGateway(allowed()) as gateway, sdk.Gateway(gateway.url) as client:
        client.tool_call("x")
        child = multiprocessing.get_context("fork").Process(target=client.tool_call, args=("x",))
        child.start()
        child.join(30)
        assert child.exitcode == 0
        client.tool_call("x")
    assert [asked.connection for asked in gateway.asked] == [0, 1, 0]


def test_connections_are_closed_when_a_client_is_closed():
    with FakeGateway(allowed()) as gateway:
        client = sdk.Gateway(gateway.url)
        client.tool_call("x")
        client.close()
        client.tool_call("x")
        client.close()
        gc.collect()
    assert [asked.connection for asked in gateway.asked] == [0, 1]
