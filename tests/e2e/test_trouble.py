"""What goes wrong around the gateway is said clearly to operators and without internals to agents."""
import json
import pathlib
import socket
import threading

import pytest

from support import Gateway, run_cli


def serve(folder: pathlib.Path, *flags: str):
    return run_cli("serve", "--config", folder / "intentgate.yaml", *flags)


@pytest.fixture
def prepared(tmp_path, upstream):
    """A folder with a good configuration; nothing runs."""
    Gateway(tmp_path, upstream.url)
    return tmp_path


def test_check_starts_nothing_and_says_so(prepared):
    good = serve(prepared, "--check")
    assert good.returncode == 0, good.stderr + good.stdout
    assert not (prepared / "intentgate.db").exists()


def test_every_mistake_is_reported_with_its_place(prepared):
    config = prepared / "intentgate.yaml"
    config.write_text(config.read_text().replace("kind: sqlite", "kind: floppy") + "bugdet: {agent: {}}\nlog: {level: loud}\n")
    bad = serve(prepared, "--check")
    text = bad.stdout + bad.stderr
    assert bad.returncode == 1
    for words in ["store.kind", "bugdet", "log.level", "intentgate.yaml:"]:
        assert words in text, text


def test_any_setting_can_be_a_flag(prepared):
    assert serve(prepared, "--check", "--set", "store.kind=memory", "--set", "log.level=warn").returncode == 0
    for flag, words in [("store.kind=floppy", "--set store.kind"), ("stoer.kind=memory", "stoer.kind"), ("log.level=loud", "log.level")]:
        wrong = serve(prepared, "--check", "--set", flag)
        assert wrong.returncode == 1 and words in wrong.stdout + wrong.stderr, wrong.stderr
    assert serve(prepared, "--check", "--set", "store.kind").returncode == 64


def test_a_port_in_use_is_said_clearly(prepared):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        failed = serve(prepared, "--listen", f"127.0.0.1:{port}")
    assert failed.returncode != 0
    assert str(port) in failed.stderr + failed.stdout and "in use" in failed.stderr + failed.stdout


def test_keys_that_others_can_read_are_refused(prepared):
    (prepared / "keys").chmod(0o644)
    failed = serve(prepared, "--check")
    assert failed.returncode == 1
    assert "chmod 600" in failed.stdout + failed.stderr


def test_an_unwritable_database_is_said_clearly(prepared):
    config = prepared / "intentgate.yaml"
    config.write_text(config.read_text().replace("sqlite_path: intentgate.db", "sqlite_path: missing-folder/intentgate.db"))
    failed = serve(prepared)
    assert failed.returncode != 0
    assert "missing-folder" in failed.stdout + failed.stderr


def test_a_file_that_is_no_database_is_said_clearly(prepared):
    (prepared / "intentgate.db").write_text("this is not a database, and long enough to have a header" * 40)
    failed = serve(prepared)
    assert failed.returncode != 0
    assert "intentgate.db" in failed.stdout + failed.stderr


def test_a_policy_that_does_not_compile_stops_the_start(prepared):
    (prepared / "policy.rego").write_text("package intentgate.policy\nallow if {{{\n")
    failed = serve(prepared, "--check")
    assert failed.returncode == 1
    assert "policy.rego" in failed.stdout + failed.stderr


@pytest.mark.parametrize("mode", ["rubbish", "error"])
def test_an_upstream_that_misbehaves_leaks_nothing(gateway, upstream, mode):
    upstream.mode = mode
    token = gateway.mint()
    with gateway.connect() as client:
        code, error = client.call(token, "read_file", {"path": "/a"})
    assert code == -32603
    text = json.dumps(error)
    for leak in ["127.0.0.1", str(upstream.port), "10.1.2.3", "html", "stack"]:
        assert leak not in text, text
    outcomes = [json.loads(line) for line in gateway.export().splitlines() if '"outcome' in line]
    assert outcomes


