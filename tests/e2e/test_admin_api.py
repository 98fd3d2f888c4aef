"""The admin API under attack: who may do what, to whom, and what is left in the chain."""
import csv
import io
import json
import socket
import urllib.parse

import pytest

from support import Gateway, run_cli

ACME, BETA = "acme-admin-0123456789abcdef", "beta-admin-0123456789abcdef"
ROUTES = [("POST", "/v1/admin/mint", {"subject": "a"}), ("POST", "/v1/admin/revoke", {"jti": "x"}),
          ("GET", "/v1/admin/revocations", None), ("GET", "/v1/admin/tenants", None), ("GET", "/v1/admin/audit", None),
          ("GET", "/v1/admin/audit/verify", None), ("GET", "/v1/admin/audit/export", None),
          ("POST", "/v1/admin/audit/erase", {}), ("POST", "/v1/admin/audit/prune", {}), ("POST", "/v1/admin/audit/holds", {}), ("POST", "/v1/admin/audit/holds/lift", {})]


@pytest.fixture
def admin(tmp_path, upstream):
    server = Gateway(tmp_path, upstream.url, tenant_admins={"acme": ACME, "beta": BETA}).start()
    yield server
    server.stop()


def mint(admin, token, **members):
    status, answer = admin.admin("POST", "/v1/admin/mint", {"subject": "bot", "ttl_seconds": 600, **members}, token)
    assert status == 200, answer
    return answer


def call(admin, token, tool="read_file", arguments=None):
    with admin.connect() as client:
        return client.call(token, tool, {"path": "/a"} if arguments is None else arguments)


def events(admin, token=None, **filters):
    status, answer = admin.admin("GET", "/v1/admin/audit?" + urllib.parse.urlencode(filters), token=token)
    assert status == 200, answer
    return answer["events"]


@pytest.mark.parametrize("method,path,body", ROUTES)
def test_every_route_wants_a_token_of_an_admin(admin, method, path, body):
    agent = admin.mint()
    with admin.connect() as client:
        for value in (None, "", "Bearer", "Bearer ", "Basic " + ACME, ACME, f"Bearer {ACME}x", f"Bearer {ACME[:-1]}",
                      f"Bearer {ACME.upper()}", f"Bearer {ACME} {BETA}", f"Bearer {agent}", "Bearer " + "A" * 8000):
            fields = {} if value is None else {"Authorization": value}
            status, text, head = client.request(method, path, body and json.dumps(body), fields)
            assert (status, text) == (401, '{"error":"missing or invalid admin token"}'), value
            assert head["WWW-Authenticate"].startswith("Bearer")
        for path_with in (f"{path}?token={ACME}", f"{path}?access_token={ACME}"):
            assert client.request(method, path_with, body and json.dumps(body))[0] == 401
        status, _, _ = client.request("DELETE", path, None, {"Authorization": f"Bearer {ACME}"})
        assert status == 405
    assert [e for e in events(admin) if e["kind"] == "admin"] == []
    admin.stop()
    assert any("admin request without a valid token" in line for line in admin.log)
    assert ACME not in "".join(admin.log)


def test_without_an_admin_there_is_no_admin_api(tmp_path, upstream):
    gateway = Gateway(tmp_path, upstream.url)
    config = tmp_path / "intentgate.yaml"
    text = config.read_text()
    config.write_text(text.replace("admin: {token_file: admin-token, tenants: []}\n", ""))
    assert "admin" not in config.read_text()
    gateway.start()
    try:
        for method, path, body in ROUTES:
            assert gateway.admin(method, path, body)[0] == 404
            assert gateway.admin(method, path, body, token="")[0] == 404
    finally:
        assert gateway.stop() == 0


@pytest.mark.parametrize("tenants", ['" :{}"', '":{}"', '"acme:{}", "beta:{}"', '"acme:"', '"acme:short"'])
def test_settings_that_would_give_away_power_start_nothing(tmp_path, upstream, tenants):
    Gateway(tmp_path, upstream.url)
    config = tmp_path / "intentgate.yaml"
    config.write_text(config.read_text().replace("tenants: []", f"tenants: [{tenants.replace('{}', ACME)}]"))
    checked = run_cli("serve", "--config", config, "--check")
    assert checked.returncode == 1 and "admin.tenants" in checked.stdout + checked.stderr
    assert ACME not in checked.stdout + checked.stderr


