"""The policy commands, as they are typed."""
import http.server
import io
import json
import pathlib
import signal
import subprocess
import tarfile
import threading

import pytest

from support import BINARY, run_cli

BUNDLES = pathlib.Path(__file__).resolve().parents[1] / "unit/rego/bundles"
POLICY = """package authz
default allow := false
allow if input.user in data.roles.admins
allow if {
  print("looking at", input.path, input.nothing)
  startswith(input.path, "/public/")
}
"""
TESTS = """package authz_test
import data.authz
test_admin if authz.allow with input as {"user": "ann"}
test_public if authz.allow with input as {"path": "/public/a"}
test_wrong if authz.allow with input as {"path": "/private"}
test_paths[path] if {
  some path in ["/public/x", "/private/x"]
  authz.allow with input as {"path": path}
}
todo_test_later if false
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles/data.yaml").write_text("admins: [ann]\n")
    (tmp_path / "authz.rego").write_text(POLICY)
    (tmp_path / "authz_test.rego").write_text(TESTS)
    return tmp_path


def test_failed_tests_are_shown_and_exit_with_2(folder):
    done = run_cli("policy", "test", folder)
    assert done.returncode == 2
    assert "data.authz_test.test_wrong: FAIL" in done.stdout
    assert "  /private/x: FAIL" in done.stdout and "/public/x: PASS" not in done.stdout
    assert "data.authz_test.test_admin" not in done.stdout
    assert "PASS: 3/6\nFAIL: 2/6\nSKIPPED: 1/6\n" in done.stdout


def test_verbose_shows_what_passed_what_was_printed_and_how_a_test_failed(folder):
    done = run_cli("policy", "test", "-v", folder, "-r", "test_(public|wrong)")
    assert "data.authz_test.test_public: PASS" in done.stdout
    assert "  looking at /public/a <undefined>\n" in done.stdout
    failures = done.stdout[done.stdout.index("FAILURES"):]
    assert 'Fail startswith(input.path, "/public/")' in failures
    assert 'Fail authz.allow with input as {"path": "/private"}' in failures


def test_passing_tests_exit_with_0_and_as_json(folder):
    done = run_cli("policy", "test", folder, "--run", "admin", "--json")
    assert done.returncode == 0
    (result,) = json.loads(done.stdout)
    assert (result["package"], result["name"], result["location"]["row"]) == ("data.authz_test", "test_admin", 3)
    assert "fail" not in result
    cases = json.loads(run_cli("policy", "test", folder, "--run", "paths", "--json").stdout)[0]
    assert cases["fail"] and cases["sub_results"] == {
        "/private/x": {"name": "/private/x", "fail": True}, "/public/x": {"name": "/public/x"}}


def test_coverage_and_its_threshold(folder):
    done = run_cli("policy", "test", folder, "--run", "admin", "--coverage")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    policy = report["files"][str(folder / "authz.rego")]
    assert policy["covered_lines"] + policy["not_covered_lines"] == 5
    assert {"start": {"row": 4}, "end": {"row": 6}} in policy["not_covered"]
    low = run_cli("policy", "test", folder, "--run", "admin", "--coverage", "--threshold", "99")
    assert low.returncode == 2 and "threshold not met" in low.stderr


def test_nothing_to_run(folder):
    assert run_cli("policy", "test", folder, "--run", "nothing").returncode == 0
    assert run_cli("policy", "test", folder, "--run", "nothing", "--fail-on-empty").returncode == 2
    assert run_cli("policy", "test", folder, "--run", "(").returncode == 64


@pytest.mark.parametrize("command", ["test", "check"])
def test_policies_with_errors_exit_with_1(folder, command):
    (folder / "bad.rego").write_text("package bad\np if x > 1\n")
    done = run_cli("policy", command, folder)
    assert done.returncode == 1
    assert "bad.rego:2: rego_unsafe_var_error: var x is unsafe" in done.stderr
    assert run_cli("policy", command, folder / "none.rego").returncode == 1


def test_data_files_that_disagree_are_refused(folder):
    (folder / "roles/more.json").write_text('{"admins": ["bob"]}')
    done = run_cli("policy", "check", folder)
    assert done.returncode == 1 and "gives data.roles.admins another value" in done.stderr
    # A bundle takes its data from data.json and data.yaml only.
    assert run_cli("policy", "check", "-b", folder).returncode == 0
    assert run_cli("policy", "check", folder, "--ignore", "more.*").returncode == 0


def test_eval_shows_answers_explanations_coverage_and_profile(folder):
    call = json.dumps({"user": "ann"})
    ask = ("policy", "eval", "-d", folder / "authz.rego", "-d", folder, "-i", "-", "data.authz.allow")
    assert run_cli("policy", "eval", "-d", folder, "-i", "-", "data.authz.allow", stdin=call).stdout == "true\n"
    explained = run_cli("policy", "eval", "-d", folder, "-i", "-", "data.authz.allow", "--explain", "full", stdin=call)
    assert "Eval input.user in data.roles.admins" in explained.stdout and explained.stdout.endswith("true\n")
    whole = json.loads(run_cli("policy", "eval", "-d", folder, "-i", "-", "data.authz.allow", "--json", "--coverage", "--profile",
                               "--explain", "fails", stdin=call).stdout)
    assert whole["result"] == [{"expressions": [{"value": True}]}]
    assert whole["coverage"]["covered_lines"] > 0
    assert whole["profile"][0]["num_eval"] >= 1
    # A file that is named twice is a policy twice.
    assert run_cli(*ask, stdin=call).returncode == 2


def test_exit_codes_of_eval(folder):
    undefined = ("policy", "eval", "-d", folder, "data.authz.nothing")
    assert run_cli(*undefined).stdout == "undefined\n"
    assert run_cli(*undefined).returncode == 0
    assert run_cli(*undefined, "--fail").returncode == 1
    assert run_cli("policy", "eval", "-d", folder, "data.authz.allow", "--fail-defined").returncode == 1
    unsafe = run_cli("policy", "eval", "-d", folder, "x > 1")
    assert unsafe.returncode == 2 and "query:1: rego_unsafe_var_error" in unsafe.stderr
    strict = run_cli("policy", "eval", "-d", folder, "1 / 0", "--strict-builtin-errors", "--json")
    assert strict.returncode == 2
    assert json.loads(strict.stdout)["errors"][0]["code"] == "eval_builtin_error"


def test_skipped_tests_alone_exit_with_2_unless_asked(tmp_path):
    (tmp_path / "a_test.rego").write_text("package a\ntodo_test_later if false\ntest_now if true\n")
    assert run_cli("policy", "test", tmp_path).returncode == 2
    assert run_cli("policy", "test", "-z", tmp_path).returncode == 0


def test_eval_answers_in_the_forms_that_scripts_read():
    query = 'x := ["a b", 1][_]; x'
    for form, shown in {"values": '[true,"a b"]\n[true,1]\n', "bindings": '{"x":"a b"}\n{"x":1}\n', "raw": "true a b\ntrue 1\n",
                        "discard": '{"result":"discarded"}\n'}.items():
        done = run_cli("policy", "eval", "-f", form, query)
        assert (done.returncode, done.stdout) == (0, shown), form
    assert run_cli("policy", "eval", "-f", "raw", "false").stdout == "false\n"
    assert run_cli("policy", "eval", "-f", "raw", "input.x").stdout == ""
    refused = run_cli("policy", "eval", "-p", "-f", "raw", "input.x")
    assert refused.returncode == 64 and "--partial" in refused.stderr


def test_entrypoints_name_packages_that_are_no_names(tmp_path):
    (tmp_path / "p.rego").write_text('package tools["read-file"]\n\nallow := 1\n')
    entry = ("-e", "tools/read-file/allow")
    assert run_cli("policy", "eval", "-d", tmp_path / "p.rego", *entry, "-f", "raw").stdout == "1\n"
    built = run_cli("policy", "build", *entry, "-o", tmp_path / "bundle.tar.gz", tmp_path / "p.rego")
    assert built.returncode == 0, built.stderr


def test_eval_takes_entrypoints_and_standard_input(folder):
    done = run_cli("policy", "eval", "-d", folder, "--ignore", "*_test.rego", "-e", "authz/allow", "-I", "-f", "raw", stdin='{"user": "ann"}')
    assert (done.returncode, done.stdout) == (0, "true\n")
    assert run_cli("policy", "eval", "--stdin", "-f", "raw", stdin="1 + 1").stdout == "2\n"
    assert run_cli("policy", "eval", "--stdin", "-I", stdin="1").returncode == 64


def test_eval_has_limits_that_can_be_raised():
    query = "count(numbers.range(1, 200000)) + count(numbers.range(1, 200000))"
    low = run_cli("policy", "eval", "--max-steps", "1000", query)
    assert low.returncode == 2 and "max_steps" in low.stderr
    assert run_cli("policy", "eval", "--max-steps", "100000000", "--max-memory", "1024", "-f", "raw", query).stdout == "400000\n"


def test_strict_refuses_what_nothing_reads(tmp_path):
    policy = tmp_path / "policy.rego"
    policy.write_text("package a\nimport data.foo\np := 1 if { y := 2 }\nf(q) := 1\n")
    assert run_cli("policy", "check", policy).returncode == 0
    for command in (("check",), ("eval", "-d")):
        refused = run_cli("policy", *command, policy, "-S")
        assert refused.returncode in (1, 2)
        for text in ("policy.rego:2: rego_compile_error: import data.foo unused", "assigned var y unused", "unused argument q. (hint: use _"):
            assert text in refused.stderr


def test_deps_and_bench(folder):
    deps = json.loads(run_cli("policy", "deps", "-d", folder, "data.authz.allow", "--json").stdout)
    assert deps == {"base": ["data.roles.admins", "input.nothing", "input.path", "input.user"], "virtual": ["data.authz.allow"]}
    bench = json.loads(run_cli("policy", "bench", "-d", folder, "data.authz.allow", "--time", "20", "--json").stdout)
    assert bench["samples"] > 0 and bench["median_ns"] > 0 and bench["steps"] > 0
    measured = run_cli("policy", "test", folder, "--bench", "--run", "admin")
    assert "ns/op" in measured.stdout


def test_eval_in_part(tmp_path):
    (tmp_path / "p.rego").write_text("package p\ndefault allow := false\nallow if { input.user == \"ann\"; input.row.owner == data.team }\nallow if input.row.open\n")
    (tmp_path / "data.json").write_text('{"team": "red"}')
    ask = ("policy", "eval", "-d", tmp_path, "--partial", "-u", "input.row", "-i", "-")
    left = run_cli(*ask, "--format", "source", "data.p.allow == true", stdin='{"user": "ann"}')
    assert left.returncode == 0
    assert left.stdout == '# Query 1\ninput.row.owner == "red"\n\n# Query 2\ninput.row.open\n\n'
    bob = json.loads(run_cli(*ask, "--format", "json", "data.p.allow == true", stdin='{"user": "bob"}').stdout)
    assert [e["terms"]["type"] for e in bob["partial"]["queries"][0]] == ["ref"] and "modules" not in bob["partial"]
    kept = run_cli(*ask, "--disable-inlining", "data.p.allow", "--format", "source", "data.p.allow", stdin='{"user": "bob"}')
    assert "data.partial.p.allow\n" in kept.stdout and "package partial.p" in kept.stdout
    never = run_cli(*ask, "--fail", "data.p.none", stdin="{}")
    assert never.returncode == 1 and never.stdout == "undefined\n"
    assert json.loads(run_cli(*ask, "--json", "data.p.none", stdin="{}").stdout) == {"partial": {}}


def test_eval_in_part_says_what_is_wrong(tmp_path):
    (tmp_path / "p.rego").write_text("package p\na := 1\n")
    wrong = run_cli("policy", "eval", "-d", tmp_path, "--partial", "-u", "data", "data.p.a")
    assert wrong.returncode == 2 and "name the documents that are" in wrong.stderr
    assert json.loads(run_cli("policy", "eval", "-d", tmp_path, "--partial", "-u", "x", "--json", "data.p.a").stdout)["errors"][0]["code"] == "rego_partial_error"
    assert run_cli("policy", "eval", "-d", tmp_path, "-u", "input.x", "data.p.a").returncode == 64
    source = run_cli("policy", "eval", "-d", tmp_path, "--format", "source", "data.p.a")
    assert source.returncode == 64 and "give --partial" in source.stderr


def test_fmt_lists_rewrites_and_refuses(folder):
    bad = folder / "loose.rego"
    bad.write_text("package loose\nallow if{input.x==1;input.y}\n")
    listed = run_cli("policy", "fmt", "-l", folder)
    assert listed.returncode == 0 and str(bad) in listed.stdout.split()
    assert run_cli("policy", "fmt", "--fail", bad).returncode == 2
    assert bad.read_text().startswith("package loose\nallow if{")
    assert run_cli("policy", "fmt", stdin=bad.read_text()).stdout == "package loose\nallow if {\n\tinput.x == 1\n\tinput.y\n}\n"
    assert run_cli("policy", "fmt", "-w", folder).returncode == 0
    assert bad.read_text() == "package loose\nallow if {\n\tinput.x == 1\n\tinput.y\n}\n"
    assert run_cli("policy", "fmt", "--fail", folder).returncode == 0
    bad.write_text("package loose\nallow if {")
    broken = run_cli("policy", "fmt", "-w", folder)
    assert broken.returncode == 1 and "rego_parse_error" in broken.stderr and bad.read_text() == "package loose\nallow if {"


def test_bundles_are_read_by_eval_check_and_test(tmp_path):
    signed = BUNDLES / "rs256.tar.gz"
    key = ("--verification-key", BUNDLES / "rsa.pub.pem")
    done = run_cli("policy", "eval", "-b", signed, *key, "data.roles.eu.tools[0]")
    assert (done.returncode, done.stdout) == (0, '"read_file"\n')
    assert run_cli("policy", "check", signed, *key).returncode == 0
    archive = tmp_path / "tests.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in (("p.rego", POLICY), ("p_test.rego", TESTS), ("roles/data.yaml", "admins: [ann]\n")):
            info = tarfile.TarInfo("./" + name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    assert run_cli("policy", "test", archive, "--run", "admin|public").stdout.startswith("PASS: 2/2")
    assert f"{archive}/p_test.rego:5:" in run_cli("policy", "test", archive).stdout


def test_a_bundle_that_is_not_signed_as_asked_is_refused():
    wrong = run_cli("policy", "eval", "-b", BUNDLES / "rs256.tar.gz", "--verification-key", BUNDLES / "ec.pub.pem", "1 == 1")
    assert wrong.returncode == 2 and "signature is not one of the key 'default'" in wrong.stderr and wrong.stdout == ""
    unsigned = run_cli("policy", "check", BUNDLES / "plain.tar.gz", "--verification-key", BUNDLES / "rsa.pub.pem")
    assert unsigned.returncode == 1 and "is not signed" in unsigned.stderr
    scoped = ("policy", "check", BUNDLES / "es256.tar.gz", "--verification-key", BUNDLES / "ec.pub.pem", "--signing-alg", "ES256")
    assert "scope" in run_cli(*scoped).stderr
    assert run_cli(*scoped, "--scope", "prod").returncode == 0


def test_a_key_without_a_bundle_is_a_mistake(folder):
    done = run_cli("policy", "check", folder, "--verification-key", "secret")
    assert done.returncode == 1 and "--verification-key is for bundles" in done.stderr


def test_a_directory_as_a_bundle_obeys_its_manifest(folder):
    (folder / "notes.json").write_text('{"x": 1}')
    (folder / ".manifest").write_text('{"roots": ["authz", "roles"]}')
    done = run_cli("policy", "check", "-b", folder)
    assert done.returncode == 1 and "authz_test.rego: its package lies outside of the manifest's roots" in done.stderr
    (folder / "authz_test.rego").unlink()
    assert run_cli("policy", "eval", "-b", folder, "data.x").stdout == "undefined\n"
    assert run_cli("policy", "eval", "-b", folder, "data.roles.admins").stdout == '["ann"]\n'


def test_parse_shows_the_tree_as_json_and_to_read(folder):
    done = run_cli("policy", "parse", folder / "authz.rego", "--format", "json", "--json-include", "-comments")
    module = json.loads(done.stdout)
    assert [part["value"] for part in module["package"]["path"]] == ["data", "authz"]
    assert module["rules"][0]["default"] is True and module["rules"][1]["head"]["name"] == "allow"
    tree = run_cli("policy", "parse", folder / "authz.rego").stdout
    assert tree.startswith('module\n package\n  ref\n   data\n   "authz"\n rule\n  head\n')
    wrong = run_cli("policy", "parse", "-", stdin="package p\n\nx := ")
    assert wrong.returncode == 1 and "rego_parse_error" in wrong.stderr and wrong.stdout == ""


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_policies_reach_the_hosts_that_are_allowed_and_no_others():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        query = f'http.send({{"method": "get", "url": "http://127.0.0.1:{server.server_address[1]}/x"}}).body.path'
        done = run_cli("policy", "eval", "--allow-net", "127.0.0.1", query)
        assert (done.returncode, done.stdout) == (0, '"/x"\n')
        refused = run_cli("policy", "eval", "--allow-net", "example.com", "--strict-builtin-errors", query)
        assert refused.returncode == 2 and "unallowed host: 127.0.0.1" in refused.stderr
        ungranted = run_cli("policy", "eval", query)
        assert ungranted.returncode == 2 and "undefined function http.send" in ungranted.stderr
        server.shutdown()



@pytest.fixture
def silent_host():
    """An HTTP server that answers nobody until the test is over. `asked` is set by its first request: then the evaluation that sent
    it runs, and nothing but a cancellation ends it."""
    asked, over = threading.Event(), threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            over.wait()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def waiting_policy(folder, url):
    (folder / "t.rego").write_text(f"""package t
