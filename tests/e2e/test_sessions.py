"""Sessions belong to who opened them, streams arrive as they are made, and messages are carried exactly."""
import json
import socket
import threading

import pytest

from support import Gateway, run_cli

INITIALIZE = {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": {
    "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}
CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "read_file", "arguments": {"path": "/a"}}}
STREAM = {"Accept": "application/json, text/event-stream"}


def headers(token, **more):
    return {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}", **more}


def open_session(client, token):
    status, text, head = client.request("POST", "/v1/mcp", json.dumps(INITIALIZE), headers(token))
    assert status == 200 and "result" in json.loads(text), text
    return head["Mcp-Session-Id"]


def in_session(client, token, session, message=None):
    return client.post(CALL if message is None else message, token, **{"Mcp-Session-Id": session})


@pytest.fixture
def sessions(upstream):
    upstream.with_sessions = True
    return upstream


def test_a_session_serves_its_owner_and_is_not_there_for_others(sessions, gateway):
    owner, stranger = gateway.mint(), gateway.mint()
    other_tenant = gateway.mint("--tenant", "acme")
    with gateway.connect() as client:
        session = open_session(client, owner)
        status, answer = in_session(client, owner, session)
        assert status == 200 and answer["id"] == 7 and answer["result"]["isError"] is False
        assert sessions.headers[-1]["mcp-session-id"] == session
        carried = len(sessions.calls)
        for thief in (stranger, other_tenant):
            for message in (CALL, {"jsonrpc": "2.0", "id": 8, "method": "tools/list"},
                            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}):
                status, answer = in_session(client, thief, session, message)
                assert (status, answer["error"]["message"]) == (404, "session not found"), (message, answer)
            status, text, _ = client.request("DELETE", "/v1/mcp", None, headers(thief, **{"Mcp-Session-Id": session}))
            assert status == 404 and "session not found" in text
            # A session that nobody has is answered in the same words.
            assert in_session(client, thief, "session-nobody-has")[0] == 404
        assert len(sessions.calls) == carried
        assert [m for m in sessions.others if m["method"] == "notifications/cancelled"] == []
        assert in_session(client, owner, session)[0] == 200
    assert session in sessions.sessions


def test_a_call_in_a_session_of_someone_else_is_an_event(sessions, gateway):
    owner, thief = gateway.mint(), gateway.mint("--max-calls", "1")
    with gateway.connect() as client:
        session = open_session(client, owner)
        assert in_session(client, thief, session)[0] == 404
        assert client.call(thief, "read_file", {"path": "/a"})[0] == 0  # the refused one was not charged
    refused, allowed = gateway.decisions()
    assert refused["decision"] == "block" and refused["code"] == "gate.invalid_request"
    assert refused["tool"] == "read_file" and "session" in refused["reason"] and refused["session_id"] == session
    assert allowed["decision"] == "allow"


def test_children_share_their_roots_session_with_less_power(sessions, gateway):
    root = gateway.mint("--tools", "read_file,read_note")
    child = run_cli("attenuate", root, "--tools", "read_note").stdout.strip()
    with gateway.connect() as client:
        session = open_session(client, root)
        status, answer = in_session(client, child, session)
        assert status == 200 and answer["error"]["code"] == -32010 and "read_file" in answer["error"]["data"]
        note = dict(CALL, params={"name": "read_note"})
        assert "result" in in_session(client, child, session, note)[1]