def test_a_tenants_admin_stays_within_its_tenant(admin, upstream):
    acme, beta = mint(admin, ACME), mint(admin, BETA)
    assert call(admin, acme["token"])[0] == 0 and call(admin, beta["token"])[0] == 0
    # What it asks for without a tenant is its own, what it asks of another is refused.
    assert {e["tenant"] for e in events(admin, ACME)} == {"acme"}
    assert {e["tenant"] for e in events(admin)} >= {"acme", "beta"}
    for method, path, body in [
        ("POST", "/v1/admin/mint", {"subject": "a", "tenant": "beta"}),
        ("POST", "/v1/admin/mint", {"subject": "a", "tenant": "Acme"}),
        ("POST", "/v1/admin/mint", {"subject": "a", "tenant": "acme "}),
        ("POST", "/v1/admin/mint", {"subject": "a", "tenant": "default"}),
        ("POST", "/v1/admin/revoke", {"jti": beta["jti"], "tenant": "beta"}),
        ("GET", "/v1/admin/audit?tenant=beta", None), ("GET", "/v1/admin/audit?tenant=acme%00", None),
        ("GET", "/v1/admin/audit/verify?tenant=beta", None), ("GET", "/v1/admin/audit/export?tenant=beta", None),
        ("GET", "/v1/admin/revocations?tenant=beta", None),
    ]:
        status, answer = admin.admin(method, path, body, ACME)
        assert (status, answer) == (403, {"error": "this admin token is for another tenant"}), path
    assert admin.admin("GET", "/v1/admin/audit?tenant=acme&tenant=beta", token=ACME)[0] == 400
    for filters in ({"jti": beta["jti"]}, {"event_id": events(admin, BETA)[0]["event_id"]}, {"agent_id": "bot' OR '1'='1"}):
        assert events(admin, ACME, **filters) == []
    exported = admin.admin("GET", "/v1/admin/audit/export?format=json", token=ACME)[1]
    assert acme["jti"] in exported and beta["jti"] not in exported and '"beta"' not in exported
    assert admin.admin("GET", "/v1/admin/tenants", token=ACME)[1] == {"tenants": [{"id": "acme", "has_admin": True}]}
    assert admin.admin("GET", "/v1/admin/audit/verify", token=ACME)[1]["tenant"] == "acme"


def test_a_page_position_of_another_tenant_opens_nothing(admin):
    for _ in range(3):
        mint(admin, BETA)
        mint(admin, ACME)
    for path in ("/v1/admin/audit?limit=1", "/v1/admin/audit?limit=1&tenant=beta"):
        position = admin.admin("GET", path)[1]["next"]
        status, answer = admin.admin("GET", f"/v1/admin/audit?after={position}", token=ACME)
        assert status in (200, 400)
        assert {e["tenant"] for e in answer.get("events", [])} <= {"acme"}


def test_a_revocation_holds_in_its_own_tenant_only(admin, upstream):
    beta = mint(admin, BETA)
    # Without a tenant it is the operator's own, so that this one revokes nothing of beta.
    assert admin.admin("POST", "/v1/admin/revoke", {"jti": beta["jti"]}, ACME) == (200, {"ok": True, "jti": beta["jti"]})
    assert call(admin, beta["token"])[0] == 0
    assert admin.admin("GET", "/v1/admin/revocations", token=BETA)[1]["revocations"] == []
    assert [r["tenant"] for r in admin.admin("GET", "/v1/admin/revocations", token=ACME)[1]["revocations"]] == ["acme"]
    assert admin.admin("POST", "/v1/admin/revoke", {"jti": beta["jti"]}, BETA)[0] == 200
    code, error = call(admin, beta["token"])
    assert code == -32010 and "revoked" in error["data"]
    # The superadmin without a tenant means every tenant.
    other = mint(admin, BETA)
    assert admin.admin("POST", "/v1/admin/revoke", {"jti": other["jti"]})[0] == 200
    assert call(admin, other["token"])[0] == -32010


