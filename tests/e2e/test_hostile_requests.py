"""Requests that two parsers could read differently: refused and audited, or carried exactly."""
import json
import random

import pytest

CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}'


@pytest.mark.parametrize("params", [
    '{"name":"delete_all","Name":"read_file","arguments":{"path":"/data/a"}}',
    '{"Name":"read_file","name":"delete_all","arguments":{"path":"/data/a"}}',
    '{"name":"read_file","name":"delete_all","arguments":{"path":"/data/a"}}',
    '{"name":"read_file","arguments":{"path":"/data/a"},"arguments":{"path":"/etc/passwd"}}',
    '{"name":"read_file","arguments":{"path":"/data/a"},"Arguments":{"path":"/etc/passwd"}}',
    '{"name":"read_file","arguments":{"path":"/data/a","path":"/etc/passwd"}}',
    '{"name":"read_file","arguments":{"path":"/data/a","p\\u0061th":"/etc/passwd"}}',
    '{"name":"read_file\\u0000","arguments":{"path":"/data/a"}}',
    '{"name":"read_file","arguments":[{"path":"/data/a"}]}',
    '{"name":["read_file"],"arguments":{"path":"/data/a"}}',
])
def test_ambiguous_calls_are_refused_and_audited(gateway, upstream, params):
    token = gateway.mint("--tools", "read_file", "--where", "/path subpath /data")
    with gateway.connect() as client:
        status, answer = client.post(CALL % params, token)
    assert answer["error"]["code"] in (-32602, -32010), answer
    assert upstream.calls == []
    assert gateway.admin("GET", "/v1/admin/audit?decision=block")[1]["events"]


def test_a_name_with_a_control_character_is_invalid_params(gateway, upstream):
    token = gateway.mint()
    with gateway.connect() as client:
        _, answer = client.post(CALL % '{"name":"read_file\\u0000x"}', token)
    assert answer["error"]["code"] == -32602
    assert upstream.calls == []


def strictly_parsed(raw):
    def pairs(items):
        assert len({name for name, _ in items}) == len(items), "duplicate members were forwarded"
        return dict(items)
    return json.loads(raw.decode("utf-8"), object_pairs_hook=pairs)


def mutate(rng, text):
    data = bytearray(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at:at + rng.randrange(1, 8)]
        elif kind == 2:
            data[at:at] = bytes(rng.choice(b'{}[]":,\\/.\x00\xff0aA ') for _ in range(rng.randrange(1, 4)))
        elif kind == 3:
            start = rng.randrange(len(data))
            data[at:at] = data[start:start + rng.randrange(1, 24)]
        else:
            data[at] = rng.randrange(256)
        if not data:
            data = bytearray(b"x")
    return bytes(data)


def test_twenty_thousand_mutations_allow_nothing_new(gateway, upstream):
    token = gateway.mint("--tools", "read_file", "--where", "/path subpath /data")
    body = (CALL % '{"name":"read_file","arguments":{"path":"/data/q3/report.csv","limit":10}}').encode()
    rng = random.Random(20261123)
    client = gateway.connect()
    answered = 0
    for number in range(20_000):
        # A header may not hold every byte, so a mutated token stays within printable ASCII.
        if number % 2:
            sent_token, sent_body = token, mutate(rng, body)
        else:
            printable = bytes(b if 33 <= b < 127 else 65 for b in mutate(rng, token.encode()))
            sent_token, sent_body = printable.decode(), body
        before = len(upstream.calls)
        _, answer = client.post(sent_body, sent_token)
        allowed = isinstance(answer, dict) and "result" in answer
        if number % 2 == 0:
            assert not allowed or sent_token == token, sent_token
        if allowed or len(upstream.calls) > before:
            answered += 1
            for call in upstream.calls[before:]:
                params = strictly_parsed(call["raw"])["params"]
                assert params["name"] == "read_file", sent_body
                path = params["arguments"]["path"]
                assert path == "/data" or path.startswith("/data/"), sent_body
                assert ".." not in path.split("/"), sent_body
    client.connection.close()
    assert gateway.process.poll() is None
    assert 0 < answered < 10_000
    assert gateway.admin("GET", "/v1/admin/audit/verify?tenant=default")[1]["ok"] is True


def test_a_deep_or_large_body_is_refused(gateway):
    token = gateway.mint()
    with gateway.connect() as client:
        deep = "[" * 100_000 + "]" * 100_000
        _, answer = client.post(CALL % ('{"name":"read_file","arguments":{"path":%s}}' % deep), token)
        assert answer["error"]["code"] in (-32700, -32602)
    with gateway.connect() as client:
        status, _ = client.post(b"x" * (3 << 20), token)
        assert status == 413
