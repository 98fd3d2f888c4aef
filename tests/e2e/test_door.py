"""Tokens at the door: what is no good token is refused with its reason, and is one event each."""
import datetime
import json
import re
import socket
import sqlite3
import time

import pytest

from support import Gateway, run_cli

CALL = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                   "params": {"name": "read_file", "arguments": {"path": "/a"}}})


def post(gateway, authorization, path="/v1/mcp", body=CALL):
    """(status, parsed answer, the challenge). `authorization` is the field's whole value."""
    with gateway.connect() as client:
        fields = {"Content-Type": "application/json"}
        if authorization is not None:
            fields["Authorization"] = authorization
        status, text, head = client.request("POST", path, body, fields)
    return status, json.loads(text), head.get("WWW-Authenticate", "")


def refused(gateway, token):
    """The refusal's reason; the call must be refused by the capability check, with one event that says the same."""
    before = len(gateway.decisions())
    status, answer, _ = post(gateway, f"Bearer {token}")
    assert status == 200 and answer["error"]["code"] == -32010, answer
    events = gateway.decisions()[before:]
    assert [(e["decision"], e["check"], e["reason"]) for e in events] == [("block", "capability", answer["error"]["data"])]
    return events[0]["code"], answer["error"]["data"]


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer {}  ", "Bearer   {}", "Bearer {}\t"])
def test_the_scheme_has_no_case_and_blanks_are_not_the_tokens(gateway, upstream, scheme):
    status, answer, _ = post(gateway, scheme.format(gateway.mint()))
    assert status == 200 and "result" in answer
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer\t{}", "Token {}", "Bearer={}"])
def test_what_is_no_bearer_token_counts_as_none(gateway, upstream, value):
    token = gateway.mint()
    status, answer, challenge = post(gateway, value.format(token) if value else value)
    assert status == 401 and answer["error"]["code"] == -32010 and "required" in answer["error"]["data"]
    assert challenge.startswith("Bearer") and upstream.calls == []
    assert [e["code"] for e in gateway.decisions()] == ["capability.no_token"]


def test_a_token_anywhere_else_is_not_read(gateway, upstream):
    token = gateway.mint()
    for path in (f"/v1/mcp?access_token={token}", f"/v1/mcp?token={token}&Authorization=Bearer%20{token}"):
        assert post(gateway, None, path)[0] == 401
    inside = json.dumps({**json.loads(CALL), "token": token, "authorization": f"Bearer {token}"})
    assert post(gateway, None, body=inside)[0] == 401
    with gateway.connect() as client:
        status, _ = client.post(CALL, "", Cookie=f"token={token}", **{"X-Authorization": f"Bearer {token}",
                                                                       "Proxy-Authorization": f"Bearer {token}"})
        assert status == 401
    assert upstream.calls == [] and token not in "".join(gateway.log)