def test_an_unknown_id_can_be_revoked_beforehand_and_twice(admin):
    for _ in range(2):
        assert admin.admin("POST", "/v1/admin/revoke", {"jti": "never-seen"})[0] == 200
    rows = admin.admin("GET", "/v1/admin/revocations")[1]["revocations"]
    assert [r["jti"] for r in rows] == ["never-seen"]
    for jti, words in (("", "required"), (None, "required"), (7, "string"), ("j" * 257, "256")):
        status, answer = admin.admin("POST", "/v1/admin/revoke", {"jti": jti})
        assert status == 400 and words in answer["error"], jti


@pytest.mark.parametrize("members,words", [
    ({"surprise": 1}, "surprise"), ({"Subject": "b"}, "Subject"), ({"subject": ""}, "subject"), ({"subject": None}, "subject"),
    ({"subject": ["a"]}, "subject"), ({"ttl_seconds": -1}, "lifetime"), ({"ttl_seconds": 1.5}, "ttl_seconds"),
    ({"ttl_seconds": 10 ** 30}, "ttl_seconds"), ({"ttl_seconds": "60"}, "ttl_seconds"), ({"max_calls": -1}, "max_calls"),
    ({"tools": "read_file"}, "tools"), ({"tools": [1]}, "tools"), ({"step_up": 1}, "step_up"), ({"format": 6}, "format"),
    ({"format": 5, "caveats": {}}, "caveats"), ({"format": 5, "caveats": [{"t": "no_such"}]}, "no_such"),
    ({"rate_per_min": -5}, "rate"), ({"risk_max": "high"}, "risk_max"), ({"tenant": 1}, "tenant"),
])
def test_a_mint_with_a_mistake_names_it_and_mints_nothing(admin, members, words):
    status, answer = admin.admin("POST", "/v1/admin/mint", {"subject": "a", **members})
    assert status == 400 and words in answer["error"], answer
    assert events(admin, kind="admin") == []


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', '{"subject":"a","subject":"b"}', '{"subject":"\\ud800"}',
                                  '{"subject":"a"} x', '{"subject":"a","caveats":' + "[" * 64 + "]" * 64 + "}"])
def test_bodies_that_are_no_object_or_two_are_refused(admin, body):
    with admin.connect() as client:
        fields = {"Authorization": f"Bearer {ACME}", "Content-Type": "application/json"}
        for path in ("/v1/admin/mint", "/v1/admin/revoke"):
            status, text, _ = client.request("POST", path, body, fields)
            assert status == 400 and json.loads(text)["error"], text
    assert events(admin, kind="admin") == []


def test_large_bodies_and_long_elevations_are_refused(admin):
    with admin.connect() as client:
        fields = {"Authorization": f"Bearer {ACME}"}
        status, text, _ = client.request("POST", "/v1/admin/mint", json.dumps({"subject": "a" * 70_000}), fields)
        assert status == 413 and "64 KiB" in text
        assert client.request("POST", "/v1/admin/mint", json.dumps({"subject": "a" * 70_000}))[0] == 401
        for size, expected in ((128, 200), (129, 400)):
            fields["X-IntentGate-Elevation-Id"] = "e" * size
            status, text, _ = client.request("POST", "/v1/admin/mint", '{"subject":"a"}', fields)
            assert status == expected and (expected == 200 or "128" in text), text
    with admin.connect() as client:
        status, _, _ = client.request("POST", "/v1/admin/mint", b"x" * (2 << 20), {"Authorization": f"Bearer {ACME}"})
        assert status == 413
    assert [e["elevation_id"] for e in events(admin, kind="admin")] == ["e" * 128]


