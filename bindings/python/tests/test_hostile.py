"""What a careless or hostile caller can hand over: an exception with a clear message, never a crash."""
import collections
import enum
import gc
import os
import pathlib
import pickle
import subprocess
import sys
import textwrap
import threading

import pytest

import libintentgate as ig
from conftest import ROOT
from libintentgate import _native


class Text(str):
    pass


class Table(dict):
    pass


class Number(enum.IntEnum):
    ONE = 1


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def bomb():
    value = ["x"] * 10
    for _ in range(9):
        value = [value] * 10
    return value


def cycle():
    value = {}
    value["self"] = [value]
    return value


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}, {1: "key"}, 1j, Text("x"), Table(), Number.ONE, {Text("k"): 1},
                                   float, lambda: None, range(3), collections.deque()])
def test_types_that_json_lacks_are_a_type_error_with_the_place(gate, value):
    with pytest.raises(TypeError, match="argument /a/1"):
        gate.authorize("read_file", {"a": [0, value]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), "\ud800", {"\udfff": 1}, nested(200), cycle(),
                                   10**5000, bomb()], ids=str.__class__)
def test_values_that_json_lacks_are_a_value_error(gate, value):
    with pytest.raises(ValueError):
        gate.authorize("read_file", {"a": value})


def test_a_place_is_named_also_far_inside(gate):
    with pytest.raises(ValueError, match="argument /rows/2/name: a lone surrogate"):
        gate.authorize("read_file", {"rows": [1, 2, {"name": "\ud800"}]})


@pytest.mark.parametrize("args", [[], "text", 5, b"x", (("a", 1),), Text("x")])
def test_arguments_that_are_no_mapping(gate, args):
    with pytest.raises(TypeError, match="args must be a dict"):
        gate.authorize("read_file", args)


def test_mappings_are_copied_once(gate, token):
    class Liar(collections.abc.Mapping):
        reads = 0

        def __iter__(self):
            return iter(["path"])

        def __len__(self):
            return 1

        def __getitem__(self, name):
            Liar.reads += 1
            return "/data/a" if Liar.reads == 1 else "/etc/passwd"

    decision = gate.authorize("read_file", Liar(), token)
    assert decision.allowed and decision.args == {"path": "/data/a"} and Liar.reads == 1

    class Broken(Liar):
        def __getitem__(self, name):
            raise RuntimeError("from the caller")

    with pytest.raises(RuntimeError, match="from the caller"):
        gate.authorize("read_file", Broken(), token)


@pytest.mark.parametrize("call", [
    lambda g: g.authorize(), lambda g: g.authorize(5), lambda g: g.authorize("x", {}, 5), lambda g: g.authorize("x", {}, "t", "i"),
    lambda g: g.authorize("x", nothing=1), lambda g: g.authorize("x", tool="y"), lambda g: g.authorize("x", intent=5),
    lambda g: g._start(), lambda g: g._start(None, "x"), lambda g: g.revoke(5), lambda g: g.record_outcome(None),
    lambda g: g.record_outcome({"event_id": "x"}), lambda g: g.verify_audit(5), lambda g: g.visible_tools(5, [1]),
    lambda g: g.set_policy(None), lambda g: _native.GateBase.authorize(5, "x"), lambda g: _native.GateBase.close(5),
    lambda g: _native.Decision(), lambda g: ig.KeyRing(), lambda g: ig.KeyRing.__new__(ig.KeyRing),
    lambda g: ig.mint(None, "a"), lambda g: ig.attenuate(5), lambda g: ig.attenuate("x", 5), lambda g: ig.attenuate("x", "abc"),
    lambda g: ig.verify("x", "keys"), lambda g: ig.decode(None), lambda g: ig.Gate(keys="k", policy={"p": "package p"}),
    lambda g: pickle.dumps(g.authorize("x")), lambda g: setattr(g.authorize("x"), "verdict", "allow"),
])
def test_wrong_types_are_exceptions(gate, call):
    with pytest.raises((TypeError, AttributeError, RuntimeError, ig.IntentGateError)):
        call(gate)


