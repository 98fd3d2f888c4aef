"""Every check can refuse, says so, and the upstream sees nothing of what was refused."""
import json

from support import run_cli

UNDER_DATA = ("--tools", "read_file,read_note,write_file,transfer_funds", "--where", "/path subpath /data")


def test_allowed_calls_arrive_as_they_were_sent(gateway, upstream):
    token = gateway.mint(*UNDER_DATA)
    body = ('{"jsonrpc":"2.0","id":"x1","method":"tools/call","params":{"name":"read_file","arguments":'
            '{"path":"/data/a","n":1.10,"big":1234567890123456789012345678901234567890,"e":1E+2}}}')
    with gateway.connect() as client:
        status, answer = client.post(body, token, Cookie="a=b", Origin=f"http://127.0.0.1:{gateway.port}")
    assert status == 200 and answer["id"] == "x1" and answer["result"]["_intentgate"]["decision"] == "allow"
    assert upstream.calls[0]["raw"].decode() == body
    assert token not in json.dumps(upstream.headers[0])
    assert "authorization" not in upstream.headers[0] and "cookie" not in upstream.headers[0]


def test_each_check_refuses_with_its_code(gateway, upstream):
    token = gateway.mint(*UNDER_DATA)
    with gateway.connect() as client:
        for tool, path, prompt, code, words in [
            ("delete_all", "/data/a", "", -32010, "delete_all"),
            ("read_file", "/etc/passwd", "", -32010, "/data"),
            ("read_file", "/data/../etc/passwd", "", -32010, ""),
            ("write_file", "/data/a", "read the note and summarize it", -32011, ""),
            ("write_file", "/data/a", "", -32012, "no rule allows"),
            ("transfer_funds", "/data/a", "", -32012, "a human decides"),
        ]:
            got, error = client.call(token, tool, {"path": path}, prompt)
            assert got == code, (tool, path, error)
            assert isinstance(error["data"], str) and words in error["data"], error
        assert upstream.calls == []
        twice = gateway.mint("--tools", "read_file", "--max-calls", "2")
        assert [client.call(twice, "read_file", {"path": "/data/a"})[0] for _ in range(3)] == [0, 0, -32013]
    assert len(upstream.calls) == 2


def test_denied_calls_consume_nothing(gateway, upstream):
    token = gateway.mint("--tools", "read_file", "--where", "/path subpath /data", "--max-calls", "1")
    with gateway.connect() as client:
        for _ in range(5):
            assert client.call(token, "read_file", {"path": "/etc/passwd"})[0] == -32010
        assert client.call(token, "read_file", {"path": "/data/a"})[0] == 0
        assert client.call(token, "read_file", {"path": "/data/a"})[0] == -32013


def test_children_share_their_roots_budget(gateway, upstream):
    root = gateway.mint("--tools", "read_file", "--max-calls", "3")
    child = run_cli("attenuate", root, "--max-calls", "2").stdout.strip()
    other = run_cli("attenuate", root, "--where", "/path subpath /data").stdout.strip()
    with gateway.connect() as client:
        assert [client.call(child, "read_file", {"path": "/data/a"})[0] for _ in range(3)] == [0, 0, -32013]
        assert client.call(other, "read_file", {"path": "/data/a"})[0] == 0
        assert client.call(other, "read_file", {"path": "/data/a"})[0] == -32013
        assert client.call(root, "read_file", {"path": "/data/a"})[0] == -32013


def test_without_a_token_only_the_handshake_is_answered(gateway, upstream):
    with gateway.connect() as client:
        status, answer = client.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
        assert status == 200 and "result" in answer
        for method, params in [("tools/list", {}), ("tools/call", {"name": "read_file", "arguments": {"path": "/data/a"}})]:
            status, text, headers = client.request("POST", "/v1/mcp", json.dumps(
                {"jsonrpc": "2.0", "id": 2, "method": method, "params": params}), {"Content-Type": "application/json"})
            assert status == 401, (method, text)
            assert headers.get("WWW-Authenticate", "").startswith("Bearer")
    assert upstream.calls == []


def test_lists_show_what_the_token_could_call(gateway):
    token = gateway.mint("--tools", "read_*", "--max-calls", "1")
    with gateway.connect() as client:
        assert client.call(token, "read_file", {"path": "/a"})[0] == 0
        assert client.call(token, "read_file", {"path": "/a"})[0] == -32013
        _, answer = client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, token)
    # The budget is used up, and still the list shows them: lists do not change because of calls.
    assert [tool["name"] for tool in answer["result"]["tools"]] == ["read_file", "read_note"]


def test_revocation_holds_at_once_and_after_a_restart(gateway, upstream):
    root = gateway.mint("--tools", "read_file")
    child = run_cli("attenuate", root, "--max-calls", "9").stdout.strip()
    child_id = json.loads(run_cli("decode", "--json", child).stdout)["jti"]
    status, answer = gateway.admin("POST", "/v1/admin/revoke", {"jti": child_id, "reason": "lost"})
    assert (status, answer["ok"]) == (200, True)
    with gateway.connect() as client:
        code, error = client.call(child, "read_file", {"path": "/a"})
        assert code == -32010 and "revoked" in error["data"]
        assert client.call(root, "read_file", {"path": "/a"})[0] == 0
    gateway.stop()
    gateway.port = 0
    gateway.start()
    with gateway.connect() as client:
        assert client.call(child, "read_file", {"path": "/a"})[0] == -32010


def test_the_exported_chain_verifies_and_an_altered_one_does_not(gateway, tmp_path):
    token = gateway.mint(*UNDER_DATA)
    with gateway.connect() as client:
        for path in ["/data/a", "/etc/passwd", "/data/b"]:
            client.call(token, "read_file", {"path": path})
    text = gateway.export()
    good = tmp_path / "good.ndjson"
    good.write_text(text)
    assert run_cli("audit", "verify", good).returncode == 0
    altered = tmp_path / "altered.ndjson"
    altered.write_text(text.replace('block', 'allow', 1))
    assert run_cli("audit", "verify", altered).returncode == 1
    lines = text.splitlines(keepends=True)
    removed = tmp_path / "removed.ndjson"
    removed.write_text("".join(lines[:3] + lines[4:]))
    assert run_cli("audit", "verify", removed).returncode in (1, 2)
    cut = tmp_path / "cut.ndjson"
    cut.write_text("".join(lines[:-2]))
    assert run_cli("audit", "verify", cut).returncode == 2
    status, report = gateway.admin("GET", "/v1/admin/audit/verify?tenant=default")
    assert status == 200 and report["ok"] is True