def test_values_are_erased_for_good_and_holds_stop_it(admin, tmp_path):
    token = admin.mint("--tenant", "acme")
    call(admin, token)
    agent = events(admin, tenant="acme", kind="decision")[0]
    assert agent["remote_ip"] and len(agent["args_sha256"]) == 64 and len(agent["commitments"]) == 2
    erase = "/v1/admin/audit/erase?tenant=acme&agent_id=" + agent["agent_id"]
    assert admin.admin("POST", erase, {}, token=BETA)[0] == 403
    assert admin.admin("POST", "/v1/admin/audit/erase?tenant=acme", {})[0] == 400
    assert admin.admin("POST", "/v1/admin/audit/holds", {"id": "case-7", "reason": "court"}, token=ACME)[0] == 200
    assert admin.admin("POST", "/v1/admin/audit/holds", {"tenant": "acme", "id": "case-7"})[0] == 409
    status, answer = admin.admin("POST", erase, {"reason": "request 81"})
    assert status == 409 and "case-7" in answer["error"]
    assert [h["id"] for h in admin.admin("GET", "/v1/admin/audit/holds?tenant=acme")[1]["holds"]] == ["case-7"]
    assert admin.admin("POST", "/v1/admin/audit/holds/lift", {"tenant": "acme", "id": "case-7"}, token=ACME)[0] == 403
    assert admin.admin("POST", "/v1/admin/audit/holds/lift", {"tenant": "acme", "id": "case-7"})[0] == 200
    assert admin.admin("POST", erase, {"dry_run": True}, token=ACME)[1] == {"dry_run": True, "events": 2, "values": 2, "approvals": 0}
    assert admin.admin("POST", erase, {"reason": "request 81"}, token=ACME)[1]["values"] == 2
    after = events(admin, tenant="acme", kind="decision")[0]
    assert "remote_ip" not in after and "args_sha256" not in after and after["commitments"] == agent["commitments"]
    assert [e["tool"] for e in events(admin, tenant="acme", kind="admin")] == ["admin/erase", "admin/hold_lifted", "admin/hold_placed"]
    assert admin.admin("GET", "/v1/admin/audit/verify?tenant=acme")[1]["ok"] is True

    # The same by command, beside the running server.
    call(admin, token)
    config = ["--config", tmp_path / "intentgate.yaml", "--tenant", "acme"]
    ran = run_cli("audit", "hold", "add", *config, "--id", "case-8")
    assert ran.returncode == 0, ran.stderr
    held = run_cli("audit", "erase", *config, "--agent-id", agent["agent_id"])
    assert held.returncode != 0 and "case-8" in held.stderr
    assert json.loads(run_cli("audit", "hold", "list", *config).stdout)["id"] == "case-8"
    assert run_cli("audit", "hold", "release", *config, "--id", "case-8").returncode == 0
    erased = run_cli("audit", "erase", *config, "--agent-id", agent["agent_id"], "--reason", "request 82", "--json")
    assert json.loads(erased.stdout) == {"dry_run": False, "events": 4, "values": 2, "approvals": 0}, erased.stderr
    export = run_cli("audit", "export", *config)
    (tmp_path / "audit.ndjson").write_text(export.stdout)
    assert run_cli("audit", "verify", tmp_path / "audit.ndjson").returncode == 0
    assert events(admin, tenant="acme", kind="admin")[0]["actor"].startswith("cli:")


def test_what_admins_do_is_in_their_tenants_chain(admin):
    fields = {"Authorization": f"Bearer {ACME}", "X-IntentGate-Elevation-Id": "elev-1"}
    with admin.connect() as client:
        minted = json.loads(client.request("POST", "/v1/admin/mint", '{"subject":"bot","tools":["read_file"]}', fields)[1])
        client.request("POST", "/v1/admin/revoke", json.dumps({"jti": minted["jti"], "reason": "lost"}), fields)
    revoked, made = events(admin, kind="admin", tenant="acme")
    assert (made["tool"], made["decision"], made["actor"], made["elevation_id"]) == ("admin/mint", "allow", "tenant:acme", "elev-1")
    assert made["capability_token_id"] == minted["jti"] and made["agent_id"] == "bot" and made["remote_ip"] == "127.0.0.1"
    assert (revoked["tool"], revoked["decision"], revoked["check"]) == ("admin/revoke", "block", "capability")
    assert "lost" in revoked["reason"] and revoked["actor"] == "tenant:acme"
    assert events(admin, elevation_id="elev-1") == [revoked, made]
    assert minted["token"] not in json.dumps([made, revoked])
    # The superadmin's act for every tenant has a chain too.
    assert admin.admin("POST", "/v1/admin/revoke", {"jti": "everywhere"})[0] == 200
    everywhere = events(admin, jti="everywhere")
    assert [e["actor"] for e in everywhere] == ["superadmin"] and everywhere[0]["details"] == {"every_tenant": True}
    for tenant in ("acme", everywhere[0]["tenant"]):
        assert admin.admin("GET", f"/v1/admin/audit/verify?tenant={tenant}")[1]["ok"] is True