@pytest.mark.parametrize("second", ["Authorization", "authorization", "AUTHORIZATION"])
def test_two_authorization_fields_are_refused(gateway, upstream, second):
    good, weak = gateway.mint(), gateway.mint("--tools", "read_note")
    head = (f"POST /v1/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(CALL)}\r\n"
            f"Authorization: Bearer {weak}\r\n{second}: Bearer {good}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as raw:
        raw.sendall((head + CALL).encode())
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"uthorization" in answer
    assert upstream.calls == []


def test_tokens_that_are_too_long_or_damaged(gateway, upstream):
    token = gateway.mint()
    code, reason = refused(gateway, token + "A" * (17 * 1024 - len(token)))
    assert code == "capability.token_too_large" and "16384" in reason
    # One character of each part of the token is another.
    for at in (0, 8, len(token) // 2, len(token) - 2):
        other = "B" if token[at] != "B" else "C"
        code, _ = refused(gateway, token[:at] + other + token[at + 1:])
        assert code in ("capability.token_malformed", "capability.token_bad_mac", "capability.token_version"), code
    for text in (token[:-1], token + token, token + "=", "a" * 40, "..", "v5..x", "%00", "\"" + token + "\""):
        assert refused(gateway, text)[0].startswith("capability.token_")
    assert upstream.calls == []


@pytest.mark.parametrize("value", ["Bearer {} {}", "Bearer {}, Bearer {}", "DPoP {} {}"])
def test_more_than_one_token_is_a_bad_request(gateway, upstream, value):
    token = gateway.mint()
    status, answer, challenge = post(gateway, value.format(token, token))
    assert status == 400 and answer["error"]["code"] == -32010 and token not in answer["error"]["data"]
    assert challenge.startswith("Bearer") and 'error="invalid_request"' in challenge
    assert [e["code"] for e in gateway.decisions()] == ["capability.token_malformed"]
    assert upstream.calls == []


def test_a_token_ends(gateway, upstream):
    token = gateway.mint("--ttl", "1s")
    expires = json.loads(run_cli("decode", "--json", token).stdout)["exp"]
    while time.time() <= expires:
        time.sleep(expires - time.time() + 0.01)  # the end itself is the event that is waited for
    code, reason = refused(gateway, token)
    assert code == "capability.token_expired" and "expired" in reason
    status, _, challenge = post(gateway, f"Bearer {token}", body='{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
    assert status == 401 and 'error="invalid_token"' in challenge
    assert upstream.calls == []


def test_a_token_of_another_key_is_refused(gateway, upstream, tmp_path):
    # Another key under the same name, as another deployment would have it.
    assert run_cli("keygen", "--out", tmp_path / "other").returncode == 0
    for form in ("v3", "v4", "v5"):
        foreign = run_cli("mint", "--keys", tmp_path / "other", "--subject", "a", "--format", form).stdout.strip()
        assert refused(gateway, foreign)[0] == "capability.token_bad_mac"
    assert run_cli("keygen", "--id", "unheard-of", "--out", tmp_path / "third").returncode == 0
    foreign = run_cli("mint", "--keys", tmp_path / "third", "--subject", "a").stdout.strip()
    assert refused(gateway, foreign)[0] == "capability.token_unknown_key"
    assert upstream.calls == []


def test_a_forged_tenant_does_not_get_into_that_tenants_chain(gateway, tmp_path):
    assert run_cli("keygen", "--out", tmp_path / "other").returncode == 0
    for form in ("v3", "v4", "v5"):
        forged = run_cli("mint", "--keys", tmp_path / "other", "--subject", "a", "--tenant", "victim", "--format",
                         form).stdout.strip()
        refused(gateway, forged)
        post(gateway, f"Bearer {forged}", body=CALL.replace('"id": 7, ', ""))
    assert {e["tenant"] for e in gateway.decisions()} == {"default"}
    assert [t["id"] for t in gateway.admin("GET", "/v1/admin/tenants")[1]["tenants"]] == ["default"]


def test_a_retired_key_holds_until_its_date(tmp_path, upstream):
    gateway = Gateway(tmp_path, upstream.url)
    keys = tmp_path / "keys"
    old_line = keys.read_text().strip().splitlines()[-1]
    token = gateway.mint()
    assert run_cli("keygen", "--id", "fresh", "--out", tmp_path / "fresh").returncode == 0
    fresh_line = (tmp_path / "fresh").read_text().strip().splitlines()[-1]
    assert "active" in old_line.split() and "active" in fresh_line.split()
    now = datetime.datetime.now(datetime.timezone.utc)
    for days, allowed in ((1, True), (-1, False)):
        until = (now + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys.write_text(fresh_line + "\n" + re.sub(r"\bactive\b", f"until={until}", old_line) + "\n")
        gateway.port = 0
        gateway.start()
        try:
            if allowed:
                assert "result" in post(gateway, f"Bearer {token}")[1]
            else:
                code, reason = refused(gateway, token)
                assert code == "capability.token_key_retired" and "key" in reason, reason
            assert "result" in post(gateway, f"Bearer {gateway.mint()}")[1]
        finally:
            assert gateway.stop() == 0


def test_what_a_caller_sends_does_not_swell_the_chain(gateway, upstream):
    long = "k" * 200_000
    params = ['{"name":"read_file","%s":1,"%s":1}' % (long, long), '{"name":"%s"}' % long, '{"name":"read_file","Name":"%s"}' % long,
              '{"name":"read_file","arguments":{"%s":1}}' % long]
    bodies = ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}' % p for p in params]
    bodies += ['{"jsonrpc":"2.0","id":1,"method":"%s"}' % long, '{"jsonrpc":"2.0","method":"%s"}' % long[:128]]
    for value in (None, "Bearer " + "A" * 300):
        for body in bodies:
            _, answer, _ = post(gateway, value, body=body)
            assert "error" in answer and len(json.dumps(answer)) < 2048
    stored = gateway.decisions()
    assert len(stored) == 2 * len(bodies) and upstream.calls == []
    assert [e["tool"] for e in stored if "args_sha256" in e] == ["read_file"] * 2
    assert max(len(json.dumps(e)) for e in stored) < 2048


def test_no_secret_is_left_anywhere(gateway, upstream, tmp_path):
    tokens = [gateway.mint(), gateway.mint("--tools", "read_note"), gateway.mint("--tools", "read_file")]
    jti = json.loads(run_cli("decode", "--json", tokens[2]).stdout)["jti"]
    minted = gateway.admin("POST", "/v1/admin/mint", {"subject": "a", "ttl_seconds": 60})[1]["token"]
    assert gateway.admin("POST", "/v1/admin/revoke", {"jti": jti, "tenant": "default"})[0] == 200
    assert gateway.admin("GET", "/v1/admin/audit", token=minted)[0] == 401
    bad_admin = gateway.admin_token[:-1] + "x"
    assert gateway.admin("GET", "/v1/admin/audit", token=bad_admin)[0] == 401
    damaged = minted[:-4] + "AAAA"
    for token in (*tokens, minted, damaged, gateway.admin_token):
        post(gateway, f"Bearer {token}")
        post(gateway, f"Bearer {token}", body="{")
        post(gateway, f"Bearer {token}", body='{"jsonrpc":"2.0","id":1,"method":"resources/read"}')
        post(gateway, f"Bearer {token}", body=CALL.replace("read_file", "delete_all"))
        post(gateway, f"Bearer {token}", path=f"/v1/mcp?token={token}")
    upstream.mode = "rubbish"
    post(gateway, f"Bearer {minted}")
    with gateway.connect() as client:
        metrics = client.request("GET", "/metrics")[1]
    exported = gateway.export() + str(gateway.admin("GET", "/v1/admin/audit/export?format=csv")[1])
    gateway.stop()
    with sqlite3.connect(tmp_path / "intentgate.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = b"".join(p.read_bytes() for p in tmp_path.glob("intentgate.db*"))
    places = {"database": files, "log": "".join(gateway.log).encode(), "metrics": metrics.encode(),
              "export": exported.encode()}
    key_words = [w for w in (tmp_path / "keys").read_text().split() if len(w) > 20]
    assert key_words and files and exported
    for secret in (*tokens, minted, damaged, gateway.admin_token, bad_admin, *key_words):
        # A part is enough for a match, so that nothing is found only because it was cut or quoted.
        for part in (secret[:24], secret[-24:]):
            for place, text in places.items():
                assert part.encode() not in text, (place, part)