def test_a_session_does_not_outlive_its_tokens_revocation(sessions, gateway):
    token = gateway.mint()
    jti = json.loads(run_cli("decode", "--json", token).stdout)["jti"]
    with gateway.connect() as client:
        session = open_session(client, token)
        assert gateway.admin("POST", "/v1/admin/revoke", {"jti": jti, "tenant": "default"})[0] == 200
        status, answer = in_session(client, token, session)
        assert status == 200 and answer["error"]["code"] == -32010 and "revoked" in answer["error"]["data"]
        status, answer = in_session(client, token, session, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert status == 401 and "revoked" in answer["error"]["data"]
        status, text, _ = client.request("DELETE", "/v1/mcp", None, headers(token, **{"Mcp-Session-Id": session}))
        assert status == 401 and "revoked" in text
    assert sessions.calls == []


def test_a_session_does_not_outlive_its_end_or_the_gateway(sessions, gateway):
    token = gateway.mint()
    with gateway.connect() as client:
        session, kept = open_session(client, token), open_session(client, token)
        ended = headers(token, **{"Mcp-Session-Id": session})
        assert client.request("DELETE", "/v1/mcp", None, ended)[0] == 204
        assert session not in sessions.sessions and kept in sessions.sessions
        assert in_session(client, token, session)[0] == 404
        assert client.request("DELETE", "/v1/mcp", None, ended)[0] == 404
        assert client.request("DELETE", "/v1/mcp", None, headers(token))[0] == 404
        assert in_session(client, token, kept)[0] == 200
    gateway.stop()
    gateway.port = 0
    gateway.start()
    with gateway.connect() as client:
        assert in_session(client, token, kept)[0] == 404


def test_a_session_that_the_upstream_forgot_is_gone_for_its_owner(sessions, gateway):
    token = gateway.mint()
    with gateway.connect() as client:
        session = open_session(client, token)
        sessions.sessions.clear()
        status, answer = in_session(client, token, session)
        assert (status, answer["error"]["message"]) == (404, "session not found")
        again = open_session(client, token)
        assert again != session and in_session(client, token, again)[0] == 200


def test_the_gateways_own_session_is_opened_anew_and_never_shared(sessions, gateway):
    one, two = gateway.mint("--max-calls", "2"), gateway.mint()
    with gateway.connect() as client:
        assert client.call(one, "read_file", {"path": "/a"})[0] == 0
        sessions.sessions.clear()
        assert client.call(one, "read_file", {"path": "/b"})[0] == 0
        assert client.call(one, "read_file", {"path": "/c"})[0] == -32013  # the second try was not charged
        assert client.call(two, "read_file", {"path": "/d"})[0] == 0
    assert [c["params"]["arguments"]["path"] for c in sessions.calls] == ["/a", "/b", "/d"]
    used = [h["mcp-session-id"] for h in sessions.headers]
    assert len(set(used)) == 3
    assert len(gateway.decisions()) == 4


def test_what_is_no_notification_does_not_reach_a_session_without_an_id(sessions, gateway):
    token = gateway.mint()
    with gateway.connect() as client:
        session = open_session(client, token)
        for method in ("resources/read", "tools/list", "logging/setLevel", "Tools/Call", "tools/call "):
            status, answer = in_session(client, token, session, {"jsonrpc": "2.0", "method": method, "params": {}})
            assert status == 400 and "id" in answer["error"]["data"], (method, answer)
        done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert in_session(client, token, session, done) == (202, "")
    assert [m["method"] for m in sessions.others if m["session"] == session] == ["notifications/initialized"]
    assert {e["method"] for e in gateway.decisions()} == {"resources/read", "tools/list", "logging/setLevel", "Tools/Call",
                                                         "tools/call "}


# Streams

def read_events(text):
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]