def test_pages_hold_every_event_once(admin):
    token = mint(admin, ACME, tools=["read_file"])["token"]
    for number in range(7):
        call(admin, token, "read_file" if number % 2 else "delete_all", {"path": f"/{number}"})
    whole = events(admin, ACME, limit=1000)
    ids = [e["event_id"] for e in whole]
    assert len(set(ids)) == len(ids) == len(admin.admin("GET", "/v1/admin/audit/export?format=json", token=ACME)[1].splitlines()) - 2
    for step in (1, 3, len(ids)):
        by_position, position = [], ""
        while True:
            _, page = admin.admin("GET", f"/v1/admin/audit?limit={step}" + (f"&after={position}" if position else ""), token=ACME)
            by_position += [e["event_id"] for e in page["events"]]
            position = page.get("next", "")
            if not position:
                break
        by_offset = [e["event_id"] for start in range(0, len(ids) + step, step) for e in events(admin, ACME, limit=step, offset=start)]
        assert by_position == ids and by_offset == ids, step
    answer = admin.admin("GET", "/v1/admin/audit?limit=2&offset=1&count=true&decision=block&kind=decision", token=ACME)[1]
    assert (answer["limit"], answer["offset"], answer["total"], len(answer["events"])) == (2, 1, 4, 2)


@pytest.mark.parametrize("query,words", [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=-1", "limit"), ("limit=1e2", "limit"), ("limit=+5", "limit"),
    ("limit=99999999999999999999", "limit"), ("offset=-1", "offset"), ("offset=100001", "offset"), ("from=yesterday", "from"),
    ("to=2026-13-01T00:00:00Z", "to"), ("Tenant=acme", "Tenant"), ("surprise=1", "surprise"), ("tool=a&tool=b", "tool"),
    ("tool=%zz", "target"), ("tool=%f", "target"), ("tool=%ff", "UTF-8"), ("after=!!!", "page"), ("after=AAAA", "page"),
    ("count=yes", "count"), ("decision=alow", "decision"), ("kind=decisions", "kind"), ("check=everything", "check"),
])
def test_a_query_with_a_mistake_names_it(admin, query, words):
    mint(admin, ACME)
    status, answer = admin.admin("GET", f"/v1/admin/audit?{query}", token=ACME)
    assert status == 400 and words in answer["error"], answer