def test_an_upstream_that_is_down_is_an_error_and_the_gate_lives(tmp_path, upstream):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/mcp"
    gateway = Gateway(tmp_path, dead).start()
    try:
        token = gateway.mint()
        with gateway.connect() as client:
            for _ in range(3):
                code, error = client.call(token, "read_file", {"path": "/a"})
                assert code == -32603 and "127.0.0.1" not in json.dumps(error)
    finally:
        assert gateway.stop() == 0


def test_a_graceful_stop_answers_what_is_in_flight(gateway, upstream):
    upstream.mode = "slow"
    token = gateway.mint()
    answers = []

    def call():
        with gateway.connect() as client:
            answers.append(client.call(token, "read_file", {"path": "/a"})[0])

    thread = threading.Thread(target=call)
    thread.start()
    while not upstream.calls:
        assert thread.is_alive()
        thread.join(0.01)
    gateway.process.terminate()
    upstream.release.set()
    thread.join(30)
    assert answers == [0]
    assert gateway.process.wait(30) == 0


def test_health_and_metrics(gateway, upstream):
    token = gateway.mint("--tools", "read_file")
    with gateway.connect() as client:
        client.call(token, "read_file", {"path": "/a"})
        client.call(token, "write_file", {"path": "/a"})
        assert client.request("GET", "/healthz")[0] == 200
        assert client.request("GET", "/readyz")[0] == 200
        status, text, _ = client.request("GET", "/metrics")
    assert status == 200
    for name in ["intentgate_gateway_check_decisions_total", "intentgate_gateway_http_requests_total",
                 "intentgate_gateway_upstream_forward_total"]:
        assert name in text
    assert token not in text and token not in "".join(gateway.log)


def test_the_admin_api_keeps_strangers_out(gateway):
    for path, method in [("/v1/admin/audit", "GET"), ("/v1/admin/revocations", "GET"), ("/v1/admin/mint", "POST")]:
        assert gateway.admin(method, path, {} if method == "POST" else None, token="wrong")[0] == 401
    status, answer = gateway.admin("POST", "/v1/admin/mint", {"subject": "a", "ttl_seconds": 60, "surprise": 1})
    assert status == 400 and "surprise" in answer["error"]
    status, answer = gateway.admin("POST", "/v1/admin/mint", {"subject": "a", "ttl_seconds": 60, "tools": ["read_file"]})
    assert status == 200 and answer["subject"] == "a" and answer["expires_at"]
    with gateway.connect() as client:
        assert client.call(answer["token"], "read_file", {"path": "/a"})[0] == 0
    assert gateway.admin("GET", "/v1/admin/tenants")[0] == 200


def test_commands_answer_with_their_exit_codes(tmp_path):
    assert run_cli("--help").returncode == 0
    assert run_cli("frobnicate").returncode == 64
    for command in ["serve", "keygen", "mint", "attenuate", "decode", "verify"]:
        help_text = run_cli(command, "--help")
        assert help_text.returncode == 0 and "Example" in help_text.stdout
    assert run_cli("keygen", "--out", tmp_path / "k").returncode == 0
    assert oct((tmp_path / "k").stat().st_mode & 0o777) == "0o600"
    assert run_cli("keygen", "--out", tmp_path / "k").returncode == 74
    token = run_cli("mint", "--keys", tmp_path / "k", "--subject", "a").stdout.strip()
    assert run_cli("verify", "-", "--keys", tmp_path / "k", stdin=token).returncode == 0
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert run_cli("verify", changed, "--keys", tmp_path / "k").returncode == 1
    assert run_cli("decode", "not-a-token").returncode == 65
    assert run_cli("mint", "--keys", tmp_path / "none", "--subject", "a").returncode == 74
    assert run_cli("mint", "--keys", tmp_path / "k", "--subject", "a", "--where", "path /data").returncode == 64
    assert run_cli("audit", "verify", tmp_path / "none").returncode == 5