def test_a_gate_without_init_is_not_open():
    for empty in (ig.Gate.__new__(ig.Gate),):
        for use in (lambda: empty.authorize("x"), lambda: empty.close(), lambda: empty.closed, lambda: empty.verify_audit()):
            with pytest.raises(ValueError, match="not open"):
                use()


def test_huge_texts(gate, token):
    big = "x" * (8 << 20)
    assert gate.authorize("read_dir", {"text": big}, token).args["text"] == big
    with pytest.raises(ValueError, match="64 MiB"):
        gate.authorize("read_dir", {"text": "x" * (65 << 20)}, token)
    assert gate.authorize("read_dir", {}, big).code == "capability.token_too_large"
    assert gate.authorize(big, {}, token).code == "request.invalid" or not gate.authorize(big, {}, token)
    assert not gate.authorize("read_dir", {}, token, intent=big)
    with pytest.raises(ig.IntentGateError):
        ig.decode(big)
    with pytest.raises(ValueError):
        gate.authorize("\ud800", {}, token)


def test_strange_tokens_are_refused(gate):
    for token in ("", " ", "\0", "ig5.", "ig5." + "A" * 1000, "eyJ", "ü" * 100, "-" * 20000):
        assert not gate.authorize("read_dir", {}, token)
        with pytest.raises(ig.IntentGateError):
            ig.decode(token)


def test_a_dict_that_another_thread_changes(gate, token):
    shared = {"path": "/data/a"}
    stop = threading.Event()

    def change():
        n = 0
        while not stop.is_set():
            n += 1
            shared[f"k{n % 50}"] = [n] * (n % 7)
            shared.pop(f"k{(n * 7) % 50}", None)
            shared["path"] = "/etc/passwd" if n % 2 else "/data/a"

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(3000):
            decision = gate.authorize("read_file", shared, token)
            assert decision.allowed == (decision.args["path"] == "/data/a")
    finally:
        stop.set()
        thread.join()


def test_decisions_are_collected(gate):
    decision = gate.authorize("read_dir", {"a": []})
    decision.args["a"].append(decision)     # a cycle through the object
    del decision
    gc.collect()
    assert not [found for found in gc.get_objects() if isinstance(found, ig.Decision)]


def run(script, *, code=0):
    prelude = f"import sys; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})\n"
    done = subprocess.run([sys.executable, "-c", prelude + textwrap.dedent(script)], capture_output=True, text=True, timeout=120,
                          env=dict(os.environ))
    assert done.returncode == code, done.stderr
    return done.stdout


SETUP = """
import libintentgate as ig, tempfile, os, threading
from conftest import POLICY
keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
token = ig.mint(keys, "a").token
gate = ig.Gate(keys=keys, policy={"p.rego": POLICY}, store=ig.SqliteStore(tempfile.mkdtemp() + "/gate.db"))
"""


def test_a_gate_does_not_follow_a_fork_and_says_so():
    out = run(SETUP + """
assert gate.authorize("read_dir", {}, token)
child = os.fork()
if child == 0:
    try:
        gate.authorize("read_dir", {}, token)
    except RuntimeError as error:
        print(error, flush=True)
    gate.close()
    ig.check(token, keys, "read_dir")
    own = ig.Gate(keys=keys, policy={"p.rego": POLICY})
    print(bool(own.authorize("read_dir", {}, token)), flush=True)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
assert gate.authorize("read_dir", {}, token)
""")
    assert "opened before fork()" in out and "True" in out


@pytest.mark.parametrize("waiter", ["sync", "async"])
def test_the_interpreter_can_end_while_calls_wait(waiter):
    work = {
        "sync": "while True: gate.authorize('read_dir', {}, token)",
        "async": "import asyncio\n    async def go():\n        while True: await asyncio.gather(*(gate.aauthorize('read_dir', {}, token)"
                 " for _ in range(20)))\n    asyncio.run(go())",
    }[waiter]
    for _ in range(5):
        run(SETUP + f"""
begun = threading.Semaphore(0)
def work():
    gate.authorize("read_dir", {{}}, token)
    begun.release()
    {work}
threading.excepthook = lambda error: None
for _ in range(4): threading.Thread(target=work, daemon=True).start()
for _ in range(4): begun.acquire()
""")