def test_filters_find_what_they_name(admin):
    one = mint(admin, ACME, subject="one", tools=["read_file"])
    two = mint(admin, ACME, subject="two")
    call(admin, one["token"])
    call(admin, one["token"], "delete_all")
    call(admin, two["token"], "write_file")
    found = {key: [(e["agent_id"], e["decision"]) for e in events(admin, ACME, kind="decision", **{key: value})]
             for key, value in (("agent_id", "one"), ("tool", "write_file"), ("decision", "allow"), ("check", "capability"),
                                ("jti", two["jti"]), ("tool ", ""))[:-1]}
    assert found == {"agent_id": [("one", "block"), ("one", "allow")], "tool": [("two", "block")], "decision": [("one", "allow")],
                     "check": [("one", "block")], "jti": [("two", "block")]}
    newest = events(admin, ACME, limit=1)[0]["ts"]
    assert events(admin, ACME, **{"from": newest}) != [] and events(admin, ACME, **{"from": "2100-01-01T00:00:00Z"}) == []
    assert events(admin, ACME, to="2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '"=1', "a,b;c", "a\nb"])
def test_no_cell_of_the_csv_is_a_formula(admin, name):
    token = mint(admin, ACME, subject="x" + name)["token"] if name[0] not in "\t\r" else mint(admin, ACME)["token"]
    call(admin, token, "read_file", {name: 1})
    call(admin, token, name.strip() or "t", {})
    call(admin, token, "read_file", {"plain": 1, name: 2})
    status, text = admin.admin("GET", "/v1/admin/audit/export?format=csv", token=ACME)
    assert status == 200
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert all(len(row) == len(rows[0]) for row in rows)
    columns = {column: [row[at] for row in rows[1:]] for at, column in enumerate(rows[0])}
    assert len(columns["seq"]) == len(events(admin, ACME, limit=1000))
    for column, cells in columns.items():
        for cell in cells:
            assert cell.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r"), (column, cell)
    assert any(name.strip() in cell for cell in columns["arg_keys"])


def test_exports_as_ocsf_hold_every_event_of_the_filter(admin):
    mint(admin, ACME)
    mint(admin, ACME)
    status, text = admin.admin("GET", "/v1/admin/audit/export?format=ocsf&kind=admin", token=ACME)
    events = [json.loads(line) for line in text.splitlines()]
    assert status == 200 and len(events) == 2 and {e["class_uid"] for e in events} == {3004}
    assert {e["metadata"]["version"] for e in events} == {"1.9.0"}


def test_exports_with_filters_say_so_and_verify_as_far_as_they_go(admin, tmp_path):
    token = mint(admin, ACME, tools=["read_file"])["token"]
    for tool in ("read_file", "delete_all", "read_file"):
        call(admin, token, tool)
    for query, lines in (("decision=block", 1), ("tool=read_file", 2), ("agent_id=nobody", 0)):
        status, text = admin.admin("GET", f"/v1/admin/audit/export?format=json&kind=decision&{query}", token=ACME)
        text = text if isinstance(text, str) else json.dumps(text)
        head, *body, trailer = [json.loads(line) for line in text.splitlines()]
        assert status == 200 and head["filtered"] is True and trailer["trailer"] is True and len(body) == lines, query
        (tmp_path / "part.ndjson").write_text(text)
        assert run_cli("audit", "verify", tmp_path / "part.ndjson").returncode == 0
        if body:
            (tmp_path / "part.ndjson").write_text(text.replace('"acme"', '"beta"'))
            assert run_cli("audit", "verify", tmp_path / "part.ndjson").returncode in (1, 2, 65)
    for query, words in (("format=xml", "format"), ("limit=5", "limit"), ("format=csv&format=json", "format")):
        status, answer = admin.admin("GET", f"/v1/admin/audit/export?{query}", token=ACME)
        assert status == 400 and words in answer["error"]


def test_a_head_request_does_not_shift_the_answers_after_it(admin):
    mint(admin, ACME)
    head = f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ACME}\r\n"
    requests = "".join(f"HEAD {path}{head}\r\n" for path in ("/v1/admin/audit/export", "/v1/admin/audit", "/healthz", "/nothing"))
    with socket.create_connection(("127.0.0.1", admin.port), timeout=30) as raw:
        raw.sendall((requests + f"GET /healthz{head}Connection: close\r\n\r\n").encode())
        received = b""
        while piece := raw.recv(65536):
            received += piece
    answers = received.split(b"HTTP/1.1 ")[1:]
    assert [int(a[:3]) for a in answers] == [200, 200, 200, 404, 200]
    assert [bool(a.split(b"\r\n\r\n", 1)[1]) for a in answers] == [False] * 4 + [True]


def test_exports_that_nobody_reads_keep_no_one_from_revoking(admin):
    token = mint(admin, ACME, tools=["read_file"])["token"]
    # Refused calls with large argument names make a chain that no socket's buffer holds.
    with admin.connect() as client:
        for number in range(24):
            client.call(token, "delete_all", {f"{number}" + "k" * 900_000: 1})
    request = f"GET /v1/admin/audit/export?format=json HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ACME}\r\n\r\n"
    lazy = []
    try:
        for number in range(4):
            raw = socket.create_connection(("127.0.0.1", admin.port), timeout=30)
            lazy.append(raw)
            raw.sendall(request.encode())
            if number == 0:
                assert raw.recv(1)  # it has begun
        with admin.connect() as client:
            client.connection.timeout = 10
            fields = {"Authorization": f"Bearer {admin.admin_token}"}
            status, text, _ = client.request("POST", "/v1/admin/revoke", '{"jti":"urgent"}', fields)
            assert status == 200, text
            status, text, _ = client.request("GET", "/v1/admin/audit?jti=urgent", None, fields)
            assert status == 200 and len(json.loads(text)["events"]) == 1
    finally:
        for raw in lazy:
            raw.close()


@pytest.mark.parametrize("member", ["tools", "servers", "callees"])
def test_an_empty_list_is_no_limit_in_disguise(gateway, member):
    status, answer = gateway.admin("POST", "/v1/admin/mint", {"subject": "a", member: []})
    assert status == 400 and member in answer["error"]


def test_a_lifetime_beyond_a_century_is_a_mistake(gateway):
    status, answer = gateway.admin("POST", "/v1/admin/mint", {"subject": "a", "ttl_seconds": 10**15})
    assert status == 400 and "lifetime" in answer["error"]