@pytest.mark.parametrize("with_session", [True, False])
def test_events_arrive_while_the_upstream_still_works(upstream, gateway, with_session):
    upstream.with_sessions, upstream.mode = with_session, "sse_steps"
    token = gateway.mint()
    with gateway.connect() as client:
        more = {"Mcp-Session-Id": open_session(client, token)} if with_session else {}
        client.connection.request("POST", "/v1/mcp", json.dumps(CALL), headers(token, **{**STREAM, **more}))
        response = client.connection.getresponse()
        assert response.status == 200 and response.getheader("Content-Type") == "text/event-stream"
        first = b""
        while not first.endswith(b"\n\n"):
            first += response.read(1)
        assert read_events(first.decode())[0]["method"] == "notifications/progress"
        assert not upstream.release.is_set()
        upstream.release.set()
        events = read_events(response.read().decode())
    assert [e["id"] for e in events] == [7] and events[0]["result"]["isError"] is False


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/json;q=1, text/*"])
def test_a_stream_is_collected_for_a_client_that_reads_none(upstream, gateway, accept):
    upstream.mode = "sse"
    token = gateway.mint()
    with gateway.connect() as client:
        status, text, head = client.request("POST", "/v1/mcp", json.dumps(CALL), headers(token, Accept=accept))
    assert (status, head["Content-Type"]) == (200, "application/json")
    assert json.loads(text)["id"] == 7 and json.loads(text)["result"]["isError"] is False


@pytest.mark.parametrize("with_session", [True, False])
def test_a_stream_that_breaks_inside_an_event_ends_with_an_error_event(upstream, gateway, with_session):
    upstream.with_sessions, upstream.mode = with_session, "sse_broken"
    token = gateway.mint()
    with gateway.connect() as client:
        more = {"Mcp-Session-Id": open_session(client, token)} if with_session else {}
        status, text, _ = client.request("POST", "/v1/mcp", json.dumps(CALL), headers(token, **{**STREAM, **more}))
        assert status == 200
        last = text.replace("\r\n", "\n").strip("\n").split("\n\n")[-1]
        error = [json.loads(line[5:]) for line in last.split("\n") if line.startswith("data:")]
        assert [e["error"]["code"] for e in error] == [-32603] and error[0]["id"] == 7, text
        status, answer = client.post(CALL, token, **more)
        assert answer["error"]["code"] == -32603 and "upstream" in answer["error"]["message"]


# The transport's rules

def test_get_without_a_session_is_405_and_names_what_there_is(gateway):
    token = gateway.mint()
    with gateway.connect() as client:
        for method in ("GET", "HEAD", "PUT", "PATCH", "OPTIONS"):
            status, _, head = client.request(method, "/v1/mcp", None, headers(token, Accept="text/event-stream"))
            assert status == 405 and {"DELETE", "POST"} <= set(head["Allow"].split(", ")), method


@pytest.mark.parametrize("version", ["1999-01-01", "2027-01-01", "latest", "2025-06-18x", " "])
def test_a_revision_that_is_not_served_is_refused(gateway, upstream, version):
    token = gateway.mint()
    with gateway.connect() as client:
        status, answer = client.post(CALL, token, **{"MCP-Protocol-Version": version})
        assert status == 400 and "MCP-Protocol-Version" in answer["error"]["data"]
        assert upstream.calls == []
        assert client.post(CALL, token, **{"MCP-Protocol-Version": "2025-06-18"})[0] == 200


@pytest.mark.parametrize("name,value,words", [
    ("Origin", "https://evil.example", "allowed_origins"),
    ("Origin", "null", "allowed_origins"),
    ("Origin", "http://127.0.0.1", "allowed_origins"),
    ("Origin", "http://localhost.evil.example", "allowed_origins"),
    ("Host", "evil.example", "allowed_hosts"),
    ("Host", "evil.example:80", "allowed_hosts"),
    ("Host", "127.0.0.1.evil.example", "allowed_hosts"),
    ("Host", "localhost.", "allowed_hosts"),
    ("Host", "[::ffff:127.0.0.1]", "allowed_hosts"),
])
def test_pages_of_other_sites_are_refused(gateway, upstream, name, value, words):
    token = gateway.mint()
    with gateway.connect() as client:
        for method, body in (("POST", json.dumps(CALL)), ("DELETE", None)):
            status, text, _ = client.request(method, "/v1/mcp", body, headers(token, **{name: value}))
            assert status == 403 and words in text, text
        assert client.post(CALL, token)[0] == 200
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("type_", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_what_a_form_can_send_is_refused(gateway, upstream, type_):
    with gateway.connect() as client:
        status, answer = client.post(CALL, gateway.mint(), **{"Content-Type": type_})
    assert status == 415 and "application/json" in answer["error"]["data"]
    assert upstream.calls == []


# Messages

@pytest.mark.parametrize("batch", [[], [CALL], [CALL, CALL], [[CALL]]])
def test_batches_are_refused(gateway, upstream, batch):
    with gateway.connect() as client:
        status, answer = client.post(json.dumps(batch), gateway.mint())
    assert status == 400 and answer["error"]["code"] == -32600 and "batch" in answer["error"]["data"]
    assert upstream.calls == []


@pytest.mark.parametrize("text", ['1', '"one"', '""', '0', '-5', '1234567890123456789012345678901234567890', '1.50',
                                  '"' + "i" * 1024 + '"', '"\\u00e9\\n"'])
@pytest.mark.parametrize("with_sessions", [True, False])
def test_ids_come_back_as_they_were(upstream, gateway, text, with_sessions):
    upstream.with_sessions = with_sessions
    if text == "1.50" and not with_sessions:
        pytest.skip("the recorder itself answers 1.5")
    body = '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"read_file"}}' % text
    with gateway.connect() as client:
        status, raw, _ = client.request("POST", "/v1/mcp", body, headers(gateway.mint()))
    assert status == 200 and "result" in raw, raw
    assert json.loads(raw, parse_float=str, parse_int=str)["id"] == json.loads(text, parse_float=str, parse_int=str)


@pytest.mark.parametrize("text", ["null", "true", "[1]", "{}", '"' + "i" * 1025 + '"', "9" * 1025])
def test_other_ids_are_refused(gateway, upstream, text):
    body = '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"read_file"}}' % text
    with gateway.connect() as client:
        status, answer = client.post(body, gateway.mint())
    assert status == 400 and answer["error"]["code"] == -32600 and "id must be" in answer["error"]["data"]
    assert answer["id"] is None and upstream.calls == []
    assert [e["decision"] for e in gateway.decisions()] == ["block"]


@pytest.mark.parametrize("with_sessions", [True, False])
def test_absent_empty_and_null_stay_apart(upstream, gateway, with_sessions):
    upstream.with_sessions = with_sessions
    token = gateway.mint()
    call = '{"jsonrpc":"2.0","id":1,"method":"tools/call"%s}'
    with gateway.connect() as client:
        for params in ('{"name":"read_file"}', '{"name":"read_file","arguments":{}}',
                       '{"name":"read_file","arguments":{"a":null,"b":1.0,"c":[],"d":1e400}}'):
            assert client.post(call % f',"params":{params}', token)[0] == 200
            assert params.encode() in upstream.calls[-1]["raw"]
        seen = len(upstream.calls)
        for params in ("", ',"params":null', ',"params":[]', ',"params":{"name":"read_file","arguments":null}'):
            status, answer = client.post(call % params, token)
            assert status == 200 and answer["error"]["code"] == -32602 and "param" in answer["error"]["data"], params
    assert len(upstream.calls) == seen
    assert [e["decision"] for e in gateway.decisions()] == ["allow"] * 3 + ["block"] * 4


def test_pipelined_calls_are_answered_in_order(gateway, upstream):
    token = gateway.mint()
    requests = b""
    for number in range(20):
        # Every third is refused, which takes another way through the gate than a call that goes upstream.
        tool = "delete_all" if number % 3 == 0 else "read_file"
        body = json.dumps(dict(CALL, id=number, params={"name": tool})).encode()
        requests += (f"POST /v1/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                     f"{token}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    requests += b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as raw:
        raw.sendall(requests)
        received = b""
        while piece := raw.recv(65536):
            received += piece
    bodies = [json.loads(part.split(b"\r\n\r\n", 1)[1]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert [b.get("id") for b in bodies] == [*range(20), None] and bodies[-1]["status"] == "ok"
    assert [number for number, b in enumerate(bodies[:20]) if "error" in b] == list(range(0, 20, 3))


def test_every_call_of_many_clients_is_one_event(tmp_path, upstream):
    upstream.with_sessions = True
    gateway = Gateway(tmp_path, upstream.url).start()
    try:
        tokens = [gateway.mint("--max-calls", "5") for _ in range(4)]
        codes = []

        def work(token):
            with gateway.connect() as client:
                codes.extend(client.call(token, "read_file", {"path": "/a"})[0] for _ in range(8))

        threads = [threading.Thread(target=work, args=(token,)) for token in tokens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(codes) == [-32013] * 12 + [0] * 20
        decisions = gateway.decisions()
    finally:
        gateway.stop()
    assert sorted(e["decision"] for e in decisions) == ["allow"] * 20 + ["block"] * 12
    assert len({e["event_id"] for e in decisions}) == 32 and len(upstream.calls) == 20