def test_a_gate_that_nobody_closed_is_closed_at_the_end_and_its_chain_is_whole(tmp_path):
    run(SETUP.replace('tempfile.mkdtemp() + "/gate.db"', repr(str(tmp_path / "gate.db")) + "), audit=ig.Audit(durability='async'") + """
for _ in range(200): assert gate.authorize("read_dir", {}, token)
""")
    keys = ig.KeyRing.parse(ig.generate_key_line("k1"))
    with ig.Gate(keys=keys, policy={"p.rego": "package intentgate.policy\ndecision := {\"allow\": true}"},
                 store=ig.SqliteStore(tmp_path / "gate.db")) as gate:
        report = gate.verify_audit()
        assert report.ok and report.verified >= 201


def test_memory_stays_flat():
    """200,000 calls; `make soak` and `make bench` make ten million."""
    soak = ROOT / "tests/bench/python_soak.py"
    calls = 10_000_000 if os.environ.get("INTENTGATE_SOAK") else 200_000
    subprocess.run([sys.executable, str(soak), str(calls), "2048"], check=True, timeout=36_000)


def test_the_functions_without_pybind11_refuse_as_the_others_do(keys):
    token = ig.mint(keys, "a").token
    for call, kind in [
        (lambda: ig.attenuate(), TypeError), (lambda: ig.attenuate(token, [], 5), TypeError),
        (lambda: ig.attenuate(token, caveat=[]), TypeError), (lambda: ig.attenuate(token, token=token), TypeError),
        (lambda: ig.attenuate(1, [ig.max_calls(1)]), TypeError), (lambda: ig.attenuate("\ud800", [ig.max_calls(1)]), ValueError),
        (lambda: ig.attenuate(token, {"t": "exp"}), TypeError), (lambda: ig.attenuate(token, "abc"), TypeError),
        (lambda: ig.attenuate(token, [ig.max_calls(1)] * 10_001), ValueError), (lambda: ig.attenuate(token, expires_in=1.5), TypeError),
        (lambda: ig.attenuate(token, expires_in=True), TypeError), (lambda: ig.attenuate(token, expires_in=2**70), ValueError),
        (lambda: ig.attenuate(token, seal=1), TypeError), (lambda: ig.attenuate(token, seal=True, label=3), TypeError),
        (lambda: ig.is_genuine(token), TypeError), (lambda: ig.is_genuine(token, None), TypeError),
        (lambda: ig.is_genuine(token, object()), TypeError), (lambda: ig.is_genuine(token, keys, "x"), TypeError),
        (lambda: ig.is_genuine(token, keys, audience=None), TypeError),
    ]:
        with pytest.raises(kind):
            call()


@pytest.mark.parametrize("caveat, code", [
    ({"t": "max_calls", "max_calls": True}, "malformed"), ({"t": "max_calls", "max_calls": 2**70}, "malformed"),
    ({"t": "max_calls", "max_calls": 0}, "invalid_argument"), ({"t": "max_calls", "max_calls": -1}, "invalid_argument"),
    ({"t": "max_calls", "exp": 5}, "malformed"), ({"t": "max_calls"}, "invalid_argument"), ({"max_calls": 1}, "malformed"),
    ({"t": "tool_allow", "tools": []}, "invalid_argument"), ({"t": "tool_allow", "tools": "read"}, "malformed"),
    ({"t": "tool_allow", "tools": ["a", 1]}, "malformed"), ({"t": "tool_allow", "tools": [""]}, "invalid_argument"),
    ({"t": "exp", "exp": 0}, "invalid_argument"), ({"T": "exp", "exp": 5}, "malformed"), ({}, "malformed"),
])
def test_a_plain_caveat_that_is_wrong_is_refused(keys, caveat, code):
    with pytest.raises(ig.IntentGateError) as error:
        ig.attenuate(ig.mint(keys, "a").token, [caveat])
    assert error.value.code == code