waits := http.send({{"method": "GET", "url": "{url}", "timeout": "600s", "raise_error": false}})
quick := 1
test_a if waits
test_b if quick == 1
""")
    return folder


def test_an_evaluation_ends_at_its_timeout_with_opas_code_and_exit(tmp_path, silent_host):
    folder = waiting_policy(tmp_path, silent_host[0])
    done = run_cli("policy", "eval", "-d", folder, "--allow-net", "127.0.0.1", "--timeout", "100ms", "--json", "data.t.waits")
    assert done.returncode == 2
    (error,) = json.loads(done.stdout)["errors"]
    assert error["code"] == "eval_cancel_error" and "100ms (--timeout)" in error["message"]
    done = run_cli("policy", "bench", "-d", folder, "--allow-net", "127.0.0.1", "--timeout", "100ms", "data.t.waits")
    assert done.returncode == 1 and "eval_cancel_error" in done.stderr
    assert run_cli("policy", "eval", "-d", folder, "--allow-net", "127.0.0.1", "--timeout", "1h30m", "data.t.quick").stdout == "1\n"
    for wrong in ("soon", "5", "5s x", "25h", "-1s", "s", "1.2.3s"):
        done = run_cli("policy", "eval", "-d", folder, "--allow-net", "127.0.0.1", f"--timeout={wrong}", "data.t.quick")
        assert done.returncode == 64 and "duration" in done.stderr, wrong


def test_a_test_that_takes_too_long_is_an_error_and_the_others_run(tmp_path, silent_host):
    folder = waiting_policy(tmp_path, silent_host[0])
    done = run_cli("policy", "test", folder, "--allow-net", "127.0.0.1", "--timeout", "2s")
    assert done.returncode == 2
    assert "test_a: ERROR" in done.stdout and "eval_cancel_error" in done.stdout and "(--timeout)" in done.stdout
    assert "PASS: 1/2\nERROR: 1/2\n" in done.stdout


@pytest.mark.parametrize("command", [("eval", "data.t.waits", "-d"), ("bench", "data.t.waits", "-d"), ("test",)])
def test_ctrl_c_ends_what_runs_and_says_so(tmp_path, silent_host, command):
    url, asked = silent_host
    arguments = [BINARY, "policy", *command, waiting_policy(tmp_path, url), "--allow-net", "127.0.0.1"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == (1 if command[0] == "bench" else 2)
    assert "eval_cancel_error" in out + err and "by Ctrl-C" in out + err
    if command[0] == "test":
        assert "test_b" not in out and "the rest was not run" in err


def test_http_send_without_a_grant_names_the_flag(tmp_path):
    waiting_policy(tmp_path, "http://127.0.0.1/")
    for command in (("eval", "data.t.waits", "-d"), ("bench", "data.t.waits", "-d"), ("test",), ("check",)):
        done = run_cli("policy", *command, tmp_path)
        assert done.returncode == (2 if command[0] == "eval" else 1)
        assert "http.send" in done.stderr and "--allow-net" in done.stderr, command


def make_bundle_folder(folder):
    (folder / "roles").mkdir()
    (folder / "roles/data.json").write_text('{"reader": ["read_file"]}')
    (folder / "authz.rego").write_text("package authz\nallow if input.tool in data.roles.reader\n")
    (folder / ".manifest").write_text('{"revision": "6", "roots": ["authz", "roles"]}')
    return folder


def test_a_bundle_is_built_signed_and_read(tmp_path):
    folder = make_bundle_folder(tmp_path)
    first, second = tmp_path / "a.tar.gz", tmp_path / "b.tar.gz"
    build = ("policy", "build", "-b", folder, "--ignore", "*.gz", "-r", "7", "-e", "authz/allow", "--signing-key", "a secret", "--signing-alg", "HS256")
    for out in (first, second):
        done = run_cli(*build, "-o", out)
        assert (done.returncode, done.stderr) == (0, "")
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        assert archive.getnames() == [".manifest", "data.json", folder.relative_to("/").as_posix() + "/authz.rego", ".signatures.json"]
        assert json.load(archive.extractfile(".manifest")) == {"revision": "7", "roots": ["authz", "roles"], "rego_version": 1}
        assert json.load(archive.extractfile("data.json")) == {"roles": {"reader": ["read_file"]}}
    trust = ("--verification-key", "a secret", "--signing-alg", "HS256")
    done = run_cli("policy", "eval", "-b", first, *trust, "-i", "-", "data.authz.allow", stdin='{"tool": "read_file"}')
    assert (done.returncode, done.stdout) == (0, "true\n")
    done = run_cli("policy", "check", first, "--verification-key", "another", "--signing-alg", "HS256")
    assert done.returncode == 1 and "signature" in done.stderr
    signed = run_cli("policy", "sign", folder / "a.tar.gz", "-o", tmp_path / "roles", "--signing-key", "a secret", "--signing-alg", "HS256")
    assert signed.returncode == 0 and json.loads((tmp_path / "roles/.signatures.json").read_text())["signatures"]


def test_inspect_shows_the_manifest_and_what_stands_where(tmp_path):
    top = tmp_path / "policies"
    (top / "authz/roles").mkdir(parents=True)
    (top / ".manifest").write_text('{"revision": "7", "roots": ["authz", "more"], "metadata": {"by": "ann"}}')
    (top / "authz/policy.rego").write_text('package authz["eu-1"]\np := 1\n')
    (top / "authz/roles/data.json").write_text('{"a": 1}')
    shown = json.loads(run_cli("policy", "inspect", top, "-f", "json").stdout)
    assert shown["manifest"] == {"revision": "7", "roots": ["authz", "more"], "metadata": {"by": "ann"}}
    assert shown["namespaces"] == {'data.authz["eu-1"]': [f"{top}/authz/policy.rego"], "data.authz.roles": [f"{top}/authz/roles/data.json"]}
    text = run_cli("policy", "inspect", top).stdout
    assert 'revision: "7"' in text and "verified: false" in text and "  data.authz.roles\n" in text
    (top / "authz/policy.rego").write_text("package authz\np := \n")
    broken = run_cli("policy", "inspect", top)
    assert broken.returncode == 1 and "policy.rego:" in broken.stderr


def test_what_cannot_be_a_bundle_is_not_built(tmp_path):
    folder = make_bundle_folder(tmp_path)
    out = tmp_path / "out.tar.gz"
    for arguments, says in (
        (("-e", "authz/deny"), "no rule"),
        (("--signing-key", "nowhere.pem"), "no such file"),
        (("--signing-key", folder / "authz.rego", "--signing-alg", "ES256"), "no private key"),
    ):
        done = run_cli("policy", "build", "-b", folder, "-o", out, *arguments)
        assert done.returncode == 1 and says in done.stderr, arguments
    (folder / "other.rego").write_text("package other\nx := 1\n")
    done = run_cli("policy", "build", "-b", folder, "-o", out)
    assert done.returncode == 1 and "roots" in done.stderr
    (folder / "other.rego").write_text("package authz\nx := y\n")
    done = run_cli("policy", "build", folder, "-o", out)
    assert done.returncode == 1 and "rego_unsafe_var_error" in done.stderr
    assert not out.exists()


def test_capabilities_take_builtins_away(tmp_path):
    everything = json.loads(run_cli("policy", "capabilities").stdout)
    assert {"http.send", "plus", "walk"} <= {one["name"] for one in everything["builtins"]}
    (tmp_path / "p.rego").write_text("package p\nx := count([1])\n")
    (tmp_path / "all.json").write_text(json.dumps(everything))
    everything["builtins"] = [one for one in everything["builtins"] if one["name"] != "count"]
    (tmp_path / "few.json").write_text(json.dumps(everything))
    (tmp_path / "none.json").write_text("[]")
    check = ("policy", "check", tmp_path / "p.rego", "--capabilities")
    assert run_cli(*check, tmp_path / "all.json").returncode == 0
    done = run_cli(*check, tmp_path / "few.json")
    assert done.returncode == 1 and "undefined function count" in done.stderr and "capabilities" in done.stderr
    done = run_cli(*check, tmp_path / "none.json")
    assert done.returncode == 1 and "builtins" in done.stderr


def test_capabilities_narrow_the_hosts_that_are_granted(tmp_path, silent_host):
    url, _ = silent_host
    policy = waiting_policy(tmp_path, url)
    capabilities = json.loads(run_cli("policy", "capabilities").stdout)
    capabilities["allow_net"] = ["elsewhere.example"]
    (tmp_path / "capabilities.json").write_text(json.dumps(capabilities))
    for host in ("127.0.0.1", "*"):
        done = run_cli("policy", "eval", "-d", policy / "t.rego", "--allow-net", host, "--capabilities", tmp_path / "capabilities.json",
                       "--strict-builtin-errors", "data.t.waits")
        assert done.returncode == 2 and "eval_builtin_error" in done.stderr, host
